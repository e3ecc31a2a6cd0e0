"""What is written as a Bundle of DiagnosticReport is read back to the same record."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.read.samples import LOINC, UCUM
from tests.write import written
from tests.write.test_oru import HEAD, LEXICON, PATIENT, report
from translator.errors import WriteError
from translator.read.fhir import SERVICE_REQUEST_SYSTEM, FhirReader
from translator.record.report import Message, Report
from translator.record.values import Absent, Cleared, Limit, Numeric, Ratio, Unusable
from translator.write.fhir_report import write_report_bundle

READER = FhirReader(structs.replace(LEXICON, message_types={"Bundle": ""}), frozenset({SERVICE_REQUEST_SYSTEM}))


def read(raw: bytes) -> Message:
    """Read a bundle by our own reader."""
    return READER.read(raw)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_written_reports_are_read_back_as_they_were(data: st.DataObject) -> None:
    """Values, units, statuses, codes, numbers and times survive, whatever letters are in them."""
    patient = data.draw(written.patients())
    reports = data.draw(written.fhir_reports(patient))

    found = read(write_report_bundle(HEAD, patient, reports))

    assert (found.refused, found.held) == (None, ())
    assert [written.substance(each) for each in found.reports] == [written.substance(each) for each in reports]


def test_decimal_keeps_its_digits() -> None:
    """The bytes hold the number as it was measured."""
    raw = write_report_bundle(HEAD, PATIENT, [report(Numeric("5.40"))])

    assert b'"value":5.40' in raw


def test_same_record_gives_the_same_bytes() -> None:
    """Addresses inside the bundle follow from the control id."""
    first, second = (write_report_bundle(HEAD, PATIENT, [report(Numeric("1"))]) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("lexical", "number"),
    [
        pytest.param("007", "7", id="leading-zeros"),
        pytest.param("+5", "5", id="plus"),
        pytest.param(".50", "0.50", id="no-digit-before-the-point"),
        pytest.param("5.", "5", id="no-digit-behind-the-point"),
        pytest.param("-0.10", "-0.10", id="json-as-it-stands"),
    ],
)
def test_number_of_hl7_becomes_one_of_json(lexical: str, number: str) -> None:
    """JSON has a stricter form of the same number."""
    raw = write_report_bundle(HEAD, PATIENT, [report(Numeric(lexical))])

    assert f'"valueQuantity":{{"value":{number}}}'.encode() in raw


def test_letters_of_hl7_are_written_as_words() -> None:
    """A record from HL7 carries letters."""
    raw = json.loads(write_report_bundle(HEAD, PATIENT, [report(Numeric("1"))]))

    assert [each["resource"]["status"] for each in raw["entry"][1:]] == ["active", "final", "final"]


@pytest.mark.parametrize(
    "unwritable",
    [
        pytest.param(report(Cleared()), id="a-request-to-delete"),
        pytest.param(report(Ratio("1", ":", "160", ">")), id="a-bound-of-a-titre"),
        pytest.param(report(Unusable("value-not-numeric")), id="a-value-that-was-not-read"),
        pytest.param(report(Absent(), status="W"), id="a-letter-without-a-word"),
        pytest.param(structs.replace(report(Limit("<", "1")), panel=()), id="a-report-that-says-not-what-it-is-of"),
    ],
)
def test_what_cannot_be_said_is_not_written(unwritable: Report) -> None:
    """Nothing is left out silently."""
    with pytest.raises(WriteError) as raised:
        write_report_bundle(HEAD, PATIENT, [unwritable])

    assert "EX-1001" not in str(raised.value)


def test_units_of_ucum_are_coded() -> None:
    """A UCUM unit is code and text, any other unit is text."""
    seen = written.observation("mg/dL", UCUM), written.observation("furlong", "")
    raw = json.loads(write_report_bundle(HEAD, PATIENT, [structs.replace(report(), observations=seen)]))

    quantities = [each["resource"].get("valueQuantity") for each in raw["entry"]]

    assert [each for each in quantities if each] == [
        {"value": 1, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
        {"value": 1, "unit": "furlong"},
    ]
    assert LOINC not in str(quantities)
