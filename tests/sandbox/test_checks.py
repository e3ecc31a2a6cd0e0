"""What cannot be read is refused; what is merely odd is noted, with its place and without its value."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.conftest import final_report
from translator.sandbox.checks import BodyError, read_body, read_json, read_results, read_status, read_step, read_token

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "code", "x"]), inner),
    max_leaves=8,
)


def _with(**observation: Any) -> dict[str, Any]:
    return {"status": "final", "observations": [observation]}


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        pytest.param(final_report(), [], id="documented-report"),
        pytest.param({"status": "cancelled"}, [], id="cancelled-without-observations"),
        pytest.param(_with(code="HDL", value_numeric=1), [], id="status-is-optional"),
        pytest.param({**final_report(), "comment": "x"}, ["comment: unknown field"], id="unknown-report-field"),
        pytest.param({**final_report(), "status": "done"}, ["status: not a documented value"], id="status-word"),
        pytest.param({**final_report(), "status": None}, ["status: null instead of absent"], id="status-null"),
        pytest.param({}, ["status: missing", "observations: missing or empty"], id="empty-report"),
        pytest.param(
            _with(code="HDL", value_numeric=1, loinc="2085-9"),
            ["observations[0].loinc: unknown field"],
            id="unknown-observation-field",
        ),
        pytest.param(_with(value_text="A+"), ["observations[0].code: missing or empty"], id="no-code"),
        pytest.param(_with(code="HDL"), ["observations[0]: neither value_numeric nor value_text"], id="no-value"),
        pytest.param(
            _with(code="HDL", value_numeric=1, status="partial"),
            ["observations[0].status: not a documented value"],
            id="partial-is-no-observation-status",
        ),
    ],
)
def test_results_problems_are_named(body: dict[str, Any], problems: list[str]) -> None:
    """Each departure from the documents is noted once, with its place."""
    assert read_results(body) == problems


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param([], "body", id="array"),
        pytest.param({"status": 1}, "body.status", id="status-number"),
        pytest.param({"status": "final", "observations": {}}, "body.observations", id="observations-object"),
        pytest.param({"status": "final", "observations": ["HDL"]}, "observations[0]", id="observation-string"),
        pytest.param(_with(code=7, value_numeric=1), "observations[0].code", id="code-number"),
        pytest.param(_with(code="HDL", value_numeric="55"), "observations[0].value_numeric", id="numeric-as-string"),
        pytest.param(_with(code="HDL", value_numeric=True), "observations[0].value_numeric", id="numeric-as-boolean"),
        pytest.param(_with(code="HDL", value_text=55), "observations[0].value_text", id="text-as-number"),
        pytest.param(_with(code="HDL", value_numeric=1, unit=1), "observations[0].unit", id="unit-as-number"),
    ],
)
def test_results_of_a_wrong_type_are_refused(body: Any, place: str) -> None:
    """A wrong JSON type is refused, and the text names the place."""
    with pytest.raises(BodyError) as refusal:
        read_results(body)

    assert str(refusal.value).startswith(f"{place}: must be a")


@given(body=JSON)
def test_any_results_body_is_read_or_refused(body: Any) -> None:
    """No JSON makes the check fail in another way."""
    with contextlib.suppress(BodyError):
        assert isinstance(read_results(body), list)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="absent"),
        pytest.param({"task_business_status": "Results pending"}, id="undocumented-word"),
        pytest.param({"task_business_status": None}, id="null"),
        pytest.param({"task_business_status": "ORDER_CONFIRMED", "reason": 5}, id="reason-number"),
    ],
)
def test_status_outside_the_documents_is_refused(body: dict[str, Any]) -> None:
    """Only the seven documented words can be set."""
    with pytest.raises(BodyError):
        read_status(body)


@pytest.mark.parametrize(
    ("before", "after", "odd"),
    [
        pytest.param(None, "FULL_RESULTS_READY", False, id="first"),
        pytest.param("ORDER_CONFIRMED", "PARTIAL_RESULTS_READY", False, id="forward"),
        pytest.param("ORDER_CONFIRMED", "ORDER_CONFIRMED", False, id="again"),
        pytest.param("PARTIAL_RESULTS_READY", "RESULTS_ISSUE", False, id="into-an-issue"),
        pytest.param("FULL_RESULTS_READY", "PARTIAL_RESULTS_READY", True, id="backwards"),
        pytest.param("ORDER_ISSUE", "ORDER_CONFIRMED", True, id="after-a-terminal-one"),
    ],
)
def test_status_step_is_odd_only_backwards_and_after_the_end(before: str | None, after: str, odd: bool) -> None:  # noqa: FBT001 - a case column
    """The expected sequence and the terminal statuses are watched, not enforced."""
    assert bool(read_step(before, after)) is odd


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a=1", id="form"),
        pytest.param(b'{"a":"\xff"}', id="not-utf-8"),
        pytest.param(b'{"a":NaN}', id="not-a-number"),
        pytest.param(b"[" * 100_000, id="too-deep"),
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    """Any bytes are parsed or refused."""
    with pytest.raises(BodyError, match="not JSON"):
        read_json(raw)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        pytest.param(b"application/json", None, id="json"),
        pytest.param(b"Application/JSON; charset=utf-8", None, id="json-with-charset"),
        pytest.param(b"application/x-www-form-urlencoded", 415, id="form"),
        pytest.param(b"", 415, id="absent"),
    ],
)
def test_content_type_must_be_json(content_type: bytes, status: int | None) -> None:
    """Only JSON is read, whatever its parameters."""
    found = None
    try:
        read_body(content_type, b"{}")
    except BodyError as refusal:
        found = refusal.status

    assert found == status


def test_token_request_without_grant_type_and_scope_is_noted() -> None:
    """Fields that one vendor page requires and another does not are noted, not refused."""
    _, problems = read_token({"client_id": "a", "client_secret": "b"})

    assert problems == ["grant_type: missing", "scope: missing"]
