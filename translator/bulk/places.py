"""
Read and write where an archive lies: on a path of this machine, or at a URL of an object storage.

Who we are is told to the storage by the environment alone (`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, `AWS_ENDPOINT_URL`), in
every process that reads there.
"""

from __future__ import annotations

import errno
import functools
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Struct

from translator.errors import ConfigError

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

PARQUET = ".parquet"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_STORAGE = "s3"
# What the storage said, without the names and addresses that stand around it.
_SAID = re.compile(r"(?:AWS Error )([A-Z_]+)|(?:ExceptionName: )(\w+)")
_LOOK_AT = {
    "NETWORK_CONNECTION": "AWS_ENDPOINT_URL and the network",
    "ACCESS_DENIED": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and what they may read",
}
# As much is read in one call; every call to an object storage is a way there and back.
_READ_BYTES = 8 << 20
AT_ONCE_BYTES = 64 << 20


class Stored(Struct, frozen=True):
    """
    One file of an archive, wherever it lies.

    Shape: `name` is how it is called in outcomes; `place` an absolute path or a URL. `is_here` tells that only the
    process that shares out can read it, and only once: stdin, or another pipe.
    Units: `size` in bytes.
    Absent: `place` is empty for stdin, whose size is not known.
    """

    name: str
    place: str
    size: int = 0
    is_here: bool = False

    @property
    def is_parquet(self) -> bool:
        """Tell a file of Parquet by its name."""
        return self.name.lower().endswith(PARQUET)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """
        Open for reading bytes.

        Raises: OSError where it cannot be read.
        """
        if not self.place:
            yield sys.stdin.buffer
            return
        if not is_url(self.place):
            with Path(self.place).open("rb") as stream:
                yield stream
            return
        with _plainly(), open_input(self.place) as remote:
            if self.size <= AT_ONCE_BYTES:
                yield io.BytesIO(remote.read())
            else:
                yield cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", remote), _READ_BYTES))


def is_url(place: str) -> bool:
    """Tell a URL from a path."""
    return bool(_URL.match(place))


def as_path(place: str) -> str:
    """Give the path that a `file:` URL stands for; whatever else a place is stays as it is."""
    url = urlsplit(place) if is_url(place) else None
    return url2pathname(url.path) if url and url.scheme.lower() == "file" else place


def find_stored(url: str) -> list[Stored]:
    """
    List the file at a URL, or every file below it, in the order in which a folder is walked.

    Raises: ConfigError where nothing is there or the storage says no.
    """
    from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - only for storages

    filesystem, path = _at(url)
    try:
        found = filesystem.get_file_info(path)
        if found.type == FileType.File:
            return [Stored(found.base_name, url, found.size)]
        below = filesystem.get_file_info(FileSelector(path, recursive=True)) if found.type == FileType.Directory else []
    except OSError as error:
        raise ConfigError(f"{url}: cannot be read: {_why(error)}") from None
    files = [each for each in below if each.type == FileType.File]
    if not files:
        raise ConfigError(f"{url}: there is no such file or folder")
    named = sorted((_way(each, path), each.size) for each in files)
    shown = [("/".join(word for _, word in way), size) for way, size in named if not _is_hidden(way)]
    base = url.rstrip("/")
    return [Stored(name, f"{base}/{name}", size) for name, size in shown]


def open_input(place: str) -> BinaryIO:
    """Open a file of a storage, to be read from anywhere."""
    filesystem, path = _at(place)
    return cast("BinaryIO", filesystem.open_input_file(path))


def make_folder(place: str) -> None:
    """
    Make a folder with those above it; an object storage has none, and needs none.

    Raises: OSError where that cannot be done.
    """
    if not is_url(place):
        Path(place).mkdir(parents=True, exist_ok=True)


@contextmanager
def open_output(place: str) -> Iterator[BinaryIO]:
    """
    Open a file for writing, in a folder that is there.

    Raises: OSError where it cannot be written.
    """
    if not is_url(place):
        with Path(place).open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        return
    filesystem, path = _at(place)
    with _plainly(), filesystem.open_output_stream(path) as remote:
        yield cast("BinaryIO", remote)


def move(place: str, to: str) -> None:
    """
    Give a file its last name, in place of what was there.

    Raises: OSError where that cannot be done.
    """
    if not is_url(place):
        Path(place).replace(to)
        return
    filesystem, path = _at(place)
    with _plainly():
        filesystem.move(path, _at(to)[1])


def remove(place: str) -> None:
    """
    Remove a file, or a folder with all that is in it; nothing where nothing is.

    Raises: OSError where that cannot be done.
    """
    if not is_url(place):
        path = Path(place)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return
    from pyarrow.fs import FileType  # noqa: PLC0415 - only for storages

    filesystem, path_there = _at(place)
    with _plainly():
        kind = filesystem.get_file_info(path_there).type
        if kind == FileType.File:
            filesystem.delete_file(path_there)
        elif kind == FileType.Directory:
            filesystem.delete_dir(path_there)


def is_taken(place: str, but: str = "") -> bool:
    """
    Tell whether a file, or anything in a folder, is there.

    Shape: what is called `but...` in a folder does not count.
    Raises: ConfigError where the storage does not say.
    """
    if not is_url(place):
        local = Path(place)
        return any(_counts(path.name, but) for path in local.iterdir()) if local.is_dir() else os.path.lexists(local)
    from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - only for storages

    filesystem, path = _at(place)
    try:
        kind = filesystem.get_file_info(path).type
        below = filesystem.get_file_info(FileSelector(path)) if kind == FileType.Directory else []
        return kind == FileType.File or any(_counts(each.base_name, but) for each in below)
    except OSError as error:
        raise ConfigError(f"{place}: cannot be looked at: {_why(error)}") from None


def check_url(url: str) -> None:
    """
    See that a URL is of a storage that is read.

    Raises: ConfigError where it is not, or where it holds a secret.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if "@" in parts.netloc:
        raise ConfigError("a URL holds no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
    if scheme not in {_STORAGE, "file"}:
        raise ConfigError(f"{parts.scheme}: is no storage that is read: s3 or file")
    if scheme == _STORAGE and not parts.netloc:
        raise ConfigError(f"{url}: names no bucket; write s3://BUCKET/...")
    if scheme == _STORAGE and find_spec("pyarrow") is None:
        raise ConfigError(f"{url}: this needs pyarrow: pip install '.[archive]' in translator's folder")


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what a storage's library raises into what the system would say."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and not isinstance(error, FileNotFoundError):
            raise
        raise OSError(error.errno or errno.EIO, _why(error)) from None


def _counts(name: str, but: str) -> bool:
    return not (but and name.startswith(but))


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return os.strerror(errno.ENOENT)
    found = _SAID.search(str(error))
    if not found:
        return error.strerror or type(error).__name__
    said = found[1] or found[2]
    return f"the storage says {said}" + (f"; look at {_LOOK_AT[said]}" if said in _LOOK_AT else "")


def _at(url: str) -> tuple[FileSystem, str]:
    parts = urlsplit(url)
    filesystem, root = _storage(parts.scheme.lower(), parts.netloc)
    # As it stands: a key may hold whatever a URL may not.
    path = url.split("://", 1)[1].partition("/")[2]
    return filesystem, f"{root.rstrip('/')}/{path}".rstrip("/")


@functools.lru_cache(maxsize=8)
def _storage(scheme: str, container: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FileSystem  # noqa: PLC0415 - only for storages

    check_url(f"{scheme}://{container}")
    try:
        return cast("tuple[FileSystem, str]", FileSystem.from_uri(f"{scheme}://{container}"))
    except (OSError, ValueError) as error:
        why = _why(error) if isinstance(error, OSError) else "this is no URL of a storage"
        raise ConfigError(f"{scheme}://{container}: cannot be reached: {why}") from None


def _way(info: FileInfo, root: str) -> tuple[tuple[int, str], ...]:
    """Part a path below a folder, so that it sorts as a folder is walked: its files, then its folders."""
    *folders, name = info.path.removeprefix(root).lstrip("/").split("/")
    return (*((1, folder) for folder in folders), (0, name))


def _is_hidden(way: tuple[tuple[int, str], ...]) -> bool:
    return any(word.startswith(".") for _, word in way)
