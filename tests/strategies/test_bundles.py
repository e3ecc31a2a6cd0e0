"""However a report is written in FHIR, it reads back the same; and of any JSON each part is accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.fuzz import fhir_properties
from tests.lab_messages import service_request
from tests.strategies.bundles import BARE, KINDS, PLAIN, REFERENCES, layouts, write
from tests.strategies.reports import Measured, Observed, Reported, reports
from translator import Outcome, Translator
from translator.pipeline import Pipeline
from translator.record.report import Message, Observation
from translator.record.values import Absent, Coded, Coding, Unusable, Value

ENGINE = Translator.load()
PIPELINE = Pipeline(ENGINE.tables)
MODIFIED = Unusable("unknown-modifier", refused=True)


def expected(reported: Reported) -> list[tuple[object, ...]]:
    """Say what the observations of a report must be, parts behind their whole, members in their order."""
    return [row for observed in reported.results for row in _rows(observed)]


def _rows(observed: Observed) -> Iterator[tuple[object, ...]]:
    value = observed.measured.value
    if value == Absent() and (observed.parts or observed.members):
        value = Absent("container")
    yield _row(observed.codes, structs_value(value), observed.measured.unit, observed.status)
    for codes, measured in observed.parts:
        # What turns the meaning of the whole turns that of its parts.
        part = MODIFIED if value == MODIFIED else measured.value
        yield _row(codes, structs_value(part), measured.unit, observed.status)
    for member in observed.members:
        yield from _rows(member)


def _row(codes: tuple[Coding, ...], value: object, unit: str, status: str) -> tuple[object, ...]:
    return tuple((coding.system, coding.code) for coding in codes), value, unit, status


def structs_value(value: Value) -> object:
    """Give a value as plain data; what is unusable has no more than its reason."""
    return type(value).__name__, structs.asdict(value) if not isinstance(value, Coded) else (value.codings, value.text)


def found(observation: Observation) -> tuple[object, ...]:
    """Give what `expected` says, of an observation that was read."""
    return _row(observation.codes, structs_value(observation.value), observation.unit, observation.status)


def read(raw: bytes) -> Message:
    """Read a document into the record."""
    return PIPELINE.read(raw)


@st.composite
def written(draw: st.DrawFn) -> tuple[tuple[Reported, ...], bytes]:
    """Draw reports, and a document of them."""
    drawn = draw(reports())
    return drawn, write(drawn, draw(layouts(bare=len(drawn) == 1)))


@given(written())
@settings(max_examples=300, deadline=None)
def test_report_reads_back_however_it_is_written(case: tuple[tuple[Reported, ...], bytes]) -> None:
    """Codes, values digit by digit, units, statuses, patient and service request are those that were drawn."""
    drawn, raw = case

    message = read(raw)

    by_request = {report.service_requests[0][1].value: report for report in message.reports}
    assert (message.refused, message.held, len(by_request)) == (None, (), len(drawn))
    for reported in drawn:
        report = by_request[service_request(reported.number)]
        assert [found(each) for each in report.observations] == expected(reported)
        assert (report.status, report.findings) == (reported.status, ())
        assert (report.patient.identifier, report.patient.birth_date) == ("EX-1001", "19840312")
        assert [coding.code for coding in report.panel] == ["24331-1"]


def meaning(outcome: Outcome) -> tuple[object, ...]:
    """Say what is sent and what becomes of each part, in an order that does not depend on the places."""
    bodies = sorted((each.service_request_id, each.body_json) for each in outcome.submissions)
    entries = sorted((entry.state, entry.reason, entry.cause, entry.table) for entry in outcome.entries)
    return outcome.state, bodies, entries


@given(written())
@settings(max_examples=300, deadline=None)
def test_one_report_is_sent_the_same_however_it_is_written(case: tuple[tuple[Reported, ...], bytes]) -> None:
    """Every way of writing gives the payload bytes of the plain way, and one entry for each part."""
    drawn, raw = case

    outcome = ENGINE.translate(raw)

    assert meaning(outcome) == meaning(ENGINE.translate(write(drawn, PLAIN)))
    assert list(fhir_properties.broken(raw, outcome)) == []


WELL = Observed((Coding("http://loinc.org", "2093-3"),), Measured({"valueInteger": 185}, Absent()), "final")


@pytest.mark.parametrize("references", REFERENCES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_bundle_takes_every_form_of_reference(kind: str, references: str) -> None:
    """The report is found, and its result, in each pair of them."""
    raw = write([Reported(1, "partial", (WELL,))], PLAIN._replace(kind=kind, references=references))

    (report,) = read(raw).reports

    assert [observation.codes[0].code for observation in report.observations] == ["2093-3"]


def test_bare_report_is_the_same_report() -> None:
    """A DiagnosticReport needs no Bundle."""
    drawn = [Reported(1, "partial", (WELL,))]

    assert meaning(ENGINE.translate(write(drawn, BARE))) == meaning(ENGINE.translate(write(drawn, PLAIN)))


_NAMES = st.sampled_from(
    [
        "resourceType",
        "id",
        "status",
        "code",
        "coding",
        "system",
        "value",
        "valueQuantity",
        "valueString",
        "unit",
        "comparator",
        "entry",
        "resource",
        "fullUrl",
        "type",
        "contained",
        "result",
        "reference",
        "hasMember",
        "component",
        "basedOn",
        "identifier",
        "subject",
        "meta",
        "tag",
        "security",
        "request",
        "method",
        "link",
        "relation",
        "dataAbsentReason",
        "interpretation",
        "modifierExtension",
        "implicitRules",
        "text",
        "display",
        "numerator",
        "low",
    ]
)
_WORDS = st.sampled_from(
    [
        "Bundle",
        "DiagnosticReport",
        "Observation",
        "ServiceRequest",
        "Patient",
        "final",
        "preliminary",
        "entered-in-error",
        "#o1",
        "Observation/o1",
        "o1",
        "urn:uuid:1",
        "http://loinc.org",
        "2093-3",
        "mg/dL",
        "<",
        "next",
        "DELETE",
        "HTEST",
        "collection",
        "history",
        "5.4",
        "TNP",
    ]
)
_LEAVES = st.one_of(_WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4))
JSON: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=5)),
    max_leaves=25,
)
RESOURCES = st.builds(
    lambda kind, rest: {**rest, "resourceType": kind},
    st.sampled_from(["Observation", "Observation", "DiagnosticReport", "Bundle", "ServiceRequest"]),
    st.dictionaries(_NAMES, JSON, max_size=6),
)
DOCUMENTS = st.one_of(
    JSON,
    RESOURCES,
    st.builds(
        lambda entries: {"resourceType": "Bundle", "type": "collection", "entry": entries},
        st.lists(RESOURCES.map(lambda resource: {"resource": resource}), max_size=4),
    ),
    st.builds(
        lambda report, held: {**report, "resourceType": "DiagnosticReport", "contained": held},
        RESOURCES,
        st.lists(RESOURCES, max_size=3),
    ),
)


@given(DOCUMENTS)
@settings(max_examples=500, deadline=None)
def test_any_json_gives_an_outcome_that_accounts_for_every_part(document: object) -> None:
    """Elements of any shape in any place: nothing raises, and each Observation and component has one entry."""
    raw = json.dumps(document).encode("utf-8", "surrogatepass")

    outcome = ENGINE.translate(raw)

    if outcome.source.format == "fhir":
        assert list(fhir_properties.broken(raw, outcome)) == []
    assert outcome.state in {"translated", "held", "ignored", "refused"}


@given(st.sampled_from([b"{", b"[", b' {"resourceType"', b"\xef\xbb\xbf{"]), st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_bytes_that_begin_like_json_give_an_outcome(head: bytes, tail: bytes) -> None:
    """What is no JSON is refused by one of two names."""
    outcome = ENGINE.translate(head + tail)

    if outcome.source.format == "fhir":
        assert list(fhir_properties.broken(head + tail, outcome)) == []


@given(st.sampled_from(["status", "id", "value"]), st.data())
@settings(max_examples=200, deadline=None)
def test_key_that_stands_twice_is_found_anywhere(name: str, data: st.DataObject) -> None:
    """However deep the object stands and however the second key is escaped."""
    depth = data.draw(st.integers(0, 8))
    escaped = data.draw(st.integers(0, len(name)))
    second = "".join(f"\\u{ord(letter):04x}" for letter in name[:escaped]) + name[escaped:]
    between = data.draw(st.sampled_from(['"a": 1', '"a": {"b": [{}, "}"]}', '"a": "\\"{"', '"a": [[], {"c": 1}]']))
    inner = f'{{"{name}": 1, {between}, "{second}": 1}}'
    for _ in range(depth):
        inner = data.draw(st.sampled_from(['{"x": %s}', "[0, %s]", '[{"x": %s, "y": {}}]'])) % inner
    raw = f'{{"resourceType": "DiagnosticReport", "text": {inner}}}'.encode()

    outcome = ENGINE.translate(raw)

    assert (outcome.state, [found.code for found in outcome.diagnostics]) == ("refused", ["duplicate-key"])
