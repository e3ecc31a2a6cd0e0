"""Every value that is sent leads back to its bytes, and every observation forward to its fate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from tests.lab_messages import CHOLESTEROL, HDL, LOCAL, Obx, oru
from translator import Outcome, Translator
from translator.errors import ConfigError
from translator.mapping_files import packaged_tables, site_tables
from translator.provenance import Provenances
from translator.record.correlation import Correlation
from translator.translate.correlation import parse_correlation

TABLES = packaged_tables()
FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = [path.parent for path in sorted(FIXTURES.glob("*/*/message.*"))]
LIPIDS = oru([Obx(CHOLESTEROL, "4.78", "mmol/L"), Obx(HDL, "55"), Obx(LOCAL, "1"), Obx(HDL, "55")])

FHIR_QUANTITY = b"""{"resourceType": "DiagnosticReport", "status": "final", "result": [{"reference": "#o"}],
"identifier": [{"system": "https://api.prod.whoop.com/developer/v2/partner/service-request",
  "value": "00000000-0000-4000-8000-000000000001"}],
"contained": [{"resourceType": "Observation", "id": "o", "status": "final",
  "code": {"coding": [{"system": "http://loinc.org", "code": "14647-2"}]},
  "valueQuantity": {"value": 4.78, UNIT "system": "http://unitsofmeasure.org", "code": "mmol/L"}}]}"""


def outcomes(case: Path) -> Iterator[tuple[Outcome, Provenances, bytes]]:
    """Translate every message of a fixture, and open each for questions."""
    table = case / "correlation.csv"
    known = Correlation(parse_correlation(table.read_text(encoding="utf-8"), table.name) if table.exists() else ())
    tables = site_tables(case / "site") if (case / "site").is_dir() else TABLES
    (message,) = case.glob("message.*")
    raw = message.read_bytes()
    for outcome in Translator(tables).translate_stream(BytesIO(raw), name=message.name, correlation=known):
        if outcome.schema == "translator.outcome/1":
            index = outcome.source.index
            yield outcome, Provenances(tables, [raw], file=message.name, index=index, correlation=known), raw


def ask(raw: bytes = LIPIDS) -> Provenances:
    """Open a file of one message."""
    return Provenances(TABLES, [raw], file="lab.hl7")


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.name}" for case in CASES])
def test_every_payload_field_leads_back_to_its_bytes(case: Path) -> None:
    """The value is the one that is sent, it has an origin, and its last numbers are those of the payload."""
    for outcome, opened, raw in outcomes(case):
        assert msgspec.structs.replace(opened.outcome, diagnostics=()) == msgspec.structs.replace(
            outcome, diagnostics=()
        )
        for number, submission in enumerate(json.loads(outcome.json)["submissions"]):
            assert opened.why(f"submissions[{number}].status").value == submission["body"]["status"]
            assert opened.why(f"submissions[{number}].service_request_id").origins[0].place
            for place, sent in enumerate(submission["body"].get("observations", [])):
                for name, value in sent.items():
                    found = opened.why(f"submissions[{number}].observations[{place}].{name}")
                    assert (found.value, bool(found.origins)) == (value, True)
                    for origin in found.origins:
                        assert str(sent["code"]) in next(step for step in origin.steps if step.name == "payload").result
                    lit = [raw[origin.place.start : origin.place.end] for origin in found.origins if origin.place]
                    assert len(lit) == len(found.origins)
                    # A site may declare what a blank unit or status means.
                    assert any(map(bytes.strip, lit)) or name in {"unit", "status"}


def test_service_request_of_a_second_order_leads_to_its_own_bytes() -> None:
    """An ORC that alone names its order is found by its number, not by being an ORC."""
    second = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    raw = LIPIDS + f"ORC|RE|{second}\rOBR|2|||LIPID^^L{'|' * 21}F\rOBX|5|NM|2085-9^^LN||61|mg/dL|||||F\r".encode()

    origins = ask(raw).why("submissions[1].service_request_id").origins

    assert [origin.place.text for origin in origins if origin.place] == [second]
    assert [place.at for origin in origins for place in origin.inputs] == ["ORC[2]-2"]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.name}" for case in CASES])
def test_every_entry_is_found_from_its_position(case: Path) -> None:
    """Its state and reason are those of the outcome, and its line in the file begins with its segment."""
    for outcome, opened, raw in outcomes(case):
        for entry in outcome.entries:
            (origin,) = opened.where(entry.at).origins
            assert origin.entry == entry
            assert origin.place is not None
            assert bool(origin.fields) is (entry.submission is not None)
            lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            shown = lines[origin.place.line - 1].removeprefix(b"\xef\xbb\xbf").lstrip()
            assert shown.startswith(b"OBX" if outcome.source.format == "hl7v2" else (b"{", b'"', b"<"))


def test_value_leads_to_the_number_as_sent() -> None:
    """The bytes, the steps and the fields of a converted value are all there."""
    found = ask().why("0.0")

    (origin,) = found.origins
    assert (found.asked, found.value, found.tables_sha256) == (
        "submissions[0].body.observations[0]",
        184.8,
        TABLES.sha256,
    )
    assert origin.place is not None
    assert LIPIDS[origin.place.start : origin.place.end] == b"4.78"
    assert (origin.place.at, origin.place.line, origin.place.text) == ("OBX[1]-5", 5, "4.78")
    assert [step.name for step in origin.steps][-4:] == ["rounding", "range", "payload", "fate"]
    assert [place.at for place in origin.inputs] == ["OBX[1]-5", "OBX[1]-3", "OBX[1]-11", "OBX[1]-6"]


@pytest.mark.parametrize(
    ("field", "position"),
    [
        pytest.param("0.0.code", "OBX[1]-3", id="code"),
        pytest.param("0.0.value_numeric", "OBX[1]-5", id="number"),
        pytest.param("0.0.unit", "OBX[1]-6", id="unit"),
        pytest.param("0.0.status", "OBX[1]-11", id="status"),
        pytest.param("submissions[0].status", "OBR[1]-25", id="report-status"),
    ],
)
def test_field_leads_to_the_part_that_it_is_made_from(field: str, position: str) -> None:
    """Each payload field lights its own field of the segment."""
    (origin,) = ask().why(field).origins

    assert origin.place is not None
    assert origin.place.at == position


def test_escapes_are_seen_before_and_after() -> None:
    """What was sent stands beside what it was read as."""
    raw = oru([Obx("882-1^Blood type^LN", r"A\X20\POS", "", type="ST")])

    (origin,) = ask(raw).why("0.0").origins

    assert (origin.steps[0].given, origin.steps[0].result) == (r"A\X20\POS", 'text "A POS"')


def test_document_is_not_printed() -> None:
    """A scanned report is named, not shown, and its bytes are found."""
    raw = oru([Obx(HDL, "55"), Obx("11502-2^Report^LN", "^AP^^Base64^" + "QUFB" * 500, "", type="ED")])

    (origin,) = ask(raw).where("OBX[2]").origins

    assert (origin.steps[0].given, origin.steps[0].result) == ("", "embedded document")
    assert origin.place is not None
    assert len(origin.place.context) < 130


def test_value_that_is_sent_once_has_every_origin() -> None:
    """Two equal results are one payload observation, and both are shown."""
    assert [origin.entry.at for origin in ask().why("0.1").origins if origin.entry] == ["OBX[2]", "OBX[4]"]


def test_held_observation_is_told_why() -> None:
    """It reaches no field, and its last step is the reason with the remedy."""
    (origin,) = ask().where("OBX[3]-5").origins

    assert origin.fields == ()
    assert (origin.steps[-1].given, origin.steps[-1].result) == ("unmapped-code", "held")
    assert origin.steps[-1].text


@pytest.mark.parametrize(
    ("position", "fields"),
    [
        pytest.param("OBR-25", ("submissions[0].body.status",), id="status-of-the-report"),
        pytest.param("ORC-2.1", ("submissions[0].service_request_id",), id="placer-number"),
        pytest.param(
            "OBR[1]", ("submissions[0].service_request_id", "submissions[0].body.status"), id="segment-of-both"
        ),
        pytest.param("PID-5", (), id="name"),
        pytest.param("MSH-18", (), id="nothing-sent"),
    ],
)
def test_position_outside_observations_reaches_the_submission(position: str, fields: tuple[str, ...]) -> None:
    """Orders give status and service request; nothing else of a header goes anywhere."""
    (origin,) = ask().where(position).origins

    assert (origin.fields, origin.entry) == (fields, None)


def test_message_is_found_in_its_file() -> None:
    """Offsets and lines count from the beginning of the file, across envelopes and framing."""
    file = b"BHS|^~\\&|L\r\n\x0b" + LIPIDS + b"\x1c\r" + oru([Obx(HDL, "61")]) + b"BTS|2\r"

    (origin,) = Provenances(TABLES, [file], index=1).why("0.0").origins

    assert origin.place is not None
    assert (file[origin.place.start : origin.place.end], origin.place.line) == (
        b"61",
        file[: origin.place.start].count(b"\r") + 1,
    )


@pytest.mark.parametrize(
    ("raw", "index", "said"),
    [
        pytest.param(LIPIDS + LIPIDS, None, "several messages", id="no-choice-made"),
        pytest.param(LIPIDS + LIPIDS, 2, "no message 2", id="too-high"),
        pytest.param(b"", None, "no message in this file", id="empty"),
    ],
)
def test_message_must_be_named_where_there_are_several(raw: bytes, index: int | None, said: str) -> None:
    """Nothing is answered about a message that nobody meant."""
    with pytest.raises(ConfigError, match=said):
        Provenances(TABLES, [raw], index=index)


def test_long_line_is_cut_around_the_value() -> None:
    """A screen shows the value with what stands near it."""
    raw = LIPIDS.replace(b"OBX|1|NM|2093-3^Cholesterol", b"OBX|1|NM|2093-3^" + b"long " * 100)

    (origin,) = ask(raw).why("0.0").origins

    assert origin.place is not None
    assert (len(origin.place.context), origin.place.context[0]) == (58, "…")
    assert origin.place.context[origin.place.column :].startswith("4.78|mmol/L")


def test_value_of_fhir_leads_to_its_number() -> None:
    """The same questions are answered for FHIR, by FHIRPath."""
    raw = (FIXTURES / "fhir" / "a-component-is-an-observation-of-its-own" / "message.json").read_bytes()
    opened = Provenances(TABLES, [raw], file="bundle.json")

    (origin,) = opened.why("0.0.value_numeric").origins

    assert origin.place is not None
    assert raw[origin.place.start : origin.place.end] == origin.place.text.encode()
    assert opened.where(origin.place.at).origins[0].entry == origin.entry


@pytest.mark.parametrize(
    ("sent", "lit"),
    [
        pytest.param(b'"unit": "mmol/L",', b"mmol/L", id="unit-and-code"),
        pytest.param(b'"unit": "millimoles",', b"mmol/L", id="code-counts-before-the-unit"),
        pytest.param(b"", b"mmol/L", id="code-alone"),
    ],
)
def test_unit_of_fhir_leads_to_the_one_that_counts(sent: bytes, lit: bytes) -> None:
    """A UCUM code is what is read, whatever the words beside it say."""
    raw = FHIR_QUANTITY.replace(b"UNIT", sent)

    (origin,) = Provenances(TABLES, [raw]).why("0.0.unit").origins

    assert origin.place is not None
    assert (raw[origin.place.start : origin.place.end], origin.place.at[-5:]) == (lit, ".code")


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        pytest.param(b'"unit": "millimoles",', ".code", id="code-counts-before-the-unit"),
        pytest.param(b'"unit": "mmol/L",', ".code", id="unit-and-code"),
    ],
)
def test_step_of_a_unit_of_fhir_leads_to_the_one_that_counts(sent: bytes, part: str) -> None:
    """The step of a value's unit names the same place, and the inputs have its bytes."""
    (origin,) = Provenances(TABLES, [FHIR_QUANTITY.replace(b"UNIT", sent)]).why("0.0").origins

    (step,) = [each for each in origin.steps if each.name == "unit"]

    assert step.at.endswith(f".value{part}")
    assert [place.text for place in origin.inputs if place.at == step.at] == ["mmol/L"]


def test_position_that_is_not_there_is_named() -> None:
    """The error says what is there instead."""
    with pytest.raises(ConfigError, match="there are 4 OBX segments"):
        ask().where("OBX[9]")
