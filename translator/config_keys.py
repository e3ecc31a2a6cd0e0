"""
List every setting: its name, what it may be, what it is when nobody says, and what it means.

A check takes what TOML, a variable or a flag gives (the latter two give text) and raises ValueError with a text that
does not repeat the value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from translator.secrets import Secret, parse_secret


class Key(Struct, frozen=True):
    """
    One setting.

    Shape: `kind` is the word of docs/settings.md; `path` tells a value that may be a path.
    """

    name: str
    kind: str
    check: Callable[[object], Any]
    default: Any
    meaning: str
    path: bool = False

    def based(self, value: Any, folder: str) -> Any:
        """Make a relative path of a settings file relative to that file's folder."""
        if isinstance(value, Secret) and value.reference.startswith("file:"):
            return Secret(f"file:{PurePath(folder, value.reference.removeprefix('file:'))}")
        if self.path and value and "://" not in value and _looks_like_path(self.name, value):
            return str(PurePath(folder, value))
        return value


def _looks_like_path(name: str, value: str) -> bool:
    # A bare site name means a packaged site; a bare ledger name means a file.
    return name != "site" or bool(re.search(r"[/\\]|^\.", value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def _filled_text(value: object) -> str:
    if not _text(value).strip():
        raise ValueError("must not be empty")
    return _text(value)


def _address(value: object) -> str:
    host, colon, port = _text(value).rpartition(":")
    if not colon or not host or not port.isdecimal() or len(port) > len("65535") or int(port) > _LAST_PORT:
        raise ValueError("must be a host and a port such as `127.0.0.1:8780`; port 0 takes a free one")
    return _text(value)


def _url(value: object) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a URL such as `https://host/path`")
    if parts.username or parts.password:
        raise ValueError("a URL must not carry credentials; use the secrets beside it")
    return _text(value).rstrip("/")


def _url_or_nothing(value: object) -> str:
    return _url(value) if value else ""


def _secret(value: object) -> Secret:
    return parse_secret(_text(value))


def _secret_or_nothing(value: object) -> Secret | None:
    return _secret(value) if value else None


def _codes(value: object) -> tuple[str, ...]:
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError('must be a list of WHOOP codes such as `["TSH", "ALT"]`, or "all"')
    return tuple(words)


def _count(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _MOST_WORKERS:
        raise ValueError(f"must be a whole number from 1 to {_MOST_WORKERS}")
    return number


def _seconds(value: object) -> float:
    number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number <= _LONGEST_S:
        raise ValueError(f"must be a number of seconds, more than 0 and at most {_LONGEST_S}")
    return float(number)


def _calls(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("must be a whole number of calls, 0 for no limit")
    return number


def _on_unknown(value: object) -> str:
    if value not in ON_UNKNOWN:
        raise ValueError("must be `hold` or `resend`")
    return str(value)


def _one_of(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in words:
            raise ValueError("must be " + " or ".join(f"`{word}`" for word in words))
        return str(value)

    return check


def _flag(value: object) -> bool:
    word = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(word, bool):
        raise ValueError("must be true or false")
    return word


def _command(value: object) -> tuple[str, ...]:
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError(
            'must be a list of a program and its arguments such as `["mail", "-s", "translator", "it@lab"]`'
        )
    return tuple(words)


def _hours(value: object) -> float:
    number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= _LONGEST_H:
        raise ValueError(f"must be a number of hours from 0 to {_LONGEST_H}")
    return float(number)


ON_UNKNOWN = ("hold", "resend")
RESUBMIT = ("changes", "full")
_LONGEST_H = 8760
_MOST_WORKERS = 64
_LONGEST_S = 600
_LAST_PORT = 65_535

KEYS: tuple[Key, ...] = (
    Key(
        "site",
        "name or folder",
        _text,
        "",
        "Whose tables override the packaged ones: a packaged site's name, or a folder with `site.toml`.",
        path=True,
    ),
    Key(
        "ledger",
        "path or URL",
        _filled_text,
        "translator.db",
        "The ledger: a SQLite file, or a database URL. It holds patient data.",
        path=True,
    ),
    Key(
        "ledger_key",
        "secret",
        _secret_or_nothing,
        None,
        "The key that encrypts messages, patients and correlations in the ledger; `translator ledger key create PATH` "
        "makes one. Keep a copy elsewhere: without it they are lost.",
    ),
    Key(
        "listen",
        "host and port",
        _address,
        "127.0.0.1:8780",
        "Where `translator run` takes webhooks. Vendors call over TLS: a proxy in front of it ends that, and knows "
        "who may call, since Acurable publishes no signature.",
    ),
    Key(
        "whoop.url",
        "URL",
        _url,
        "https://api.prod.whoop.com/developer",
        "Where WHOOP is; `/v2/partner/...` follows it. A loopback address means the sandbox.",
    ),
    Key("whoop.client_id", "secret", _secret, Secret("env:WHOOP_CLIENT_ID"), "The partner's client id."),
    Key("whoop.client_secret", "secret", _secret, Secret("env:WHOOP_CLIENT_SECRET"), "The partner's client secret."),
    Key(
        "whoop.webhook_secret",
        "secret",
        _secret,
        Secret("env:WHOOP_WEBHOOK_SECRET"),
        "The key that WHOOP signs its webhooks with.",
    ),
    Key(
        "whoop.confirmed_codes",
        'list, or "all"',
        _codes,
        (),
        "WHOOP codes that the vendor does not publish and that you have confirmed with it. Until then a report "
        "with such a code is held `code-unconfirmed`, unless WHOOP is the sandbox.",
    ),
    Key("whoop.workers", "1 to 64", _count, 4, "How many lanes are delivered at a time."),
    Key("whoop.timeout_s", "seconds", _seconds, 30.0, "How long an answer may take before the outcome is `unknown`."),
    Key(
        "whoop.on_unknown",
        "hold or resend",
        _on_unknown,
        "hold",
        "What becomes of a call that WHOOP may or may not have processed: `hold` waits for a person, `resend` sends "
        "it again, and WHOOP may then have a result twice.",
    ),
    Key(
        "whoop.calls_per_minute",
        "calls",
        _calls,
        None,
        "The most calls in any minute, of all processes together; a tenth is kept for corrections. Without a word: "
        "100 as WHOOP documents, no limit for the sandbox. 0: no limit.",
    ),
    Key(
        "whoop.calls_per_day",
        "calls",
        _calls,
        None,
        "The most calls in any 24 hours, likewise. Without a word: 10000, no limit for the sandbox. 0: no limit.",
    ),
    Key(
        "whoop.resubmit",
        "changes or full",
        _one_of(*RESUBMIT),
        "changes",
        "What a correction or a later report sends: only what is new or changed, or the whole report again.",
    ),
    Key(
        "whoop.workflow",
        "true or false",
        _flag,
        True,  # noqa: FBT003 - the default
        "Whether the workflow status of an order (`task_business_status`) is kept along with its results.",
    ),
    Key(
        "whoop.confirm",
        "fetched or by-hand",
        _one_of("fetched", "by-hand"),
        "fetched",
        "When a service request is set to `ORDER_CONFIRMED`: once its requisition was fetched, or when a person says "
        "so (`translator requisitions confirm`).",
    ),
    Key("acurable.url", "URL", _url_or_nothing, "", "Where Acurable is; the vendor names it per environment."),
    Key(
        "acurable.issuer",
        "URL",
        _url_or_nothing,
        "",
        "The OpenID Connect issuer of Acurable's tokens; `/.well-known/openid-configuration` follows it. Without a "
        "word: `acurable.url`.",
    ),
    Key("acurable.scope", "text", _text, "", "The scope that a token is asked for, where the vendor names one."),
    Key("acurable.audience", "text", _text, "", "The audience that a token is asked for, where the vendor names one."),
    Key("acurable.client_id", "secret", _secret, Secret("env:ACURABLE_CLIENT_ID"), "The client id at Acurable."),
    Key(
        "acurable.client_secret",
        "secret",
        _secret,
        Secret("env:ACURABLE_CLIENT_SECRET"),
        "The client secret at Acurable.",
    ),
    Key(
        "acurable.on_unknown",
        "hold or resend",
        _on_unknown,
        "resend",
        "The same for Acurable, which answers 409 to an order that it already has.",
    ),
    Key("acurable.workers", "1 to 64", _count, 2, "How many orders are delivered at a time."),
    Key("acurable.timeout_s", "seconds", _seconds, 30.0, "As for WHOOP."),
    Key(
        "acurable.calls_per_minute",
        "calls",
        _calls,
        None,
        "The most calls in any minute, of all processes together. Without a word: no limit, since none is published.",
    ),
    Key("acurable.calls_per_day", "calls", _calls, None, "The most calls in any 24 hours, likewise."),
    Key("notify.log", "true or false", _flag, False, "Whether alerts about what ages are written to stderr."),  # noqa: FBT003 - the default
    Key(
        "notify.command",
        "program and arguments",
        _command,
        (),
        "A program that is run for each alert; it gets the alert as JSON on its standard input.",
    ),
    Key("notify.webhook", "URL", _url_or_nothing, "", "Where each alert is posted as JSON."),
    Key("notify.held_after_h", "hours", _hours, 24.0, "After how long something held is worth an alert; 0: at once."),
    Key("notify.unknown_after_h", "hours", _hours, 0.0, "The same for what is unknown or was rejected."),
    Key("notify.queued_after_h", "hours", _hours, 1.0, "The same for what is queued and not sent."),
    Key("notify.repeat_after_h", "hours", _hours, 24.0, "After how long a cause that still stands is told again."),
)
