"""Which service request a report belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.record.correlation import Correlation, CorrelationRow
from translator.record.report import Identifier, Patient, Report
from translator.record.values import Coding
from translator.translate.service_request import is_uuid, no_correlation, resolve
from translator.translate.site import Site

FIRST = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
SECOND = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def row(key: str, request: str = FIRST, key_type: str = "", **more: str) -> CorrelationRow:
    """Make a correlation row."""
    return CorrelationRow("c.csv:2", key, request, key_type=key_type, **more)


def report(*placers: str, group: str = "", filler: str = "", panel: str = "LIPID") -> Report:
    """Make a report that offers these numbers."""
    requests = tuple((f"ORC-{place}", Identifier(value)) for place, value in enumerate(placers, 2))
    keys = [("placer", at, identifier) for at, identifier in requests]
    keys += [(kind, kind, Identifier(value)) for kind, value in (("filler", filler), ("group", group)) if value]
    patient = Patient("EX-1", "19840312")
    return Report("OBR[1]", panel=(Coding("L", panel),), service_requests=requests, keys=tuple(keys), patient=patient)


@pytest.mark.parametrize(
    ("sent", "rows", "expected"),
    [
        pytest.param(report(FIRST), (), FIRST, id="uuid"),
        pytest.param(report(FIRST.upper(), FIRST), (), FIRST, id="either-case"),
        pytest.param(report("A-7"), (row("A-7"),), FIRST, id="any-type-of-key"),
        pytest.param(report("A-7", filler="F-7"), (row("F-7", key_type="filler"),), FIRST, id="filler"),
        pytest.param(report("A-7"), (row("A-7", birth_date="1984"),), FIRST, id="year-of-birth"),
        pytest.param(report("A-7"), (row("A-7", birth_date="1984-03"),), FIRST, id="month-of-birth"),
        pytest.param(report("A-7"), (row("A-7"), row("A-7", birth_date="1984-03-12")), FIRST, id="two-that-agree"),
        pytest.param(report("A-7"), (row("A-7", patient="EX-1"),), FIRST, id="same-patient"),
        pytest.param(
            report(group="G", panel="CBC"),
            (row("G", FIRST, "group", panel="LIPID"), row("G", SECOND, "group", panel="CBC")),
            SECOND,
            id="group-and-panel",
        ),
    ],
)
def test_exactly_one_service_request_is_taken(sent: Report, rows: tuple[CorrelationRow, ...], expected: str) -> None:
    """One UUID or one hit decides."""
    assert resolve(sent, Correlation(rows)).service_request_id == expected


@pytest.mark.parametrize(
    ("sent", "rows", "reason"),
    [
        pytest.param(report(), (), "no-service-request", id="nothing-sent"),
        pytest.param(report("A-7"), (), "no-service-request", id="unknown-number"),
        pytest.param(report("A-7"), (row("A-7", key_type="filler"),), "no-service-request", id="other-type-of-key"),
        pytest.param(report("A-7"), (row("A-77"),), "no-service-request", id="prefix-is-no-match"),
        pytest.param(report(f"{{{FIRST}}}"), (), "no-service-request", id="braces"),
        pytest.param(report(f"urn:uuid:{FIRST}"), (), "no-service-request", id="urn"),
        pytest.param(report(FIRST[:22]), (), "service-request-truncated", id="cut-by-a-short-field"),
        pytest.param(report(FIRST.replace("-", "")), (), "service-request-truncated", id="without-hyphens"),
        pytest.param(report("7000000000012"), (), "no-service-request", id="long-number-is-no-cut-uuid"),
        pytest.param(report("7f" * 19), (), "no-service-request", id="longer-than-a-uuid"),
        pytest.param(report(FIRST, SECOND), (), "service-request-mismatch", id="places-disagree"),
        pytest.param(report("A-7"), (row("A-7"), row("A-7", SECOND)), "several-service-requests", id="two-hits"),
        pytest.param(report(FIRST), (row(FIRST, SECOND),), "several-service-requests", id="uuid-against-correlation"),
        pytest.param(report("A-7"), (row("A-7", patient="EX-2"),), "patient-mismatch", id="other-patient"),
        pytest.param(report("A-7"), (row("A-7", birth_date="19840313"),), "patient-mismatch", id="other-birth-date"),
        pytest.param(report("A-7"), (row("A-7", birth_date="1985"),), "patient-mismatch", id="other-year-of-birth"),
        pytest.param(report("A-7"), (row("A-7", birth_date="1984-04"),), "patient-mismatch", id="other-month-of-birth"),
    ],
)
def test_anything_else_holds_the_report(sent: Report, rows: tuple[CorrelationRow, ...], reason: str) -> None:
    """No prefix, no likeness, no first of two."""
    problem = resolve(sent, Correlation(rows)).problem

    assert problem is not None
    assert problem.code == reason


def test_no_correlation_knows_nothing() -> None:
    """Without a correlation only a UUID counts."""
    assert no_correlation("placer", "A-7", "") == ()


@given(st.text(max_size=40) | st.uuids().map(str) | st.uuids().map(lambda uuid: str(uuid).upper()))
def test_uuid_has_one_form_only(text: str) -> None:
    """Five groups of hexadecimal digits with hyphens, in either case."""
    groups = text.split("-")
    digits = set("0123456789abcdefABCDEF")
    expected = [len(group) for group in groups] == [8, 4, 4, 4, 12] and all(set(group) <= digits for group in groups)

    assert is_uuid(text) is expected


def offer(*keys: tuple[str, str, str], panel: str = "LIPID", **more: object) -> Report:
    """Make a report that offers these numbers, each `type, place, number` or `number^namespace^universal id`."""
    numbers = tuple((kind, at, Identifier(*number.split("^"))) for kind, at, number in keys)
    direct = tuple((at, number) for _, at, number in numbers if at.endswith("-2") and at[:3] in {"ORC", "OBR"})
    return Report("OBR[1]", service_requests=direct, keys=numbers, panel=(Coding("L", panel),), **more)  # type: ignore[arg-type]


def fate(sent: Report, rows: tuple[CorrelationRow, ...] = (), site: Site | None = None) -> str:
    """Give the service request, or the code of the problem."""
    found = resolve(sent, Correlation(rows), site or Site())
    return found.problem.code if found.problem else found.service_request_id


PLACER, OTHER = ("placer", "OBR[1]-2", "A-7"), ("placer", "OBR[1]-18", "B-8")


@pytest.mark.parametrize(
    ("keys", "rows", "places", "expected"),
    [
        pytest.param([PLACER, OTHER], (row("B-8"),), (), "no-service-request", id="unlisted-place-never-counts"),
        pytest.param([PLACER, OTHER], (row("B-8"),), ("OBR-18",), FIRST, id="listed-place"),
        pytest.param([PLACER], (row("A-7"),), ("OBR-18",), "no-service-request", id="listing-leaves-the-others-out"),
        pytest.param(
            [PLACER, OTHER], (row("A-7"), row("B-8", SECOND)), ("OBR-18", "OBR-2"), SECOND, id="first-place-decides"
        ),
        pytest.param(
            [PLACER, OTHER], (row("A-7"), row("B-8", SECOND)), ("OBR-2", "OBR-18"), FIRST, id="in-the-sites-order"
        ),
        pytest.param(
            [PLACER, OTHER],
            (row("A-7"), row("A-7", SECOND), row("B-8", SECOND)),
            ("OBR-2", "OBR-18"),
            SECOND,
            id="a-place-with-two-does-not-decide",
        ),
        pytest.param(
            [PLACER],
            (row("A-7"), row("A-7", SECOND)),
            ("OBR-2", "OBR-18"),
            "several-service-requests",
            id="no-place-with-one",
        ),
        pytest.param([("placer", "OBR[1]-19", FIRST.upper())], (), ("OBR-19",), FIRST, id="uuid-in-a-listed-place"),
        pytest.param([("placer", "OBR[1]-19", FIRST)], (), (), "no-service-request", id="uuid-elsewhere-is-any-uuid"),
        pytest.param([("group", "ORC-4", FIRST)], (), ("ORC-4",), "no-service-request", id="uuid-of-a-requisition"),
        pytest.param([("accession", "SPM-2.2", "S-1")], (row("S-1"),), ("SPM-2",), FIRST, id="component-of-a-place"),
        pytest.param([("alt", "ORC-33", "S-1")], (row("S-1", key_type="alt"),), (), FIRST, id="typed-row"),
        pytest.param([("alt", "ORC-33", "S-1")], (row("S-1"),), (), "no-service-request", id="row-without-type"),
        pytest.param([("alt", "ORC-33", "S-1")], (row("S-1"),), ("ORC-33",), FIRST, id="listed-and-without-type"),
        pytest.param([("alt", "PID-18", "S-1")], (row("S-1", key_type="alt"),), (), "no-service-request", id="pid-18"),
    ],
)
def test_places_count_in_the_order_of_the_site(
    keys: list[tuple[str, str, str]], rows: tuple[CorrelationRow, ...], places: tuple[str, ...], expected: str
) -> None:
    """The first place that gives exactly one service request decides; what the site leaves out does not count."""
    assert fate(offer(*keys), rows, Site(places=places)) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("A-7^HUB", FIRST, id="namespace"),
        pytest.param("A-7^X^1.2.3", FIRST, id="universal-id"),
        pytest.param("A-7^OTHER^9", "foreign-namespace", id="another"),
        pytest.param("A-7", "foreign-namespace", id="none"),
        pytest.param(f"{SECOND}^OTHER", "foreign-namespace", id="uuid-of-another"),
        pytest.param(f"{SECOND}^HUB", SECOND, id="uuid"),
    ],
)
def test_number_must_be_of_a_listed_namespace(number: str, expected: str) -> None:
    """Another placer's number may look the same."""
    sent = offer(("placer", "OBR[1]-2", number))

    assert fate(sent, (row("A-7"),), Site(namespaces=("HUB", "1.2.3"))) == expected


def test_field_that_has_no_namespace_needs_none() -> None:
    """OBR-18 is plain text; a site that lists it means it as it is."""
    site = Site(places=("OBR-18",), namespaces=("HUB",))

    assert fate(offer(OTHER), (row("B-8"),), site) == FIRST


def test_identifier_of_fhir_is_not_asked_for_a_namespace() -> None:
    """Its system was chosen when it was read; the site's namespaces are those of HL7."""
    at = "Bundle.entry[1].resource.identifier[0]"
    sent = Report("Bundle.entry[0].resource", service_requests=((at, Identifier(FIRST, "urn:x")),))

    assert fate(sent, (), Site(namespaces=("HUB",), places=("ORC-2",))) == FIRST


def test_no_number_at_all_is_not_one_of_another_namespace() -> None:
    """A report without numbers is told so."""
    assert fate(offer(), (), Site(namespaces=("HUB",))) == "no-service-request"


def test_mismatch_is_one_whatever_the_site_lists() -> None:
    """ORC-2 and OBR-2 are the same number by the standard."""
    sent = offer(PLACER, ("placer", "ORC-2", "C-9"), OTHER)

    assert fate(sent, (row("B-8"),), Site(places=("OBR-18",))) == "service-request-mismatch"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param((row("A-7", panel="CBC"), row("A-7", SECOND, panel="LIPID")), SECOND, id="panel-chooses"),
        pytest.param((row("A-7", panel="CBC"),), FIRST, id="one-row-needs-no-panel"),
        pytest.param((row("A-7", panel="CBC"), row("A-7", SECOND, panel="TSH")), "no-service-request", id="none-fits"),
    ],
)
def test_panel_chooses_where_a_number_is_used_twice(rows: tuple[CorrelationRow, ...], expected: str) -> None:
    """Laboratories use one placer number for every order of a requisition."""
    assert fate(offer(PLACER), rows) == expected


def test_panel_of_a_requisition_must_fit() -> None:
    """A requisition's number says nothing about another panel, even where only one row is known."""
    sent = offer(("group", "ORC-4", "G-1"))

    assert fate(sent, (row("G-1", key_type="group", panel="CBC"),)) == "no-service-request"


def test_order_that_nobody_placed_has_no_number_of_its_own() -> None:
    """A UUID in such an order is the device's; only the correlation knows the order."""
    sent = offer(("placer", "OBR[1]-2", SECOND), ("filler", "OBR[1]-3", "F-1"), is_placed=False)

    assert fate(sent) == "no-service-request"
    assert fate(sent, (), Site(places=("OBR-2",))) == "no-service-request"
    assert fate(sent, (row("F-1"),)) == FIRST
    assert fate(offer(PLACER, ("placer", "ORC-2", SECOND), is_placed=False)) == "no-service-request"
