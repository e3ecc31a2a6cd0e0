"""`translator ledger destinations|pause|resume`: whether a vendor may be called, and how much it was."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say

_DESTINATIONS = ("whoop", "acurable", "all")


@click.command("destinations")
@common
def list_destinations(flags: Flags) -> int:
    """
    List the destinations: paused or open, and the calls of the last minute and day.

    Exit code 1 if one is paused.

    \b
    Examples:
      translator ledger destinations
      translator ledger destinations --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    listing = Listing(flags.form, ("destination", "state", "since", "why", "last minute", "last day"))
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        standings = ledger.destinations().standings()
        for one in standings:
            minute, day = (use.used for use in ledger.destinations().rate_use(one.name))
            state = "paused" if one.paused_by else "open" if one.opens_at <= ledger.now() * 1_000_000 else "waits"
            since = _time(one.paused_at)
            line = {"destination": one.name, "state": state, "paused_at": since, "why": one.paused}
            line |= {"opens_at": _time(one.opens_at or None)}
            calls = {"calls_last_minute": minute, "calls_last_day": day}
            row = (one.name, state, since, one.paused, str(minute), str(day))
            listing.add({name: value for name, value in line.items() if value} | calls, *row)
    listing.close()
    return FINDINGS if any(one.paused_by for one in standings) else 0


@click.command("pause")
@click.argument("destination", type=click.Choice(_DESTINATIONS))
@click.option("--reason", default="paused by a person", show_default=True, help="Shown to whoever looks.")
@common
def pause(flags: Flags, destination: str, reason: str) -> int:
    """
    Send nothing more to DESTINATION (`all` for every one) until it is resumed.

    What is queued stays queued, and messages are still taken in. A running delivery obeys within a moment.

    \b
    Examples:
      translator ledger pause whoop --reason "planned work at WHOOP until noon"
      translator ledger pause all
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        ledger.destinations().pause(destination, reason)
    say(f"{destination} is paused; `translator ledger resume {destination}` goes on")
    return 0


@click.command("resume")
@click.argument("destination", type=click.Choice(_DESTINATIONS))
@common
def resume(flags: Flags, destination: str) -> int:
    """
    Send to DESTINATION again, after a pause by a person, a restore, or a vendor that refused access.

    Exit code 1 if it was not paused.

    \b
    Examples:
      translator ledger resume whoop
      translator ledger resume all
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        was_paused = ledger.destinations().resume(destination)
        left = ledger.destinations().standing(destination)
    if left.paused_by:
        say(f"{destination} is paused with all others; `translator ledger resume all` goes on")
    elif was_paused:
        say(f"{destination} goes on")
    else:
        say(f"{destination} was not paused; see `translator ledger destinations`")
    return 0 if was_paused and not left.paused_by else FINDINGS


def _time(instant: int | None) -> str:
    if instant is None:
        return ""
    return datetime.fromtimestamp(instant / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


destination_commands = (list_destinations, pause, resume)
