"""`translator token`: shown once, listed for ever, ended by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from translator.ledger import Ledger


def test_token_is_printed_once_and_works(command_line: CommandLine, tmp_path: Path) -> None:
    """JSON when piped; the ledger knows it, and no other command shows it."""
    made = command_line("token", "create", "lis", "--scope", "submit", "--scope", "read", "--expires", "30")

    line = json.loads(made.stdout)
    listed = command_line("token", "list")
    with Ledger.open(tmp_path / "translator.db") as ledger:
        found = ledger.access().tokens.check(line["token"])
        (deed,) = ledger.access().trail()
    assert (made.returncode, line["name"], line["scopes"]) == (0, "lis", ["read", "submit"])
    assert found is not None
    assert (found.scopes, found.expires) == (("read", "submit"), line["expires"])
    assert (deed.deed, deed.subject, deed.detail) == ("token created", "lis", "read submit")
    assert b"shown only once" in made.stderr
    assert b"there was no ledger here" in made.stderr
    assert [row["name"] for row in map(json.loads, listed.stdout.splitlines())] == ["lis"]
    assert line["token"].encode() not in made.stderr + listed.stdout + listed.stderr


def test_token_stands_alone_in_its_line(command_line: CommandLine) -> None:
    """For people: nothing to cut it out of, and no table that breaks it in two."""
    made = command_line("token", "create", "lis", "--scope", "read", "--format", "table")

    assert made.stdout.startswith(b"tr_")
    assert made.stdout.count(b"\n") == 1


def test_token_is_revoked_by_its_name(command_line: CommandLine) -> None:
    """Once: the second time there is nothing to revoke, and exit code 1 says so."""
    command_line("token", "create", "lis", "--scope", "read")

    ended = [command_line("token", "revoke", "lis").returncode for _ in range(2)]

    (row,) = map(json.loads, command_line("token", "list").stdout.splitlines())
    assert (ended, row["state"]) == ([0, 1], "revoked")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["create", "lis"], 2, b"--scope", id="no-scope"),
        pytest.param(["create", "lis", "--scope", "admin"], 2, b"translate", id="unknown-scope"),
        pytest.param(["create", "a b", "--scope", "read"], 2, b"letters, digits", id="name"),
        pytest.param(["create", "a\nb", "--scope", "read"], 2, b"letters, digits", id="line-in-the-name"),
        pytest.param(["create", "lis", "--scope", "read", "--expires", "0"], 2, b"--expires", id="no-days"),
        pytest.param(["list"], 2, b"there is no ledger here", id="list-without-ledger"),
        pytest.param(["revoke", "lis"], 2, b"there is no ledger here", id="revoke-without-ledger"),
    ],
)
def test_slip_is_told(command_line: CommandLine, tmp_path: Path, arguments: list[str], code: int, said: bytes) -> None:
    """What was wrong stands on stderr, and no ledger is made by it."""
    done = command_line("token", *arguments)

    assert (done.returncode, said in done.stderr, done.stdout) == (code, True, b"")
    assert not (tmp_path / "translator.db").exists()


def test_name_is_taken_once(command_line: CommandLine) -> None:
    """Also after it was revoked: its messages are known by it."""
    command_line("token", "create", "lis", "--scope", "read")
    command_line("token", "revoke", "lis")

    again = command_line("token", "create", "lis", "--scope", "read")

    assert (again.returncode, b"already" in again.stderr, again.stdout) == (1, True, b"")
