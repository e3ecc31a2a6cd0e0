"""Any bytes become a message; every Observation and component is there once, in its report or outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LEXICON, LOINC, bundle, cpu_seconds, report
from translator.read.fhir import SERVICE_REQUEST_SYSTEM, read_document
from translator.record.report import Identifier, Message, Patient, Report
from translator.record.values import Absent, Coding, Numeric, Unusable

OUT = "not-a-result-position"
MODIFIED = Unusable("unknown-modifier", refused=True)
REFERENCE = {"reference": "Observation/1"}


def read(raw: bytes) -> Message:
    """Read a document with the lexicon of these tests."""
    return read_document(raw, LEXICON)


def observation(name: str, **elements: Any) -> dict[str, Any]:
    """Write an Observation of an invented test."""
    return {"resourceType": "Observation", "id": name, "status": "final", **elements}


def diagnostic_report(*results: str, **elements: Any) -> dict[str, Any]:
    """Write a DiagnosticReport that refers to its results."""
    references = [{"reference": target} for target in results]
    return {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "result": references, **elements}


def places(found: Message) -> list[str]:
    """List the places of all observations, report by report."""
    return [seen.at for each in found.reports for seen in each.observations]


def only(raw: bytes) -> Report:
    """Read a document that has one report."""
    (found,) = read(raw).reports
    return found


def test_report_has_its_elements() -> None:
    """Status, panel, times and values come as sent."""
    code = {"coding": [{"system": LOINC, "code": "57698-3", "display": "Lipids"}]}
    raw = report(
        {"valueQuantity": {"value": 5.4, "unit": "mmol/L"}, "code": {"coding": [{"system": "LN", "code": "2093-3"}]}},
        code=code,
        issued="2024-05-01T10:00:00Z",
        effectiveDateTime="2024-04-30",
    )

    found = only(raw)
    (seen,) = found.observations

    assert (found.at, found.status, found.status_at) == ("DiagnosticReport", "final", "DiagnosticReport.status")
    assert found.panel == (Coding(LOINC, "57698-3", "Lipids"),)
    assert found.times == ("2024-05-01T10:00:00Z", "2024-04-30", "")
    assert not found.must_agree
    assert (seen.at, seen.codes) == ("DiagnosticReport.contained[0]", (Coding(LOINC, "2093-3"),))
    assert (seen.value, seen.unit, seen.place) == (Numeric("5.4"), "mmol/L", "")


def test_decimals_keep_their_digits() -> None:
    """A trailing zero is what the lab reported."""
    raw = report({}).replace(b'"id": "o0"', b'"id": "o0", "valueQuantity": {"value": 5.40}')

    assert only(raw).observations[0].value == Numeric("5.40")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b"", "malformed", id="nothing"),
        pytest.param(b"MSH|^~\\&|", "malformed", id="another-format"),
        pytest.param(b"[]", "malformed", id="array"),
        pytest.param(b"null", "malformed", id="null"),
        pytest.param(b'{"id": NaN}', "malformed", id="not-a-number"),
        pytest.param(b'{"id": "\\ud800"}', "malformed", id="lone-surrogate"),
        pytest.param(b"[" * 100_000, "malformed", id="nested-without-end"),
        pytest.param(b'{"value": ' + b"9" * 5000 + b"}", "malformed", id="number-without-end"),
        pytest.param(b'{"id": 1, "id": 1}', "duplicate-key", id="key-twice"),
        pytest.param(b'{"entry": [{"a": [{"b": 1, "b": 2}]}]}', "duplicate-key", id="key-twice-deep-inside"),
        pytest.param(b"{}", "message-type", id="no-resource-type"),
        pytest.param(b'{"resourceType": "Patient"}', "message-type", id="another-resource"),
        pytest.param(b'{"resourceType": "Observation"}', "message-type", id="observation-alone"),
        pytest.param(bundle(), "message-type", id="empty-bundle"),
        pytest.param(bundle({"resourceType": "Patient"}), "message-type", id="bundle-without-report"),
        pytest.param(bundle(diagnostic_report(), kind="subscription-notification"), "message-type", id="notification"),
        pytest.param(
            bundle(diagnostic_report(), {"resourceType": "Binary", "request": {"method": "PATCH"}}),
            "message-type",
            id="patch",
        ),
        pytest.param(bundle(diagnostic_report(), implicitRules="urn:x"), "unknown-modifier", id="rules-of-the-bundle"),
        pytest.param(report({}, meta={"security": [{"code": "HTEST"}]}), "not-production", id="report-marked-as-test"),
        pytest.param(report({"meta": {"tag": [{"code": "HTEST"}]}}), "not-production", id="observation-marked-as-test"),
        pytest.param(
            bundle(diagnostic_report(), meta={"tag": {"code": "HTEST"}}), "not-production", id="bundle-marked-as-test"
        ),
    ],
)
def test_document_that_is_not_read_is_refused(raw: bytes, code: str) -> None:
    """One reason for the whole document, and nothing held beside it."""
    found = read(raw)

    assert found.refused
    assert found.refused.code == code
    assert found.held == ()


def test_refused_document_still_places_every_observation() -> None:
    """What a refused document holds is accounted for."""
    found = read(bundle(observation("1"), observation("2", component=[{}]), diagnostic_report("Observation/1")))

    assert sorted(places(found)) == [
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource",
        "Bundle.entry[1].resource.component[0]",
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(bundle(diagnostic_report(), id="b1"), ("Bundle collection", "b1"), id="bundle"),
        pytest.param(bundle(diagnostic_report(), kind=""), ("Bundle", ""), id="bundle-without-type"),
        pytest.param(report(id="r1"), ("DiagnosticReport", "r1"), id="report"),
    ],
)
def test_document_has_type_and_id(raw: bytes, expected: tuple[str, str]) -> None:
    """The type of a Bundle is part of the type; the resource id identifies the message."""
    found = read(raw)

    assert (found.format, found.type, found.control_id) == ("fhir", *expected)
    assert found.refused is None


@pytest.mark.parametrize(
    ("raw", "code", "at"),
    [
        pytest.param(
            bundle(diagnostic_report(), link=[{"relation": "self"}, {"relation": "next"}]),
            "incomplete-bundle",
            "Bundle.link",
            id="next-page",
        ),
        pytest.param(
            bundle(diagnostic_report(), {"resourceType": "Observation", "request": {"method": "DELETE"}}),
            "retraction",
            "Bundle.entry[1].request",
            id="deletion",
        ),
    ],
)
def test_bundle_that_is_not_the_whole_truth_is_held(raw: bytes, code: str, at: str) -> None:
    """A page of several or a deletion holds the document."""
    (held,) = read(raw).held

    assert (held.code, held.at) == (code, at)


def test_bundle_of_requests_is_read() -> None:
    """What a transaction creates or updates is read like any other resource."""
    found = read(bundle({**diagnostic_report(), "request": {"method": "PUT"}}, kind="transaction"))

    assert (found.refused, found.held) == (None, ())


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("Observation/404", id="not-there"),
        pytest.param("Patient/p", id="no-observation"),
        pytest.param("", id="empty"),
    ],
)
def test_unresolved_result_is_a_finding_of_the_report(target: str) -> None:
    """A report that lacks a result says which; the others are there."""
    raw = bundle(diagnostic_report("Observation/1", target), observation("1"), {"resourceType": "Patient", "id": "p"})

    found = only(raw)

    (finding,) = found.findings
    assert (finding.code, finding.at) == ("unresolved-reference", "Bundle.entry[0].resource.result[1]")
    assert finding.text == "result 2 of 2 is missing"
    assert len(found.observations) == 1


@pytest.mark.parametrize("junk", [None, "Observation/2", 7, [], ["Observation/2"]])
def test_result_that_is_no_reference_is_missing(junk: object) -> None:
    """A place of the list without an object stood for a result that nobody can find now."""
    found = only(bundle(diagnostic_report("Observation/1") | {"result": [REFERENCE, junk]}, observation("1")))

    assert [(each.code, each.at) for each in found.findings] == [
        ("unresolved-reference", "Bundle.entry[0].resource.result[1]")
    ]


@pytest.mark.parametrize("junk", [None, "Observation/2"])
def test_member_that_is_no_reference_is_missing(junk: object) -> None:
    """The same of the members of a panel."""
    panel = observation("p", hasMember=[junk, REFERENCE])
    found = only(bundle(diagnostic_report("Observation/p"), panel, observation("1")))

    assert [(each.code, each.at) for each in found.findings] == [
        ("unresolved-reference", "Bundle.entry[1].resource.hasMember[0]")
    ]


def test_members_are_followed_in_order() -> None:
    """A panel comes before its members, a member before its own, siblings as they are listed."""

    def members(*names: str) -> list[dict[str, str]]:
        return [{"reference": f"Observation/{name}"} for name in names]

    raw = bundle(
        diagnostic_report("Observation/0", "Observation/4"),
        observation("0", hasMember=members("1", "3")),
        observation("1", hasMember=members("2")),
        observation("2"),
        observation("3"),
        observation("4"),
    )

    found = only(raw)

    assert [seen.at for seen in found.observations] == [f"Bundle.entry[{n}].resource" for n in range(1, 6)]
    assert [seen.value for seen in found.observations[:3]] == [Absent("container"), Absent("container"), Absent()]


def test_member_that_is_not_there_is_an_entry_of_its_own() -> None:
    """Each missing member has its own place, and the report is held for it."""
    members = [{"reference": "#1"}, {"reference": "Observation?code=1"}, {"reference": "#o1"}]
    raw = report({"hasMember": members}, {})

    seen = only(raw)
    found = {
        each.at: (each.value.reason, [finding.code for finding in each.findings])
        for each in seen.observations
        if isinstance(each.value, Absent)
    }

    assert [finding.code for finding in seen.findings] == ["unresolved-reference", "conditional-reference"]

    assert found == {
        "DiagnosticReport.contained[0]": ("container", []),
        "DiagnosticReport.contained[0].hasMember[0]": ("", ["unresolved-reference"]),
        "DiagnosticReport.contained[0].hasMember[1]": ("", ["conditional-reference"]),
        "DiagnosticReport.contained[1]": ("", []),
    }


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({0: [0]}, id="itself"),
        pytest.param({0: [1], 1: [0]}, id="each-other"),
        pytest.param({0: [1], 1: [2], 2: [0, 1]}, id="in-a-ring"),
        pytest.param({0: [2], 1: [2]}, id="shared"),
    ],
)
def test_cycle_of_members_ends(links: dict[int, list[int]]) -> None:
    """However members refer to each other, each observation is there once."""
    nodes = [{"hasMember": [{"reference": f"#o{m}"} for m in links.get(n, [])]} for n in range(3)]

    assert sorted(places(read(report(*nodes)))) == [f"DiagnosticReport.contained[{n}]" for n in range(3)]


def test_long_chain_of_members_is_followed() -> None:
    """No depth of members is an error."""
    count = 5_000
    chain = (observation(str(n), hasMember=[{"reference": f"Observation/{n + 1}"}]) for n in range(count))

    with cpu_seconds(5):
        found = read(bundle(diagnostic_report("Observation/0"), *chain, observation(str(count))))

    assert len(set(places(found))) == count + 1


def test_components_are_observations_of_their_own() -> None:
    """A component has its own code and value and the status of the whole."""
    parts = [{"valueInteger": 120, "code": {"coding": [{"code": "A"}]}}, {"valueInteger": 80}]

    whole, first, second = only(report({"status": "amended", "component": parts})).observations

    assert (whole.value, whole.status) == (Absent("container"), "amended")
    assert (first.at, first.codes) == ("DiagnosticReport.contained[0].component[0]", (Coding("", "A"),))
    assert (first.value, first.status) == (Numeric("120"), "amended")
    assert second.at == "DiagnosticReport.contained[0].component[1]"


def test_component_without_brackets_is_counted() -> None:
    """An object where a list belongs is not passed over."""
    assert len(only(report({"component": {"valueInteger": 1}})).observations) == 2


def test_absent_reason_counts_before_the_container() -> None:
    """A panel that says why it has no value says so."""
    (seen, _) = only(report({"component": [{}], "dataAbsentReason": {"text": "x"}})).observations

    assert seen.value == Absent("data-absent")


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        pytest.param({"valueInteger": 5, "modifierExtension": [{}]}, [MODIFIED], id="extension"),
        pytest.param({"valueInteger": 5, "implicitRules": "urn:x"}, [MODIFIED], id="rules"),
        pytest.param(
            {"component": [{"valueInteger": 5}], "modifierExtension": [{}]}, [MODIFIED, MODIFIED], id="whole-with-parts"
        ),
        pytest.param(
            {"component": [{"valueInteger": 5, "modifierExtension": [{}]}]}, [Absent("container"), MODIFIED], id="part"
        ),
        pytest.param({"valueInteger": 5, "modifierExtension": []}, [Numeric("5")], id="empty"),
    ],
)
def test_unknown_modifier_makes_a_value_unusable(node: dict[str, Any], expected: list[object]) -> None:
    """What may turn the meaning round is not read, neither in the whole nor in its parts."""
    assert [seen.value for seen in only(report(node)).observations] == expected


def test_unknown_modifier_of_the_report_is_a_finding() -> None:
    """The report as a whole is marked, and none of its values is read."""
    found = only(report({"valueInteger": 5}, modifierExtension=[{"url": "urn:x"}]))

    (finding,) = found.findings
    assert (finding.code, finding.at) == ("unknown-modifier", "DiagnosticReport")
    assert [seen.value for seen in found.observations] == [MODIFIED]


def test_observation_of_no_report_is_outside() -> None:
    """It is listed, in a report without a place, and is no result."""
    raw = bundle(diagnostic_report("Observation/1"), observation("1"), observation("2", component=[{}]))

    inside, outside = read(raw).reports

    assert (inside.at, [seen.place for seen in inside.observations]) == ("Bundle.entry[0].resource", [""])
    assert (outside.at, [seen.place for seen in outside.observations]) == ("", [OUT, OUT])


def test_service_request_is_an_identifier_of_a_named_system() -> None:
    """Identifiers of the system name the service request; all others are keys of the correlation."""
    request = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "identifier": [{"system": SERVICE_REQUEST_SYSTEM, "value": "W-1"}, {"system": "urn:lab", "value": "P-1"}],
        "requisition": {"value": "G-1"},
    }
    own = [
        {"value": "P-2", "type": {"coding": [{"code": "PLAC"}]}},
        {"value": "F-1", "type": {"coding": [{"code": "FILL"}]}},
        {"system": "urn:lab"},
    ]
    based_on = [
        {"identifier": {"system": SERVICE_REQUEST_SYSTEM, "value": "w-1"}},
        {"reference": "ServiceRequest/s"},
    ]

    found = only(bundle(diagnostic_report(basedOn=based_on, identifier=own), request))

    assert [(at, each.value) for at, each in found.service_requests] == [
        ("Bundle.entry[0].resource.basedOn[0].identifier", "w-1"),
        ("Bundle.entry[1].resource.identifier[0]", "W-1"),
    ]
    assert [(kind, at, each.value) for kind, at, each in found.keys] == [
        ("placer", "Bundle.entry[1].resource.identifier[1]", "P-1"),
        ("group", "Bundle.entry[1].resource.requisition", "G-1"),
        ("placer", "Bundle.entry[0].resource.identifier[0]", "P-2"),
        ("filler", "Bundle.entry[0].resource.identifier[1]", "F-1"),
    ]
    assert found.filler == Identifier("F-1")
    assert found.findings == ()


def test_systems_of_service_requests_are_the_sites_own() -> None:
    """A site names the systems; our default does not count then."""
    own = [{"system": SERVICE_REQUEST_SYSTEM, "value": "W-1"}, {"system": "urn:lab", "value": "P-1"}]

    (found,) = read_document(report(identifier=own), LEXICON, frozenset({"urn:lab"})).reports

    assert [each.value for _, each in found.service_requests] == ["P-1"]


def test_bundle_local_ids_name_no_service_request() -> None:
    """Neither a urn:uuid nor a resource id is ever an order's number."""
    name = "3fa85f64-0000-4000-8000-000000000001"
    request = {"resourceType": "ServiceRequest", "id": name, "fullUrl": f"urn:uuid:{name}"}

    found = only(bundle(diagnostic_report(basedOn=[{"reference": f"urn:uuid:{name}"}]), request))

    assert (found.service_requests, found.keys) == ((), ())


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param({"reference": "Patient/p"}, Patient("A-1", "19800101"), id="resolved"),
        pytest.param({"identifier": {"value": "A-2"}}, Patient("A-2", ""), id="logical"),
        pytest.param({"reference": "Patient/404"}, Patient(), id="not-there"),
        pytest.param({}, Patient(), id="none"),
    ],
)
def test_patient_is_identifier_and_day_of_birth(subject: dict[str, Any], expected: Patient) -> None:
    """Of the patient only what matching needs is read."""
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "A-1"}], "birthDate": "1980-01-01"}

    assert only(bundle(diagnostic_report(subject=subject), patient)).patient == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        pytest.param({"effectiveInstant": "2024-05-01T10:00:00Z"}, "2024-05-01T10:00:00Z", id="instant"),
        pytest.param({"effectivePeriod": {"start": "2024-04-29", "end": "2024-04-30"}}, "2024-04-30", id="period"),
        pytest.param({"effectivePeriod": {"start": "2024-04-29"}}, "2024-04-29", id="period-without-end"),
        pytest.param({}, "", id="none"),
    ],
)
def test_report_has_the_time_of_what_was_observed(elements: dict[str, Any], expected: str) -> None:
    """Whichever way it is written; of a period its end. The bundle's own time comes last."""
    found = only(bundle(diagnostic_report(**elements), timestamp="2024-05-02"))

    assert found.times == ("", expected, "2024-05-02")


SPECIMENS: list[dict[str, Any]] = [
    {"resourceType": "Specimen", "id": "urine", "type": {"coding": [{"code": "UR"}]}},
    {"resourceType": "Specimen", "id": "serum", "type": {"coding": [{"code": "SER"}]}},
    {"resourceType": "Specimen", "id": "untold"},
]


@pytest.mark.parametrize(
    ("own", "of_results", "expected"),
    [
        pytest.param(["urine"], ["serum"], ("UR",), id="of-the-report"),
        pytest.param([], ["urine", "urine"], ("UR",), id="of-its-results"),
        pytest.param([], ["urine", "serum"], ("UR", "SER"), id="of-several-kinds"),
        pytest.param([], ["urine", "untold"], (), id="one-without-a-type"),
        pytest.param(["404"], [], (), id="not-there"),
        pytest.param([], [], (), id="none"),
    ],
)
def test_report_names_the_kinds_of_its_specimens(
    own: list[str], of_results: list[str], expected: tuple[str, ...]
) -> None:
    """A specimen whose kind is not known could be any, so nothing is said then."""

    def reference(name: str) -> dict[str, str]:
        return {"reference": f"Specimen/{name}"}

    results = [observation(str(n), specimen=reference(name)) for n, name in enumerate(of_results)]
    listed = [f"Observation/{n}" for n in range(len(results))]

    found = only(bundle(diagnostic_report(*listed, specimen=[reference(name) for name in own]), *results, *SPECIMENS))

    assert found.specimens == expected


def test_microbiology_holds_each_result_by_name() -> None:
    """Isolates have results of their own, which a flat list of codes cannot tell apart."""
    section = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "MB"}]}

    (seen,) = only(report({}, category=section)).observations

    assert [finding.code for finding in seen.findings] == ["microbiology"]


def test_answers_to_the_order_form_are_no_results() -> None:
    """A report that only gathers them has no result position."""
    found = only(report({}, code={"coding": [{"system": LOINC, "code": "68991-9"}]}))

    assert [seen.place for seen in found.observations] == ["order-form"]


def test_observations_without_a_report_are_held() -> None:
    """Nobody says whose results they are, so nobody may think that they were sent."""
    found = read(bundle(observation("1")))

    assert found.refused is None
    assert [finding.code for finding in found.held] == ["no-results"]


def test_results_of_a_history_are_those_of_the_latest_version() -> None:
    """What was replaced keeps its place, parts and contained ones too, and says why it is no result."""

    def version(name: str, day: int, **elements: Any) -> dict[str, Any]:
        url = f"https://lab.example/Observation/{name}"
        meta = {"lastUpdated": f"2024-05-0{day}T10:00:00Z"}
        return observation(name, fullUrl=url, meta=meta, **elements)

    inner = [{"resourceType": "Observation", "id": "i"}, {"resourceType": "Specimen", "id": "s"}]
    raw = bundle(
        diagnostic_report("Observation/1"),
        version("1", 1, component=[{}], contained=inner),
        version("1", 2, valueInteger=5),
        kind="history",
    )

    inside, outside = read(raw).reports

    assert [(seen.at, seen.value) for seen in inside.observations] == [("Bundle.entry[2].resource", Numeric("5"))]
    assert [(seen.at, seen.value) for seen in outside.observations] == [
        ("Bundle.entry[1].resource", Absent("superseded")),
        ("Bundle.entry[1].resource.component[0]", Absent("superseded")),
        ("Bundle.entry[1].resource.contained[0]", Absent("superseded")),
    ]


@pytest.mark.parametrize(
    ("first", "second", "latest"),
    [
        pytest.param({"versionId": "9"}, {"versionId": "10"}, 2, id="numbers-alone"),
        pytest.param({"lastUpdated": "2024-05-02"}, {"lastUpdated": "2024-05-01"}, 1, id="times-alone"),
        pytest.param(
            {"versionId": "1", "lastUpdated": "2024-05-01"},
            {"versionId": "2", "lastUpdated": "2024-05-01"},
            2,
            id="numbers-at-one-time",
        ),
        pytest.param({"versionId": "1", "lastUpdated": "2024-05-01"}, {"versionId": "2"}, 2, id="one-time-missing"),
        pytest.param({"lastUpdated": "2024-05-01"}, {}, 0, id="one-without-any"),
        pytest.param({"versionId": "a"}, {"versionId": "b"}, 0, id="no-numbers"),
        pytest.param(
            {"versionId": "2", "lastUpdated": "2024-05-01"},
            {"versionId": "1", "lastUpdated": "2024-05-02"},
            0,
            id="time-against-number",
        ),
        pytest.param({"versionId": "1"}, {"versionId": "1"}, 0, id="the-same-number"),
    ],
)
def test_latest_version_is_told_by_time_and_number_or_not_at_all(
    first: dict[str, str], second: dict[str, str], latest: int
) -> None:
    """Where they do not tell, both stand, and the document is held."""
    versions = [observation("1", meta=meta, valueInteger=n) for n, meta in enumerate((first, second))]
    found = read(bundle(diagnostic_report("Observation/1"), *versions, kind="history"))

    held = [each.code for each in found.held]

    assert held == ([] if latest else ["duplicate-resource"])
    assert [seen.at for seen in found.reports[0].observations] == [f"Bundle.entry[{latest}].resource"] * bool(latest)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        pytest.param("Observation/1", {"fullUrl": "urn:uuid:1"}, id="below-a-local-url"),
        pytest.param("https://lab.example/Observation/1", {}, id="server-of-nothing-in-the-bundle"),
    ],
)
def test_reference_by_type_and_id_alone_is_remarked(target: str, url: dict[str, str]) -> None:
    """It is followed where only one resource can be meant, although its URL means another place."""
    (remark,) = read(bundle(diagnostic_report(target), observation("1", **url))).findings

    assert (remark.code, remark.at) == ("reference-assumed", "Bundle")


def test_findings_have_no_content() -> None:
    """What a reader says about a document never repeats it."""
    found = read(b'{"name": "Zoe Q", "name": "Zoe Q"}')

    assert found.refused
    assert "Zoe" not in f"{found.refused}"


NAMES = ["1", "2", "3", "4"]
TARGETS = st.sampled_from([*(f"Observation/{name}" for name in NAMES), "Observation/9", "#1", "urn:uuid:1", ""])
REFERENCES = st.lists(TARGETS.map(lambda target: {"reference": target}), max_size=4)
JUNK = st.sampled_from([None, True, 5, "x", [], {}, [None], ["x"], {"value": 5}, {"coding": "x"}])
COMPONENTS = st.lists(st.fixed_dictionaries({"valueQuantity": JUNK}), max_size=2)
RESOURCES = st.one_of(
    st.fixed_dictionaries(
        {"resourceType": st.just("Observation"), "id": st.sampled_from(NAMES)},
        optional={"hasMember": REFERENCES, "component": COMPONENTS, "valueString": JUNK, "code": JUNK},
    ),
    st.fixed_dictionaries(
        {"resourceType": st.just("DiagnosticReport")},
        optional={
            "result": REFERENCES,
            "basedOn": REFERENCES | JUNK,
            "subject": JUNK,
            "meta": JUNK,
            "identifier": JUNK,
        },
    ),
    st.fixed_dictionaries({"resourceType": JUNK, "id": JUNK}),
)


def written(resource: dict[str, Any], at: str) -> Iterator[str]:
    """List where the observations of a resource stand, by a reading of our own."""
    if resource["resourceType"] == "Observation":
        yield at
        yield from (f"{at}.component[{n}]" for n in range(len(resource.get("component", []))))


@given(resources=st.lists(st.tuples(RESOURCES, st.lists(RESOURCES, max_size=2)), max_size=6), kind=JUNK)
@settings(max_examples=300, deadline=None)
def test_every_observation_has_one_place(
    resources: list[tuple[dict[str, Any], list[dict[str, Any]]]], kind: object
) -> None:
    """However resources refer to each other, and whatever else is wrong, each observation is there once."""
    expected: list[str] = []
    entry: list[dict[str, Any]] = []
    for n, (resource, contained) in enumerate(resources):
        entry.append({"resource": {**resource, "contained": contained}})
        expected += written(resource, f"Bundle.entry[{n}].resource")
        for m, inner in enumerate(contained):
            expected += written(inner, f"Bundle.entry[{n}].resource.contained[{m}]")

    found = read(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entry}).encode())

    counted = [at for at in places(found) if ".hasMember[" not in at]
    assert sorted(counted) == sorted(expected)
    assert len(set(places(found))) == len(places(found))


@given(raw=st.binary(max_size=30) | st.text(alphabet='{}[]",:\\ud8c019eE+-. aNtru', max_size=40).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_message(raw: bytes) -> None:
    """No bytes are an error; hardly any of them are a document."""
    assert read(raw).refused


def test_cost_grows_with_the_document_and_no_faster() -> None:
    """Many results, many references to one name and many of the same id take no more than a moment."""
    count = 10_000
    raw = bundle(
        diagnostic_report(*(f"https://lab.example/Observation/{n % 3}" for n in range(count))),
        *(observation(str(n // 2)) for n in range(count)),
    )

    with cpu_seconds(5):
        assert len(places(read(raw))) == count
