"""`--cluster`: a real Ray on this machine gives the bytes of the plain path, whichever of its workers dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_translate import HDL, UNMAPPED, message
from tests.cli.test_translate_jobs import POSIX
from tests.exported import hdl, lines, order, report

_STOP_S = 120
# Ray gives a node half a minute to start, however busy the machine is.
_STARTS = 3


class RayCluster:
    """A cluster of nodes on this machine, in processes of their own; they end with the process that started them."""

    def __init__(self, processors: int, *, nodes: int) -> None:
        script = (
            "import sys; from benchmarks.archive import ray_cluster\n"
            f"with ray_cluster({nodes}, {processors}) as place: print('address', place, flush=True); sys.stdin.read()"
        )
        for _ in range(_STARTS):
            self._process = subprocess.Popen(
                [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert self._process.stdout
            said = (line.split() for line in self._process.stdout)
            self.address = next((words[1].decode() for words in said if words[:1] == [b"address"]), "")
            if self.address:
                return
            self.close()
        raise TimeoutError(f"Ray did not start in {_STARTS} tries; this machine is too busy, or its log says why")

    def close(self) -> None:
        """Stop it."""
        self._process.communicate(timeout=_STOP_S)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Start one node of two processors for all tests."""
    running = RayCluster(2, nodes=1)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[RayCluster]:
    """Start two nodes of one processor each."""
    running = RayCluster(1, nodes=2)
    try:
        yield running
    finally:
        running.close()


def translator(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command line."""
    return subprocess.run([sys.executable, "-m", "translator", *map(str, arguments)], capture_output=True, check=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with something translated, held, refused, and an export, more than one window of it."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(12):
        (folder / f"{number:02}.hl7").write_bytes(message(HDL) * 300 + message(HDL, UNMAPPED) * 5)
    (folder / "03.ndjson").write_bytes(lines(order(1), hdl("a"), report(1, "a")))
    (folder / "04.hl7").write_bytes(b"nothing")
    return folder


@POSIX
def test_cluster_gives_the_same_bytes(cluster: RayCluster, archive: Path) -> None:
    """On one node, whose two processors share the work."""
    shared = translator("translate", archive, "--cluster", cluster.address)
    alone = translator("translate", archive)

    assert len(alone.stdout.splitlines()) > 3000
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_cluster_that_is_not_there_is_told() -> None:
    """Exit code 2, and the address."""
    done = translator("translate", "-", "--cluster", "127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"127.0.0.1:1: no Ray cluster answers there" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", [("coverage",), ("translate", "--strict")], ids=lambda verb: verb[0])
def test_two_nodes_give_the_same_bytes(two_nodes: RayCluster, archive: Path, verb: tuple[str, ...]) -> None:
    """Whatever is counted or compared."""
    shared = translator(*verb, archive, "--cluster", two_nodes.address)
    alone = translator(*verb, archive)

    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)


@pytest.mark.slow
@POSIX
def test_dead_worker_costs_no_line_and_doubles_none(two_nodes: RayCluster, tmp_path: Path) -> None:
    """A worker is killed with -9 in the middle of its work: its work is done again, once."""
    for number in range(40):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number:02}.hl7").write_bytes(message(HDL) * 6000)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "translator", "translate", str(tmp_path / "in"), "--cluster", two_nodes.address]
    with subprocess.Popen([*command, "--output", f"{out}/"], stderr=subprocess.PIPE) as process:
        while len(list(out.glob("_unfinished-*/*"))) < 4:
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(_workers()[0], signal.SIGKILL)
        _, said = process.communicate()
    alone = translator("translate", tmp_path / "in")

    assert (process.returncode, said) == (0, f"wrote 240,000 outcomes to {out}\n".encode())
    assert b"".join(path.read_bytes() for path in sorted(out.glob("part-*"))) == alone.stdout
    assert list(out.glob("_unfinished-*")) == []


def _workers() -> list[int]:
    """Find the processes in which Daft works on a cluster: Ray calls them by what they do, and they do the most."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            title = (path / "cmdline").read_bytes()
            if title.startswith(b"ray::") and b"Flotilla" not in title and b"IDLE" not in title:
                used = (path / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[11]
                found.append((int(used), int(path.name)))
    return [pid for _, pid in sorted(found, reverse=True)]
