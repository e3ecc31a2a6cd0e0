"""A trace says what the translation did, with its numbers, and nothing that it did not do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observations import written
from translator.mapping_files import packaged_files, packaged_tables
from translator.record.outcome import Diagnostic, Entry, PayloadObservation
from translator.record.quantity import json_number, read_quantity
from translator.record.report import Observation
from translator.record.values import Absent, Coded, Coding, Limit, Numeric, Text, Unusable, Value
from translator.translate.observation import ObservationTranslator
from translator.translate.tables import Tables
from translator.translate.trace import Step, payload_words, trace_fate, trace_observation

LOINC = "http://loinc.org"
CHOLESTEROL, TSH, BLOOD_TYPE = "2093-3", "3016-3", "882-1"
TABLES = packaged_tables()


def number(text: str) -> Numeric:
    """Write a number as a lab would."""
    return Numeric(text)


def seen(value: Value, unit: str = "mg/dL", code: str = CHOLESTEROL, **more: object) -> Observation:
    """Make a final observation."""
    return written("OBX[2]", (Coding(LOINC, code),), value, "NM", unit, status="F", **more)  # type: ignore[arg-type]


def steps(observation: Observation, tables: Tables = TABLES) -> dict[str, Step]:
    """Trace an observation; its steps by name."""
    return {step.name: step for step in trace_observation(observation, "hl7v2", tables)}


def test_number_in_the_target_unit_passes_unchanged() -> None:
    """Read, code, status, unit, range: each with its position and row."""
    found = trace_observation(seen(number("185")), "hl7v2", TABLES)

    assert [(step.name, step.result, step.at) for step in found] == [
        ("read", "number 185", "OBX[2]-5"),
        ("code", "TOTAL_CHOLESTEROL", "OBX[2]-3"),
        ("status", "final", "OBX[2]-11"),
        ("unit", "mg/dL", "OBX[2]-6"),
        ("range", "plausible", ""),
        ("result", "TOTAL_CHOLESTEROL 185 mg/dL final", ""),
    ]
    assert all(step.table.partition(":")[2].isdigit() for step in found[1:])


def test_conversion_shows_the_number_before_and_after_rounding() -> None:
    """The factor, the exact product and the digits kept are said."""
    found = steps(seen(number("4.78"), "mmol/L"))

    conversion, rounding = found["conversion"], found["rounding"]
    assert (conversion.given, conversion.text) == ("4.78 mmol/L", "x 38.665")
    assert (conversion.result, rounding.given) == ("184.81870 mg/dL", "184.81870")
    assert (rounding.result, rounding.text[:24]) == ("184.8", "half-even, to 4 digits: ")
    assert conversion.table.startswith("units/conversions.csv:")


def test_master_equation_shows_offset_and_step() -> None:
    """An affine rule is rounded to its own step."""
    found = steps(seen(number("48"), "mmol/mol", "4548-4"))

    assert (found["conversion"].text, found["rounding"].text) == ("x 0.0915 + 2.15", "half-even, to 0.1")


@pytest.mark.parametrize(
    ("observation", "names", "last"),
    [
        pytest.param(seen(number("1"), code="99999-9"), ["read", "code", "status"], "final", id="unmapped"),
        pytest.param(seen(Absent()), ["read", "code", "status"], "final", id="nothing-sent"),
        pytest.param(seen(number("1"), place="x"), ["read", "code", "status"], "final", id="no-result-position"),
        pytest.param(
            seen(Text("A+"), "", BLOOD_TYPE, place="x"), ["read", "code", "status"], "final", id="answer-out-of-place"
        ),
        pytest.param(seen(number("1"), ""), ["read", "code", "status", "unit"], "unit-missing", id="no-unit"),
        pytest.param(
            seen(number("1"), "furlong"), ["read", "code", "status", "unit"], "unit-unknown", id="no-such-unit"
        ),
        pytest.param(
            seen(number("1"), "g/L", TSH),
            ["read", "code", "status", "unit", "conversion"],
            "unit-not-convertible",
            id="no-way-to-the-target",
        ),
        pytest.param(
            seen(number("99999")), ["read", "code", "status", "unit", "range"], "implausible", id="outside-the-range"
        ),
        pytest.param(
            seen(Text("1,185")), ["read", "code", "status", "unit", "number"], "value-ambiguous", id="ambiguous-text"
        ),
        pytest.param(seen(Unusable("value-repeated")), ["read", "code", "status", "unit"], "mg/dL", id="unusable"),
    ],
)
def test_trace_ends_with_what_ended_the_observation(observation: Observation, names: list[str], last: str) -> None:
    """What was never asked is not shown."""
    found = trace_observation(observation, "hl7v2", TABLES)

    assert ([step.name for step in found], found[-1].result) == (names, last)


def test_text_is_read_as_the_number_that_it_is() -> None:
    """A limit in text shows how it was taken, and has no range."""
    found = steps(seen(Text("< 5")))

    assert (found["number"].given, found["number"].result) == ("< 5", "limit <5")
    assert "range" not in found


def test_codes_show_every_triplet() -> None:
    """Each code shows what it leads to by itself, then what they agree on."""
    codes = (Coding("L", "X"), Coding("L", CHOLESTEROL))
    found = trace_observation(written("OBX[1]", codes, number("185"), unit="mg/dL", status="F"), "hl7v2", TABLES)

    assert [(step.given, step.result) for step in found if step.name in {"code", "codes"}] == [
        ("L X", "unmapped-code"),
        (f"L {CHOLESTEROL}", "TOTAL_CHOLESTEROL"),
        ("", "TOTAL_CHOLESTEROL"),
    ]
    assert "taken for LOINC by its check digit" in [step.text for step in found]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        pytest.param(steps(seen(number("1"), "MG/DL"))["unit"], "MG/DL,mg/dL", id="spelling"),
        pytest.param(
            steps(seen(number("1"), "mmol/L"))["conversion"], "TOTAL_CHOLESTEROL,mmol/L,mg/dL", id="conversion"
        ),
        pytest.param(steps(seen(Text("a pos"), "", BLOOD_TYPE))["answer"], "A POS", id="answer"),
    ],
)
def test_row_that_is_named_is_the_row_that_decided(step: Step, text: str) -> None:
    """A person who opens the table at that line finds it there."""
    file, _, line = step.table.partition(":")

    assert text in packaged_files()[file].decode().splitlines()[int(line) - 1]


def test_status_outside_the_table_is_said() -> None:
    """An OBX-11 that no row decides has no row to show."""
    found = steps(written("OBX[1]", (), number("1"), status="?"))

    assert (found["status"].result, found["status"].table) == ("unknown-status", "")


def test_range_without_bounds_is_any(site_tables: Tables) -> None:
    """A code that the site ignores goes no further than its row."""
    ignored = written("OBX[1]", (Coding("L", "LOT"),), Text("7"), status="F")

    assert steps(ignored, site_tables)["code"].result == "ignored: reagent lot"
    assert list(steps(ignored, site_tables)) == ["read", "code", "status"]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        pytest.param(Text("a pos"), "A+", id="spelling"),
        pytest.param(Coded((Coding("http://snomed.info/sct", "278149003"),), ""), "A+", id="code"),
        pytest.param(Coded((Coding("", "", "A Positive"),), ""), "A+", id="text-of-a-code"),
        pytest.param(Coded((Coding("L", "x"),), "A Positive"), "A+", id="text-beside-a-code"),
        pytest.param(Text("purple"), "unmapped-value", id="no-listed-answer"),
        pytest.param(Limit("<", "1"), "unmapped-value", id="no-answer-at-all"),
    ],
)
def test_answer_shows_its_row(value: Value, result: str) -> None:
    """A listed answer comes from a row; what is not listed has none."""
    answer = steps(seen(value, "", BLOOD_TYPE))["answer"]

    assert answer.result == result
    assert answer.table.startswith("whoop/coded-values.csv:") is (result == "A+")


def test_fate_names_what_held_the_report() -> None:
    """The first error of that code is shown with its position, then cause and remedy."""
    entry = Entry("OBX[1]", "held", "report-held", cause="retraction")
    remarks = (Diagnostic("unit-respelled", "info"), Diagnostic("retraction", "error", "OBX[2]", "no way back"))

    report, fate = trace_fate(entry, (), None, remarks, TABLES)

    assert (report.given, report.at, report.text) == ("retraction", "OBX[2]", "no way back")
    assert (fate.given, fate.result) == ("report-held", "held")
    assert fate.table.startswith("reasons.csv:")
    assert fate.text


@pytest.mark.parametrize(
    ("own_result", "text"),
    [
        pytest.param("HDL 55 mg/dL final", "", id="by-itself"),
        pytest.param("HDL 5 mg/dL final", "made of several observations: the lines of one text", id="joined"),
    ],
)
def test_fate_of_what_is_sent_is_its_payload(own_result: str, text: str) -> None:
    """What is sent stands there as it is sent; where it is more than this observation, that is said."""
    sent = PayloadObservation("HDL", 55, unit="mg/dL", status="final")

    own = (Step("result", "", own_result),)

    payload, fate = trace_fate(Entry("OBX[1]", "translated", submission=0, observation=0), own, sent, (), TABLES)

    assert (payload.result, fate.result) == ("HDL 55 mg/dL final", "translated")
    assert payload.text == text


NUMBERS = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4})?", fullmatch=True)


@given(
    NUMBERS.map(lambda text: read_quantity(text) or Text(text))
    | st.sampled_from([Text("5.2"), Text("<3"), Text("-1")]),
    st.sampled_from(["mg/dL", "mmol/L", "g/L", "MG/DL", "", "%"]),
    st.sampled_from([CHOLESTEROL, TSH, "2345-7", "4548-4", BLOOD_TYPE]),
)
def test_trace_comes_to_what_the_translation_does(value: Value, unit: str, code: str) -> None:
    """The last step is the payload of the translation, and the rounded number is the one that is sent."""
    observation = seen(value, unit, code)
    payload = ObservationTranslator(TABLES, "hl7v2").translate(observation).payload

    found = steps(observation)

    assert ("result" in found) is (payload is not None)
    if payload is not None:
        assert found["result"].result == payload_words(payload)
    if payload is not None and "rounding" in found:
        assert json_number(Decimal(found["rounding"].result)) == payload.value_numeric
