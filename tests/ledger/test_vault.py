"""A ledger with a key: nothing that tells of a person lies open in it, and it works as one without."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec import structs
from sqlalchemy import select

from tests.ledger.arrivals import LANES, POLICIES, arrival, report, sqlite_only
from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from translator.errors import ConfigError, LedgerError
from translator.ledger import Arrival, Ledger
from translator.ledger.columns import METADATA
from translator.record.correlation import CorrelationRow
from translator.secrets import Secret

RAW = b"MSH|^~\\&|EXLAB\rPID|1||WOMBAT-7^^^EXLAB||Sample^Avery||19840312\r"
TELLING = ("WOMBAT", "19840312", "Avery", "SECRET-FILE", "CONTROL-9", "ORDER-42", "FILLER-3")


@pytest.fixture
def key() -> Secret:
    """Make a site's key."""
    return secret_key()


@pytest.fixture
def ledger(place: str, clock: Clock, key: Secret) -> Iterator[Ledger]:
    """Open a new ledger with a key."""
    with Ledger.open(place, key=key, clock=clock) as opened:
        yield opened


def telling_message() -> Arrival:
    """Make a message whose every part tells of a person."""
    submission = report({"HDL": "55"}, patient=("WOMBAT-7", "19840312"))
    sources = tuple(structs.replace(source, key="FILLER-3|HDL") for source in submission.sources)
    message = arrival(structs.replace(submission, sources=sources), raw=RAW)
    source = structs.replace(message.outcome.source, file="SECRET-FILE.hl7", control_id="CONTROL-9")
    return structs.replace(message, outcome=structs.replace(message.outcome, origin=source))


def order(key: str = "ORDER-42") -> CorrelationRow:
    """Make a row of a correlation file."""
    return CorrelationRow("orders.csv:2", key, LANES[0], patient="WOMBAT-7", birth_date="19840312")


def everything(ledger: Ledger) -> str:
    """Give every cell of every table as text."""
    with ledger._database.read() as connection:
        rows = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    return repr(rows)


def test_sealed_ledger_holds_nothing_that_tells_of_a_person(ledger: Ledger) -> None:
    """Message, file name, control id, patient and order number are sealed."""
    ledger.accept([telling_message()], POLICIES)
    ledger.correlate([order()])

    kept = everything(ledger)

    assert [word for word in TELLING if word in kept] == []


def test_open_ledger_holds_them_as_they_are(place: str) -> None:
    """Without a key the words are there, so the test above can fail."""
    with Ledger.open(place) as ledger:
        ledger.accept([telling_message()], POLICIES)
        ledger.correlate([order()])

        kept = everything(ledger)

    assert {"WOMBAT", "SECRET-FILE", "CONTROL-9", "ORDER-42", "FILLER-3"} <= {word for word in TELLING if word in kept}


def test_sealed_ledger_shows_what_came_in(ledger: Ledger) -> None:
    """Whoever has the key reads it all."""
    (message_id,) = ledger.accept([telling_message()], POLICIES)

    source = ledger.show(message_id).source

    assert (source.file, source.control_id, ledger.raw(message_id)) == ("SECRET-FILE.hl7", "CONTROL-9", RAW)
    assert [(row.file, row.control_id) for row in ledger.messages()] == [("SECRET-FILE.hl7", "CONTROL-9")]
    assert ledger.verify() == []


def test_sealed_correlation_is_found(ledger: Ledger) -> None:
    """By its keyed hash, and only by the whole key; a second import adds nothing."""
    assert [ledger.correlate([order()]), ledger.correlate([order()])] == [1, 0]

    hits = ledger.correlation()("placer", "ORDER-42")

    assert [(hit.patient, hit.birth_date) for hit in hits] == [("WOMBAT-7", "19840312")]
    assert ledger.correlation()("placer", "ORDER-4") == ()


def test_sealed_lane_still_knows_its_patient(ledger: Ledger) -> None:
    """What the second message adds is pinned beside what the first told."""
    ledger.accept([arrival(report({"HDL": "55"}, patient=("P1", "")))], POLICIES)
    ledger.accept([arrival(report({"LDL": "90"}, patient=("P1", "19800101")))], POLICIES)

    (third,) = ledger.accept([arrival(report({"TSH": "2"}, patient=("P1", "19810101")))], POLICIES)

    assert ledger.show(third).reason == "patient-changed"


def test_sealed_ledger_is_opened_by_its_key_again(ledger: Ledger, place: str, key: Secret) -> None:
    """A second process with the same key reads what the first wrote."""
    ledger.accept([telling_message()], POLICIES)

    with Ledger.open(place, key=key) as again:
        assert again.raw(1) == RAW


@pytest.mark.parametrize(
    ("other", "said"),
    [
        pytest.param(None, "none is set", id="no-key"),
        pytest.param(secret_key(), "use the other one", id="another-key"),
    ],
)
def test_sealed_ledger_needs_its_key(ledger: Ledger, place: str, other: Secret | None, said: str) -> None:
    """The operator is told which key it is, by its id."""
    ledger.accept([telling_message()], POLICIES)

    with pytest.raises(ConfigError, match=said):
        Ledger.open(place, key=other)


def test_first_key_seals_from_now_on(place: str) -> None:
    """A ledger that had none reads its old rows as before."""
    with Ledger.open(place) as ledger:
        ledger.accept([arrival(report({"HDL": "55"}), raw=b"old")], POLICIES)

    with Ledger.open(place, key=secret_key()) as ledger:
        ledger.accept([arrival(report({"LDL": "90"}), raw=b"new")], POLICIES)

        assert (ledger.raw(1), ledger.raw(2), ledger.verify()) == (b"old", b"new", [])


def test_verify_finds_a_sealed_message_that_was_changed(ledger: Ledger, tamper: Callable[[str], None]) -> None:
    """A changed byte does not open."""
    ledger.accept([telling_message()], POLICIES)
    tamper("UPDATE message SET raw = substr(raw, 2)")

    assert [finding.code for finding in ledger.verify()] == ["raw-changed"]
    with pytest.raises(LedgerError, match="does not open"):
        ledger.raw(1)


@pytest.mark.usefixtures("ledger")
def test_lost_data_key_is_named(place: str, key: Secret, tamper: Callable[[str], None]) -> None:
    """Without the key of its hashes a ledger cannot be told what it knows."""
    tamper("DELETE FROM data_key WHERE purpose = 'hash'")

    with pytest.raises(LedgerError, match="lost the key of its hashes"):
        Ledger.open(place, key=key)


@sqlite_only
def test_file_name_of_any_bytes_is_kept(ledger: Ledger) -> None:
    """A name that is no UTF-8 is kept in a form that a database takes."""
    message = arrival(report({"HDL": "55"}))
    source = structs.replace(message.outcome.source, file="caf\udce9.hl7")
    message = structs.replace(message, outcome=structs.replace(message.outcome, origin=source))

    ledger.accept([message], POLICIES)

    assert ledger.show(1).source.file == "caf\\udce9.hl7"
