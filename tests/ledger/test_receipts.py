"""What the vendor gives for an order is kept with it, sealed, and goes with the person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.arrivals import sqlite_only
from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from tests.ledger.orders import order, order_arrival
from translator.ledger import Claim, DestinationPolicy, Ledger, Settlement, Step

LOOPBACK = {"acurable": DestinationPolicy(loopback=True)}
LOCATION, CODES = "https://vendor.example/v1/studies/LOCATION-77", ("WOMBAT-1234", "WOMBAT-5678")
CREATED = Settlement("accepted", "201", location=LOCATION, activation_codes=CODES)


def ordered(ledger: Ledger, kind: str = "study") -> Claim:
    """Queue one study, and begin to send it."""
    ledger.accept([order_arrival(order(kind=kind))], LOOPBACK)
    claim = ledger.claim("acurable")
    assert claim is not None
    return claim


def kept(ledger: Ledger) -> list[tuple[str, tuple[str, ...]]]:
    """Give what is kept with each call of each order."""
    return [(call.location, call.activation_codes) for one in ledger.desk().orders() for call in one.calls]


def test_address_and_codes_are_kept_with_the_order(ledger: Ledger) -> None:
    """They come with the answer, in the same transaction as its outcome."""
    ledger.settle(ordered(ledger), CREATED)

    assert (kept(ledger), ledger.verify()) == ([(LOCATION, CODES)], [])


def test_delivery_keeps_them_too(ledger: Ledger) -> None:
    """Several lanes at a time, as the dispatcher settles them."""
    claim = ordered(ledger)

    ledger.advance([Step(claim.lane_id, claim, CREATED)])

    assert kept(ledger) == [(LOCATION, CODES)]


@pytest.mark.parametrize(
    "settlement",
    [
        pytest.param(Settlement("accepted", "409"), id="conflict-with-ourselves"),
        pytest.param(Settlement("refused", "400"), id="refused"),
    ],
)
def test_nothing_is_kept_where_nothing_was_given(ledger: Ledger, settlement: Settlement) -> None:
    """An answer without address and code leaves the order bare."""
    ledger.settle(ordered(ledger), settlement)

    assert kept(ledger) == [("", ())]


def test_answer_to_a_second_attempt_replaces_the_first(ledger: Ledger) -> None:
    """The vendor's newest word counts."""
    claim = ordered(ledger)
    ledger.settle(claim, Settlement("unknown", "500", resends=True, location="/v1/studies/old"))
    again = ledger.claim("acurable")
    assert again is not None

    ledger.settle(again, CREATED)

    assert kept(ledger) == [(LOCATION, CODES)]


@sqlite_only
def test_what_the_vendor_gave_is_sealed_and_opened_by_a_new_key(path: Path) -> None:
    """The code opens a study: it does not lie open where the site has a key."""
    old, new = secret_key(), secret_key()
    with Ledger.open(path, key=old) as ledger:
        ledger.settle(ordered(ledger), CREATED)
        ledger.storage().rekey(new, lambda _done, _all: None)

    assert [file.name for file in path.parent.iterdir() if b"WOMBAT" in file.read_bytes()] == []
    with Ledger.open(path, key=new) as ledger:
        assert kept(ledger) == [(LOCATION, CODES)]


@pytest.mark.parametrize("erases", [pytest.param(False, id="pruned"), pytest.param(True, id="erased")])
def test_what_the_vendor_gave_goes_with_its_message(ledger: Ledger, clock: Clock, erases: bool) -> None:  # noqa: FBT001
    """Nobody needs it once the order is past."""
    ledger.settle(ordered(ledger), CREATED)
    clock.move(100)

    ledger.storage().erase("P-1") if erases else ledger.storage().prune(9, lambda _done, _all: None)

    assert ([given for given in kept(ledger) if given != ("", ())], ledger.verify()) == ([], [])


def test_what_the_vendor_gave_is_never_printed() -> None:
    """P6: neither the address nor a code stands in a traceback."""
    assert not {"WOMBAT", "LOCATION"} & {word for word in ("WOMBAT", "LOCATION") if word in repr(CREATED)}
