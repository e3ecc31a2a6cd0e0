"""Accounts by the command line: the password is never an argument, and a closed door stays closed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from translator.ledger import Ledger

PASSWORD = b"correct horse battery\n"


def accounts(done: bytes) -> list[tuple[str, str, str]]:
    """Read what `account list` prints."""
    return [(line["name"], line["role"], line["state"]) for line in map(json.loads, done.splitlines())]


def test_account_is_opened_listed_and_closed(command_line: CommandLine, tmp_path: Path) -> None:
    """From nothing to a person who may log in, and back; the trail says who did it."""
    added = [
        command_line("account", "add", "ada", "--role", "operator", data=PASSWORD),
        command_line("account", "add", "wall.board", data=PASSWORD),
    ]
    listed = command_line("account", "list")
    closed = [command_line("account", "close", "ada").returncode for _ in range(2)]

    with Ledger.open(tmp_path / "translator.db") as ledger:
        told = [(deed.deed, deed.subject) for deed in ledger.access().trail()]
        let_in = [ledger.access().accounts.log_in(name, PASSWORD.decode().strip()) for name in ("ada", "wall.board")]
    assert [done.returncode for done in added] == [0, 0]
    assert accounts(listed.stdout) == [("ada", "operator", "open"), ("wall.board", "viewer", "open")]
    assert closed == [0, 1]
    assert [bool(session) for session in let_in] == [False, True]
    assert told[-2:] == [("opened", "account wall.board"), ("opened", "account ada")]
    assert PASSWORD.strip() not in b"".join(done.stdout + done.stderr for done in added)


def test_password_is_changed(command_line: CommandLine, tmp_path: Path) -> None:
    """The old one opens nothing any more."""
    command_line("account", "add", "ada", data=PASSWORD)

    done = command_line("account", "password", "ada", data=b"another horse battery\r\n")

    with Ledger.open(tmp_path / "translator.db") as ledger:
        log_in = ledger.access().accounts.log_in
        assert (done.returncode, log_in("ada", PASSWORD.decode().strip())) == (0, None)
        assert log_in("ada", "another horse battery")


@pytest.mark.parametrize(
    ("line", "data", "code", "told"),
    [
        pytest.param(("add", "ada lovelace"), PASSWORD, 2, b"letters, digits", id="name"),
        pytest.param(("add", "ada"), b"short\n", 1, b"at least 12", id="short"),
        pytest.param(("add", "ada"), b"", 2, b"no password on stdin", id="none"),
        pytest.param(("add", "ada", "--role", "root"), PASSWORD, 2, b"viewer", id="role"),
        pytest.param(("password", "nobody"), PASSWORD, 2, b"there is no ledger", id="no-ledger"),
        pytest.param(("list",), b"", 2, b"there is no ledger", id="nothing-to-list"),
    ],
)
def test_what_cannot_be_is_said(
    command_line: CommandLine, line: tuple[str, ...], data: bytes, code: int, told: bytes
) -> None:
    """What is wrong, and with the right exit code."""
    done = command_line("account", *line, data=data)

    assert (done.returncode, told in done.stderr) == (code, True)


def test_name_that_is_taken_is_said(command_line: CommandLine) -> None:
    """Nobody's password is changed by opening an account again."""
    done = [command_line("account", "add", "ada", data=PASSWORD) for _ in range(2)]

    assert (done[1].returncode, b"already" in done[1].stderr) == (1, True)
