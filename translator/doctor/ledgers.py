"""Check the ledger: whether it can be used, what room it has, what waits in it, and what may still be called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from translator.config import Settings
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined, size_text, span_text
from translator.ledger import EVERY, Ledger, RateUse
from translator.ledger.inspection import Place, inspect_place
from translator.vendors import DESTINATIONS, rate_budget

CALLS_PER_REQUEST = 4
"""Confirmation, results, `PARTIAL_RESULTS_READY`, `FULL_RESULTS_READY`: the most that one service request costs."""

LOG_BYTES = 64 << 20
"""The write-ahead log is copied back at 16 MiB; a long reader lets it grow for a while."""

LEAST_FREE = 1 << 30
FEW_LEFT = 0.1
_US = 1_000_000


def ledger(examined: Examined) -> Iterator[Diagnosis]:
    """Check that the ledger is there, is ours and can be written, and that its disk has room."""
    examined.began("ledger")
    settings = examined.settings
    if is_file(settings) and not Path(settings.ledger).exists():
        folder = Path(settings.ledger).parent
        if not folder.is_dir():
            yield Diagnosis("ledger", FAIL, f"its folder is not there: {folder}", "create it, or mend `ledger`")
            return
        yield Diagnosis("ledger", WARN, "there is none yet", "the first `translator run` or `submit` creates it")
        yield _room(examined, folder, 0, 0)
        return
    place = inspect_place(settings.ledger)
    yield _version(place)
    if place.path is not None:
        yield _room(examined, place.path.parent, place.size, place.log)


def account(examined: Examined) -> Iterator[Diagnosis]:
    """Check what waits in the ledger, and for whom."""
    if not is_usable(examined.settings):
        return
    with closing(Ledger.open(examined.settings.ledger, key=examined.settings.ledger_key)) as opened:
        meters = opened.meters()
        yield from _waiting(opened, examined.settings)
        held = sum(meters.held().values())
        yield Diagnosis("held", OK, f"{held} held", "`translator held list` shows them by cause" if held else "")
        if opened.cluster().is_set_up:
            # Who delivers then, says the check of the hosts.
            return
        with opened.delivery_lock() as is_free:
            text = "no process delivers from it now" if is_free else "a translator delivers from it"
        yield Diagnosis("delivery", OK, text)


def budgets(examined: Examined) -> Iterator[Diagnosis]:
    """Say what each vendor may still be called, and whether it is paused."""
    settings = examined.settings
    uses: dict[str, list[RateUse]] = {}
    if is_usable(settings):
        with closing(Ledger.open(settings.ledger, key=settings.ledger_key)) as opened:
            uses = {name: opened.destinations().rate_use(name) for name in DESTINATIONS}
            for one in opened.destinations().standings():
                if one.paused_by:
                    name = "every destination" if one.name == EVERY else one.name
                    text = f"{name} is paused by a {one.paused_by}: {one.paused}"
                    yield Diagnosis("paused", WARN, text, f"`translator ledger resume {one.name}` when that is over")
    yield _budget("whoop", settings, uses.get("whoop", []))
    if settings.acurable.url:
        yield _budget("acurable", settings, uses.get("acurable", []))


def is_file(settings: Settings) -> bool:
    """Tell whether the ledger is a file."""
    return "://" not in settings.ledger


def is_usable(settings: Settings) -> bool:
    """Tell whether the ledger is there and need not be upgraded first."""
    if is_file(settings) and not Path(settings.ledger).exists():
        return False
    return inspect_place(settings.ledger).is_current


def _version(place: Place) -> Diagnosis:
    if not place.is_known:
        return Diagnosis("ledger", FAIL, f"a newer translator wrote it (version {place.revision})", "use that one")
    if not place.is_writable:
        return Diagnosis(
            "ledger", FAIL, "it cannot be written", "check the rights of the file, its folder and its user"
        )
    if place.revision is None:
        return Diagnosis("ledger", WARN, "it is empty", "the first `translator run` or `submit` makes its tables")
    if not place.is_current:
        text = f"version {place.revision} is older than this translator"
        return Diagnosis("ledger", WARN, text, "the next start upgrades it, and makes a backup beside it first")
    return Diagnosis("ledger", OK, f"version {place.revision}, {size_text(place.size)}" if place.size else "is there")


def _room(examined: Examined, folder: Path, size: int, log: int) -> Diagnosis:
    free = examined.disk(folder)[2]
    text = f"{size_text(free)} free where the ledger is"
    if free < LOG_BYTES + log:
        return Diagnosis("disk", FAIL, f"{text}; its log alone may need {size_text(LOG_BYTES + log)}", "make room now")
    if free < max(size, LEAST_FREE):
        remedy = f"make room: a backup or an upgrade needs {size_text(max(size, LEAST_FREE))}"
        return Diagnosis("disk", WARN, text, remedy)
    return Diagnosis("disk", OK, text)


def _waiting(opened: Ledger, settings: Settings) -> Iterator[Diagnosis]:
    now = opened.meters().now()
    found = {(one.destination, one.state): one for one in opened.meters().waiting()}
    if not found:
        yield Diagnosis("undelivered", OK, "nothing waits")
    for (destination, state), one in sorted(found.items()):
        age_s = (now - one.since) / _US
        text = f"{one.count} {state} for {destination}, the oldest for {span_text(age_s)}"
        if state != "queued":
            yield Diagnosis("undelivered", WARN, text, f"decide about them: `translator {state} list`")
        elif age_s > settings.notify.queued_after_h * 3600:
            yield Diagnosis("undelivered", WARN, text, "look whether the service runs, and what it says")
        else:
            yield Diagnosis("undelivered", OK, text)


def _budget(name: str, settings: Settings, uses: list[RateUse]) -> Diagnosis:
    vendor = settings.whoop if name == "whoop" else settings.acurable
    budget = rate_budget(vendor)
    used = [use.used for use in uses] or [0, 0]
    if not budget.per_day:
        return Diagnosis("rate-budget", OK, f"{name}: no limit a day; {used[1]} calls in the last 24 hours")
    left = max(0, budget.per_day - used[1])
    text = (
        f"{name}: {budget.per_minute or 'any number of'} calls a minute and {budget.per_day:,} a day, that is "
        f"{budget.per_day // CALLS_PER_REQUEST:,} service requests a day at {CALLS_PER_REQUEST} calls each (confirmed, "
        f"results, partial and full status); {left:,} calls left for now"
    )
    if left < budget.per_day * FEW_LEFT:
        return Diagnosis("rate-budget", WARN, text, "the rest is for corrections; ask the vendor for more calls a day")
    return Diagnosis("rate-budget", OK, text)
