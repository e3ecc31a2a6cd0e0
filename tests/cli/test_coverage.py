"""`translator coverage`: what it looks at, what it writes, and its exit code."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import GLUCOSE, LOCAL, Obx, oru, service_request

COVERED = oru([Obx(GLUCOSE, "91.7")])
OPEN = oru([Obx(GLUCOSE, "91.7"), Obx("GLU^Glucose^L", "4711.25")])


def _found(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_covered_archive_is_all_well(command_line: CommandLine) -> None:
    """One JSON document on stdout, nothing on stderr, and exit code 0."""
    done = command_line("coverage", "-", data=COVERED)

    found = _found(done)
    assert (done.returncode, done.stderr) == (0, b"")
    assert found["schema"] == "translator.coverage/1"
    assert found["entries"] == {"translated": 1}


def test_code_without_a_row_is_a_finding(command_line: CommandLine) -> None:
    """An unmapped code makes exit code 1, with a suggestion and its evidence."""
    done = command_line("coverage", "-", data=OPEN)

    (code,) = [code for code in _found(done)["codes"] if not code.get("row")]
    assert done.returncode == 1
    assert (code["codings"][0]["code"], code["suggestions"][0]["code"]) == ("GLU", "2345-7")
    assert code["suggestions"][0]["evidence"]


def test_every_kind_of_archive_is_read(command_line: CommandLine, tmp_path: Path) -> None:
    """Folders, gzip, zip, batches, FHIR and NDJSON are counted together."""
    folder = tmp_path / "in" / "sub"
    folder.mkdir(parents=True)
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"coding": [{"code": "ZZ9"}]}}
    (folder / "a.hl7.gz").write_bytes(gzip.compress(COVERED))
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("b.hl7", COVERED * 2)
    (folder / "c.hl7").write_bytes(b"FHS|^~\\&\rBHS|^~\\&\r" + COVERED + b"BTS|1\rFTS|1\r")
    (folder / "d.json").write_text(json.dumps(observation), encoding="utf-8")
    (folder / "e.ndjson").write_text(f"{json.dumps(observation)}\n{json.dumps(observation | {'id': 'p'})}\n", "utf-8")

    found = _found(command_line("coverage", "in"))

    counted = {each["word"]: each["count"] for each in found["types"]}
    assert counted["ORU^R01"] == 4
    assert found["totals"]["observations"] == 7
    assert "files" not in found


def test_table_shows_every_part(command_line: CommandLine) -> None:
    """A person sees what to do first, then codes, units, words and what nobody reads."""
    done = command_line("coverage", "-", "--format", "table", data=OPEN + b"ZXX|1\r")

    said = done.stdout.decode()
    for words in (
        "What the first day",
        "Codes that want a row",
        "2345-7",
        "Units",
        "Statuses",
        "ZXX",
        "Rows that nothing",
    ):
        assert words in said
    assert "--top" in said


@pytest.mark.parametrize(
    "data", [pytest.param(b"", id="empty"), pytest.param(b"%PDF-1.7\n\x00\x01", id="of-another-kind")]
)
def test_file_without_a_message_lists_no_row(command_line: CommandLine, data: bytes) -> None:
    """It says what is wrong with the file, and nothing about tables that nothing was held against."""
    done = command_line("coverage", "-", "--format", "table", "--html", "page.html", data=data)

    assert (done.returncode, done.stdout.startswith(b"messages 0, entries 0")) == (1, True)
    assert b"no message" in done.stdout
    assert b"nothing led to" not in done.stdout


def test_nothing_of_a_patient_is_printed(command_line: CommandLine, tmp_path: Path) -> None:
    """Neither table nor JSON nor page nor stub has a value, a name or a number, nor the name of a file."""
    (tmp_path / "Avery.hl7").write_bytes(OPEN)

    done = command_line("coverage", "Avery.hl7", "--html", "page.html", "--write-stub", "rows.csv")
    table = command_line("coverage", "Avery.hl7", "--format", "table")

    written = [(tmp_path / name).read_bytes() for name in ("page.html", "rows.csv")]
    for text in (done.stdout, done.stderr, table.stdout, table.stderr, *written):
        for secret in ("91.7", "4711.25", "EX-1001", "Sample", "Avery", "19840312", "F-2001", service_request(1)):
            assert secret.encode() not in text


def test_page_is_written_over(command_line: CommandLine, tmp_path: Path) -> None:
    """The page of last time is replaced by that of this time, whole."""
    (tmp_path / "page.html").write_bytes(b"old")

    done = command_line("coverage", "-", "--html", "page.html", data=COVERED)

    assert done.returncode == 0
    assert (tmp_path / "page.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html"]


def test_page_in_no_folder_is_exit_code_2(command_line: CommandLine, tmp_path: Path) -> None:
    """A page that cannot be written says so; what was counted is printed all the same."""
    (tmp_path / "file").write_bytes(b"")

    done = command_line("coverage", "-", "--html", "file/page.html", data=COVERED)

    assert done.returncode == 2
    assert b"file/page.html: cannot be written" in done.stderr
    assert _found(done)["entries"] == {"translated": 1}


def test_stub_for_a_site_lies_where_its_table_would(command_line: CommandLine, tmp_path: Path) -> None:
    """A folder gets `whoop/observations.csv`, and the check names the row to fill in."""
    done = command_line("coverage", "-", "--write-stub", "acme", data=OPEN)
    check = command_line("check", "--site", "acme", "--format", "table")

    written = (tmp_path / "acme" / "whoop" / "observations.csv").read_text(encoding="utf-8")
    assert b"wrote 1 row to fill in" in done.stderr
    assert written.splitlines()[1].startswith("L,GLU,,Glucose,,,,,TO FILL IN")
    assert check.returncode != 0
    assert b"acme/whoop/observations.csv:2:1" in check.stdout + check.stderr


def test_filled_stub_covers_the_archive(command_line: CommandLine, tmp_path: Path) -> None:
    """With the suggestion written into the row, the same archive is covered."""
    command_line("coverage", "-", "--write-stub", "acme", data=OPEN)
    path = tmp_path / "acme" / "whoop" / "observations.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("L,GLU,,", "L,GLU,2345-7,"), encoding="utf-8")

    done = command_line("coverage", "-", "--site", "acme", data=oru([Obx("GLU^Glucose^L", "92")]))

    assert done.returncode == 0


def test_stub_never_overwrites(command_line: CommandLine, tmp_path: Path) -> None:
    """What is there stays as it is, and nothing is read before that is said."""
    (tmp_path / "rows.csv").write_bytes(b"mine")

    done = command_line("coverage", "-", "--write-stub", "rows.csv", data=OPEN)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"rows.csv: is there already" in done.stderr
    assert (tmp_path / "rows.csv").read_bytes() == b"mine"


def test_stub_without_rows_is_not_written(command_line: CommandLine, tmp_path: Path) -> None:
    """Where every code has a row there is nothing to fill in."""
    done = command_line("coverage", "-", "--write-stub", "rows.csv", data=COVERED)

    assert done.returncode == 0
    assert b"no stub is written" in done.stderr
    assert not list(tmp_path.iterdir())


def test_correlation_names_the_service_request(command_line: CommandLine, tmp_path: Path) -> None:
    """Order numbers are looked up as `translate` looks them up."""
    (tmp_path / "orders.csv").write_text(f"key,service_request_id\nORD-5,{service_request(5)}\n", encoding="utf-8")
    message = oru([Obx(GLUCOSE, "92")], request="ORD-5")

    without = command_line("coverage", "-", data=message)
    done = command_line("coverage", "-", "--correlation", "orders.csv", data=message)

    assert (without.returncode, done.returncode) == (1, 0)
    assert _found(without)["fates"][0]["reason"] == "no-service-request"


@pytest.mark.parametrize("form", ["json", "table"])
def test_nothing_to_look_at_is_exit_code_1(command_line: CommandLine, tmp_path: Path, form: str) -> None:
    """An empty folder is never all well."""
    (tmp_path / "in").mkdir()

    done = command_line("coverage", "in", "--format", form)

    assert done.returncode == 1
    assert b"nothing to look at" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a broken link stands for an unreadable file on POSIX")
def test_unreadable_file_is_counted(command_line: CommandLine, tmp_path: Path) -> None:
    """A file that cannot be read is named on stderr, and stands in the report."""
    (tmp_path / "gone.hl7").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.hl7").write_bytes(COVERED)

    done = command_line("coverage", "gone.hl7", "good.hl7")

    found = _found(done)
    assert done.returncode == 1
    assert b"gone.hl7: cannot be read" in done.stderr
    assert [(each["reason"], each["messages"]) for each in found["files"]] == [("file-unreadable", 1)]
    assert found["totals"]["messages"] == 1


def test_shared_work_counts_the_same(command_line: CommandLine, tmp_path: Path) -> None:
    """Whatever the number of processes, to the byte; a batch of one file is shared, too."""
    (tmp_path / "many.hl7").write_bytes(b"".join([COVERED, OPEN] * 200))

    found = {jobs: command_line("coverage", "many.hl7", "--jobs", jobs).stdout for jobs in ("1", "2", "3")}

    assert json.loads(found["1"])["totals"]["messages"] == 400
    assert found == dict.fromkeys(found, found["1"])


def test_missing_archive_is_exit_code_2(command_line: CommandLine) -> None:
    """A path that is not there stops everything."""
    done = command_line("coverage", "nowhere")

    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(os.name == "nt", reason="named pipes and SIGINT are POSIX")
def test_stopped_from_the_keyboard_shows_what_was_counted(tmp_path: Path) -> None:
    """Ctrl-C in the second file prints what the first one held, and says that it is not all."""
    (tmp_path / "a.hl7").write_bytes(COVERED)
    os.mkfifo(tmp_path / "b.hl7")
    command = [sys.executable, "-m", "translator", "coverage", "a.hl7", "b.hl7"]
    # The pipe opens for writing once the command opens it for reading: the first file is counted then.
    with (
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        (tmp_path / "b.hl7").open("wb"),
    ):
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)

    found = json.loads(stdout)
    assert process.returncode == 130
    assert found["interrupted"] is True
    assert found["entries"] == {"translated": 1}
    assert b"what was counted so far" in stderr


def test_local_codes_without_likeness_have_no_suggestion(command_line: CommandLine) -> None:
    """A name that is like nothing leads nowhere, and the reason is told instead."""
    done = command_line("coverage", "-", "--format", "table", data=oru([Obx(LOCAL, "1")]))

    assert b"unmapped-code" in done.stdout


def test_no_code_steers_the_terminal(command_line: CommandLine) -> None:
    """What somebody sends in a code, such as an escape sequence, is shown as a mark."""
    odd = oru([Obx("A\x1b[31m^Name^L", "1")])

    done = command_line("coverage", "-", "--format", "table", data=odd)

    shown = done.stdout.decode()
    assert "A\u00b7[31m (Name)" in shown
    assert "\x1b" not in shown
