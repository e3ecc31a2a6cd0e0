"""`translator translate`: what comes in, what goes out, and the exit code."""

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

REQUEST = "5b1f6a52-0c3e-4f55-9f0e-6f1d1f0a7c11"


def message(*observations: str, order: str = REQUEST) -> bytes:
    """Write an ORU^R01 of an invented patient with these OBX segments."""
    return "\r".join(
        (
            r"MSH|^~\&|LIS|LAB|HUB|LAB|20260105103000||ORU^R01|MSG7|P|2.5.1",
            "PID|1||900001^^^LAB^MR||Example^Test||19800101|F",
            f"OBR|1|{order}|F-1|24331-1^Lipid panel^LN|||20260105090000|||||||||||||||20260105100000|||F",
            *observations,
            "",
        )
    ).encode()


HDL = "OBX|1|NM|2085-9^HDL^LN||55|mg/dL|||||F"
UNMAPPED = "OBX|2|NM|99999-1^Nothing of ours^L||1|mg/dL|||||F"


def test_stdin_gives_one_json_line(command_line: CommandLine) -> None:
    """A message on stdin is one line on stdout, and all well is exit code 0."""
    done = command_line("translate", "-", data=message(HDL))

    (line,) = done.stdout.splitlines()
    outcome = json.loads(line)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (outcome["schema"], outcome["state"]) == ("translator.outcome/1", "translated")
    assert outcome["submissions"][0]["service_request_id"] == REQUEST
    assert outcome["submissions"][0]["body"]["observations"][0] == {
        "code": "HDL",
        "value_numeric": 55,
        "unit": "mg/dL",
        "status": "final",
    }


def test_held_observation_is_exit_code_1(command_line: CommandLine) -> None:
    """Something held is a finding, though the rest is translated."""
    done = command_line("translate", "-", data=message(HDL, UNMAPPED))

    outcome = json.loads(done.stdout)
    assert done.returncode == 1
    assert [entry["state"] for entry in outcome["entries"]] == ["translated", "held"]


def test_folder_is_translated_in_order(command_line: CommandLine, tmp_path: Path) -> None:
    """Every file of a folder gives its line, called by its path below the folder."""
    for name in ("b.hl7", "a.hl7", "sub/c.hl7"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message(HDL))

    done = command_line("translate", "in")

    files = [json.loads(line)["source"]["file"] for line in done.stdout.splitlines()]
    assert (done.returncode, files) == (0, ["a.hl7", "b.hl7", "sub/c.hl7"])


def test_table_shows_the_reason(command_line: CommandLine) -> None:
    """A person sees state and reasons in a table."""
    done = command_line("translate", "-", "--format", "table", data=message(HDL, UNMAPPED))

    assert done.returncode == 1
    assert b"unmapped-code" in done.stdout


def test_folder_without_files_is_nothing_to_translate(command_line: CommandLine, tmp_path: Path) -> None:
    """Nothing looked at is never all well."""
    (tmp_path / "in").mkdir()

    done = command_line("translate", "in")

    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"nothing to translate\n")


@pytest.mark.skipif(os.name == "nt", reason="a broken link stands for an unreadable file on POSIX")
def test_unreadable_file_does_not_stop_the_others(command_line: CommandLine, tmp_path: Path) -> None:
    """A file that cannot be read is named, the others are translated, and the exit code is 1."""
    (tmp_path / "gone.hl7").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.hl7").write_bytes(message(HDL))

    done = command_line("translate", "gone.hl7", "good.hl7")

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.startswith(b"gone.hl7: cannot be read: ")


def test_correlation_file_names_the_service_request(command_line: CommandLine, tmp_path: Path) -> None:
    """An order number of the lab finds its service request in the correlation file."""
    (tmp_path / "orders.csv").write_text(f"key,service_request_id\nORD-5,{REQUEST}\n", encoding="utf-8")

    done = command_line("translate", "-", "--correlation", "orders.csv", data=message(HDL, order="ORD-5"))

    outcome = json.loads(done.stdout)
    assert [part["service_request_id"] for part in outcome["submissions"]] == [REQUEST]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, b"orders.csv: cannot be read", id="missing"),
        pytest.param(b"key\xff", b"orders.csv: not UTF-8", id="latin-1"),
        pytest.param(b"key,service_request_id\nORD-5,none\n", b"orders.csv:2:2", id="no-uuid"),
    ],
)
def test_wrong_correlation_file_is_exit_code_2(
    command_line: CommandLine, tmp_path: Path, content: bytes | None, said: bytes
) -> None:
    """A correlation file that cannot be used stops everything, by place and without the key."""
    if content is not None:
        (tmp_path / "orders.csv").write_bytes(content)

    done = command_line("translate", "-", "--correlation", "orders.csv", data=message(HDL))

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"ORD-5" not in done.stderr


def test_reader_that_goes_away_is_told_nothing(tmp_path: Path) -> None:
    """`translate` into `head` ends quietly in the middle of its output."""
    (tmp_path / "many.hl7").write_bytes(message(HDL) * 2000)

    with subprocess.Popen(
        [sys.executable, "-m", "translator", "translate", tmp_path / "many.hl7"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()

    assert (running.returncode, said) == (1, b"")


def test_archive_is_opened(command_line: CommandLine, tmp_path: Path) -> None:
    """Each file of a zip gives its lines; one that is damaged is named and the others go on."""
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        archive.writestr("inbox/a.hl7", message(HDL))
        archive.writestr("inbox/b.hl7.gz", gzip.compress(message(HDL))[:-8])
        archive.writestr("inbox/c.hl7.gz", gzip.compress(message(HDL)))

    done = command_line("translate", "day.zip")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(line["source"]["file"], line["state"]) for line in lines] == [
        ("day.zip/inbox/a.hl7", "translated"),
        ("day.zip/inbox/b.hl7.gz", "refused"),
        ("day.zip/inbox/c.hl7.gz", "translated"),
    ]
    assert lines[1]["diagnostics"][0]["code"] == "archive-damaged"


def test_archive_comes_through_a_pipe(command_line: CommandLine) -> None:
    """Stdin may be packed."""
    done = command_line("translate", "-", data=gzip.compress(message(HDL)))

    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "translated")


@pytest.mark.parametrize(
    ("data", "code", "expected"),
    [
        pytest.param(message(HDL.replace("OBX|1|", "OBX|a|")), 1, ["OBX[1]-1"], id="a-broken-rule"),
        pytest.param(message(HDL).replace(b"ORU^R01", b"ORU^R01^ORU_R01"), 0, [], id="none"),
        pytest.param(
            message(HDL.replace("mg/dL", "mg/dL^^UCUMM"))
            .replace(b"ORU^R01", b"ORU^R01^ORU_R01")
            .replace(b"|P|", b"|P^Q|"),
            0,
            ["MSH-11.2"],
            id="a-code-outside-its-table-is-a-warning",
        ),
    ],
)
def test_strict_compares_with_the_version(
    command_line: CommandLine, data: bytes, code: int, expected: list[str]
) -> None:
    """`--strict` adds diagnostics with their places, and changes no state."""
    done = command_line("translate", "-", "--strict", data=data)

    outcome = json.loads(done.stdout)
    places = [found["at"] for found in outcome["diagnostics"] if found["code"] == "not-conformant"]
    assert (done.returncode, outcome["state"], places) == (code, "translated", expected)
