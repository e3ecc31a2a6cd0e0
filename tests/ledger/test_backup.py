"""A backup holds the whole ledger of one moment; a restore sends nothing old again."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.keys import secret_key
from tests.postgres import Postgres
from translator.errors import ConfigError, LedgerError
from translator.ledger import Ledger, Settlement
from translator.ledger.restore import restore
from translator.record.outcome import Entry
from translator.secrets import Secret

NOW = 1_800_000_000_000_000


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Name the file of the backup."""
    return tmp_path / "lab.backup"


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a place where there is nothing yet."""
    if request.param == "sqlite":
        return str(tmp_path / "restored.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty()


def use(ledger: Ledger) -> None:
    """Deliver one, leave one queued behind it, one under way and one held."""
    held = Entry("OBX[9]", "held", "unmapped-code")
    ledger.accept([arrival(report({"HDL": "55"}), others=[held]), arrival(report({"LDL": "90"}))], POLICIES)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201"))
    ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[1]))], POLICIES)
    assert ledger.claim("whoop") is not None


def submissions(ledger: Ledger) -> list[tuple[str, str]]:
    """List the state and detail of every submission."""
    return [(one.state, one.detail) for row in ledger.messages() for one in ledger.show(row.message).submissions]


def test_restore_makes_what_was_queued_unknown(ledger: Ledger, backup: Path, elsewhere: str) -> None:
    """Nobody knows what was sent after the backup, so none of it is sent again; what was delivered stays so."""
    use(ledger)
    ledger.storage().back_up(backup)

    restored = restore(backup, elsewhere, NOW)

    with Ledger.open(elsewhere) as again:
        assert (restored.messages, restored.unknown) == (3, 2)
        assert submissions(again) == [("delivered", "201"), ("unknown", "restored"), ("unknown", "restored")]
        assert (again.claim("whoop"), again.due_in("whoop"), again.verify()) == (None, None, [])


def test_restored_ledger_is_paused(ledger: Ledger, backup: Path, elsewhere: str) -> None:
    """What came in after the backup is not in it, so a person looks first."""
    use(ledger)
    ledger.storage().back_up(backup)

    restore(backup, elsewhere, NOW)

    with Ledger.open(elsewhere) as again:
        assert again.destinations().standing("whoop").paused == "restored"


def test_restored_ledger_knows_what_was_delivered(ledger: Ledger, backup: Path, elsewhere: str) -> None:
    """A re-send is a duplicate there, too, and new messages get numbers of their own."""
    use(ledger)
    ledger.storage().back_up(backup)
    restore(backup, elsewhere, NOW)

    with Ledger.open(elsewhere) as again:
        numbers = again.accept([arrival(report({"HDL": "55"})), arrival(report({"TSH": "2"}, lane=LANES[7]))], POLICIES)

        assert [again.show(number).state for number in numbers] == ["duplicate", "queued"]


def test_backup_is_of_one_moment(ledger: Ledger, backup: Path, tmp_path: Path) -> None:
    """What comes in afterwards is not in it."""
    use(ledger)
    ledger.storage().back_up(backup)
    ledger.accept([arrival(report({"TSH": "2"}, lane=LANES[5]))], POLICIES)

    restore(backup, tmp_path / "restored.db", NOW)

    with Ledger.open(tmp_path / "restored.db") as again:
        assert again.balance().messages == 3


def test_backup_stays_sealed(place: str, backup: Path, elsewhere: str) -> None:
    """It holds nothing of a sealed ledger in the clear, and needs the same key."""
    key: Secret = secret_key()
    with Ledger.open(place, key=key) as ledger:
        ledger.accept([arrival(report({"HDL": "55"}, patient=("WOMBAT-7", "19800101")), raw=b"WOMBAT-7")], POLICIES)
        ledger.storage().back_up(backup)

    restore(backup, elsewhere, NOW)

    assert b"WOMBAT" not in backup.read_bytes()
    with pytest.raises(ConfigError, match="none is set"):
        Ledger.open(elsewhere)
    with Ledger.open(elsewhere, key=key) as again:
        assert again.raw(1) == b"WOMBAT-7"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_backup_is_one_file_for_its_owner_only(ledger: Ledger, backup: Path) -> None:
    """Nobody else may read it, and no other file is needed."""
    use(ledger)

    ledger.storage().back_up(backup)

    beside = [path.name for path in backup.parent.iterdir() if path.name.startswith("lab.backup")]
    assert (beside, backup.stat().st_mode & 0o777) == (["lab.backup"], 0o600)


def test_restore_leaves_the_backup_as_it_is(ledger: Ledger, backup: Path, elsewhere: str) -> None:
    """It can be used again."""
    use(ledger)
    ledger.storage().back_up(backup)
    before = backup.read_bytes()

    restore(backup, elsewhere, NOW)

    assert backup.read_bytes() == before


def test_backup_never_overwrites(ledger: Ledger, backup: Path) -> None:
    """A file of that name may be the last good backup."""
    backup.write_text("precious")

    with pytest.raises(ConfigError, match="there is a file already"):
        ledger.storage().back_up(backup)

    assert backup.read_text() == "precious"


def test_backup_into_a_missing_folder_says_so(ledger: Ledger, tmp_path: Path) -> None:
    """And leaves nothing half done."""
    with pytest.raises(ConfigError, match="cannot be written"):
        ledger.storage().back_up(tmp_path / "nowhere" / "lab.backup")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "no backup here", id="missing"),
        pytest.param(b"milk, bread" * 500, "damaged, or no backup", id="another-file"),
        pytest.param(b"", "damaged, or no backup", id="empty"),
    ],
)
def test_restore_refuses_what_is_no_backup(backup: Path, tmp_path: Path, content: bytes | None, said: str) -> None:
    """Nothing is made of it."""
    if content is not None:
        backup.write_bytes(content)

    with pytest.raises(ConfigError, match=said):
        restore(backup, tmp_path / "restored.db", NOW)

    assert not (tmp_path / "restored.db").exists()


def test_restore_refuses_a_damaged_backup(tmp_path: Path, backup: Path) -> None:
    """A torn page is found before anything is restored."""
    with Ledger.open(tmp_path / "lab.db") as ledger:
        use(ledger)
        ledger.storage().back_up(backup)
    content = bytearray(backup.read_bytes())
    content[8192:12288] = bytes(4096)
    backup.write_bytes(content)

    with pytest.raises(ConfigError, match="damaged"):
        restore(backup, tmp_path / "restored.db", NOW)


def test_restore_refuses_a_place_that_is_taken(ledger: Ledger, place: str, backup: Path) -> None:
    """A ledger is never overwritten."""
    use(ledger)
    ledger.storage().back_up(backup)

    with pytest.raises(ConfigError, match="already"):
        restore(backup, place, NOW)

    assert ledger.balance().messages == 3


def test_restore_refuses_a_backup_of_a_newer_version(ledger: Ledger, backup: Path, tmp_path: Path) -> None:
    """It may hold what this code does not know."""
    ledger.storage().back_up(backup)
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(LedgerError, match="version 9999"):
        restore(backup, tmp_path / "restored.db", NOW)


def test_restore_keeps_text_that_postgresql_has_no_letter_for(tmp_path: Path, backup: Path, postgres: Postgres) -> None:
    """PostgreSQL takes no NUL, SQLite does; a value with one is the same in both."""
    with Ledger.open(tmp_path / "lab.db") as ledger:
        ledger.accept([arrival(report({"HDL": "5\x005"}))], POLICIES)
        ledger.storage().back_up(backup)
    url = postgres.empty()
    restore(backup, url, NOW)

    with Ledger.open(url) as again:
        (number,) = again.accept([arrival(report({"HDL": "5\x005"}))], POLICIES)

        assert again.show(number).state == "duplicate"


def test_journal_tells_of_a_restore_in_numbers_alone(ledger: Ledger, backup: Path, tmp_path: Path) -> None:
    """Who looks later sees when it was, and how much became unknown."""
    use(ledger)
    ledger.storage().back_up(backup)
    restore(backup, tmp_path / "restored.db", NOW)

    with closing(sqlite3.connect(tmp_path / "restored.db")) as connection:
        assert connection.execute("SELECT at, deed, detail FROM journal").fetchall() == [(NOW, "restored", "unknown=2")]
