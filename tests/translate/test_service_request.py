"""Which service request a report belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.record.correlation import Correlation, CorrelationRow
from translator.record.report import Identifier, Patient, Report
from translator.record.values import Coding
from translator.translate.service_request import is_uuid, no_correlation, resolve

FIRST = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
SECOND = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def row(key: str, request: str = FIRST, key_type: str = "", **more: str) -> CorrelationRow:
    """Make a correlation row."""
    return CorrelationRow("c.csv:2", key, request, key_type=key_type, **more)


def report(*placers: str, group: str = "", filler: str = "", panel: str = "LIPID") -> Report:
    """Make a report that offers these numbers."""
    requests = tuple((f"ORC-{place}", Identifier(value)) for place, value in enumerate(placers, 2))
    keys = [("placer", at, identifier) for at, identifier in requests]
    keys += [(kind, kind, Identifier(value)) for kind, value in (("filler", filler), ("group", group)) if value]
    patient = Patient("EX-1", "19840312")
    return Report("OBR[1]", panel=(Coding("L", panel),), service_requests=requests, keys=tuple(keys), patient=patient)


@pytest.mark.parametrize(
    ("sent", "rows", "expected"),
    [
        pytest.param(report(FIRST), (), FIRST, id="uuid"),
        pytest.param(report(FIRST.upper(), FIRST), (), FIRST, id="either-case"),
        pytest.param(report("A-7"), (row("A-7"),), FIRST, id="any-type-of-key"),
        pytest.param(report("A-7", filler="F-7"), (row("F-7", key_type="filler"),), FIRST, id="filler"),
        pytest.param(report("A-7"), (row("A-7"), row("A-7", birth_date="1984-03-12")), FIRST, id="two-that-agree"),
        pytest.param(report("A-7"), (row("A-7", patient="EX-1"),), FIRST, id="same-patient"),
        pytest.param(
            report(group="G", panel="CBC"),
            (row("G", FIRST, "group", panel="LIPID"), row("G", SECOND, "group", panel="CBC")),
            SECOND,
            id="group-and-panel",
        ),
    ],
)
def test_exactly_one_service_request_is_taken(sent: Report, rows: tuple[CorrelationRow, ...], expected: str) -> None:
    """One UUID or one hit decides."""
    assert resolve(sent, Correlation(rows)).service_request_id == expected


@pytest.mark.parametrize(
    ("sent", "rows", "reason"),
    [
        pytest.param(report(), (), "no-service-request", id="nothing-sent"),
        pytest.param(report("A-7"), (), "no-service-request", id="unknown-number"),
        pytest.param(report("A-7"), (row("A-7", key_type="filler"),), "no-service-request", id="other-type-of-key"),
        pytest.param(report("A-7"), (row("A-77"),), "no-service-request", id="prefix-is-no-match"),
        pytest.param(report(f"{{{FIRST}}}"), (), "no-service-request", id="braces"),
        pytest.param(report(f"urn:uuid:{FIRST}"), (), "no-service-request", id="urn"),
        pytest.param(report(FIRST[:22]), (), "service-request-truncated", id="cut-by-a-short-field"),
        pytest.param(report(FIRST.replace("-", "")), (), "service-request-truncated", id="without-hyphens"),
        pytest.param(report(FIRST, SECOND), (), "service-request-mismatch", id="places-disagree"),
        pytest.param(report("A-7"), (row("A-7"), row("A-7", SECOND)), "several-service-requests", id="two-hits"),
        pytest.param(report(FIRST), (row(FIRST, SECOND),), "several-service-requests", id="uuid-against-correlation"),
        pytest.param(report("A-7"), (row("A-7", patient="EX-2"),), "patient-mismatch", id="other-patient"),
        pytest.param(report("A-7"), (row("A-7", birth_date="19840313"),), "patient-mismatch", id="other-birth-date"),
    ],
)
def test_anything_else_holds_the_report(sent: Report, rows: tuple[CorrelationRow, ...], reason: str) -> None:
    """No prefix, no likeness, no first of two."""
    problem = resolve(sent, Correlation(rows)).problem

    assert problem is not None
    assert problem.code == reason


def test_no_correlation_knows_nothing() -> None:
    """Without a correlation only a UUID counts."""
    assert no_correlation("placer", "A-7", "") == ()


@given(st.text(max_size=40) | st.uuids().map(str) | st.uuids().map(lambda uuid: str(uuid).upper()))
def test_uuid_has_one_form_only(text: str) -> None:
    """Five groups of hexadecimal digits with hyphens, in either case."""
    groups = text.split("-")
    digits = set("0123456789abcdefABCDEF")
    expected = [len(group) for group in groups] == [8, 4, 4, 4, 12] and all(set(group) <= digits for group in groups)

    assert is_uuid(text) is expected
