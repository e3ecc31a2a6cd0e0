"""A submission says which positions named its service request, and which statuses made its own."""

from __future__ import annotations

from translator.mapping_files import packaged_tables
from translator.record.correlation import CorrelationHit
from translator.record.outcome import Diagnostic, Payload, Submission
from translator.record.report import Identifier, Report
from translator.translate.service_request import no_correlation
from translator.translate.trace_report import trace_service_request, trace_status

TABLES = packaged_tables()
REQUEST = "5b1f6a52-0c3e-4f55-9f0e-6f1d1f0a7c11"
SUBMISSION = Submission("whoop", REQUEST, Payload("partial"))
NAMED = Report(
    "OBR[1]", "F", "OBR[1]-25", service_requests=(("OBR[1]-2", Identifier(REQUEST.upper())),), filler=Identifier("F-1")
)
CHILD = Report("OBR[2]", "P", "OBR[2]-25", parents=(("filler", "OBR[2]-29.2", Identifier("F-1")),))
OTHER = Report("OBR[3]", "F", "OBR[3]-25", keys=(("filler", "OBR[3]-3", Identifier("F-3")),))


def knows_f3(_kind: str, key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
    """Know one order number."""
    return (CorrelationHit(REQUEST),) if key == "F-3" else ()


def test_service_request_is_named_looked_up_or_inherited() -> None:
    """Each way shows its position and the number as sent."""
    found = trace_service_request(SUBMISSION, (NAMED, CHILD, OTHER), knows_f3, TABLES)

    assert [(step.at, step.given, step.result) for step in found] == [
        ("OBR[1]-2", REQUEST.upper(), REQUEST),
        ("OBR[2]-29.2", "F-1", REQUEST),
        ("OBR[3]-3", "F-3", REQUEST),
    ]
    assert [step.text for step in found] == [
        "a WHOOP id, sent in lower case",
        "the order that this one comes from",
        "an order number that the correlation knows",
    ]


def test_report_of_another_service_request_is_left_out() -> None:
    """Without the correlation the third order belongs to nobody."""
    found = trace_service_request(SUBMISSION, (NAMED, OTHER), no_correlation, TABLES)

    assert [step.at for step in found] == ["OBR[1]-2"]


def test_status_shows_every_report_and_what_changed_it() -> None:
    """The rows come first, then the remarks about these reports, then what is sent."""
    remarks = (
        Diagnostic("report-incomplete", "warning", "OBR[1]", "sent as partial"),
        Diagnostic("report-incomplete", "warning", "OBR[3]", "of another report"),
        Diagnostic("unit-respelled", "info", "OBR[1]", "no status"),
    )

    own, remark, payload = trace_status(SUBMISSION, (NAMED, OTHER), "hl7v2", remarks, no_correlation, TABLES)

    assert (own.given, own.result, own.at) == ("F", "final", "OBR[1]-25")
    assert own.table.startswith("hl7v2/0123-report-status.csv:")
    assert (remark.name, remark.result, remark.text) == ("report-incomplete", "partial", "sent as partial")
    assert (payload.name, payload.result) == ("payload", "partial")


def test_status_that_no_row_decides_has_no_row() -> None:
    """A status outside the table is said, without a place."""
    odd = Report("OBR[1]", "?", "OBR[1]-25", service_requests=NAMED.service_requests)

    step, _ = trace_status(SUBMISSION, (odd,), "hl7v2", (), no_correlation, TABLES)

    assert (step.result, step.table) == ("unknown-status", "")
