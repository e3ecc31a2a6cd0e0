"""Which service request an order has that the laboratory derived from another one."""

from __future__ import annotations

from time import process_time

import pytest

from translator.record.correlation import Correlation, CorrelationRow
from translator.record.report import Identifier, Patient, Report
from translator.translate.parents import inherit
from translator.translate.service_request import no_correlation, resolve
from translator.translate.site import Site

FIRST = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
SECOND = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
ADULT, CHILD = Patient("EX-1", "19840312"), Patient("EX-2", "20190101")


def order(placer: str = "", filler: str = "", *parents: str, reflex: bool = False, patient: Patient = ADULT) -> Report:
    """Make an order with its own numbers and its parents' (`placer:...` or `filler:...`)."""
    direct = (("OBR[1]-2", Identifier(placer)),) if placer else ()
    split = (parent.split(":") for parent in parents)
    named = tuple((kind, "ORC-8.1", Identifier(number)) for kind, number in split)
    return Report(
        "OBR[1]",
        service_requests=direct,
        parents=named,
        filler=Identifier(filler),
        is_reflex=reflex,
        patient=patient,
    )


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        pytest.param(order("", "F-2", "filler:F-1"), FIRST, id="by-filler"),
        pytest.param(order("LAB-2", "F-2", f"placer:{FIRST}"), FIRST, id="by-placer"),
        pytest.param(order("", "F-2", "filler:F-1", reflex=True), FIRST, id="reflex"),
        pytest.param(order("", "F-2", "filler:F-9"), "no-service-request", id="parent-elsewhere"),
        pytest.param(order("", "F-2", "placer:F-1"), "no-service-request", id="number-of-another-type"),
        pytest.param(order("", "F-2"), "no-service-request", id="no-parent"),
        pytest.param(order("", "F-2", reflex=True), "reflex-without-parent", id="reflex-without-parent"),
        pytest.param(order("", "F-2", "filler:F-9", reflex=True), "reflex-without-parent", id="reflex-of-another"),
        pytest.param(order("", "F-2", "filler:F-5", reflex=True), "no-service-request", id="parent-is-unknown-too"),
        pytest.param(order("A-5", "F-2", reflex=True), "no-service-request", id="number-of-the-parent-is-its-own"),
        pytest.param(order("", "F-2", "filler:F-1", patient=CHILD), "no-service-request", id="another-patient"),
        pytest.param(order("", "F-2", "filler:F-1", "filler:F-3"), "no-service-request", id="parents-disagree"),
        pytest.param(order(SECOND, "F-2", "filler:F-1"), SECOND, id="its-own-comes-first"),
        pytest.param(order(FIRST[:22], "F-2", "filler:F-1"), "service-request-truncated", id="its-own-was-cut"),
    ],
)
def test_child_has_the_service_request_of_its_parent(child: Report, expected: str) -> None:
    """Only a parent in the same message, of the same patient, gives its service request."""
    reports = [order(FIRST, "F-1"), order(SECOND, "F-3"), order("A-5", "F-5"), child]
    resolutions = [resolve(report, no_correlation) for report in reports]

    inherit(reports, resolutions, no_correlation, Site())

    last = resolutions[-1]
    assert (last.problem.code if last.problem else last.service_request_id) == expected
    assert (last.remark is not None) == (expected == FIRST)


def test_grandchild_has_the_service_request_as_well() -> None:
    """A reflex test of a reflex test comes from the first order."""
    reports = [order(FIRST, "F-1"), order("", "F-2", "filler:F-1"), order("", "F-3", "filler:F-2")]
    resolutions = [resolve(report, no_correlation) for report in reports]

    inherit(reports, resolutions, no_correlation, Site())

    assert [found.service_request_id for found in resolutions] == [FIRST] * 3


def fates(*reports: Report, rows: tuple[CorrelationRow, ...] = (), site: Site | None = None) -> list[str]:
    """Give, for every order, its service request or the reason why it has none."""
    lookup = Correlation(rows)
    site = site or Site()
    resolutions = [resolve(report, lookup, site) for report in reports]
    inherit(reports, resolutions, lookup, site)
    return [found.problem.code if found.problem else found.service_request_id for found in resolutions]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        pytest.param([order("", "F-2", "filler:F-1", reflex=True), order(FIRST, "F-1")], [FIRST] * 2, id="child"),
        pytest.param(
            [order("", "F-3", "filler:F-2"), order("", "F-2", "filler:F-1"), order(FIRST, "F-1")],
            [FIRST] * 3,
            id="grandchild-child-parent",
        ),
        pytest.param(
            [
                order("", "F-3", "filler:F-1", "filler:F-2"),
                order(FIRST, "F-1"),
                order("", "F-2", "filler:F-4"),
                order(SECOND, "F-4"),
            ],
            ["no-service-request", FIRST, SECOND, SECOND],
            id="parents-that-disagree-in-the-end",
        ),
        pytest.param(
            [order("", "F-2", "filler:F-3", reflex=True), order("", "F-3", "filler:F-2", reflex=True)],
            ["no-service-request"] * 2,
            id="circle",
        ),
        pytest.param([order("", "F-2", "filler:F-2", reflex=True)], ["reflex-without-parent"], id="its-own-parent"),
    ],
)
def test_parent_is_found_wherever_it_stands(reports: list[Report], expected: list[str]) -> None:
    """An order may stand before the one that it comes from; only what both name counts."""
    assert fates(*reports) == expected


@pytest.mark.parametrize(
    ("child", "rows", "site", "expected"),
    [
        pytest.param(order("", "F-2", "placer:A-1", reflex=True), ("A-1",), Site(), FIRST, id="reflex"),
        pytest.param(order("", "F-2", "placer:A-1"), ("A-1",), Site(), FIRST, id="no-reflex"),
        pytest.param(order("", "F-2", "filler:A-1"), ("A-1",), Site(), "no-service-request", id="other-type-of-key"),
        pytest.param(order("", "F-2", "placer:A-9"), ("A-1",), Site(), "no-service-request", id="another-number"),
        pytest.param(
            order("", "F-2", "placer:A-1", "placer:A-2"), ("A-1", "A-2"), Site(), "several-service-requests", id="two"
        ),
        pytest.param(
            order("", "F-2", "placer:A-1", patient=CHILD), ("A-1",), Site(), "patient-mismatch", id="another-patient"
        ),
        pytest.param(
            order("", "F-2", "placer:A-1"), ("A-1",), Site(namespaces=("W",)), "no-service-request", id="namespace"
        ),
        pytest.param(
            order("", "F-2", "placer:A-1"), ("A-1",), Site(places=("ORC-2",)), "no-service-request", id="not-listed"
        ),
    ],
)
def test_parent_that_the_correlation_knows_gives_its_service_request(
    child: Report, rows: tuple[str, ...], site: Site, expected: str
) -> None:
    """The parent may have come in another message; the correlation then says which service request it stands for."""
    known = {"A-1": FIRST, "A-2": SECOND}
    table = tuple(CorrelationRow("c.csv:2", key, known[key], key_type="placer", patient="EX-1") for key in rows)

    assert fates(child, rows=table, site=site) == [expected]


def test_parent_in_the_message_comes_before_the_correlation() -> None:
    """What the message says of its own orders needs no table."""
    rows = (CorrelationRow("c.csv:2", "F-1", SECOND, key_type="filler"),)
    parent = order(FIRST, "F-1")

    assert fates(parent, order("", "F-2", "filler:F-1"), rows=rows)[1] == FIRST


def test_thousands_of_orders_that_name_each_other_take_no_longer_each() -> None:
    """A message may hold any number of reflex orders, with any numbers."""

    def seconds(count: int) -> float:
        line = [order("", f"F-{number}", f"filler:F-{number - 1}", reflex=True) for number in range(count, 0, -1)]
        same = [order("A-1", "F", "placer:A-1", reflex=True) for _ in range(count)]
        begin = process_time()
        fates(*line, order(FIRST, "F-0"), *same)
        return process_time() - begin

    assert seconds(20_000) < 40 * max(seconds(2_000), 0.01)
