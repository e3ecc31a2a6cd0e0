"""
Check what TOML, a variable or a flag gives for a setting; the latter two give text.

A check raises ValueError with a text that does not repeat the value.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, structs

from translator.config_lab import SCHEMES
from translator.secrets import Secret, parse_secret


class Key(Struct, frozen=True):
    """
    One setting.

    Shape: `kind` is the word of docs/settings.md; `path` tells a value that may be a path, or several. `rows` are the
    keys of each table where the value is a list of tables, `is_required` says that such a table must have this one.
    """

    name: str
    kind: str
    check: Callable[[object], Any]
    default: Any
    meaning: str
    path: bool = False
    is_required: bool = False
    rows: tuple[Key, ...] = ()

    def from_file(self, value: object) -> Any:
        """
        Check a value of a settings file, where a number or a flag needs no quotes; a variable has nothing but text.

        Raises: ValueError that says what may stand there.
        """
        return self.check(_QUOTED if isinstance(value, str) and self.is_plain else value)

    @property
    def is_plain(self) -> bool:
        """Whether the setting is a number, or true or false."""
        return isinstance(self.default, int | float) or self.check in (calls, ratio)

    def based(self, value: Any, folder: str) -> Any:
        """Make a relative path of a settings file relative to that file's folder."""
        if self.rows:
            return tuple(self._row_based(row, folder) for row in value)
        if self.path and isinstance(value, tuple):
            return tuple(self.based(one, folder) for one in value)
        if isinstance(value, Secret) and value.reference.startswith("file:"):
            return Secret(f"file:{PurePath(folder, value.reference.removeprefix('file:'))}")
        if self.path and value and "://" not in value and _looks_like_path(self.name, value):
            return str(PurePath(folder, value))
        return value

    def _row_based(self, row: Struct, folder: str) -> Struct:
        return structs.replace(row, **{key.name: key.based(getattr(row, key.name), folder) for key in self.rows})


# What no check of a number or a flag takes.
_QUOTED = object()


def _looks_like_path(name: str, value: str) -> bool:
    # A bare site name means a packaged site; a bare ledger name means a file.
    return name not in {"site", "sites", "api.site"} or bool(re.search(r"[/\\]|^\.", value))


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine by `localhost` or a loopback address. (pure)"""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def text(value: object) -> str:
    """Check text."""
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def filled_text(value: object) -> str:
    """Check text that says something."""
    if not text(value).strip():
        raise ValueError("must not be empty")
    return text(value)


def address(value: object) -> str:
    """Check a host and a port to listen on."""
    host, colon, port = text(value).rpartition(":")
    is_number = port.isascii() and port.isdecimal() and len(port) <= len("65535")
    if not colon or not host or not is_number or int(port) > _LAST_PORT:
        raise ValueError("must be a host and a port such as `127.0.0.1:8780`; port 0 takes a free one")
    return text(value)


def address_or_nothing(value: object) -> str:
    """Check a host and a port to listen on, if there are any."""
    return "" if value == "" else address(value)


def url(value: object) -> str:
    """Check a URL without credentials."""
    parts = urlsplit(text(value))
    is_plain = text(value).isprintable() and " " not in text(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise ValueError("must be a URL such as `https://host/path`")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"the port of a URL must be a number from 1 to {_LAST_PORT}")
    if "@" in parts.netloc:
        raise ValueError("a URL must not carry credentials; use the secrets beside it")
    return text(value).rstrip("/")


def url_or_nothing(value: object) -> str:
    """Check a URL that may be left out."""
    return "" if value == "" else url(value)


def secret(value: object) -> Secret:
    """Check where a secret is."""
    return parse_secret(text(value))


def secret_or_nothing(value: object) -> Secret | None:
    """Check where a secret is, if there is one."""
    return None if value == "" else secret(value)


def codes(value: object) -> tuple[str, ...]:
    """Check a list of codes."""
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError('must be a list of WHOOP codes such as `["TSH", "ALT"]`, or "all"')
    return tuple(words)


def texts(value: object) -> tuple[str, ...]:
    """Check a list of texts; in a variable or flag they are parted by commas."""
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError("must be a list of texts in quotes")
    return tuple(words)


class UpTo(Struct, frozen=True):
    """A check for a whole number from 1 to `most`."""

    most: int

    def __call__(self, value: object) -> int:
        """Check a value."""
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= self.most:
            raise ValueError(f"must be a whole number from 1 to {self.most}")
        return number


def number_up_to(most: int) -> UpTo:
    """Make a check for a whole number from 1 to `most`."""
    return UpTo(most)


def seconds(value: object) -> float:
    """Check a time in seconds."""
    number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number <= LONGEST_S:
        raise ValueError(f"must be a number of seconds, more than 0 and at most {LONGEST_S}")
    return float(number)


def calls(value: object) -> int:
    """Check a number of calls."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("must be a whole number of calls, 0 for no limit")
    return number


def ratio(value: object) -> float | None:
    """Check a part of a whole; an empty text says nothing."""
    if value == "":
        return None
    number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= 1:
        raise ValueError("must be a number from 0 to 1")
    return float(number)


def lab(value: object) -> str:
    """Check a folder, or the address of an MLLP receiver."""
    parts = urlsplit(text(value))
    if "://" not in str(value):
        return str(value)
    try:
        is_whole = parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        is_whole = False
    if not is_whole or parts.path:
        raise ValueError("must be a folder, or an address such as `mllp://host:2575` or `mllps://host:2575`")
    return str(value)


def networks(value: object) -> tuple[str, ...]:
    """Check a list of networks or single addresses."""
    words = [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value
    try:
        if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
            return tuple(str(ipaddress.ip_network(word, strict=False)) for word in words)
    except ValueError:
        pass
    raise ValueError('must be a list of networks such as `["203.0.113.0/24"]`')


class OneOf(Struct, frozen=True):
    """A check for a word of a list."""

    words: tuple[str, ...]

    def __call__(self, value: object) -> str:
        """Check a value."""
        if value not in self.words:
            raise ValueError("must be " + " or ".join(f"`{word}`" for word in self.words))
        return str(value)


def one_of(*words: str) -> OneOf:
    """Make a check for a word of a list."""
    return OneOf(words)


def flag(value: object) -> bool:
    """Check a yes or no."""
    word = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(word, bool):
        raise ValueError("must be true or false")
    return word


def command(value: object) -> tuple[str, ...]:
    """Check a program and its arguments."""
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError(
            'must be a list of a program and its arguments such as `["mail", "-s", "translator", "it@lab"]`'
        )
    return tuple(words)


def hours(value: object) -> float:
    """Check a time in hours."""
    number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= LONGEST_H:
        raise ValueError(f"must be a number of hours from 0 to {LONGEST_H}")
    return float(number)


on_unknown = one_of("hold", "resend")
RESUBMIT = ("changes", "full")
LONGEST_H = 8760
LONGEST_S = 600
_LAST_PORT = 65_535
PORT = "(0*[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\],]+)"
