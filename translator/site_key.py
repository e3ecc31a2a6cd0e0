"""Make the key that a site keeps outside its ledger: 32 random bytes, written as one line of text."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from translator.errors import ConfigError

KEY_BYTES = 32
KEY_MARK = "translator-key-1:"


def new_key() -> str:
    """Make the text of a new key."""
    return KEY_MARK + base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def write_key(path: Path) -> str:
    """
    Make a key, write it to a new file that only its owner can read, and give its text; an existing file is left alone.

    Raises: ConfigError where the file cannot be made.
    """
    text = new_key()
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise ConfigError(f"{path}: there is a file already; a key is never overwritten, name another file") from None
    except OSError as error:
        raise ConfigError(f"{path}: the key cannot be written: {error.strerror}") from None
    return text
