"""`translator init`: what it says that it made is there, and what it says to do next works as printed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from translator.cli.init import NEXT_STEPS, PURPOSES

# What other files name and nobody opens first.
BEHIND_THE_SCENES = {
    ".gitattributes", ".schemas/site.schema.json", ".schemas/translator.schema.json", "constraints.txt",
}  # fmt: skip
HEAVY = frozenset({"alembic", "cryptography", "httpx", "rich", "sqlalchemy", "starlette"})


def test_every_file_is_shown_with_its_purpose(command_line: CommandLine, tmp_path: Path) -> None:
    """The list for a person leaves no file out that somebody would look for, and names none that is not there."""
    done = command_line("init", "acme", "--format", "table")

    folder = tmp_path / "acme"
    shown = {path.format(site="acme") for path in PURPOSES}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert done.returncode == 0, done.stderr
    assert [path for path in shown if path.encode() not in done.stdout] == []
    assert [path for path in shown if not (folder / path).exists()] == []
    assert {path for path in files if not any(path.startswith(name) for name in shown)} == BEHIND_THE_SCENES
    assert b"keep a copy of" in done.stderr


def test_piped_output_is_one_line_of_json(command_line: CommandLine, tmp_path: Path) -> None:
    """A program learns the folder, its files and the next steps."""
    done = command_line("init", "acme")

    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["schema"], told["site"], told["folder"]) == ("translator.init/1", "acme", "acme")
    assert [name for name in told["files"] if not (tmp_path / "acme" / name).is_file()] == []
    assert told["next"] == ["cd acme", *NEXT_STEPS]


@pytest.mark.parametrize("step", NEXT_STEPS)
def test_next_step_works_as_printed(command_line: CommandLine, tmp_path: Path, step: str) -> None:
    """Each of the three runs inside the new folder: it finds its files, and what it finds is about the feed."""
    program, *arguments = shlex.split(step)
    command_line("init", "acme")

    done = subprocess.run(
        [sys.executable, "-m", program, *arguments], cwd=tmp_path / "acme", capture_output=True, check=False, timeout=60
    )

    assert done.returncode == (0 if arguments == ["check"] else 1), done.stderr
    assert arguments == ["check"] or b"FERR" in done.stdout or b"unmapped-code" in done.stdout


def test_second_call_touches_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    """What an analyst wrote since is safe."""
    command_line("init", "acme")
    table = tmp_path / "acme" / "sites" / "acme" / "whoop" / "observations.csv"
    table.write_text("mine", encoding="utf-8")

    done = command_line("init", "acme")

    assert (done.returncode, done.stdout, table.read_text(encoding="utf-8")) == (2, b"", "mine")
    assert b"already" in done.stderr


def test_wrong_name_is_a_usage_error(command_line: CommandLine, tmp_path: Path) -> None:
    """Exit code 2, a name that would do, and nothing made."""
    done = command_line("init", "North Lab")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"`north-lab` would do" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    """A folder is made in a fraction of a second: neither the ledger nor a client nor a table of rich is needed."""
    script = "import sys; from translator.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"

    done = subprocess.run(
        [sys.executable, "-c", script, "init", "acme", "--format", "table"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert not HEAVY & {name.split(".")[0] for name in done.stderr.split()}
