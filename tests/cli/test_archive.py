"""`translate`, `coverage` and `plan` on Daft, in this process: the bytes of the plain path, wherever archives lie."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.test_translate import HDL, UNMAPPED, message
from tests.conftest import CommandLine
from tests.exported import hdl, lines, order, report
from tests.object_storage import BUCKET, ObjectStorage
from translator.bulk.places import Stored, find_stored, open_output

FILES = {
    "a.hl7": message(HDL) * 3,
    "b.hl7": b"nothing",
    "c.ndjson": lines(order(1), hdl("a"), report(1, "a")),
    "sub/d.hl7": message(HDL, UNMAPPED.replace("||1|", "||160|")),
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Make a folder with something translated, held, refused, and an export."""
    for name, raw in FILES.items():
        path = tmp_path / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return tmp_path / "archive"


@pytest.fixture
def remote(object_storage: ObjectStorage, archive: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put the same into an object storage."""
    for name, value in object_storage.environment.items():
        monkeypatch.setenv(name, value)
    place = f"s3://{BUCKET}/{archive.parent.name}"
    for name, raw in FILES.items():
        with open_output(f"{place}/in/{name}") as stream:
            stream.write(raw)
    return place


def same(one: subprocess.CompletedProcess[bytes], other: subprocess.CompletedProcess[bytes]) -> bool:
    """Compare all that a caller sees."""
    return (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("--daft",), id="alone"),
        pytest.param(("--daft", "--jobs", "2"), id="jobs"),
        pytest.param(("--daft", "--format", "table"), id="table"),
        pytest.param(("--daft", "--strict"), id="strict"),
    ],
)
def test_translate_gives_the_same_bytes(command_line: CommandLine, archive: Path, flags: tuple[str, ...]) -> None:
    """Nothing tells who did the work."""
    shared = command_line("translate", archive, *flags)
    alone = command_line("translate", archive, *flags[1:] if "--jobs" not in flags else ())

    assert (alone.returncode, len(alone.stdout) > 1000) == (1, True)
    assert same(shared, alone)


def test_coverage_gives_the_same_bytes(command_line: CommandLine, archive: Path, tmp_path: Path) -> None:
    """The whole report as JSON, and the page, too."""
    shared = command_line("coverage", archive, "--daft", "--html", "shared.html")
    alone = command_line("coverage", archive, "--html", "alone.html")

    assert (alone.returncode, len(alone.stdout) > 1000) == (1, True)
    assert (shared.returncode, shared.stdout) == (alone.returncode, alone.stdout)
    assert (tmp_path / "shared.html").read_bytes() == (tmp_path / "alone.html").read_bytes()


@pytest.fixture
def change(tmp_path: Path) -> tuple[str, ...]:
    """Make a site whose code means something else than before; gives the flags that compare them."""
    for folder, same_as in (("acme", "2093-3"), ("before", "2085-9")):
        (tmp_path / folder / "whoop").mkdir(parents=True)
        table = f"system,code,same_as\nL,99999-1,{same_as}\n"
        (tmp_path / folder / "whoop" / "observations.csv").write_text(table, encoding="utf-8")
    return ("--site", "acme", "--against", "before")


def test_plan_gives_the_same_bytes(command_line: CommandLine, archive: Path, change: tuple[str, ...]) -> None:
    """What a change of the tables would change, with its examples."""
    shared, alone = command_line("plan", archive, *change, "--daft"), command_line("plan", archive, *change)

    assert (alone.returncode, b"99999-1" in alone.stdout) == (1, True)
    assert same(shared, alone)


def test_plan_asks_the_ledger_about_tables(command_line: CommandLine, tmp_path: Path, change: tuple[str, ...]) -> None:
    """A ledger is looked at by one process, which then reads Parquet by itself; it shares nothing out."""
    raw = message(HDL, UNMAPPED.replace("||1|", "||160|"))
    (tmp_path / "a.hl7").write_bytes(raw)
    pq.write_table(pa.table({"raw": pa.array([raw], pa.binary())}), tmp_path / "a.parquet")
    command_line("submit", "a.hl7", "--site", "acme", "--wait", "0")
    looked = (*change, "--ledger", "translator.db")

    table, file = (command_line("plan", name, *looked) for name in ("a.parquet", "a.hl7"))

    assert (file.returncode, b"99999-1" in file.stdout) == (1, True)
    assert (table.returncode, table.stdout.replace(b"a.parquet#0", b"a.hl7"), table.stderr) == (
        file.returncode,
        file.stdout,
        file.stderr,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_what_cannot_be_read_is_told_as_often(command_line: CommandLine, archive: Path, tmp_path: Path) -> None:
    """Each once: a link to a folder, and two files of one name in two folders; they count, too."""
    (archive / "linked").symlink_to(archive / "sub")
    (tmp_path / "other").mkdir()
    for folder in (archive, tmp_path / "other"):
        (folder / "gone.hl7").symlink_to(tmp_path / "nothing")
    named = ("coverage", archive, archive / "gone.hl7", tmp_path / "other" / "gone.hl7")

    shared, alone = command_line(*named, "--daft"), command_line(*named)

    assert alone.stderr.count(b"cannot be read") == 4
    assert same(shared, alone)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
@pytest.mark.parametrize("flags", [("--daft",), ("--daft", "--jobs", "2")], ids=["alone", "jobs"])
def test_pipe_is_read_by_who_has_it(archive: Path, flags: tuple[str, ...]) -> None:
    """`<(zcat ...)` is a pipe of one process, whoever else works."""
    with subprocess.Popen(["cat", archive / "a.hl7"], stdout=subprocess.PIPE) as cat:
        assert cat.stdout
        number = cat.stdout.fileno()
        command = [sys.executable, "-m", "translator", "translate", f"/dev/fd/{number}", *flags]
        done = subprocess.run(command, pass_fds=[number], capture_output=True, check=False)

    assert (done.returncode, done.stdout.count(b'"state":"translated"'), done.stderr) == (0, 6, b"")


def test_object_storage_gives_the_same_bytes(command_line: CommandLine, archive: Path, remote: str) -> None:
    """From a storage to a storage: the lines of the plain path, and nothing half-written beside them."""
    alone = command_line("translate", archive)
    printed = command_line("translate", f"{remote}/in/")
    written = command_line("translate", f"{remote}/in", "--output", f"{remote}/out/")

    assert same(printed, alone)
    assert (written.returncode, written.stdout) == (alone.returncode, b"")
    names = [file.name for file in find_stored(f"{remote}/out")]
    assert names == ["_SUCCESS", *(f"part-{number:06}.ndjson" for number in range(len(names) - 1))]
    parts = [Stored(name, f"{remote}/out/{name}") for name in names]
    assert b"".join(_read(part) for part in parts) == alone.stdout


def _read(file: Stored) -> bytes:
    with file.open() as stream:
        return stream.read()


def test_table_is_read_by_itself_and_credentials_stay_secret(
    command_line: CommandLine, remote: str, object_storage: ObjectStorage
) -> None:
    """Parquet needs no flag; what opens the storage is nowhere."""
    with open_output(f"{remote}/tables/a.parquet") as stream:
        pq.write_table(pa.table({"id": [1, 2], "raw": pa.array([message(HDL), None], pa.binary())}), stream)
    with open_output(f"{remote}/tables/_SUCCESS"):
        pass

    done = command_line("translate", f"{remote}/tables/", "--output", f"{remote}/outcomes.parquet")

    assert (done.returncode, done.stdout) == (1, b"")
    assert object_storage.environment["AWS_SECRET_ACCESS_KEY"].encode() not in done.stderr
    table = pq.read_table(Stored("", f"{remote}/outcomes.parquet").open().__enter__())
    assert table["file"].to_pylist() == ["a.parquet#0", "a.parquet#1"]
    assert table["state"].to_pylist() == ["translated", "refused"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("ftp://lab/in",), "ftp: is no storage that is read", id="scheme"),
        pytest.param((".", "--output", "out.csv"), "end it in .ndjson or .parquet", id="form"),
        pytest.param((".", "--cluster", "127.0.0.1:1", "--jobs", "2"), "--jobs is for this machine", id="jobs"),
        pytest.param((".", "--cluster", "ray://127.0.0.1:1"), "name the head, HOST:PORT, or `auto`", id="ray-client"),
        pytest.param((".", "--cluster", "local"), "name the head, HOST:PORT, or `auto`", id="cluster-of-its-own"),
        pytest.param(("s3://",), "names no bucket; write s3://BUCKET/", id="every-bucket"),
    ],
)
def test_what_cannot_be_is_said_at_once(command_line: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, before anything is read."""
    done = command_line("translate", *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    ("absent", "flags"),
    [
        pytest.param(("daft",), ["--daft"], id="daft"),
        pytest.param(("daft", "pyarrow"), ["--output", "s3://lab/out/"], id="output"),
        pytest.param(("daft", "pyarrow"), ["--output", "nowhere/out.parquet"], id="table"),
    ],
)
def test_absent_extra_is_named(archive: Path, absent: tuple[str, ...], flags: list[str]) -> None:
    """Who has not installed the extra reads what to install."""
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r})); from translator.cli import main;"
        f"raise SystemExit(main(['translate', {str(archive)!r}, *{flags!r}]))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install '.[archive]'" in done.stderr


def test_plain_archive_needs_nothing_heavy(archive: Path) -> None:
    """Neither Daft nor Arrow is imported where they are not asked for, nor for a file of lines."""
    out = archive.parent / "out.ndjson"
    script = (
        "import sys; from translator.cli import main;"
        f"main(['translate', {str(archive)!r}, '--output', {str(out)!r}]); print(*sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert out.stat().st_size > 1000
    assert not {"daft", "ray", "pyarrow"} & {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_interrupted_work_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle: exit code 130, one line, and no output that is taken for whole."""
    (tmp_path / "in").mkdir()
    for number in range(64):
        (tmp_path / "in" / f"{number:02}.hl7").write_bytes(message(HDL) * 8000)
    command = [sys.executable, "-m", "translator", "translate", str(tmp_path / "in"), "--daft", "--output"]
    with subprocess.Popen([*command, f"{tmp_path}/out/"], stderr=subprocess.PIPE) as process:
        while not list(tmp_path.glob("out/_unfinished-*/*")):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate()

    assert (process.returncode, said.strip().splitlines()[-1]) == (130, b"translator: interrupted")
    assert [path for path in tmp_path.glob("out/**/*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(("--daft",), b"at exit\n", id="daft"),
        pytest.param((), b"at exit\ntaken down\n", id="plain"),
    ],
)
def test_process_that_used_daft_leaves_its_interpreter_as_it_is(
    archive: Path, flags: tuple[str, ...], said: bytes
) -> None:
    """Daft's threads would abort it now and then while it is taken down; what is to be done at exit is done."""
    script = (
        "import atexit, os; from translator.cli import run\n"
        "class Last:\n def __del__(self, write=os.write): write(2, b'taken down\\n')\n"
        "last = Last(); atexit.register(os.write, 2, b'at exit\\n'); run()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "translate", archive, *flags], capture_output=True, check=False
    )

    assert (done.returncode, done.stdout.count(b'"state":"translated"') > 1, done.stderr) == (1, True, said)
