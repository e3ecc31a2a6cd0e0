"""`translator why`: from a payload field back to its bytes."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, HDL, LOCAL, Obx, oru

NAME = b"Sample^Avery"
LIPIDS = oru([Obx(CHOLESTEROL, "4.78", "mmol/L"), Obx(LOCAL, "1")])


@pytest.fixture(autouse=True)
def lab_file(tmp_path: Path) -> Path:
    """Put a lab file into the folder where the command runs."""
    path = tmp_path / "lab.hl7"
    path.write_bytes(LIPIDS)
    return path


def test_json_says_where_the_value_stands(command_line: CommandLine) -> None:
    """One line with file, bytes, steps, table rows and the tables' hash."""
    done = command_line("why", "lab.hl7", "submissions[0].observations[0].value_numeric")

    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    (origin,) = told["origins"]
    place = origin["place"]
    assert (done.returncode, done.stderr) == (0, b"")
    assert (told["schema"], told["value"], len(told["tables_sha256"])) == ("translator.why/1", 184.8, 64)
    assert (told["source"]["file"], place["line"]) == ("lab.hl7", 5)
    assert LIPIDS[place["start"] : place["end"]] == b"4.78"
    assert "units/conversions.csv" in [step.get("table", "").partition(":")[0] for step in origin["steps"]]


def test_person_sees_the_line_with_marks(command_line: CommandLine) -> None:
    """Without a terminal the value is marked below its line, and every operation has a line."""
    done = command_line("why", "lab.hl7", "0.0", "--format", "table")

    lines = done.stdout.decode().splitlines()
    source = next(line for line in lines if "OBX|1|" in line)
    marks = lines[lines.index(source) + 1]
    assert lines[0] == "submissions[0].body.observations[0] = 184.8"
    assert (source[marks.index("^") :][:4], marks.count("^")) == ("4.78", 4)
    assert any(line.split()[:1] == ["conversion"] and "x 38.665" in line for line in lines)
    assert "reaches  submissions[0].body.observations[0].code, value_numeric, unit, status" in done.stdout.decode()


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("no_color", "lit"), [("", True), ("1", False)], ids=["colour", "no-colour"])
def test_terminal_lights_the_value(lab_file: Path, no_color: str, lit: bool) -> None:  # noqa: FBT001 - a case
    """On a terminal the bytes are in reverse video, unless the person wants no colour."""
    import pty  # noqa: PLC0415 - not on every system

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "translator", "why", str(lab_file), "0.0"],
        stdout=theirs,
        env=os.environ | {"NO_COLOR": no_color},
        cwd=lab_file.parent,
    ):
        os.close(theirs)
        shown = b""
        # A terminal ends with an error (Linux) or with nothing, once nobody writes to it any more.
        while b"tables " not in shown:
            shown += os.read(ours, 1 << 16)
    os.close(ours)

    assert (b"\x1b[7m4.78\x1b[0m" in shown, b"^^^^" in shown) == (lit, not lit)


def test_several_messages_need_a_number(command_line: CommandLine, tmp_path: Path) -> None:
    """The message is named by its index in the file; its offset counts from the file's beginning."""
    file = LIPIDS + oru([Obx(HDL, "61")])
    (tmp_path / "two.hl7").write_bytes(file)

    unnamed = command_line("why", "two.hl7", "0.0")
    named = command_line("why", "two.hl7", "0.0", "--message", "1")

    place = json.loads(named.stdout)["origins"][0]["place"]
    assert (unnamed.returncode, unnamed.stdout) == (2, b"")
    assert b"--message" in unnamed.stderr
    assert file[place["start"] : place["end"]] == b"61"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("lab.hl7", "0.1"), b"there is 1 observation in submissions[0]", id="too-high"),
        pytest.param(("lab.hl7", "0.0.units"), b"did you mean unit?", id="almost-a-name"),
        pytest.param(("lab.hl7", "0.0", "--message", "1"), b"there is no message 1", id="no-such-message"),
        pytest.param(("lab.hl7", "0.0", "--member", "x.hl7"), b"no such file in this archive", id="no-archive"),
        pytest.param(("gone.hl7", "0.0"), b"there is no such file", id="no-file"),
        pytest.param((".", "0.0"), b"holds 2 files; name one", id="folder"),
    ],
)
def test_what_is_not_there_is_exit_code_2(
    command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...], said: bytes
) -> None:
    """The error says what there is, and nothing of the message."""
    (tmp_path / "other.hl7").write_bytes(b"")

    done = command_line("why", *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert NAME not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a broken link stands for an unreadable file on POSIX")
def test_file_that_cannot_be_read_is_exit_code_2(command_line: CommandLine, tmp_path: Path) -> None:
    """It is named, with what the system says."""
    (tmp_path / "gone.hl7").symlink_to(tmp_path / "nowhere")

    done = command_line("why", "gone.hl7", "0.0")

    assert (done.returncode, done.stderr[:36]) == (2, b"translator: gone.hl7: cannot be read")


def test_archive_is_opened(command_line: CommandLine, tmp_path: Path) -> None:
    """A compressed file is its own only member; of an archive one is named."""
    (tmp_path / "lab.hl7.gz").write_bytes(gzip.compress(LIPIDS))
    with zipfile.ZipFile(tmp_path / "lab.zip", "w") as archive:
        archive.writestr("a.hl7", oru([Obx(HDL, "61")]))
        archive.writestr("b.hl7", LIPIDS)

    packed = command_line("why", "lab.hl7.gz", "0.0")
    member = command_line("why", "lab.zip", "0.0", "--member", "b.hl7")
    unnamed = command_line("why", "lab.zip", "0.0")

    assert [json.loads(done.stdout)["value"] for done in (packed, member)] == [184.8, 184.8]
    assert (unnamed.returncode, unnamed.stdout) == (2, b"")
    assert b"--member" in unnamed.stderr


def test_archive_that_is_damaged_is_exit_code_2(command_line: CommandLine, tmp_path: Path) -> None:
    """What cannot be unpacked has no positions."""
    (tmp_path / "lab.hl7.gz").write_bytes(gzip.compress(LIPIDS)[:-9])

    done = command_line("why", "lab.hl7.gz", "0.0")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"lab.hl7.gz: cannot be read" in done.stderr


def test_site_and_correlation_count_as_in_translate(command_line: CommandLine, tmp_path: Path) -> None:
    """What `translate` finds by its flags, `why` finds by the same."""
    request = "00000000-0000-4000-8000-000000000007"
    (tmp_path / "orders.csv").write_text(f"key,service_request_id\nORD-5,{request}\n", encoding="utf-8")
    raw = oru([Obx("CHOL^Cholesterol^L", "185")], request="ORD-5")

    done = command_line("why", "-", "service_request_id", "--site", "example", "--correlation", "orders.csv", data=raw)

    told = json.loads(done.stdout)
    place = told["origins"][0]["place"]
    assert (told["value"], raw[place["start"] : place["end"]]) == (request, b"ORD-5")
