"""
Find another version of the tables: in a folder, or in a revision of the git repository that they lie in.

Git is asked by a list of arguments, never through a shell, and only for what it keeps: nothing is checked out, no hook
and no filter of the repository runs. What begins with a hyphen is no revision.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translator.errors import ConfigError, Fault, TableError
from translator.mapping_files import is_table, mappings_folder, packaged_files, site_files, site_folder
from translator.translate.load import TableTexts, build_tables, read_texts
from translator.translate.load_columns import SITE_SETTINGS

WHOLE_SET = "reasons.csv"
"""What a whole set of tables has, and a site never: the closed list of reasons."""

_SITES = "sites"
_TABLES = "mappings"
_PLAIN_FILE = "100"
# What would point git somewhere else than the folder that is asked about, as the environment of a hook does.
_GIT_PLACES = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_NAMESPACE", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
})  # fmt: skip
_GIT_WORDS = {
    "LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1",
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class TableVersion(NamedTuple):
    """
    One version of the tables.

    Shape: `name` says which, for people; `remarks` what of it was not as one might expect.
    """

    name: str
    texts: TableTexts
    remarks: tuple[str, ...] = ()


class _Files(NamedTuple):
    """The files of one version, before they are read."""

    packaged: dict[str, bytes]
    site: dict[str, bytes]
    remarks: tuple[str, ...] = ()


def todays_tables(site: str) -> TableVersion:
    """
    Read the packaged tables, and those of a site over them.

    Raises: ConfigError where there is no such site; TableError with every fault.
    """
    name, files = site_files(site) if site else ("site", {})
    return TableVersion("today", _read("", _Files(packaged_files(), files), name))


def other_tables(against: str, site: str) -> TableVersion:
    """
    Read the tables of another version: of a folder where there is one of that name, else of a git revision.

    Raises: ConfigError where neither is there; TableError with every fault.
    """
    name = site_folder(site).name if site else "site"
    if against and Path(against).is_dir():
        return TableVersion(against, _read(against, _in_folder(Path(against), site), name))
    commit, files = _in_revision(against, site)
    found = _read(against, files, name)
    return TableVersion(f"{against} ({commit[:12]})", found, files.remarks)


def _read(label: str, files: _Files, site_name: str) -> TableTexts:
    try:
        texts = read_texts(files.packaged, files.site, site_name)
        build_tables(texts)
    except TableError as error:
        if not label:
            raise
        faults = [Fault(f"{label}:{fault.at}", fault.code, fault.text) for fault in error.faults]
        raise TableError(faults) from None
    return texts


def _in_folder(folder: Path, site: str) -> _Files:
    if (folder / _TABLES / WHOLE_SET).is_file():
        # A working copy of the package.
        folder /= _TABLES
    theirs = folder / _SITES / site_folder(site).name if site else folder / _SITES
    has_theirs = bool(site) and theirs.is_dir()
    if (folder / WHOLE_SET).is_file():
        own = site_files(theirs.resolve() if has_theirs else site)[1] if site else {}
        return _Files(packaged_files(folder), own)
    return _Files(packaged_files(), site_files((theirs if has_theirs else folder).resolve())[1])


def _in_revision(revision: str, site: str) -> tuple[str, _Files]:
    if revision.startswith("-") or not revision.strip() or _CONTROL.search(revision):
        raise ConfigError(f"--against: {revision!r} is neither a folder nor a name of a revision")
    folder = site_folder(site) if site else mappings_folder()
    repository = _Repository(folder)
    commit = repository.commit(revision)
    packaged, remarks = _packaged_in(repository, commit, folder)
    if not site:
        return commit, _Files(packaged, {}, remarks)
    own = {
        name: content
        for name, content in repository.files(commit, folder).items()
        if is_table(PurePosixPath(name)) or name == SITE_SETTINGS
    }
    if not own:
        remarks += (f"the site {folder.name} was not there at {revision}: compared with the packaged tables alone",)
    return commit, _Files(packaged, own, remarks)


def _packaged_in(repository: _Repository, commit: str, folder: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Take the packaged tables of a revision where they lie in the same repository, else those of today."""
    place = mappings_folder()
    if not repository.holds(place):
        return packaged_files(), ()
    found = {name: data for name, data in repository.files(commit, place).items() if is_table(PurePosixPath(name))}
    if found:
        return found, ()
    if folder == place:
        raise ConfigError("this revision has no packaged tables where they lie today; name a folder instead")
    return packaged_files(), ("the packaged tables were not there at this revision: today's are used",)


class _Repository:
    """The git repository that a folder lies in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        top = self._ask("rev-parse", "--show-toplevel", why=f"the tables in {folder} lie in no git repository")
        self._top = Path(os.fsdecode(top.removesuffix(b"\n"))).resolve()

    def holds(self, folder: Path) -> bool:
        """Tell whether a folder lies in this repository, too, and is not ignored there."""
        if not folder.resolve().is_relative_to(self._top):
            return False
        tracked = self._ask("ls-files", "-z", "--full-name", "--", str(folder.resolve()), why="git cannot list files")
        return bool(tracked)

    def commit(self, revision: str) -> str:
        """
        Name the commit that a revision stands for.

        Raises: ConfigError where it stands for none.
        """
        why = f"--against: there is no folder {revision}, and no such revision in the repository of {self._folder}"
        if self._ask("rev-parse", "--is-shallow-repository", why=why).strip() == b"true":
            why += ", which is a shallow clone: `git fetch --unshallow` gets what it lacks"
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return self._ask(*asked, why=why).decode("ascii").strip()

    def files(self, commit: str, folder: Path) -> dict[str, bytes]:
        """Give the files below a folder as they are kept in a commit, by their path below it."""
        place = folder.resolve().relative_to(self._top).as_posix()
        why = "git cannot read this revision"
        listed = self._ask("ls-tree", "-r", "-z", "--full-tree", commit, "--", place, why=why)
        below = "" if place == "." else f"{place}/"
        objects = {}
        for line in listed.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, _, name = head.decode("ascii").split(" ")
            if mode.startswith(_PLAIN_FILE):
                objects[os.fsdecode(path).removeprefix(below)] = name
        contents = self._contents(objects.values())
        return dict(zip(objects, contents, strict=True))

    def _contents(self, names: Iterable[str]) -> list[bytes]:
        asked = "".join(f"{name}\n" for name in names).encode()
        answer = memoryview(self._ask("cat-file", "--batch", why="git cannot read this revision", data=asked))
        found, place = [], 0
        for _ in range(asked.count(b"\n")):
            head = bytes(answer[place : place + 200]).partition(b"\n")[0]
            begin = place + len(head) + 1
            if head.endswith(b" missing"):
                raise ConfigError("this clone of the repository lacks files of the revision; fetch them first")
            size = int(head.split(b" ")[2])
            found.append(bytes(answer[begin : begin + size]))
            place = begin + size + 1
        return found

    def _ask(self, *arguments: str, why: str, data: bytes = b"") -> bytes:
        environment = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES} | _GIT_WORDS
        command = ["git", "-C", str(self._folder), *arguments]
        try:
            done = subprocess.run(command, input=data, capture_output=True, check=False, env=environment)  # noqa: S603
        except OSError:
            raise ConfigError("git is not installed, or cannot be run; name a folder instead of a revision") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise ConfigError(f"{why}{f' (git says: {said})' if said else ''}")
        return done.stdout
