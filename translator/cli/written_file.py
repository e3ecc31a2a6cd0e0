"""Write a file that a person named: whole or not at all, and what must not be overwritten is not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translator.errors import ConfigError


def check_new(path: Path) -> Path:
    """
    See that nothing would be overwritten.

    Raises: ConfigError where something is there.
    """
    if os.path.lexists(path):
        text = f"{path}: is there already, and is not overwritten; name another file, or put this one away"
        raise ConfigError(text)
    return path


def write_new(path: Path, text: str) -> None:
    """
    Write a file that is not there yet, with the folders above it.

    Raises: ConfigError where something is there by now, or it cannot be written.
    """
    # A link is made only where nothing is; a file that is moved would overwrite what came meanwhile.
    with _beside(path, text) as written:
        os.link(written, check_new(path))


def write_over(path: Path, text: str) -> None:
    """
    Write a file in place of what was there.

    Raises: ConfigError where it cannot be written.
    """
    with _beside(path, text) as written:
        written.replace(path)


@contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """Write the text to a file of its own in the same folder, which is gone afterwards."""
    written: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            written = Path(file.name)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        yield written
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or type(error).__name__}"
        raise ConfigError(message) from error
    finally:
        if written is not None:
            written.unlink(missing_ok=True)
