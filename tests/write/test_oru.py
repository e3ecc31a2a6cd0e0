"""What is written as ORU^R01 is read back to the same record."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.read.samples import CHARSETS, LOINC, UCUM
from tests.write import written
from translator.errors import WriteError
from translator.read.hl7v2 import read_message
from translator.read.lexicon import Lexicon
from translator.record.order import OrderPatient, PersonName
from translator.record.report import Form, Identifier, Observation, Report
from translator.record.values import (
    Cleared,
    Coded,
    Coding,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)
from translator.write.hl7v2 import Letterhead
from translator.write.oru import write_oru

HEAD = Letterhead(("TRANSLATOR", "HUB|1"), ("EXLAB", "NORTH"), "20260301101500+0000", "C-1")
LEXICON = Lexicon(CHARSETS, {"LN": LOINC, "UCUM": UCUM, LOINC: LOINC, UCUM: UCUM}, {"ORU^R01": ""})
PATIENT = OrderPatient((Identifier("EX-1001"),), PersonName("Sample", ("Avery",)), "1984-03-12")


def report(*values: Value, status: str = "F") -> Report:
    """Build a report of some values."""
    form = Form((Coding("L", "ZZ9", "Aura"),), status=status)
    seen = tuple(Observation(f"OBX[{n}]", form, value) for n, value in enumerate(values, start=1))
    return Report("OBR[1]", "F", panel=(Coding("L", "HSAT", "Sleep test"),), observations=seen)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_written_reports_are_read_back_as_they_were(data: st.DataObject) -> None:
    """Values, units, statuses, codes, numbers, times and specimens survive, whatever letters are in them."""
    patient = data.draw(written.patients())
    reports = data.draw(written.reports(patient, HEAD.time))

    read = read_message(write_oru(HEAD, patient, reports), LEXICON)

    assert (read.refused, read.held, read.control_id, read.sender) == (None, (), "C-1", "TRANSLATOR/HUB|1")
    assert [structs.replace(each, keys=tuple(each.keys)) for each in read.reports] == list(reports)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Numeric("5.40"), id="number"),
        pytest.param(Limit("<", "0.01"), id="limit"),
        pytest.param(Range("2", "5"), id="range"),
        pytest.param(Ratio("1", ":", "160"), id="ratio"),
        pytest.param(Text("a|b^c~d\\e&f\nµé漢" * 300), id="long-text"),
        pytest.param(Coded((Coding("L", "A", "One"),), "another word"), id="code-and-words"),
        pytest.param(Cleared(), id="request-to-delete"),
    ],
)
def test_value_of_each_kind_is_read_back(value: Value) -> None:
    """Whatever the property above happens to draw."""
    kind = {Numeric: "NM", Text: "ST", Coded: "CWE", Cleared: "ST"}.get(type(value), "SN")
    seen = Observation("OBX[1]", Form((Coding("L", "ZZ9", "Aura"),), kind, status="F"), value)

    raw = write_oru(HEAD, PATIENT, [structs.replace(report(), observations=(seen,))])

    assert read_message(raw, LEXICON).reports[0].observations[0].value == value


def test_message_is_read_by_its_type() -> None:
    """The header names type, structure, version and charset."""
    header = write_oru(HEAD, PATIENT, [report(Numeric("5.40"))]).split(b"\r")[0]

    assert header == (
        b"MSH|^~\\&|TRANSLATOR|HUB\\F\\1|EXLAB|NORTH|20260301101500+0000||"
        b"ORU^R01^ORU_R01|C-1|P|2.5.1||||||UNICODE UTF-8"
    )


def test_person_without_a_name_has_a_name_type() -> None:
    """PID-5 is required: an unknown name is said to be unknown."""
    raw = write_oru(HEAD, OrderPatient((Identifier("EX-1001"),)), [report()])

    assert b"\rPID|1||EX-1001||^^^^^^U\r" in raw


@pytest.mark.parametrize(
    ("sex", "letter"), [("female", "F"), ("Male", "M"), ("other", "O"), ("unknown", "U"), ("F", "F"), ("woman", "")]
)
def test_sex_is_written_as_a_letter(sex: str, letter: str) -> None:
    """WHOOP sends words, and lists none of them; table 0001 has letters only."""
    raw = write_oru(HEAD, structs.replace(PATIENT, sex=sex), [report()])

    assert f"|19840312|{letter}".rstrip("|").encode() + b"\r" in raw


def test_words_of_fhir_are_written_as_letters() -> None:
    """A record from FHIR carries words."""
    raw = write_oru(HEAD, PATIENT, [structs.replace(report(Numeric("1"), status="final"), status="partial")])

    assert b"|A\rOBX|1|NM|ZZ9^Aura^L||1||||||F\r" in raw


@pytest.mark.parametrize(
    "unwritable",
    [
        pytest.param(report(Document("embedded")), id="a-document-of-which-only-the-kind-is-kept"),
        pytest.param(report(Unusable("value-not-numeric")), id="a-value-that-was-not-read"),
        pytest.param(report(Numeric("1"), status="unknown"), id="a-status-without-a-letter"),
        pytest.param(structs.replace(report(Numeric("1")), panel=()), id="a-report-that-says-not-what-it-is-of"),
    ],
)
def test_what_cannot_be_said_is_not_written(unwritable: Report) -> None:
    """Nothing is left out silently."""
    with pytest.raises(WriteError) as raised:
        write_oru(HEAD, PATIENT, [unwritable])

    assert "EX-1001" not in str(raised.value)


def test_text_that_looks_like_a_deletion_stays_a_text() -> None:
    """Two quotation marks in OBX-5 would delete what was sent before."""
    raw = write_oru(HEAD, PATIENT, [report(Text('""'))])

    assert read_message(raw, LEXICON).reports[0].observations[0].value == Text('""')
