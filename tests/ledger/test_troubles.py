"""What goes wrong with disks and databases is said plainly, and costs nothing that was acknowledged."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, postgresql_only, report, sqlite_only
from tests.postgres import Postgres
from translator.errors import ConfigError, LedgerError, LedgerUnavailableError
from translator.ledger import Arrival, Ledger, Settlement


def message(number: int, size: int = 0) -> Arrival:
    """Make a message for a lane of its own, with a raw text that does not compress."""
    raw = b"%d " % number + b"".join(b"%x" % (number * 7919 + digit) ** 9 for digit in range(size))
    return arrival(report({"HDL": "55"}, lane=f"00000000-0000-4000-8000-{number:012}"), raw=raw)


def pragma(ledger: Ledger, statement: str) -> None:
    """Set something on the connection that the ledger uses next."""
    with ledger._database.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {statement}")


@sqlite_only
def test_full_disk_keeps_what_was_acknowledged(ledger: Ledger) -> None:
    """P2: the batch that does not fit is not kept, all others are, and there is a way on."""
    ledger.accept([message(number) for number in range(10)], POLICIES)
    pragma(ledger, "max_page_count=70")

    with pytest.raises(LedgerUnavailableError, match="disk of the ledger is full"):
        ledger.accept([message(number, size=40) for number in range(10, 400)], POLICIES)

    assert (ledger.balance().messages, ledger.verify()) == (10, [])
    pragma(ledger, "max_page_count=100000")
    ledger.accept([message(11)], POLICIES)
    assert ledger.balance().messages == 11


@sqlite_only
def test_locked_ledger_may_be_tried_again(ledger: Ledger, path: Path) -> None:
    """Another process that writes for long is no damage."""
    pragma(ledger, "busy_timeout=20")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerUnavailableError, match="locked"):
            ledger.accept([message(1)], POLICIES)

    ledger.accept([message(1)], POLICIES)
    assert ledger.balance().messages == 1


@sqlite_only
def test_damaged_page_is_found(path: Path) -> None:
    """Verify says so and nothing else; what cannot be read is an error that names the way out."""
    with Ledger.open(path) as ledger:
        ledger.accept([message(number, size=20) for number in range(200)], POLICIES)
    content = bytearray(path.read_bytes())
    for page in range(30, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 4096] = b"\xff" * 4096
    path.write_bytes(content)

    with Ledger.open(path) as ledger:
        assert [finding.code for finding in ledger.verify()] == ["damaged"]
        with pytest.raises(LedgerError, match="damaged"):
            ledger.balance()


@sqlite_only
@pytest.mark.parametrize("page", range(2, 42, 5))
def test_noise_on_one_page_is_a_finding(path: Path, page: int) -> None:
    """On some pages SQLite fails once more when the reading ends; what was found is told all the same."""
    with Ledger.open(path) as ledger:
        ledger.accept([message(number, size=20) for number in range(200)], POLICIES)
    content = bytearray(path.read_bytes())
    # Counted from the end: what is read to open a ledger stands at its beginning.
    start = len(content) - page * 4096
    content[start : start + 4096] = hashlib.shake_128(bytes([page])).digest(4096)
    path.write_bytes(content)

    with Ledger.open(path) as ledger:
        assert [finding.code for finding in ledger.verify()] == ["damaged"]


@sqlite_only
def test_damage_that_keeps_a_ledger_shut_is_a_finding_too(path: Path) -> None:
    """Exit code 1 and not 2: nothing is wrong with the settings."""
    Ledger.open(path).close()
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)

    with pytest.raises(LedgerError, match="damaged"):
        Ledger.open(path)


@postgresql_only
def test_read_only_database_keeps_nothing(ledger: Ledger, place: str, postgres: Postgres) -> None:
    """Such as a standby server; reading goes on, and so does who waits for it to become the first one."""
    ledger.accept([message(1)], POLICIES)
    (name,) = postgres.execute("SELECT quote_ident(current_database())", place)[0]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with Ledger.open(place) as reader:
        with pytest.raises(LedgerUnavailableError, match="cannot be written"):
            reader.accept([message(2)], POLICIES)

        assert reader.balance().messages == 1


@postgresql_only
@pytest.mark.parametrize(
    ("state", "said", "kind"),
    [
        pytest.param("53100", "disk of the ledger is full", LedgerUnavailableError, id="disk-full"),
        pytest.param("53200", "run out of memory", LedgerUnavailableError, id="out-of-memory"),
        pytest.param("58030", "disk of the ledger's database reports", LedgerError, id="disk-error"),
        pytest.param("XX001", "the ledger is damaged", LedgerError, id="damaged-page"),
        pytest.param("40P01", "locked", LedgerUnavailableError, id="deadlock"),
        pytest.param("57P01", "cannot be reached", LedgerUnavailableError, id="shut-down"),
        pytest.param("22012", "the database refused: DataError", LedgerError, id="anything-else"),
    ],
)
def test_database_that_fails_keeps_nothing(
    ledger: Ledger, place: str, postgres: Postgres, state: str, said: str, kind: type[LedgerError]
) -> None:
    """P2, P6: each failure in words of ours, and nothing of the batch is kept."""
    postgres.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'for 55' USING ERRCODE = '{state}'; END $$; "
        "CREATE TRIGGER fail BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION fail()",
        place,
    )

    with pytest.raises(LedgerError, match=said) as caught:
        ledger.accept([message(1)], POLICIES)

    assert (type(caught.value), "55" in str(caught.value)) == (kind, False)
    assert ledger.balance().messages == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("postgresql://nobody@127.0.0.1:1/lab", "cannot be reached", id="nobody-there"),
        pytest.param("postgresql://", "cannot be reached", id="no-host"),
        pytest.param("mysql://root@localhost/lab", "names no database that we know", id="another-database"),
        pytest.param("sqlite:///nowhere/lab.db", "folder of the ledger", id="sqlite-by-url"),
        pytest.param("postgresql://nobody@127.0.0.1:1,127.0.0.1:2/lab", "cannot be reached", id="two-hosts"),
        pytest.param("postgresql://nobody@[127.0.0.1/lab", "is not one", id="no-url-of-postgresql"),
        pytest.param("://", "names no database that we know", id="no-url"),
    ],
)
def test_wrong_url_is_the_operators_to_mend(url: str, said: str) -> None:
    """Exit code 2, without the URL, which may hold a password."""
    with pytest.raises(ConfigError, match=said) as caught:
        Ledger.open(url)

    assert "nobody@" not in str(caught.value)


def test_missing_database_is_named_as_such(postgres: Postgres) -> None:
    """The server is there, the database is not."""
    url = postgres.new().replace("/ledger_", "/no_such_ledger_")

    with pytest.raises(ConfigError, match="does not exist"):
        Ledger.open(url)


@postgresql_only
def test_restart_under_load_loses_nothing(ledger: Ledger, postgres: Postgres) -> None:
    """P2: what was acknowledged is there; what was not may be tried again and is then known."""
    acknowledged: list[int] = []
    unavailable = 0
    enough = threading.Event()

    def accept_all() -> None:
        nonlocal unavailable
        for number in range(400):
            while True:
                try:
                    acknowledged.extend(ledger.accept([message(number)], POLICIES))
                    break
                except LedgerUnavailableError:
                    unavailable += 1
            if number == 30:
                enough.set()
        enough.set()

    worker = threading.Thread(target=accept_all)
    worker.start()
    assert enough.wait(60)
    for _ in range(2):
        postgres.restart()
    worker.join(120)

    kept = {row.message for row in ledger.messages()}
    assert (len(acknowledged), set(acknowledged) <= kept) == (400, True)
    # A commit whose answer was lost may be there twice: as itself and as a duplicate.
    assert len(kept) <= 400 + unavailable
    assert (ledger.count("whoop"), ledger.verify()) == ({"queued": 400}, [])


@postgresql_only
def test_attempt_is_settled_after_a_restart(ledger: Ledger, postgres: Postgres) -> None:
    """The outcome of what was under way meanwhile finds its place."""
    ledger.accept([message(1)], POLICIES)
    claim = ledger.claim("whoop")
    assert claim is not None
    postgres.restart()

    ledger.settle(claim, Settlement("accepted", "201"))

    assert ledger.count("whoop") == {"delivered": 1}


@postgresql_only
def test_lost_lock_sends_nothing_twice_unseen(ledger: Ledger, place: str, postgres: Postgres) -> None:
    """A restart frees the lock; who takes over makes the open attempt unknown, and its owner is told."""
    ledger.accept([message(1)], POLICIES)
    with ledger.delivery_lock() as held, Ledger.open(place) as other:
        claim = ledger.claim("whoop")
        assert (held, claim is not None) == (True, True)
        postgres.restart()

        with other.delivery_lock() as taken:
            recovered = other.recover("whoop")

        assert (taken, len(recovered)) == (True, 1)
        assert claim is not None
        with pytest.raises(LedgerError, match="settled by somebody else"):
            ledger.settle(claim, Settlement("accepted", "201"))


@postgresql_only
def test_accepting_and_settling_do_not_put_a_lane_to_sleep(ledger: Ledger, place: str) -> None:
    """Two processes at one lane: whoever comes second sees what the first did."""
    stop = threading.Event()

    def settle_all() -> None:
        with Ledger.open(place) as other:
            while not stop.is_set():
                claim = other.claim("whoop")
                if claim is not None:
                    other.settle(claim, Settlement("accepted", "201"))

    worker = threading.Thread(target=settle_all)
    worker.start()
    try:
        for number in range(150):
            day = f"202601{number % 28 + 1:02}08{number // 28:04}.000000"
            ledger.accept([arrival(report({f"C{number}": "5"}, lane=LANES[number % 2], at=day))], POLICIES)
    finally:
        stop.set()
        worker.join(60)

    assert ledger.verify() == []


@postgresql_only
def test_processes_that_accept_the_same_lanes_do_not_block_each_other(
    place: str,
) -> None:
    """Lanes are locked in one order, whatever order the messages have."""
    failures: list[LedgerError] = []

    def accept_all(code: str, lanes: list[str]) -> None:
        with Ledger.open(place) as ledger:
            for turn in range(15):
                batch = [arrival(report({f"{code}{turn}": "5"}, lane=lane)) for lane in lanes]
                try:
                    ledger.accept(batch, POLICIES)
                except LedgerError as error:
                    failures.append(error)

    lanes = list(LANES[:20])
    workers = [
        threading.Thread(target=accept_all, args=("A", lanes)),
        threading.Thread(target=accept_all, args=("B", lanes[::-1])),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)

    with Ledger.open(place) as ledger:
        assert (failures, ledger.balance().messages, ledger.verify()) == ([], 2 * 15 * 20, [])
