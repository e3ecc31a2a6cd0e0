"""
Walk the paths that a person names: files, folders and `-` for stdin.

A folder is read whole, in a stable order, without hidden files. A path that does not exist stops everything before
the first byte is read; what cannot be read is named on stderr, and the others go on. Links to folders are not
followed, since they may lead round in circles; they are named, too.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from translator.cli.output import printable, say
from translator.errors import ConfigError

STDIN = "-"


class Input(Struct, frozen=True):
    """
    One file to read.

    Shape: `name` is how it is called in outcomes: the file's name, or its path below the folder that was named, with
    a mark for bytes that are in no charset.
    """

    name: str
    path: Path | None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """
        Open for reading bytes.

        Raises: OSError where the file cannot be read.
        """
        if self.path is None:
            yield sys.stdin.buffer
            return
        with self.path.open("rb") as stream:
            yield stream


class Unread:
    """Count the files that could not be read, and name each on stderr."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, name: str, error: OSError) -> None:
        """Name one file that could not be read."""
        self.count += 1
        say(printable(f"{name}: cannot be read: {error.strerror or type(error).__name__}"))


def find_inputs(paths: Sequence[str], unread: Unread) -> list[Input]:
    """
    List every file that the paths stand for, in order.

    Raises: ConfigError for a path that does not exist, and for stdin named twice.
    """
    check_inputs(paths)
    return [found for path in paths for found in walk_input(path, unread)]


def check_inputs(paths: Sequence[str]) -> None:
    """
    See that there is something at every path, before anything is read.

    Raises: ConfigError for a path that does not exist, and for stdin named twice.
    """
    if paths.count(STDIN) > 1:
        raise ConfigError("`-` (stdin) can be read only once")
    missing = [path for path in paths if path != STDIN and not os.path.lexists(path)]
    if missing:
        raise ConfigError("\n".join(f"{path}: there is no such file or folder" for path in missing))


def walk_input(path: str, unread: Unread) -> Iterator[Input]:
    """List every file that one path stands for, in order; what is none is told."""
    if path == STDIN:
        yield Input(STDIN, None)
    elif Path(path).is_dir():
        yield from _walk(Path(path), unread)
    else:
        yield Input(_written(Path(path).name), Path(path))


def _walk(folder: Path, unread: Unread) -> Iterator[Input]:
    def note(error: OSError) -> None:
        unread.note(_written(str(error.filename)), error)

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in [*links, *sorted(name for name in files if not name.startswith("."))]:
            found = Path(place, name)
            called = _written(found.relative_to(folder).as_posix())
            try:
                _check_file(found)
            except OSError as error:
                unread.note(called, error)
            else:
                yield Input(called, found)


def _check_file(path: Path) -> None:
    """
    See that a path leads to a file.

    Raises: OSError where it does not.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "a link to a folder is not followed; name it as a path of its own")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "this is no file")


def _written(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
