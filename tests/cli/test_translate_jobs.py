"""`translator translate --jobs N`: the same bytes as without, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.test_translate import HDL, UNMAPPED, message
from tests.conftest import CommandLine
from tests.exported import hdl, lines, order, report

FIXTURES = Path(__file__).parents[2] / "fixtures"
POSIX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found in /proc")
# More than pipes and workers hold, so that most of it is still to be done.
MANY = 10_000


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of everything that is read: every fixture, a batch, an export, archives, and what is damaged."""
    folder = tmp_path_factory.mktemp("archive")
    for path in sorted(FIXTURES.rglob("*")):
        if path.is_file() and path.suffix in {".hl7", ".json", ".xml", ".ndjson"}:
            copy = folder / path.relative_to(FIXTURES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    batch = b"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + message(HDL) * 300 + b"OBX|1|NM|2085-9^HDL^LN||1\r" + b"BTS|7\r"
    (folder / "batch.hl7").write_bytes(batch)
    (folder / "held.hl7").write_bytes(message(HDL, UNMAPPED) * 2)
    (folder / "empty.hl7").write_bytes(b"")
    (folder / "export.ndjson").write_bytes(lines(order(1), hdl("a"), report(1, "a"), hdl("b")) + b'{"a":1,"a":2}\n')
    with zipfile.ZipFile(folder / "more.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("in/a.hl7", message(HDL))
        packed.writestr("in/o.ndjson", lines(report(2, "c"), order(2), hdl("c", 61)))
        packed.writestr("../b.hl7", message(HDL))
    return folder


@pytest.fixture(scope="session")
def alone(archive: Path) -> subprocess.CompletedProcess[bytes]:
    """Translate it with one process."""
    command = [sys.executable, "-m", "translator", "translate", str(archive)]
    return subprocess.run(command, capture_output=True, check=False)


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
def test_jobs_give_the_same_bytes(
    command_line: CommandLine, archive: Path, alone: subprocess.CompletedProcess[bytes], jobs: str
) -> None:
    """Lines, their order and the exit code do not tell how many processes there were."""
    done = command_line("translate", archive, "--jobs", jobs)

    assert len(alone.stdout.splitlines()) > 350
    assert (done.returncode, done.stdout, done.stderr) == (alone.returncode, alone.stdout, alone.stderr)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("--format", "table"), id="table"),
        pytest.param(("--strict",), id="strict"),
        pytest.param(("--correlation", "orders.csv"), id="correlation"),
    ],
)
def test_flags_hold_in_every_process(command_line: CommandLine, tmp_path: Path, flags: tuple[str, ...]) -> None:
    """A table, a comparison and a look-up are the same, too."""
    (tmp_path / "orders.csv").write_text(
        "key,service_request_id\nORD-5,5b1f6a52-0c3e-4f55-9f0e-6f1d1f0a7c11\n", encoding="utf-8"
    )
    (tmp_path / "in.hl7").write_bytes(message(HDL, order="ORD-5") * 200)

    shared = command_line("translate", "in.hl7", "--jobs", "2", *flags)
    alone = command_line("translate", "in.hl7", *flags)

    assert alone.stdout
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_no_job_is_refused(command_line: CommandLine) -> None:
    """Somebody has to do the work."""
    done = command_line("translate", "-", "--jobs", "0", data=message(HDL))

    assert (done.returncode, done.stdout) == (2, b"")


class Running:
    """A translation with all its processes, which waits until somebody reads what it prints."""

    def __init__(self, folder: Path) -> None:
        (folder / "many.hl7").write_bytes(message(HDL) * MANY)
        command = [sys.executable, "-m", "translator", "translate", str(folder / "many.hl7"), "--jobs", "2"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        assert self.process.stdout
        self.first = self.process.stdout.readline()

    @property
    def workers(self) -> list[int]:
        """Find its workers; the process that cleans up behind them is none."""
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]

    def end(self) -> tuple[list[bytes], bytes]:
        """Take all that it says; what holds its stderr open is waited for, too."""
        out, said = self.process.communicate()
        return [self.first, *out.splitlines(keepends=True)], said


@POSIX
def test_killed_worker_ends_it_clearly(tmp_path: Path) -> None:
    """Exit code 2 and one line that says why; every line before it is whole, and none is left out in between."""
    running = Running(tmp_path)
    os.kill(running.workers[0], signal.SIGKILL)

    printed, said = running.end()

    assert running.process.returncode == 2
    assert said.startswith(b"translator: a worker process ended (killed by signal 9)")
    assert said.count(b"\n") == 1
    assert all(line.endswith(b"}\n") for line in printed)
    indexes = [json.loads(line)["source"]["index"] for line in printed]
    assert indexes == list(range(len(printed)))


@POSIX
def test_interrupted_work_ends_cleanly(tmp_path: Path) -> None:
    """Ctrl-C reaches every process; only the one at the terminal says so, and all of them end."""
    running = Running(tmp_path)
    os.killpg(running.process.pid, signal.SIGINT)

    printed, said = running.end()

    assert (running.process.returncode, said.strip()) == (130, b"translator: interrupted")
    assert all(line.endswith(b"}\n") for line in printed)


@POSIX
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    """Nobody is left behind a process that was killed: its stderr, which they share, comes to an end."""
    running = Running(tmp_path)
    os.kill(running.process.pid, signal.SIGKILL)

    _, said = running.end()

    assert (running.process.returncode, said) == (-signal.SIGKILL, b"")
