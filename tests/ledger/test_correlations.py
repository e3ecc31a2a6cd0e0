"""Order numbers kept in the ledger, and looked up there."""

from __future__ import annotations

import pytest

from tests.ledger.arrivals import LANES
from tests.ledger.conftest import Clock
from translator.ledger import Ledger
from translator.record.correlation import CorrelationHit, CorrelationRow


def row(
    key: str = "A1", lane: str = LANES[0], source: str = "", key_type: str = "", expires: str = ""
) -> CorrelationRow:
    """Make one row of a correlation file."""
    return CorrelationRow("orders.csv:2", key, lane, source=source, key_type=key_type, patient="P1", expires=expires)


def test_correlation_is_imported_once(ledger: Ledger) -> None:
    """The same file again adds nothing."""
    rows = [row(), row("A2")]

    assert [ledger.correlate(rows), ledger.correlate(rows)] == [2, 0]


@pytest.mark.parametrize(
    ("kept", "asked", "found"),
    [
        pytest.param(row(), ("acme", "placer", "A1"), 1, id="row-for-any-source-and-type"),
        pytest.param(row(source="acme", key_type="placer"), ("acme", "placer", "A1"), 1, id="exact"),
        pytest.param(row(source="acme"), ("other", "placer", "A1"), 0, id="another-source"),
        pytest.param(row(key_type="filler"), ("acme", "placer", "A1"), 0, id="another-type"),
        pytest.param(row(), ("acme", "placer", "A"), 0, id="prefix-of-a-key"),
        pytest.param(row(), ("acme", "placer", "a1"), 0, id="another-case"),
        pytest.param(row(expires="2027-01-14"), ("acme", "placer", "A1"), 0, id="expired-yesterday"),
        pytest.param(row(expires="2027-01-15"), ("acme", "placer", "A1"), 1, id="expires-today"),
    ],
)
def test_correlation_finds_exactly_what_was_asked(
    ledger: Ledger, kept: CorrelationRow, asked: tuple[str, str, str], found: int
) -> None:
    """No prefix, no guess: source, type and key as they stand."""
    ledger.correlate([kept])
    source, key_type, key = asked

    hits = ledger.correlation(source)(key_type, key, "")

    assert hits == (CorrelationHit(LANES[0], kept.key_type, "P1"),) * found


def test_correlation_gives_every_hit(ledger: Ledger) -> None:
    """A key of any source and one of this source may disagree; the engine then holds."""
    ledger.correlate([row(), row(lane=LANES[1], source="acme")])

    assert len(ledger.correlation("acme")("placer", "A1", "")) == 2


def test_key_of_a_requisition_stands_for_each_of_its_service_requests(ledger: Ledger) -> None:
    """One number, two service requests: both are kept, and neither twice."""
    rows = [row("G1", key_type="group"), row("G1", LANES[1], key_type="group")]

    assert [ledger.correlate(rows), ledger.correlate(rows)] == [2, 0]
    assert len(ledger.correlation()("group", "G1", "")) == 2


def test_correlation_that_expires_is_gone_the_next_day(ledger: Ledger, clock: Clock) -> None:
    """The ledger's clock decides."""
    ledger.correlate([row(expires="2027-01-15T12:00:00Z")])
    clock.move(86_400)

    assert ledger.correlation()("placer", "A1", "") == ()
