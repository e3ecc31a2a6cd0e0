"""
Tell people of what waits too long: per cause, counted, and not twice.

A notice says what kind of thing waits, for which cause, how much of it and since when, and which command shows it.
There is nothing of a patient in it. Where telling fails, the cause is told again next time.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from translator.config import NotifySettings
from translator.errors import LedgerUnavailableError
from translator.ledger import Ageing, Ledger

SCHEMA = "translator.notice/1"
COMMAND_S = 30.0
WEBHOOK_S = 10.0
LOOK_S = 60.0
"""How often a service looks whether somebody is to be told of something."""

_MICROSECONDS_PER_HOUR = 3_600_000_000

HINTS: Mapping[str, str] = {
    "held": "translator held list --cause {cause}",
    "unknown": "translator unknown list",
    "queued": "translator submit, or look whether the service runs",
    "paused": "mend the credentials or the URL, then translator ledger resume {code}",
}


class Notice(Struct, frozen=True):
    """What is told of one cause; `since` is when the oldest of it began to wait."""

    schema: str
    kind: str
    cause: str
    code: str
    count: int
    since: str
    hint: str

    @property
    def line(self) -> str:
        """The notice as a line for people."""
        code = f" ({self.code})" if self.code else ""
        return f"{self.count} {self.kind}: {self.cause}{code}, since {self.since}; {self.hint}"


class Told(Struct, frozen=True):
    """What was told, and what went wrong with the telling; `troubles` hold no text of others."""

    notices: list[Notice]
    troubles: list[str]


def due(ageing: Iterable[Ageing], told: Mapping[str, int], settings: NotifySettings, now: int) -> Iterator[Ageing]:
    """Choose the causes of which somebody is to be told now. (pure)"""
    after = {"held": settings.held_after_h, "unknown": settings.unknown_after_h, "queued": settings.queued_after_h}
    # Nothing mends itself where a vendor refuses access, so nobody waits to be told.
    after["paused"] = 0.0
    for one in ageing:
        is_old = now - one.since >= after[one.kind] * _MICROSECONDS_PER_HOUR
        last = told.get(one.name)
        # A clock that was set back must not keep anybody from being told.
        is_new = last is None or not 0 <= now - last < settings.repeat_after_h * _MICROSECONDS_PER_HOUR
        if is_old and is_new:
            yield one


def notify(ledger: Ledger, settings: NotifySettings, log: Callable[[str], None]) -> Told:
    """
    Tell of every cause that is due, by every way that is set, and remember what was told.

    Shape: `log` hears the lines where the settings say so.
    """
    ways = list(_ways(settings, log))
    if not ways:
        return Told([], [])
    notices = ledger.notices()
    standing = notices.ageing()
    chosen = list(due(standing, notices.told(), settings, notices.now()))
    troubles: list[str] = []
    told = []
    for one in chosen:
        failed = [trouble for way in ways if (trouble := way(_notice(one)))]
        troubles += failed
        if not failed:
            told.append(one)
    notices.remember(told, standing)
    return Told([_notice(one) for one in told], list(dict.fromkeys(troubles)))


def serve_notices(
    ledger: Ledger,
    settings: NotifySettings,
    *,
    stop: threading.Event,
    warn: Callable[[str], None],
    every_s: float = LOOK_S,
) -> None:
    """
    Tell of what waits too long, again and again until the stop.

    Units: `every_s` in seconds.
    """
    known: list[str] = []
    while True:
        try:
            troubles = notify(ledger, settings, warn).troubles
        except LedgerUnavailableError:
            # Delivery tells of that; what is due is told when the database is back.
            troubles = known
        for trouble in troubles:
            if trouble not in known:
                warn(trouble)
        known = troubles
        if stop.wait(every_s):
            return


def _notice(one: Ageing) -> Notice:
    since = datetime.fromtimestamp(one.since / 1_000_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    kind = "rejected" if one.cause == "vendor-refused" else one.kind
    hint = HINTS[one.kind].format(cause=one.cause, code=one.code).replace("unknown list", f"{kind} list")
    return Notice(SCHEMA, kind, one.cause, one.code, one.count, since, hint)


def _ways(settings: NotifySettings, log: Callable[[str], None]) -> Iterator[Callable[[Notice], str]]:
    """Give every way of telling that is set; each gives what went wrong, or nothing."""
    if settings.log:
        yield lambda notice: _say(log, notice)
    if settings.command:
        yield lambda notice: _run(settings.command, notice)
    if settings.webhook:
        yield lambda notice: _post(settings.webhook, notice)


def _say(log: Callable[[str], None], notice: Notice) -> str:
    log(notice.line)
    return ""


def _run(command: tuple[str, ...], notice: Notice) -> str:
    data = msgspec.json.encode(notice) + b"\n"
    try:
        done = subprocess.run(  # noqa: S603 - the site's own command, without a shell
            command, input=data, capture_output=True, check=False, timeout=COMMAND_S
        )
    except subprocess.TimeoutExpired:
        return f"the command of notify did not end within {COMMAND_S:.0f} s"
    except OSError as error:
        return f"the command of notify cannot be run: {error.strerror}"
    return f"the command of notify ended with {done.returncode}" if done.returncode else ""


def _post(url: str, notice: Notice) -> str:
    import httpx  # noqa: PLC0415 - only here, and heavy

    try:
        answer = httpx.post(
            url,
            content=msgspec.json.encode(notice),
            headers={"Content-Type": "application/json"},
            timeout=WEBHOOK_S,
        )
    except httpx.HTTPError as error:
        return f"the webhook of notify cannot be reached: {type(error).__name__}"
    return "" if answer.is_success else f"the webhook of notify answered {answer.status_code}"
