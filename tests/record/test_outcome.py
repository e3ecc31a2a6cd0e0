"""The JSON of an outcome is a contract: keys in their order, absent ones left out, numbers exact."""

from __future__ import annotations

import json
import pickle

import msgspec
import pytest

from translator.record.outcome import (
    FILE_SCHEMA,
    Diagnostic,
    Entry,
    Original,
    Outcome,
    Payload,
    PayloadObservation,
    Source,
    SourceObservation,
    Submission,
)

PAYLOAD = Payload(
    "final",
    (
        PayloadObservation("HDL", value_numeric=55, unit="mg/dL", status="final"),
        PayloadObservation("LDL", value_numeric=5.4, unit="mmol/L"),
        PayloadObservation("BLOOD_TYPE", value_text="A+"),
    ),
)
SUBMISSION = Submission(
    "whoop",
    "11111111-0000-4000-8000-000000000001",
    PAYLOAD,
    sources=(SourceObservation("OBX[1]", "k", "55.0", "mg/dL", "F", "HDL"),),
    patient=("P-1", "19800101"),
    moment="20240101000000.000000",
    panel="LIPID_PANEL",
)
BODY = (
    b'{"status":"final","observations":[{"code":"HDL","value_numeric":55,"unit":"mg/dL","status":"final"},'
    b'{"code":"LDL","value_numeric":5.4,"unit":"mmol/L"},{"code":"BLOOD_TYPE","value_text":"A+"}]}'
)


def test_body_is_what_is_sent() -> None:
    """Keys that are not set are left out, and whole numbers have no point."""
    assert SUBMISSION.body_json == BODY


def test_body_as_python_values_is_the_same() -> None:
    """`body` and `body_json` never differ."""
    assert SUBMISSION.body == json.loads(BODY)


def test_cancelled_report_has_no_observations() -> None:
    """The key itself is left out."""
    assert msgspec.json.encode(Payload("cancelled")) == b'{"status":"cancelled"}'


def test_line_is_the_contract() -> None:
    """Order and names of the keys are those of the schema; what only the ledger needs is not there."""
    outcome = Outcome(
        Source(2, "a.hl7", "hl7v2", "ORU^R01", "C-1", "00ff"),
        "translated",
        "abcd",
        (SUBMISSION,),
        (
            Entry("OBX[1]", "translated", submission=0, observation=0, table="whoop/observations.csv:14"),
            Entry("OBX[2]", "held", "report-held", "unit-unknown", original=Original("5.4", "mmol/L")),
        ),
        (Diagnostic("unit-respelled", "info", "OBX[1]-6"),),
    )

    assert outcome.json == (
        b'{"schema":"translator.outcome/1","tables_sha256":"abcd","source":{"index":2,"file":"a.hl7","format":"hl7v2",'
        b'"type":"ORU^R01","control_id":"C-1","sha256":"00ff"},"state":"translated","submissions":[{"destination":"whoop",'
        b'"service_request_id":"11111111-0000-4000-8000-000000000001","body":' + BODY + b'}],"entries":[{"at":"OBX[1]",'
        b'"state":"translated","submission":0,"observation":0,"table":"whoop/observations.csv:14"},{"at":"OBX[2]",'
        b'"state":"held","reason":"report-held","cause":"unit-unknown","original":{"value":"5.4","unit":"mmol/L"}}],'
        b'"diagnostics":[{"code":"unit-respelled","severity":"info","at":"OBX[1]-6"}]}'
    )


def test_empty_outcome_has_its_lists() -> None:
    """Lists are there even when nothing is in them; a source of no name has its index."""
    assert json.loads(Outcome(Source(0), "ignored").json) == {
        "schema": "translator.outcome/1",
        "tables_sha256": "",
        "source": {"index": 0},
        "state": "ignored",
        "submissions": [],
        "entries": [],
        "diagnostics": [],
    }


def test_line_of_a_file_has_no_messages() -> None:
    """A finding about a whole file has its own schema and only what belongs to it."""
    found = Outcome(
        Source(0, "a.hl7"), "refused", diagnostics=(Diagnostic("empty-input", "error"),), schema=FILE_SCHEMA
    )

    assert found.json == (
        b'{"schema":"translator.file/1","source":{"index":0,"file":"a.hl7"},"state":"refused",'
        b'"diagnostics":[{"code":"empty-input","severity":"error"}]}'
    )


@pytest.mark.parametrize("text", ["\u00b5 \u6f22 \U0001f600", 'a"b\\c', "\x00\x1f\u2028", ""])
def test_line_is_one_line_of_utf_8(text: str) -> None:
    """Whatever a text holds, the line has no line end in it and reads back."""
    line = Outcome(Source(0, text), "ignored").json

    assert json.loads(line)["source"].get("file", "") == text
    assert b"\n" not in line


def test_outcome_can_be_pickled() -> None:
    """It goes between processes and stays equal."""
    outcome = Outcome(Source(0), "translated", "", (SUBMISSION,))

    assert pickle.loads(pickle.dumps(outcome)) == outcome  # noqa: S301 - our own bytes


@pytest.mark.parametrize("critical", [True, False])
def test_submission_with_a_critical_result_is_urgent(*, critical: bool) -> None:
    """The ledger asks the submission, which asks the sources."""
    sources = (SUBMISSION.sources[0], msgspec.structs.replace(SUBMISSION.sources[0], critical=critical))

    assert msgspec.structs.replace(SUBMISSION, sources=sources).urgent is critical
