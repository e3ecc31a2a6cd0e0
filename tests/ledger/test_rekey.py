"""Another key for the same ledger: every row is sealed anew, whenever the work is cut short."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.keys import secret_key
from translator.errors import ConfigError, LedgerError
from translator.ledger import Ledger
from translator.record.correlation import CorrelationRow
from translator.secrets import Secret

OLD, NEW = secret_key(), secret_key()


class CutShortError(Exception):
    """The operator pressed Ctrl-C."""


def quiet(_done: int, _total: int) -> None:
    """Show nothing."""


def fill(place: str, key: Secret | None, messages: int = 3) -> None:
    """Make a ledger with messages, lanes and correlations."""
    with Ledger.open(place, key=key) as ledger:
        ledger.accept(
            [
                arrival(report({"HDL": "55"}, lane=f"00000000-0000-4000-8000-{number:012}"), raw=b"%d" % number)
                for number in range(messages)
            ],
            POLICIES,
        )
        ledger.correlate([CorrelationRow("orders.csv:2", "A1", LANES[0], patient="P1")])


def source_keys(ledger: Ledger) -> list[str]:
    """Give what names the observations."""
    with ledger._database.read() as connection:
        return [str(key) for key in connection.exec_driver_sql("SELECT source_key FROM entry").scalars()]


def key_ids(ledger: Ledger) -> set[int | None]:
    """Name the data keys that rows are sealed with."""
    with ledger._database.read() as connection:
        found = [
            connection.exec_driver_sql(f"SELECT key_id FROM {table}").scalars().all()  # noqa: S608 - our own tables
            for table in ("message", "lane", "correlation")
        ]
    return {key_id for ids in found for key_id in ids}


@pytest.mark.parametrize("old", [pytest.param(OLD, id="another-key"), pytest.param(None, id="the-first-key")])
def test_rekey_seals_every_row(place: str, old: Secret | None) -> None:
    """Afterwards one data key seals everything, and the new key opens it."""
    fill(place, old)

    with Ledger.open(place, key=old) as ledger:
        done = ledger.storage().rekey(NEW, quiet)

    with Ledger.open(place, key=NEW) as ledger:
        ids = key_ids(ledger)
        assert (done.rows, len(ids), None in ids) == (7, 1, False)
        assert [ledger.raw(number) for number in (1, 2, 3)] == [b"0", b"1", b"2"]
        assert (ledger.verify(), len(ledger.correlation()("placer", "A1"))) == ([], 1)


def test_first_key_hashes_the_order_numbers_of_before(place: str) -> None:
    """What names an observation holds the laboratory's number; a re-send is known by its hash."""
    fill(place, None)
    with Ledger.open(place) as ledger:
        before = source_keys(ledger)
        ledger.storage().rekey(NEW, quiet)

    with Ledger.open(place, key=NEW) as ledger:
        after = source_keys(ledger)
        again = arrival(report({"HDL": "56"}, lane=f"00000000-0000-4000-8000-{1:012}"), raw=b"again")
        ledger.accept([again], POLICIES)
        assert set(before).isdisjoint(after)
        assert [entry.reason for entry in ledger.show(4).entries] == ["silent-change"]


def test_rekey_shuts_the_old_key_out(place: str) -> None:
    """Only the new key opens the ledger."""
    fill(place, OLD)
    with Ledger.open(place, key=OLD) as ledger:
        ledger.storage().rekey(NEW, quiet)

    with pytest.raises(ConfigError, match="use the other one"):
        Ledger.open(place, key=OLD)


def test_rekey_under_the_same_key_changes_the_data_key(place: str) -> None:
    """What a data key sealed can be sealed anew without a new site key."""
    fill(place, OLD)
    with Ledger.open(place, key=OLD) as ledger:
        before = key_ids(ledger)

        ledger.storage().rekey(None, quiet)

        assert not before & key_ids(ledger)


def test_rekey_goes_on_where_it_was_cut_short(place: str) -> None:
    """The new key opens a half-done ledger, and a second run seals only what is left."""
    fill(place, OLD, messages=250)

    def cut(done: int, _total: int) -> None:
        if done:
            raise CutShortError

    with Ledger.open(place, key=OLD) as ledger, pytest.raises(CutShortError):
        ledger.storage().rekey(NEW, cut)
    with Ledger.open(place, key=NEW) as ledger:
        half_done = (len(key_ids(ledger)), ledger.raw(1), ledger.raw(250))

        done = ledger.storage().rekey(None, quiet)

        assert half_done == (2, b"0", b"249")
        assert (done.rows, len(key_ids(ledger)), ledger.verify()) == (251 + 50, 1, [])


def test_rekey_lets_the_same_key_go_on_writing(place: str) -> None:
    """A process that was open before seals new rows with the new data key, and reads all."""
    fill(place, OLD)
    with Ledger.open(place, key=OLD) as running, Ledger.open(place, key=OLD) as other:
        other.storage().rekey(None, quiet)

        running.accept([arrival(report({"TSH": "2"}), raw=b"later")], POLICIES)

        assert (running.raw(1), running.raw(4), len(key_ids(running))) == (b"0", b"later", 1)


def test_rekey_stops_what_runs_with_the_old_key(place: str) -> None:
    """It can no longer seal, so it takes nothing in, and says which key is wanted."""
    fill(place, OLD)
    with Ledger.open(place, key=OLD) as running, Ledger.open(place, key=OLD) as other:
        other.storage().rekey(NEW, quiet)

        with pytest.raises(ConfigError, match="use the other one"):
            running.accept([arrival(report({"TSH": "2"}))], POLICIES)

        assert running.balance().messages == 3


def test_rekey_without_any_key_says_how_to_get_one(place: str) -> None:
    """There is nothing to seal with."""
    with Ledger.open(place) as ledger, pytest.raises(ConfigError, match="key create"):
        ledger.storage().rekey(None, quiet)


def test_rekey_stops_at_a_row_that_does_not_open(place: str, tamper: Callable[[str], None]) -> None:
    """A damaged row is not sealed anew as if it were sound."""
    fill(place, OLD)
    tamper("UPDATE message SET raw = substr(raw, 2) WHERE id = 2")

    with Ledger.open(place, key=OLD) as ledger, pytest.raises(LedgerError, match="does not open"):
        ledger.storage().rekey(NEW, quiet)
