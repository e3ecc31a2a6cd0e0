"""Print what is held: by cause, one by one, and with every version that it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from translator.cli.output import Form, Listing, say

if TYPE_CHECKING:
    from translator.config import Settings
    from translator.ledger import HeldItem, Ledger
    from translator.review import Reviewed

_MOST_TROUBLES = 20


def print_causes(form: Form, items: Sequence[HeldItem]) -> None:
    """Print one row per cause."""
    from translator.ledger import by_cause  # noqa: PLC0415 - the ledger is heavy

    listing = Listing(form, ("cause", "code", "messages", "entries", "service requests", "since"), "Held")
    for cause in by_cause(items):
        counts = (str(cause.messages), str(cause.entries), str(cause.service_requests))
        listing.add(cause, cause.cause, cause.code, *counts, cause.held_since[:19].replace("T", " "))
    listing.close()


def print_items(form: Form, items: Sequence[HeldItem]) -> None:
    """Print one row per held entry."""
    listing = Listing(form, ("id", "reason", "cause", "code", "service request", "since"), "Held")
    for item in items:
        since = item.held_since[:19].replace("T", " ")
        listing.add(item, item.id, item.reason, item.cause, item.code, item.service_request_id, since)
    listing.close()


def print_shown(form: Form, ledger: Ledger, settings: Settings, items: Sequence[HeldItem]) -> None:
    """Print held entries with the version that they hold, and those that the lane has."""
    from translator.review import show_held  # noqa: PLC0415 - the ledger is heavy

    for shown in show_held(ledger, settings, items):
        if form == "json":
            Listing("json", ()).add(shown)
            continue
        cause = f" ({shown.item.cause})" if shown.item.cause else ""
        click.echo(f"{shown.item.id} {shown.item.code}: {shown.item.reason}{cause}; {shown.item.service_request_id}")
        if shown.remedy:
            say(shown.remedy)
        columns = ("", "message", "at", "value", "unit", "status", "time", "state")
        listing = Listing("table", columns, "Versions")
        for known in shown.known:
            place = ("known", str(known.message), known.at)
            listing.add(known, *place, known.value, known.unit, known.status, known.ordered_at, known.state)
        held = shown.held
        place = ("held", str(held.message), held.at)
        listing.add(held, *place, held.value, held.unit, held.status, held.ordered_at, held.state)
        listing.close()


def print_release(form: Form, done: Reviewed, *, rehearsed: bool) -> bool:
    """Print what a release or replay did, and tell whether nothing of it stays behind."""
    listing = Listing(form, ("message", "freed", "settled", "stays held", "service request"), "Released")
    for one in done.refiled:
        held = ", ".join(f"{at} {reason}".strip() for at, reason in one.held.items())
        requests = ", ".join(one.bodies) or one.service_request_id
        listing.add(one, str(one.message), ", ".join(one.freed), ", ".join(one.settled), held, requests)
    listing.close()
    for trouble in done.troubles[:_MOST_TROUBLES]:
        say(trouble)
    if len(done.troubles) > _MOST_TROUBLES:
        say(f"and {len(done.troubles) - _MOST_TROUBLES} more like these")
    gone = sum(not (one.freed or one.settled or one.held or one.bodies) for one in done.refiled)
    if gone:
        say(f"{gone} of these messages hold nothing of it any more: it was decided meanwhile")
    say(done.told(rehearsed=rehearsed))
    return done.is_whole
