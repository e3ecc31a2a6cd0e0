"""How a command ends: one message on stderr and an exit code of the documented list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.conftest import CommandLine
from translator.cli.ending import Ending
from translator.cli.inputs import Input
from translator.errors import ConfigError, LedgerError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(ConfigError("site.toml: wrong"), 2, "translator: site.toml: wrong\n", id="configuration"),
        pytest.param(LedgerError("damaged"), 1, "translator: damaged\n", id="ledger"),
        pytest.param(KeyboardInterrupt(), 130, "translator: interrupted\n", id="ctrl-c"),
        pytest.param(click.Abort(), 130, "translator: interrupted\n", id="abort"),
        pytest.param(click.exceptions.Exit(1), 1, "", id="asked-for"),
        pytest.param(SystemExit(3), 3, "", id="sys-exit"),
        pytest.param(click.UsageError("no such option"), 2, "Error: no such option\n", id="usage"),
        pytest.param(click.ClickException("odd"), 2, "Error: odd\n", id="click"),
    ],
)
def test_error_becomes_a_message_and_a_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every expected end has its message and its code, and leaves no traceback."""
    ending = Ending()

    with ending:
        raise error

    assert (ending.code, capsys.readouterr().err) == (code, said)


def test_crash_shows_class_and_place_but_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not expected is told by class and place in our code; its text may hold patient data."""
    ending = Ending()

    with ending, Input("Doe^Jane", Path("Doe^Jane.hl7")).open():
        pass

    said = capsys.readouterr().err
    assert ending.code == 2
    assert said.startswith("translator: this is a defect of translator: FileNotFoundError at cli/inputs.py:")
    assert "Doe" not in said


def test_closed_pipe_ends_quietly() -> None:
    """A reader that goes away, as `head` does, is told nothing."""
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [sys.executable, "-m", "translator", "--version"], stdout=writing, stderr=subprocess.PIPE, check=False
    )

    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["translate", "a.hl7"], id="lines"),
        pytest.param(["translate", "a.hl7", "--daft"], id="lines-by-daft"),
        pytest.param(["--version"], id="text"),
        pytest.param(["explain", "unmapped-code"], id="page"),
    ],
)
def test_disk_that_is_full_is_told(tmp_path: Path, arguments: list[str]) -> None:
    """What is cut off there is not taken for the whole: one line, exit code 2."""
    (tmp_path / "a.hl7").write_bytes(b"")

    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "translator", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False)

    said = done.stderr.decode().splitlines()[-1]
    assert (done.returncode, said) == (
        2,
        "translator: nothing more could be written (No space left on device); make room, then run it again",
    )


@pytest.mark.skipif(os.name == "nt", reason="`>&-` is POSIX")
@pytest.mark.parametrize("closed", ["1", "2"])
@pytest.mark.parametrize("flags", ["", "--daft"])
def test_closed_stream_is_no_defect(tmp_path: Path, closed: str, flags: str) -> None:
    """Without stdout there is nowhere to write to, and that is told; stderr is not needed for the data."""
    (tmp_path / "a.hl7").write_bytes(b"")
    script = f'"{sys.executable}" -m translator translate a.hl7 {flags} {closed}>&-'

    done = subprocess.run(["sh", "-c", script], capture_output=True, cwd=tmp_path, check=False)

    assert (done.returncode, b"empty-input" in done.stdout, done.stderr) == {
        "1": (2, False, b"translator: stdout is closed; send it to a file, or to /dev/null\n"),
        "2": (1, True, b""),
    }[closed]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["explian"], b"did you mean 'explain'?", id="misspelt-verb"),
        pytest.param(["zzz"], b"No such command 'zzz'", id="unknown-verb"),
        pytest.param(["translate"], b"Missing argument", id="no-path"),
        pytest.param(["translate", "--legder", "x", "y"], b"--ledger", id="misspelt-option"),
        pytest.param(["translate", "nowhere.hl7"], b"nowhere.hl7: there is no such file", id="missing-path"),
        pytest.param(["explain", "--config", "nowhere.toml", "zzz"], b"", id="unknown-code"),
        pytest.param(["ledger", "show", "zero"], b"not a valid integer", id="not-a-number"),
    ],
)
def test_wrong_use_is_exit_code_2(command_line: CommandLine, arguments: list[str], said: bytes) -> None:
    """Usage and configuration errors are told on stderr, and stdout stays empty."""
    done = command_line(*arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_version_is_told(command_line: CommandLine) -> None:
    """`--version` names the program and its version."""
    done = command_line("--version")

    assert (done.returncode, done.stdout) == (0, b"translator 0.1.0\n")
