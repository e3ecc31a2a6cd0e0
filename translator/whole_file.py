"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from translator.errors import ConfigError


def write_whole(path: Path, data: bytes) -> None:
    """
    Put new bytes in the place of a file; whoever reads meanwhile sees the old ones or the new ones.

    Shape: a link stays one, and the file that it leads to is written.
    Raises: ConfigError where the folder or the file cannot be written; the old file is then as it was.
    """
    path = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _mode(path: Path) -> int:
    """The rights of the file that is replaced, or those of a new file."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
