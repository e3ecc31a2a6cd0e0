"""The walk says which OBX is a result and of which order; no order number crosses a patient."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LOINC, SYSTEMS
from translator.read.charset import Decoded
from translator.read.doubts import Doubts
from translator.read.er7 import Delimiters, Unescape
from translator.read.oru import Groups, OruReader
from translator.read.value import ValueReader
from translator.record.report import Finding, Identifier, Patient, Report
from translator.record.values import Absent, Coding, Numeric, Text, Value

SURE = Doubts(Decoded("", "ascii"), "\\")
OUT = "not-a-result-position"


def walk(*segments: str, undeclared: bool = False) -> Groups:
    """Read segments with the usual delimiters."""
    delimiters = Delimiters()
    unescape = Unescape(delimiters)
    values = ValueReader(delimiters, unescape, SYSTEMS)
    doubts = Doubts(Decoded("", "ascii", undeclared), delimiters.escape)
    return OruReader(delimiters, unescape, values).read(list(segments), "20240501", doubts)


def first(*segments: str) -> Report:
    """Read segments and give the first report."""
    return walk(*segments).reports[0]


def segment(name: str, fields: dict[int, str]) -> str:
    """Write a segment of which only some fields are filled."""
    written = [name, *[""] * max(fields)]
    for number, field in fields.items():
        written[number] = field
    return "|".join(written)


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        pytest.param("OBR OBX OBX", [("OBR[1]", ["", ""])], id="results-of-an-order"),
        pytest.param("PID OBX OBR OBX", [("OBR[1]", [""]), ("", [OUT])], id="observation-of-the-patient"),
        pytest.param("ORC OBX OBR OBX", [("OBR[1]", [""]), ("", [OUT])], id="document-of-the-order"),
        pytest.param("OBR OBX SPM OBX", [("OBR[1]", ["", OUT])], id="observation-of-the-specimen"),
        pytest.param("OBR OBX DEV OBX", [("OBR[1]", ["", OUT])], id="observation-of-the-device"),
        pytest.param("OBR OBX SPM OBX OBR OBX", [("OBR[1]", ["", OUT]), ("OBR[2]", [""])], id="order-after-specimen"),
        pytest.param("OBR OBX ORC OBX", [("OBR[1]", [""]), ("", [OUT])], id="next-order-begins"),
        pytest.param("OBR OBX PID OBX", [("OBR[1]", [""]), ("", [OUT])], id="next-patient-begins"),
        pytest.param("OBR NTE TQ1 OBX NTE OBX", [("OBR[1]", ["", ""])], id="segments-between-change-nothing"),
        pytest.param("OBX", [("", [OUT])], id="nothing-but-an-observation"),
        pytest.param("OBR", [("OBR[1]", [])], id="order-without-observation"),
        pytest.param("PID PV1", [], id="no-order"),
    ],
)
def test_only_observations_between_order_and_specimen_are_results(
    segments: str, expected: list[tuple[str, list[str]]]
) -> None:
    """OBX stands in five places of a result message, and in one of them it is a result."""
    reports = walk(*segments.split()).reports

    assert [(report.at, [observation.place for observation in report.observations]) for report in reports] == expected


NAMES = st.sampled_from(["OBX", "OBX", "OBX", "OBR", "ORC", "PID", "SPM", "DEV", "NTE", "ADD", "DSC", "ZXY"])
FIELDS = st.lists(st.text(alphabet='1A^~\\&"é ', max_size=5), max_size=30).map("|".join)


@given(segments=st.lists(st.tuples(NAMES, FIELDS).map("|".join), max_size=20), undeclared=st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_observation_has_one_place(segments: list[str], *, undeclared: bool) -> None:
    """Whatever the segments say and in whatever order, each OBX is counted once, under its number."""
    places = [
        observation.at
        for report in walk(*segments, undeclared=undeclared).reports
        for observation in report.observations
    ]
    expected = [f"OBX[{n + 1}]" for n in range(sum(segment.startswith("OBX") for segment in segments))]

    assert sorted(places) == sorted(expected)


def test_observation_has_its_fields() -> None:
    """Codes, value, unit, status and sub-id come from their fields, unescaped and trimmed."""
    (seen,) = first("OBR|1", r"OBX|9|ST^x|718-7^Hb^LN| 1^\T\ |a\F\b|g/dL^gram^UCUM|||||F^final").observations

    assert seen.at == "OBX[1]"
    assert seen.codes == (Coding(LOINC, "718-7", "Hb"),)
    assert (seen.value, seen.value_type) == (Text("a|b"), "ST")
    assert (seen.unit, seen.form.unit_system, seen.no_unit) == ("g/dL", "UCUM", False)
    assert (seen.status, seen.sub_id) == ("F", "1^&")


def test_short_observation_has_empty_fields() -> None:
    """A segment that ends early says nothing about what is missing."""
    (seen,) = first("OBR|1", "OBX|1").observations

    assert (seen.codes, seen.value, seen.value_type, seen.unit, seen.status) == ((), Absent(), "", "", "")


@pytest.mark.parametrize(
    ("field", "unit", "system", "none"),
    [
        pytest.param("", "", "", False, id="nothing-sent"),
        pytest.param("mg/dL", "mg/dL", "", False, id="code"),
        pytest.param("^gram per litre", "gram per litre", "", False, id="text-only"),
        pytest.param("^ a\\T\\b ", "a&b", "", False, id="text-with-escape"),
        pytest.param("^^UCUM", "", "", False, id="system-only"),
        pytest.param(" ", "", "", False, id="blank"),
        pytest.param('""', "", "", True, id="explicitly-none"),
        pytest.param("g/L~g/dL", "g/L~g/dL", "", False, id="repeated-unit-is-no-unit-of-any-table"),
    ],
)
def test_unit_is_the_identifier_of_obx_6(field: str, unit: str, system: str, *, none: bool) -> None:
    """The text counts only where there is no identifier; two quotes say that there is no unit."""
    (seen,) = first("OBR|1", f"OBX|1|NM|x||5|{field}").observations

    assert (seen.unit, seen.form.unit_system, seen.no_unit) == (unit, system, none)


@pytest.mark.parametrize(
    ("orc", "obr", "requests"),
    [
        pytest.param("ORC|RE|P1", "OBR|1|P1", [("OBR[1]-2", "P1"), ("ORC-2", "P1")], id="both-agree"),
        pytest.param("ORC|RE|P1", "OBR|1|P2", [("OBR[1]-2", "P2"), ("ORC-2", "P1")], id="both-differ"),
        pytest.param("ORC|RE|P1", "OBR|1", [("ORC-2", "P1")], id="order-control-only"),
        pytest.param("ORC|RE", "OBR|1|P1", [("OBR[1]-2", "P1")], id="order-only"),
        pytest.param("ORC|RE", "OBR|1", [], id="neither"),
        pytest.param('ORC|RE|""', 'OBR|1|""^x', [], id="null"),
        pytest.param("ORC|RE| ", "OBR|1|^LAB", [], id="blank"),
        pytest.param("ORC|RE|P1~P9", r"OBR|1|P\T\1~P9", [("OBR[1]-2", "P&1"), ("ORC-2", "P1")], id="repeated"),
    ],
)
def test_service_request_may_stand_in_orc_or_obr(orc: str, obr: str, requests: list[tuple[str, str]]) -> None:
    """Both placer numbers are offered with their places, so that a contradiction shows."""
    report = first(orc, obr)

    assert [(at, found.value) for at, found in report.service_requests] == requests


def test_identifier_is_three_components() -> None:
    """An entity identifier is its value, namespace and universal id."""
    assert first("OBR|1||F1^LAB^1.2.3^ISO").filler == Identifier("F1", "LAB", "1.2.3")


def test_order_control_serves_the_orders_that_follow() -> None:
    """A later OBR of the same ORC inherits its placer and group where its own placer is blank or equal."""
    segments = ["ORC|RE|P1|F0|G1", "OBR|1||F1", "OBR|2|P1|F2", "OBR|3|P9|F3", "OBR|4|"]

    keys = [[(kind, found.value) for kind, _, found in report.keys] for report in walk(*segments).reports]

    assert keys == [
        [("placer", "P1"), ("filler", "F1"), ("filler", "F0"), ("group", "G1")],
        [("placer", "P1"), ("placer", "P1"), ("filler", "F2"), ("group", "G1")],
        [("placer", "P9"), ("filler", "F3")],
        [("placer", "P1"), ("filler", "F0"), ("group", "G1")],
    ]


def test_order_control_never_crosses_a_patient() -> None:
    """The next PID ends what ORC said, so that no result reaches another person's order."""
    reports = walk("PID|1||A||||19800101", "ORC|RE|P1", "OBR|1", "PID|2||B||||1990", "OBR|1").reports

    assert [(report.patient, len(report.keys)) for report in reports] == [
        (Patient("A", "19800101"), 1),
        (Patient("B", "1990"), 0),
    ]


def test_filler_comes_from_the_order_or_its_control() -> None:
    """OBR-3 counts; ORC-3 only where it is blank."""
    reports = walk("ORC|RE||F0", "OBR|1||F1", "OBR|2").reports

    assert [report.filler.value for report in reports] == ["F1", "F0"]


def test_patient_is_the_first_identifier_and_the_day_of_birth() -> None:
    """Of PID only what matching needs is read: first repetition, first component, eight digits."""
    assert first(r"PID|1|Z|A\T\1^^^L~B||||198001011230^x", "OBR|1").patient == Patient("A&1", "19800101")


def test_null_is_no_patient() -> None:
    """HL7 null in PID-3 or PID-7 says that there is none; it pins no lane and contradicts no table."""
    assert first('PID|1||""||||""', "OBR|1").patient == Patient("", "")


def test_report_has_its_fields() -> None:
    """Panel, status and times come from their fields; the message's own time is the second best."""
    obr = [""] * 26
    obr[0], obr[4], obr[22], obr[25] = "OBR", "57698-3^Lipids^LN", "20240430", "F^final"

    report = first("|".join(obr))

    assert report.panel == (Coding(LOINC, "57698-3", "Lipids"),)
    assert (report.status, report.status_at) == ("F", "OBR[1]-25")
    assert report.times == ("20240430", "20240501")
    assert report.must_agree


@pytest.mark.parametrize(
    ("field", "held"),
    [
        pytest.param("|NEXT", ["message-continued"], id="pointer"),
        pytest.param("|", [], id="empty-pointer"),
        pytest.param('|""|F', [], id="deleted-pointer"),
        pytest.param("", [], id="no-pointer"),
    ],
)
def test_message_that_continues_elsewhere_is_held(field: str, held: list[str]) -> None:
    """A message that goes on elsewhere is not read as if it were whole; a DSC without a pointer says nothing."""
    assert [finding.code for finding in walk("OBR|1", f"DSC{field}").held] == held


@pytest.mark.parametrize(
    ("fields", "place", "findings"),
    [
        pytest.param({4: "68991-9^AOE^LN"}, "order-form", [], id="order-form"),
        pytest.param({4: "X68991-9^AOE^L"}, "", [], id="other-code-that-contains-it"),
        pytest.param({24: "MB"}, "", ["microbiology"], id="microbiology"),
        pytest.param({24: "CH"}, "", [], id="chemistry"),
        pytest.param({26: "600-7&&LN^1"}, "", ["child-result"], id="results-for-a-result"),
        pytest.param({26: '""'}, "", [], id="no-parent-result"),
        pytest.param({11: "G", 26: "3016-3&&LN^1"}, "", [], id="reflex-for-a-result"),
    ],
)
def test_order_says_what_its_observations_are(fields: dict[int, str], place: str, findings: list[str]) -> None:
    """Answers in an order form, isolates and results for another result are no plain results."""
    (seen,) = first(segment("OBR", fields), "OBX|1|NM|x||5").observations

    assert (seen.place, [finding.code for finding in seen.findings]) == (place, findings)


@pytest.mark.parametrize(
    ("kind", "place", "findings"),
    [
        pytest.param("QST", "ask-at-order-entry", [], id="question"),
        pytest.param("SCI^x", "ask-at-order-entry", [], id="supporting-information"),
        pytest.param("RSLT", "", [], id="result"),
        pytest.param(" ", "", [], id="blank"),
        pytest.param("XYZ", "", ["observation-type"], id="unknown"),
    ],
)
def test_observation_says_what_it_is(kind: str, place: str, findings: list[str]) -> None:
    """OBX-29 tells answers from results; what it does not tell is held."""
    (seen,) = first("OBR|1", segment("OBX", {29: kind})).observations

    assert (seen.place, [finding.code for finding in seen.findings]) == (place, findings)


@pytest.mark.parametrize(
    ("fields", "bare"),
    [
        pytest.param({5: "text"}, True, id="value-only"),
        pytest.param({5: "text", 14: "20260301"}, True, id="time-behind-the-status"),
        pytest.param({5: "text", 6: "mg/dL"}, False, id="unit"),
        pytest.param({5: "text", 8: "H"}, False, id="flag"),
        pytest.param({5: "text", 11: "F"}, False, id="status"),
        pytest.param({5: "text", 12: "20260301"}, False, id="date-of-the-range"),
    ],
)
def test_line_that_goes_on_has_nothing_of_its_own(fields: dict[int, str], *, bare: bool) -> None:
    """OBX-6 to OBX-12 are empty in what continues or comments on the observation before."""
    (seen,) = first("OBR|1", segment("OBX", fields)).observations

    assert seen.bare is bare


@pytest.mark.parametrize(
    ("field", "sub_id"),
    [
        pytest.param("1", "1", id="plain"),
        pytest.param(" ^1^3^2 ", "^1^3^2", id="group"),
        pytest.param("^1^3^", "^1^3", id="spare-separators"),
        pytest.param("1&2&", "1&2", id="subcomponents"),
        pytest.param("", "", id="none"),
    ],
)
def test_sub_id_is_compared_as_a_whole(field: str, sub_id: str) -> None:
    """A group's sub-id has components, of which no single one names the observation."""
    (seen,) = first("OBR|1", segment("OBX", {4: field})).observations

    assert seen.sub_id == sub_id


def test_sub_id_has_one_spelling_under_any_delimiters() -> None:
    """Another message of the same sender may use other delimiters for the same sub-id."""
    delimiters = Delimiters(component="*", subcomponent="")
    values = ValueReader(delimiters, Unescape(delimiters), SYSTEMS)
    reader = OruReader(delimiters, Unescape(delimiters), values)

    (report,) = reader.read(["OBR|1", "OBX|1|NM|x|*1*3|5"], "", SURE).reports

    assert report.observations[0].sub_id == "^1^3"


def test_report_names_its_specimens() -> None:
    """SPM-4 counts, and OBR-15 of older versions; each code once."""
    report = first(segment("OBR", {15: "UR&Urine^x"}), "SPM|1|||SER^Serum", "SPM|2|||UR", "SPM|3")

    assert report.specimens == ("SER", "UR")


def test_specimen_of_the_old_field_needs_no_subcomponents() -> None:
    """A message that declares no such separator has plain codes."""
    delimiters = Delimiters(subcomponent="")
    values = ValueReader(delimiters, Unescape(delimiters), SYSTEMS)
    reader = OruReader(delimiters, Unescape(delimiters), values)

    assert reader.read([segment("OBR", {15: "UR"})], "", SURE).reports[0].specimens == ("UR",)


@pytest.mark.parametrize(("code", "reflex"), [("G", True), ("A", True), ("L", False), ("", False)])
def test_order_that_the_laboratory_made_is_told(code: str, *, reflex: bool) -> None:
    """OBR-11 tells generated and added orders."""
    assert first(segment("OBR", {11: code})).is_reflex is reflex


@pytest.mark.parametrize(
    ("segments", "read", "unread"),
    [
        pytest.param(["PID|1||J\u00fc", "OBR|1"], ["PID-3"], ["PID"], id="patient"),
        pytest.param(["ORC|RE|\u00e9", "OBR|1"], ["ORC-2"], ["ORC"], id="order-control"),
        pytest.param(["OBR|1|||\u00e9"], ["OBR[1]-4"], ["OBR"], id="panel"),
        pytest.param(["OBR|1", "OBX|1|ST|a||\u00b5|\u00b5"], ["OBX[1]-5", "OBX[1]-6"], ["OBX"], id="value-and-unit"),
        pytest.param(["OBR|1", "OBX|1|ST|a||5||\u00b5", "NTE|1||\u00b5"], [], ["OBX", "NTE"], id="nobody-reads-it"),
        pytest.param(["OBR|1", "OBX|1|ST|a||5"], [], [], id="none"),
    ],
)
def test_undeclared_bytes_hold_only_where_a_field_is_read(
    segments: list[str], read: list[str], unread: list[str]
) -> None:
    """A name in an unknown charset warns; a value, code or number in one is held."""
    groups = walk(*segments, undeclared=True)
    report = groups.reports[0]
    found = [*report.findings, *(finding for seen in report.observations for finding in seen.findings)]

    assert [finding.at for finding in found] == read
    assert [finding.at for finding in groups.findings] == unread
    assert {finding.code for finding in (*found, *groups.findings)} <= {"undeclared-bytes"}


def test_declared_bytes_are_no_finding() -> None:
    """Where the charset is declared, nothing is said about high bytes."""
    groups = walk("PID|1||J\u00fc", "OBR|1", "OBX|1|ST|a||\u00b5")

    assert groups.findings == groups.reports[0].findings == ()
    assert groups.reports[0].observations[0].findings == ()


def test_finding_has_no_content() -> None:
    """A finding names the field and never what stands in it."""
    (finding,) = walk("PID|1||Zo\u00eb", "OBR|1", undeclared=True).reports[0].findings

    assert finding == Finding("undeclared-bytes", "PID-3", "bytes above 127 and MSH-18 declares no charset")


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        pytest.param("", "260415000^Not detected^SCT", Absent("data-absent"), id="no-value-and-a-reason"),
        pytest.param("", '""', Absent(), id="no-value-and-null"),
        pytest.param("", " ", Absent(), id="no-value-and-no-reason"),
        pytest.param("5", "TNP", Numeric("5"), id="a-value-counts-before-a-reason"),
    ],
)
def test_reason_for_no_value_is_that_of_the_last_field(value: str, reason: str, expected: Value) -> None:
    """OBX-32 says why there is no value, as dataAbsentReason does in FHIR."""
    fields = [""] * 33
    fields[2:6] = ["NM", "X", "", value]
    fields[32] = reason

    (seen,) = first("OBR|1", segment("OBX", dict(enumerate(["OBX", *fields[1:]])))).observations

    assert seen.value == expected
