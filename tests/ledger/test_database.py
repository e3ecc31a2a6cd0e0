"""Where a ledger may live, and how its tables come to be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.ledger.arrivals import POLICIES, arrival, report, sqlite_only
from translator.errors import ConfigError, LedgerError
from translator.ledger import Ledger
from translator.ledger.columns import METADATA
from translator.ledger.schema import HEAD
from translator.ledger.upgrades import open_database


def test_ledger_is_there_again_after_it_was_closed(place: str) -> None:
    """What was accepted is on disk."""
    with Ledger.open(place) as ledger:
        ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)

    with Ledger.open(place) as again:
        assert again.balance().entries == 1


@sqlite_only
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_ledger_file_is_for_its_owner_only(ledger: Ledger, path: Path) -> None:
    """Nobody else may read it or its WAL."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)

    assert {oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {"0o600"}


@sqlite_only
def test_ledger_waits_for_the_disk(path: Path) -> None:
    """P2: WAL with full sync, and foreign keys on."""
    database = open_database(path)
    with database.write() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()

    assert found == ["wal", 2, 1]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param("nowhere/lab.db", "folder of the ledger does not exist", id="no-such-folder"),
        pytest.param(".", "Is a directory", id="a-folder"),
        pytest.param("notes.txt", "the file is no ledger", id="another-file"),
        pytest.param("no+such://host/db", "names no database", id="unknown-url"),
    ],
)
def test_ledger_says_why_it_cannot_be_opened(tmp_path: Path, place: str, said: str) -> None:
    """A wrong place is the operator's to mend: exit code 2."""
    (tmp_path / "notes.txt").write_text("milk, bread, butter, and many other things\n" * 40)

    with pytest.raises(ConfigError, match=said):
        Ledger.open(place if "://" in place else tmp_path / place)


def test_ledger_of_a_newer_version_is_left_alone(place: str, tamper: Callable[[str], None]) -> None:
    """An older translator refuses a newer ledger."""
    Ledger.open(place).close()
    tamper("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(LedgerError, match="version 9999"):
        Ledger.open(place)


def test_migrations_end_at_the_schema(place: str) -> None:
    """The tables that Alembic makes are the tables that the code knows."""
    database = open_database(place)
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    database.close()

    assert differences == []


def test_migrations_have_the_head_that_the_code_expects() -> None:
    """`HEAD` is the newest revision."""
    config = Config()
    config.set_main_option("script_location", "translator.ledger:migrations")

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@sqlite_only
def test_database_errors_show_no_parameters(ledger: Ledger, path: Path) -> None:
    """P6: a failing statement does not print what it was about to store."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TRIGGER broken BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'broken'); END")

    with pytest.raises(LedgerError) as caught:
        ledger.accept([arrival(report({"HDL": "987654"}))], POLICIES)

    assert "987654" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_ledger_may_be_created_by_several_at_once(place: str) -> None:
    """Processes that start together agree on one set of tables."""
    script = "import sys; from translator.ledger import Ledger; print(len(Ledger.open(sys.argv[1]).verify()))"
    started = [
        subprocess.Popen([sys.executable, "-c", script, place], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]

    assert [process.communicate(timeout=30)[0].strip() for process in started] == ["0"] * 4
