"""The fate of one observation, before its report is looked at."""

from __future__ import annotations

import pytest

from tests.observations import written
from translator.mapping_files import packaged_files
from translator.record.outcome import PayloadObservation
from translator.record.report import Finding, Observation
from translator.record.values import Absent, Cleared, Coded, Coding, Document, Limit, Numeric, Text, Unusable, Value
from translator.translate.codes import LOINC
from translator.translate.load import load_tables
from translator.translate.observation import ObservationTranslator
from translator.translate.tables import Tables

MAPPED = (Coding(LOINC, "2093-3"),)
UNMAPPED = (Coding("L", "ZZ9"),)
LOT = (Coding("L", "LOT"),)
NUMBER = Numeric("185")
NO_RESULT = "not-a-result-position"
FINDING = (Finding("undeclared-bytes", "OBX[1]-5"),)


MODIFIED = Unusable("unknown-modifier", refused=True)


def observation(value: Value = NUMBER, **more: object) -> Observation:
    """Make a final cholesterol, bent where a test says so."""
    parts: dict[str, object] = {"codes": MAPPED, "unit": "mg/dL", "status": "F"} | more
    return written("OBX[1]", value=value, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sent", "state", "reason"),
    [
        pytest.param(observation(), "translated", "", id="plain"),
        pytest.param(observation(place=NO_RESULT), "held", "result-out-of-place", id="mapped-out-of-place"),
        pytest.param(observation(place=NO_RESULT, codes=UNMAPPED), "ignored", NO_RESULT, id="out-of-place"),
        pytest.param(observation(place=NO_RESULT, codes=LOT), "ignored", NO_RESULT, id="ignored-out-of-place"),
        pytest.param(observation(codes=LOT, status="D"), "ignored", "ignored-by-table", id="ignored-by-the-site"),
        pytest.param(observation(status="D"), "held", "retraction", id="deleted"),
        pytest.param(observation(status="W", codes=UNMAPPED), "held", "retraction", id="wrong-patient-unmapped"),
        pytest.param(observation(Cleared()), "held", "retraction", id="hl7-null"),
        pytest.param(observation(MODIFIED, codes=UNMAPPED), "refused", "unknown-modifier", id="modified-unmapped"),
        pytest.param(observation(MODIFIED, status="X"), "refused", "unknown-modifier", id="modified-not-obtained"),
        pytest.param(observation(findings=FINDING), "held", "undeclared-bytes", id="bytes-without-charset"),
        pytest.param(observation(Document("embedded")), "ignored", "document", id="document"),
        pytest.param(observation(Absent("data-absent")), "ignored", "data-absent", id="reason-for-absence"),
        pytest.param(observation(Absent(), status="X"), "ignored", "not-obtained", id="not-obtained"),
        pytest.param(observation(Text("TNP"), status="X"), "ignored", "not-obtained", id="placeholder-not-obtained"),
        pytest.param(observation(status="X"), "held", "value-contradicts-status", id="value-not-obtained"),
        pytest.param(observation(status="I"), "held", "value-contradicts-status", id="value-pending"),
        pytest.param(observation(codes=UNMAPPED, status="E"), "held", "unmapped-code", id="unmapped-before-status"),
        pytest.param(observation(status="E"), "held", "unknown-status", id="status-of-no-table"),
        pytest.param(observation(status="f"), "held", "unknown-status", id="lower-case-status"),
        pytest.param(observation(status=""), "held", "status-missing", id="no-status"),
        pytest.param(observation(status="R"), "held", "unverified", id="unverified"),
        pytest.param(observation(Absent()), "held", "value-missing", id="final-without-value"),
        pytest.param(observation(Text("QNS")), "held", "placeholder-value", id="final-placeholder"),
        pytest.param(observation(unit=""), "held", "unit-missing", id="no-unit"),
        pytest.param(observation(Text("high")), "held", "value-not-numeric", id="word"),
        pytest.param(observation(Unusable("value-repeated"), unit=""), "held", "value-repeated", id="value-first"),
        pytest.param(
            observation(Unusable("value-type-refused", refused=True)), "refused", "value-type-refused", id="absurd-type"
        ),
    ],
)
def test_first_rule_that_answers_decides(sent: Observation, state: str, reason: str, site_tables: Tables) -> None:
    """One state and one reason for each observation."""
    verdict = ObservationTranslator(site_tables, "hl7v2").translate(sent)

    assert (verdict.state, verdict.reason) == (state, reason)
    assert (verdict.payload is not None) is (state == "translated")


def test_conversion_keeps_the_original(tables: Tables) -> None:
    """Value and unit as the lab wrote them stay with the entry."""
    moles = observation(Text("4.780"), codes=(Coding(LOINC, "14647-2"),), unit="mmol/L")

    verdict = ObservationTranslator(tables, "hl7v2").translate(moles)

    assert verdict.original is not None
    assert (verdict.original.value, verdict.original.unit) == ("4.780", "mmol/L")
    assert [remark.at for remark in verdict.diagnostics] == ["OBX[1]-6"]


def test_limit_in_another_unit_is_held(tables: Tables) -> None:
    """A bound is not converted."""
    limit = observation(Limit("<", "2"), codes=(Coding(LOINC, "14647-2"),), unit="mmol/L")

    assert ObservationTranslator(tables, "hl7v2").translate(limit).reason == "unit-not-convertible"


def test_place_of_a_remark_is_written_as_the_format_does(tables: Tables) -> None:
    """FHIR paths name elements, HL7 positions name fields."""
    sent = written("Bundle.entry[0].resource", MAPPED, NUMBER, unit="MG/DL", status="final")

    verdict = ObservationTranslator(tables, "fhir").translate(sent)

    assert [remark.at for remark in verdict.diagnostics] == ["Bundle.entry[0].resource.value.unit"]


def test_memory_of_codes_and_units_is_bounded(tables: Tables) -> None:
    """However many codes and units a feed brings, what is remembered stays small, and nothing changes."""
    translator = ObservationTranslator(tables, "hl7v2")
    for number in range(5_000):
        translator.translate(observation(codes=(Coding("L", str(number)),)))
        translator.translate(observation(unit=f"unit {number}"))

    assert translator.remembered <= 2 * 4_096
    assert translator.translate(observation()).state == "translated"


def site_translator(**files: bytes) -> ObservationTranslator:
    """Make a translator for a site of these files."""
    return ObservationTranslator(load_tables(packaged_files(), files, "acme"), "hl7v2")


@pytest.mark.parametrize(
    ("sent", "unit", "reason"),
    [
        pytest.param(observation(unit=""), "mg/dL", "", id="none-sent"),
        pytest.param(observation(Limit("<", "50"), unit=""), "mg/dL", "", id="limit"),
        pytest.param(observation(unit="", no_unit=True), None, "unit-missing", id="said-to-have-none"),
        pytest.param(observation(unit="mg/dxl"), None, "unit-unknown", id="another-sent"),
    ],
)
def test_unit_is_assumed_only_where_none_was_sent(sent: Observation, unit: str | None, reason: str) -> None:
    """The site's word counts for what the sender leaves out, not for what it says."""
    rows = b"system,code,assume_unit,example_in,example_out\nhttp://loinc.org,2093-3,mg/dL,185,185 mg/dL\n"

    verdict = site_translator(**{"whoop/observations.csv": rows}).translate(sent)

    assert verdict.reason == reason
    assert (verdict.payload and verdict.payload.unit) == unit
    assert ("unit-assumed" in [remark.code for remark in verdict.diagnostics]) is (unit is not None)


def test_ambiguous_placeholder_is_held_by_its_own_reason(tables: Tables) -> None:
    """The placeholder's row says why: ND is not done, or not detected."""
    assert ObservationTranslator(tables, "hl7v2").translate(observation(Text("nd"))).reason == "value-ambiguous"


@pytest.mark.parametrize(
    ("sent", "state", "reason"),
    [
        pytest.param(observation(Text("Clotted"), status="X"), "translated", "", id="placeholder"),
        pytest.param(observation(Text("Tube broke"), status="X"), "translated", "", id="free-text"),
        pytest.param(observation(Coded((), "TNP"), status="X"), "translated", "", id="coded"),
        pytest.param(observation(Text("5,6"), status="X"), "held", "value-contradicts-status", id="ambiguous-number"),
        pytest.param(observation(Text("<5"), status="X"), "held", "value-contradicts-status", id="limit"),
        pytest.param(observation(status="X"), "held", "value-contradicts-status", id="number"),
        pytest.param(observation(Absent(), status="X"), "ignored", "not-obtained", id="nothing-said"),
        pytest.param(observation(Text("TNP"), status="X", codes=UNMAPPED), "ignored", "not-obtained", id="unmapped"),
        pytest.param(observation(Text("PENDING"), status="I"), "ignored", "result-pending", id="pending"),
        pytest.param(observation(Text("TNP")), "held", "placeholder-value", id="final"),
    ],
)
def test_text_of_what_could_not_be_obtained_is_sent_where_the_site_says_so(
    sent: Observation, state: str, reason: str
) -> None:
    """Only a text, only under X, and only for a code that WHOOP is told of."""
    verdict = site_translator(**{"site.toml": b"[values]\nnot_obtained_text = true\n"}).translate(sent)

    assert (verdict.state, verdict.reason) == (state, reason)
    if verdict.payload is not None:
        value = sent.value
        assert isinstance(value, Text | Coded)
        assert verdict.payload == PayloadObservation("TOTAL_CHOLESTEROL", value_text=value.text, status="cancelled")


def test_text_that_begins_with_a_point_is_no_number(site_tables: Tables) -> None:
    """Only a number is remarked on."""
    sent = observation(Text(".5 of it"), codes=(Coding("L", "CMT"),))

    verdict = ObservationTranslator(site_tables, "hl7v2").translate(sent)

    assert [remark.code for remark in verdict.diagnostics] == ["code-unconfirmed"]
