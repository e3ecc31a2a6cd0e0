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

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from tests.cli.test_translate import HDL, UNMAPPED, message
from tests.cli.test_translate_jobs import POSIX
from tests.exported import hdl, lines, order, report
from tests.object_storage import BUCKET, ObjectStorage
from translator.bulk.places import find_stored, open_output

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

    def processes(self, word: str) -> list[int]:
        """Find the processes of this cluster with a word in their titles; those that have done the most come first."""
        parents: dict[int, int] = {}
        found: list[tuple[int, int]] = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state = (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                parents[int(path.name)] = int(state[1])
                if word in (path / "cmdline").read_text(encoding="utf-8", errors="replace"):
                    found.append((int(state[11]), int(path.name)))
        return [pid for _, pid in sorted(found, reverse=True) if self._process.pid in _above(pid, parents)]

    def workers(self) -> list[int]:
        """Find the processes in which Daft works: Ray calls them by what they do."""
        others = {pid for word in ("Flotilla", "IDLE", "Agent") for pid in self.processes(word)}
        return [pid for pid in self.processes("ray::") if pid not in others]

    def close(self) -> None:
        """Stop it."""
        self._process.communicate(timeout=_STOP_S)


def _above(pid: int, parents: dict[int, int]) -> Iterator[int]:
    """Name the parents of a process, and theirs."""
    while pid := parents.get(pid, 0):
        yield pid


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
@pytest.mark.parametrize("verb", ["coverage", "translate --strict", "plan --against before"])
def test_two_nodes_give_the_same_bytes(two_nodes: RayCluster, archive: Path, tmp_path: Path, verb: str) -> None:
    """Whatever is counted or compared."""
    (tmp_path / "before" / "whoop").mkdir(parents=True)
    table = "system,code,min\nhttp://loinc.org,2085-9,60\n"
    (tmp_path / "before" / "whoop" / "observations.csv").write_text(table, encoding="utf-8")
    arguments = [str(tmp_path / word) if word == "before" else word for word in verb.split()]

    shared = translator(*arguments, archive, "--cluster", two_nodes.address)
    alone = translator(*arguments, archive)

    assert (alone.returncode, len(alone.stdout) > 200) == (1, True)
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that is worked on for some seconds."""
    folder = tmp_path_factory.mktemp("large")
    for number in range(40):
        (folder / f"{number:02}.hl7").write_bytes(message(HDL) * 6000)
    return folder


@pytest.mark.slow
def test_two_nodes_give_the_same_bytes_from_and_to_a_storage(
    object_storage: ObjectStorage, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each node reads files and tables by itself, with the key of its own environment, and writes its parts."""
    for name, value in object_storage.environment.items():
        monkeypatch.setenv(name, value)
    place = f"s3://{BUCKET}/{tmp_path.name}"
    for path in archive.iterdir():
        with open_output(f"{place}/in/{path.name}") as stream:
            stream.write(path.read_bytes())
    rows = [message(HDL, UNMAPPED) if number % 7 else message(HDL) for number in range(2000)]
    with open_output(f"{place}/feed.parquet") as stream:
        pq.write_table(pa.table({"message": rows}), stream, row_group_size=250)

    with contextlib.closing(RayCluster(1, nodes=2)) as cluster:
        flags = ("--cluster", cluster.address)
        files = translator("translate", f"{place}/in/", *flags)
        tables = translator("translate", f"{place}/feed.parquet", *flags)
        written = translator("translate", f"{place}/in/", *flags, "--output", f"{place}/out.parquet/")
    out = fs.S3FileSystem(endpoint_override=object_storage.environment["AWS_ENDPOINT_URL"], region="us-east-1")
    parts = sorted(file.name for file in find_stored(f"{place}/out.parquet") if file.name.startswith("part-"))
    read = [pq.read_table(f"{BUCKET}/{tmp_path.name}/out.parquet/{name}", filesystem=out) for name in parts]
    alone = translator("translate", archive)

    assert (files.returncode, files.stdout, files.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert tables.stdout == translator("translate", f"{place}/feed.parquet").stdout
    assert (tables.stdout.count(b"\n"), tables.stdout.count(b'"held"') > 1000) == (2000, True)
    assert written.returncode == alone.returncode
    outcomes = pa.concat_tables(read).column("outcome").to_pylist()
    assert "".join(f"{line}\n" for line in outcomes).encode() == alone.stdout


@pytest.mark.slow
@POSIX
def test_dead_worker_costs_no_line_and_doubles_none(two_nodes: RayCluster, large: Path, tmp_path: Path) -> None:
    """A worker is killed with -9 in the middle of its work: its work is done again, once."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "translator", "translate", str(large), "--cluster", two_nodes.address]
    with subprocess.Popen([*command, "--output", f"{out}/"], stderr=subprocess.PIPE) as process:
        _wait_for_parts(process, out)
        os.kill(two_nodes.workers()[0], signal.SIGKILL)
        _, said = process.communicate()
    alone = translator("translate", large)

    assert (process.returncode, said) == (0, f"wrote 240,000 outcomes to {out}\n".encode())
    assert b"".join(path.read_bytes() for path in sorted(out.glob("part-*"))) == alone.stdout
    assert list(out.glob("_unfinished-*")) == []


@pytest.mark.slow
@POSIX
def test_nothing_is_said_between_the_lines(two_nodes: RayCluster, large: Path, tmp_path: Path) -> None:
    """Ray has something to say of a worker that dies; stdout holds the bytes of the plain path all the same."""
    out = tmp_path / "out.ndjson"
    command = [sys.executable, "-m", "translator", "translate", str(large), "--cluster", two_nodes.address]
    with out.open("wb") as stdout, subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE) as process:
        while out.stat().st_size < 1 << 20:
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(two_nodes.workers()[0], signal.SIGKILL)
        _, said = process.communicate()

    assert (process.returncode, said) == (0, b"")
    assert out.read_bytes() == translator("translate", large).stdout


@pytest.mark.slow
@POSIX
def test_dead_head_ends_the_work(large: Path, tmp_path: Path) -> None:
    """Nobody is left to share out: exit code 2, which no finding has, and nothing of the output."""
    out = tmp_path / "out"
    running = RayCluster(1, nodes=1)
    command = [sys.executable, "-m", "translator", "translate", str(large), "--cluster", running.address]
    with subprocess.Popen([*command, "--output", f"{out}/"], stderr=subprocess.PIPE) as process:
        _wait_for_parts(process, out)
        for pid in running.processes("gcs_server"):
            os.kill(pid, signal.SIGKILL)
        _, said = process.communicate()
    running.close()

    assert (process.returncode, b"the head of the cluster has not answered" in said) == (2, True)
    assert not out.exists()


def _wait_for_parts(process: subprocess.Popen[bytes], out: Path) -> None:
    while len(list(out.glob("_unfinished-*/*"))) < 4:
        assert process.poll() is None
        time.sleep(0.05)
