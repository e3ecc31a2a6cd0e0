"""Fields of an order's body are named by their path, or by as much of its end as names one."""

from __future__ import annotations

import pytest

from translator.record.body_field import body_fields, parse_body_field
from translator.record.outcome import OrderPayload, Outcome, Payload, Source, Submission
from translator.record.payload_field import NoSuchFieldError

BODY = {"data": [{"kind": "a", "name": {"text": "x"}}, {"kind": "b", "lines": ["1", "2"], "name": "y"}], "kind": "c"}
ORDER = Submission("acurable", "ORD-1", OrderPayload(BODY), kind="order")
RESULTS = Submission("whoop", "00000000-0000-4000-8000-000000000001", Payload("final"))
OUTCOME = Outcome(Source(0), "translated", submissions=(RESULTS, ORDER))


def test_every_value_of_a_body_has_a_path() -> None:
    """A list of plain values is one value, a list of parts is parts."""
    assert {field.path: field.value for field in body_fields(1, OUTCOME)} == {
        "submissions[1].body.data[0].kind": "a",
        "submissions[1].body.data[0].name.text": "x",
        "submissions[1].body.data[1].kind": "b",
        "submissions[1].body.data[1].lines": ["1", "2"],
        "submissions[1].body.data[1].name": "y",
        "submissions[1].body.kind": "c",
    }
    assert body_fields(0, OUTCOME) == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("submissions[1].body.data[0].kind", "data[0].kind", id="whole"),
        pytest.param("1.kind", "kind", id="the-whole-path-before-an-end"),
        pytest.param("submissions[1].name.text", "data[0].name.text", id="end"),
        pytest.param("1.name", "data[1].name", id="the-least-deep"),
        pytest.param("1.lines[1]", "data[1].lines[1]", id="item"),
    ],
)
def test_field_is_found_by_its_end(text: str, at: str) -> None:
    """Whole paths are long."""
    found = parse_body_field(text, OUTCOME)

    assert found is not None
    assert found.at == at


@pytest.mark.parametrize("text", ["1.lines[2]", "1.planet", "1.name[0]", "1.data"])
def test_field_that_is_not_there_is_an_error(text: str) -> None:
    """The text says what is there."""
    with pytest.raises(NoSuchFieldError, match=r"data\[1\]\.lines"):
        parse_body_field(text, OUTCOME)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("submissions[0].status", id="of-results"),
        pytest.param("submissions[7].kind", id="of-nothing"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_of_no_order_is_left_to_others(text: str) -> None:
    """Results have fields of their own."""
    assert parse_body_field(text, OUTCOME) is None
