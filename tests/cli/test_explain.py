"""`translator explain`: the closed list of reasons, in words."""

from __future__ import annotations

import json

import pytest

from tests.conftest import CommandLine


def test_code_is_explained(command_line: CommandLine) -> None:
    """A code comes with cause, remedy and example."""
    done = command_line("explain", "unmapped-code")

    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["code"] == "unmapped-code"
    assert all(told[part] for part in ("kind", "cause", "remedy", "example"))


def test_code_is_explained_to_a_person(command_line: CommandLine) -> None:
    """On a terminal the parts stand below each other."""
    done = command_line("explain", "unmapped-code", "--format", "table")

    assert done.stdout.decode().splitlines()[:2] == ["unmapped-code", "  kind"]


@pytest.mark.parametrize("arguments", [["explain"], ["explain", "--all"]], ids=["no-code", "all"])
def test_every_code_is_listed_in_order(command_line: CommandLine, arguments: list[str]) -> None:
    """Without a code every code is listed, sorted."""
    done = command_line(*arguments)

    codes = [json.loads(line)["code"] for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(codes) > 50
    assert codes == sorted(set(codes))


def test_list_is_a_table_for_a_person(command_line: CommandLine) -> None:
    """The table has a line for a code."""
    done = command_line("explain", "--format", "table")

    assert b"unmapped-code" in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("unmaped-code", b"did you mean `unmapped-code`?", id="near"),
        pytest.param("zzzzzz", b"there is no code `zzzzzz`", id="like-nothing"),
    ],
)
def test_unknown_code_is_exit_code_2(command_line: CommandLine, code: str, said: bytes) -> None:
    """A code that is not in the list is a usage error, with the nearest one."""
    done = command_line("explain", code)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
