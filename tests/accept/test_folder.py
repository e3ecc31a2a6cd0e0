"""A watched folder: taken when whole, gone only when kept, and nothing taken twice whatever happens between."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES
from tests.transmit.delivering import wait_until
from translator.accept.folder import DONE, FAILED, HELD, Filed, FolderWatcher, StoppingError
from translator.accept.folder_claims import CLAIMED, LOCK
from translator.config import parse_settings
from translator.config_intakes import DELETE, MOVE, RENAMED, SENTINEL, STABLE, FolderIntake
from translator.errors import ConfigError, LedgerError, LedgerUnavailableError
from translator.filing import take_file
from translator.intake import Tables
from translator.ledger import Ledger
from translator.sites import Sites

TABLES = Tables(Sites.load(parse_settings("")), POLICIES)


class Folder:
    """A watched folder with a ledger behind it."""

    def __init__(self, inbox: Path, ledger: Ledger) -> None:
        self.inbox = inbox
        self.ledger = ledger
        self.fails: list[Exception] = []
        self.warned: list[str] = []
        self.now = 0.0
        inbox.mkdir()

    def take(self, path: Path, name: str, key: str) -> Filed:
        """Take a file in, unless this time something fails; what fails then fails after half of the work."""
        filed = take_file(self.ledger, TABLES, "", path, name, key)
        if self.fails:
            raise self.fails.pop(0)
        return filed

    def watcher(self, **settings: object) -> FolderWatcher:
        """Watch it; files are whole at once unless said otherwise."""
        chosen = FolderIntake(str(self.inbox), **{"complete": RENAMED, "scan_s": 0.2, **settings})  # type: ignore[arg-type]
        return FolderWatcher(chosen, self.take, warn=self.warned.append, clock=lambda: self.now)

    def lay(self, name: str, *raws: bytes) -> Path:
        """Lay a file into it."""
        path = self.inbox / name
        path.write_bytes(b"".join(raws))
        return path

    @property
    def files(self) -> list[str]:
        """Every file in and below it."""
        files = (path for path in self.inbox.rglob("*") if path.is_file() and path.name != LOCK)
        return sorted(path.relative_to(self.inbox).as_posix() for path in files)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """Give an empty folder."""
    with Ledger.open(tmp_path / "lab.db") as ledger:
        yield Folder(tmp_path / "in", ledger)


GOOD = oru([Obx(HDL, "55")])
WAITS = oru([Obx(LOCAL, "1")], request=service_request(2))
TEST = oru([Obx(HDL, "55")], processing_id="T")


@pytest.mark.parametrize(
    ("raw", "done", "left"),
    [
        pytest.param(GOOD, DELETE, [], id="kept-and-deleted"),
        pytest.param(GOOD, MOVE, ["done/a.hl7"], id="kept-and-moved"),
        pytest.param(WAITS, DELETE, [], id="held-is-in-the-ledger"),
        pytest.param(WAITS, MOVE, ["held/a.hl7"], id="held-and-moved"),
        pytest.param(TEST, MOVE, ["held/a.hl7"], id="refused-and-moved"),
        pytest.param(b"stray\r" + GOOD, DELETE, ["failed/a.hl7", "failed/a.hl7.reason.txt"], id="more-than-messages"),
        pytest.param(b"", DELETE, ["failed/a.hl7", "failed/a.hl7.reason.txt"], id="empty"),
        pytest.param(b"%PDF-1.7 ...", DELETE, ["failed/a.hl7", "failed/a.hl7.reason.txt"], id="no-message"),
    ],
)
def test_file_goes_where_its_contents_say(folder: Folder, raw: bytes, done: str, left: list[str]) -> None:
    """What the ledger has may go; what it has not is kept, with a reason beside it."""
    folder.lay("a.hl7", raw)

    taken = folder.watcher(done=done).look()

    assert (taken, folder.files) == (1, left)


def test_reason_names_codes_and_places_only(folder: Folder) -> None:
    """Whoever looks after the folder learns what to do, and nothing of the patient."""
    folder.lay("Sample_Avery.hl7", b"Sample^Avery\r" + GOOD)

    folder.watcher().look()

    reason = (folder.inbox / FAILED / "Sample_Avery.hl7.reason.txt").read_text(encoding="utf-8")
    assert "malformed: line 1" in reason
    assert "Avery" not in reason


def test_same_name_twice_is_kept_twice(folder: Folder) -> None:
    """A name that comes again overwrites nothing."""
    watcher = folder.watcher(done=MOVE)
    for number in (1, 2, 3):
        folder.lay("a.hl7", oru([Obx(HDL, "55")], request=service_request(number)))
        watcher.look()

    assert folder.files == ["done/a.hl7", "done/a.hl7.2", "done/a.hl7.3"]
    assert len(folder.ledger.messages()) == 3


def test_file_that_is_named_like_a_reason_is_not_overwritten(folder: Folder) -> None:
    """A sender may call its files whatever it likes."""
    watcher = folder.watcher()
    folder.lay("a.reason.txt", b"first")
    watcher.look()
    folder.lay("a", b"second")
    watcher.look()

    kept = [path.read_bytes() for path in (folder.inbox / FAILED).iterdir()]
    assert kept.count(b"first") == kept.count(b"second") == 1


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
@pytest.mark.parametrize("raw", [GOOD, b"no message"], ids=["message", "no-message"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"M\xfcller.hl7", id="in-latin-1"),
        pytest.param(b"n" * 251 + b".hl7", id="as-long-as-can-be"),
        pytest.param("\u00fc".encode() * 127, id="of-long-letters"),
        pytest.param(b"a\nb.hl7", id="of-two-lines"),
    ],
)
def test_any_name_is_taken(folder: Folder, name: bytes, raw: bytes) -> None:
    """One odd name neither stops the others nor ends the service."""
    path = os.fsencode(folder.inbox) + b"/" + name
    with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(raw)

    taken = folder.watcher().look()

    assert (taken, os.path.lexists(path), len(folder.ledger.messages())) == (1, False, raw is GOOD)
    assert len(folder.files) == (0 if raw is GOOD else 2)


def test_file_that_cannot_be_renamed_does_not_stop_the_others(folder: Folder) -> None:
    """It is told, and tried again."""
    (folder.inbox / FAILED).write_bytes(b"where the folder of failed files should be")
    folder.lay("a.hl7", b"no message")
    folder.lay("b.hl7", GOOD)
    watcher = folder.watcher(files="*.hl7")

    with pytest.raises(OSError, match="exists"):
        watcher.look()
    (folder.inbox / FAILED).unlink()
    watcher.look()

    assert len(folder.ledger.messages()) == 1
    assert folder.files == ["failed/a.hl7", "failed/a.hl7.reason.txt"]


def test_stop_does_not_wait_for_a_large_file(folder: Folder) -> None:
    """What is left of it is taken at the next start, and nothing of it twice."""
    many = [oru([Obx(HDL, "55")], request=service_request(number), control_id=f"M{number}") for number in range(200)]
    folder.lay("a.hl7", *many)

    def take(path: Path, name: str, key: str) -> Filed:
        return take_file(folder.ledger, TABLES, "", path, name, key, lambda: True)

    with pytest.raises(StoppingError):
        FolderWatcher(FolderIntake(str(folder.inbox), complete=RENAMED), take, warn=folder.warned.append).look()
    before = len(folder.ledger.messages())
    folder.watcher().look()

    assert 0 < before < 200
    assert (len(folder.ledger.messages()), folder.files) == (200, [])


def test_same_file_again_is_a_message_again(folder: Folder) -> None:
    """A lab that sends a file anew is told in the ledger that nothing in it is new."""
    watcher = folder.watcher()
    for _ in range(2):
        folder.lay("a.hl7", GOOD)
        watcher.look()

    assert folder.ledger.balance().by_state == {"queued": 1, "duplicate": 1}


@pytest.mark.parametrize(
    "error", [LedgerUnavailableError("away"), LedgerError("disk full")], ids=["ledger-away", "disk-full"]
)
def test_file_that_was_not_kept_stays_and_is_not_kept_twice(folder: Folder, error: LedgerError) -> None:
    """It is claimed, and taken up again; what was kept of it before is known by its key."""
    folder.lay("a.hl7", GOOD, WAITS)
    folder.fails.append(error)

    with pytest.raises(LedgerError):
        folder.watcher().look()
    (claimed,) = folder.files
    again = folder.watcher().look()

    assert (claimed.startswith(f"{CLAIMED}/"), again, folder.files) == (True, 1, [])
    assert len(folder.ledger.messages()) == 2


def test_file_that_cannot_be_read_is_set_aside(folder: Folder) -> None:
    """It does not stop the others, and it is not lost."""
    folder.lay("a.hl7", GOOD)
    folder.lay("b.hl7", WAITS)
    folder.fails.append(PermissionError(13, "Permission denied"))

    watcher = folder.watcher()
    taken = watcher.look()

    assert (taken, folder.files) == (2, ["failed/a.hl7", "failed/a.hl7.reason.txt"])
    assert watcher.taken == {DONE: 0, HELD: 1, FAILED: 1}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ESTALE], ids=["too-many-open-files", "network-folder-away"])
def test_fault_that_is_not_of_the_file_sets_nothing_aside(folder: Folder, number: int) -> None:
    """The file is as good as before, so it is taken up again."""
    folder.lay("a.hl7", GOOD)
    folder.fails.append(OSError(number, os.strerror(number)))
    watcher = folder.watcher()

    with pytest.raises(OSError, match=os.strerror(number)):
        watcher.look()
    taken = watcher.look()

    assert (taken, folder.files, len(folder.ledger.messages())) == (1, [], 1)


def test_file_is_taken_when_it_was_left_alone(folder: Folder) -> None:
    """Not while it grows."""
    watcher = folder.watcher(complete=STABLE, settle_s=2.0)
    path = folder.lay("a.hl7", GOOD[:100])
    looks = [watcher.look()]
    for now, more in ((1.0, GOOD[100:]), (2.5, b"")):
        folder.now = now
        with path.open("ab") as file:
            file.write(more)
        looks.append(watcher.look())
    folder.now = 3.1
    looks.append(watcher.look())

    assert (looks, folder.ledger.balance().by_state) == ([0, 0, 0, 1], {"queued": 1})


def test_sentinel_goes_with_its_file(folder: Folder) -> None:
    """Nothing is taken before it lies there, and nothing is left."""
    watcher = folder.watcher(complete=SENTINEL)
    folder.lay("a.hl7", GOOD)
    before = watcher.look()
    folder.lay("a.hl7.ok")
    after = watcher.look()

    assert (before, after, folder.files) == (0, 1, [])


@pytest.mark.parametrize(
    ("left", "left_over"),
    [
        pytest.param(["a.hl7.ok", "a.hl7"], ["a.hl7"], id="both-were-claimed"),
        pytest.param(["a.hl7"], ["a.hl7"], id="its-sentinel-was-gone"),
        pytest.param(["a.hl7.ok"], [], id="its-sentinel-alone-was-claimed"),
    ],
)
def test_sentinel_of_a_crash_vouches_for_no_other_file(folder: Folder, left: list[str], left_over: list[str]) -> None:
    """Wherever the crash came between claiming the two, nothing is lost, and the next file of the name has to wait."""
    watcher = folder.watcher(complete=SENTINEL)
    for name in left:
        folder.lay(f"{CLAIMED}/{1:020}-{1:06}-{name}", *([] if name.endswith(".ok") else [GOOD]))
    folder.lay("a.hl7", WAITS if left_over else GOOD)

    watcher.look()
    watcher.look()

    # Of the file of before, or of the only one there is.
    assert folder.ledger.balance().by_state == {"queued": 1}
    assert folder.files == left_over


def watched(folder: Folder, act: Callable[[FolderWatcher], None]) -> FolderWatcher:
    """Let a watcher run while something happens."""
    with folder.watcher() as watcher:
        act(watcher)
    assert watcher.finished.exception() is None
    return watcher


def test_new_file_is_noticed(folder: Folder) -> None:
    """Without anybody asking; what lay there before, too."""
    folder.lay("before.hl7", GOOD)

    def act(_: FolderWatcher) -> None:
        wait_until(lambda: not (folder.inbox / "before.hl7").exists(), seconds=20)
        folder.lay("new.hl7", WAITS)
        wait_until(lambda: len(folder.ledger.messages()) == 2, seconds=20)

    watched(folder, act)

    assert folder.warned == []


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_name_in_no_charset_is_noticed_like_any_other(folder: Folder) -> None:
    """What tells of changes cannot tell of it."""

    def act(_: FolderWatcher) -> None:
        for number, name in enumerate((b"M\xfcller.hl7", b"M\xe4ller.hl7", b"a.hl7"), start=1):
            with open(os.fsencode(folder.inbox) + b"/" + name, "wb") as file:  # noqa: PTH123 - a path of bytes
                file.write(oru([Obx(HDL, "55")], request=service_request(number)))
            wait_until(lambda: len(folder.ledger.messages()) == number, seconds=20)  # noqa: B023 - it is waited for

    watched(folder, act)

    assert folder.files == []


def test_second_watcher_stands_by(folder: Folder) -> None:
    """One process at a time takes files in; where it ends, the other goes on."""
    second = folder.watcher()

    def act(_: FolderWatcher) -> None:
        folder.lay("a.hl7", GOOD)
        wait_until(lambda: len(folder.ledger.messages()) == 1, seconds=20)
        second.__enter__()
        wait_until(lambda: "stands by" in second.trouble, seconds=20)

    watched(folder, act)
    folder.lay("b.hl7", WAITS)
    wait_until(lambda: len(folder.ledger.messages()) == 2, seconds=30)
    second.__exit__(None, None, None)

    assert second.taken == {DONE: 0, HELD: 1, FAILED: 0}


def test_folder_that_vanishes_is_watched_again_when_it_is_back(folder: Folder) -> None:
    """As a network folder does; it is told once, and nothing is lost."""

    def act(watcher: FolderWatcher) -> None:
        away = folder.inbox.with_name("away")
        folder.inbox.rename(away)
        wait_until(lambda: bool(watcher.trouble), seconds=20)
        away.rename(folder.inbox)
        folder.lay("a.hl7", GOOD)
        wait_until(lambda: len(folder.ledger.messages()) == 1, seconds=30)
        wait_until(lambda: not watcher.trouble, seconds=20)

    watched(folder, act)

    assert len(folder.warned) == 1
    assert "cannot be taken" in folder.warned[0]


def test_folder_that_was_made_anew_is_watched(folder: Folder) -> None:
    """Nobody has to start the service again for it."""

    def act(watcher: FolderWatcher) -> None:
        folder.inbox.rename(folder.inbox.with_name("gone"))
        wait_until(lambda: bool(watcher.trouble), seconds=20)
        folder.inbox.mkdir()
        folder.lay("a.hl7", GOOD)
        wait_until(lambda: len(folder.ledger.messages()) == 1, seconds=30)

    watched(folder, act)


def test_folder_that_is_not_there_is_an_error_of_the_settings(folder: Folder) -> None:
    """A slip in a path must not look like a quiet day."""
    folder.inbox.rmdir()

    with pytest.raises(ConfigError, match="is not there"):
        folder.watcher()


@pytest.mark.skipif(os.name != "posix", reason="links to nowhere are made so here only")
def test_what_is_no_file_is_left_alone(folder: Folder) -> None:
    """Folders and links to nowhere."""
    (folder.inbox / "sub").mkdir()
    (folder.inbox / "link.hl7").symlink_to(folder.inbox / "nowhere")

    assert folder.watcher().look() == 0
