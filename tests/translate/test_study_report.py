"""What a vendor tells about a study becomes a report that goes back to the lab."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import CHARSETS, LOINC, UCUM
from translator.read.hl7v2 import read_message
from translator.read.lexicon import Lexicon
from translator.record.event import INDEXES, Night, StudyEvent
from translator.record.order import Order, OrderPatient, PersonName
from translator.record.report import Identifier, Report
from translator.record.values import Absent, Coding, Numeric, Text
from translator.translate.study_report import SYSTEM, study_report
from translator.write.hl7v2 import Letterhead
from translator.write.oru import write_oru

PATIENT = OrderPatient((Identifier("EX-1001", "EXLAB"),), PersonName("Sample", ("Avery",)), "1984-03-12")
ORDER = Order(
    "ORC[1]",
    "create",
    "NW",
    placer=Identifier("O-1", "EXLAB"),
    filler=Identifier("F-1"),
    codes=(Coding("L", "HSAT", "Home sleep test"),),
    patient=PATIENT,
)
TIME = "20260301101500+0000"
HEAD = Letterhead(("TRANSLATOR", ""), ("EXLAB", ""), TIME, "C-1")
LEXICON = Lexicon(CHARSETS, {"LN": LOINC, "UCUM": UCUM, LOINC: LOINC, UCUM: UCUM}, {"ORU^R01": ""})


def said(report: Report) -> list[tuple[str, str, object]]:
    """Give night and attempt, code and value of each observation."""
    return [(seen.sub_id, seen.codes[0].code, seen.value) for seen in report.observations]


def test_night_gives_its_status_its_indexes_and_its_severity() -> None:
    """An index that the vendor leaves out is not there."""
    night = Night(1, 2, "VALID", "mild", {"AHI3": Decimal("7.10"), "ODI4": Decimal(5)})

    report = study_report(StudyEvent("study-finished", "O-1", (night,)), ORDER, TIME)

    assert said(report) == [
        ("1.2", "ATTEMPT_STATUS", Text("VALID")),
        ("1.2", "AHI3", Numeric("7.10")),
        ("1.2", "ODI4", Numeric("5")),
        ("1.2", "SEVERITY", Text("mild")),
    ]


@pytest.mark.parametrize("status", ["INVALID", "PENDING", "IN_PROGRESS", "SOMETHING_NEW"])
def test_attempt_without_a_diagnosis_gives_no_index(status: str) -> None:
    """Numbers of a recording that is not valid are no results."""
    night = Night(1, 1, status, "mild", {"AHI3": Decimal("7.1")})

    report = study_report(StudyEvent("study-attempt-completed", "O-1", (night,)), ORDER, TIME)

    assert said(report) == [("1.1", "ATTEMPT_STATUS", Text(status))]


@pytest.mark.parametrize(
    ("kind", "status"), [("study-finished", "final"), ("REFERRAL_FINISHED", "final"), ("order-activated", "partial")]
)
def test_report_is_final_when_the_study_is_finished(kind: str, status: str) -> None:
    """Before that, nights may still come."""
    assert study_report(StudyEvent(kind, "O-1"), ORDER, TIME).status == status


def test_report_answers_the_order() -> None:
    """The lab finds its own numbers, code and patient again."""
    report = study_report(StudyEvent("study-finished", "O-1"), ORDER, TIME)

    assert [(kind, number.value) for kind, _, number in report.keys] == [("placer", "O-1"), ("filler", "F-1")]
    assert (report.panel, report.patient.identifier, report.patient.birth_date) == (ORDER.codes, "EX-1001", "19840312")


def test_order_without_numbers_and_patient_gives_a_report_without_them() -> None:
    """Nothing is made up."""
    report = study_report(StudyEvent("study-finished"), Order("ORC[1]"), TIME)

    assert (report.service_requests, report.keys, report.patient.identifier) == ((), (), "")


def test_correction_says_what_it_corrects() -> None:
    """The changed is corrected, the new and the unchanged are final, what is gone is deleted without its value."""
    told = Night(1, 1, "VALID", "mild", {"AHI3": Decimal("7.10"), "ODI3": Decimal(4), "ODI4": Decimal(5)})
    now = Night(1, 1, "VALID", "severe", {"AHI3": Decimal("7.1"), "AHI4": Decimal(6), "ODI4": Decimal(9)})
    finished = [StudyEvent("study-finished", "O-1", (night,)) for night in (told, now)]

    report = study_report(finished[1], ORDER, TIME, told=finished[0], corrects=True)

    assert report.status == "corrected"
    assert [(seen.codes[0].code, seen.status, seen.value) for seen in report.observations] == [
        ("ATTEMPT_STATUS", "final", Text("VALID")),
        ("AHI3", "final", Numeric("7.1")),
        ("AHI4", "final", Numeric("6")),
        ("ODI4", "corrected", Numeric("9")),
        ("SEVERITY", "corrected", Text("severe")),
        ("ODI3", "entered-in-error", Absent()),
    ]


def test_correction_of_a_report_that_is_not_kept_corrects_everything() -> None:
    """Nobody can tell what changed."""
    event = StudyEvent("study-finished", "O-1", (Night(1, 1, "VALID", "mild"),))

    report = study_report(event, ORDER, TIME, corrects=True)

    assert (report.status, {seen.status for seen in report.observations}) == ("corrected", {"corrected"})


NIGHTS = st.builds(
    Night,
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from(["VALID", "INVALID", "PENDING", "IN_PROGRESS", ""]),
    st.sampled_from(["", "mild", "severe"]),
    st.dictionaries(st.sampled_from(INDEXES), st.decimals(0, 150, places=2)),
)


@given(st.lists(NIGHTS, max_size=4))
@settings(max_examples=50, deadline=None)
def test_study_comes_back_to_the_lab_as_it_was_told(nights: list[Night]) -> None:
    """Event, record, ORU, and the same record again."""
    report = study_report(StudyEvent("study-finished", "O-1", tuple(nights)), ORDER, TIME)

    read = read_message(write_oru(HEAD, PATIENT, [report]), LEXICON).reports[0]

    assert said(read) == said(report)
    assert [(seen.form.codes, seen.unit) for seen in read.observations] == [
        (seen.form.codes, seen.unit) for seen in report.observations
    ]
    assert (read.panel, read.patient, read.filler) == (report.panel, report.patient, report.filler)
    assert all(seen.codes[0].system == SYSTEM for seen in read.observations)
