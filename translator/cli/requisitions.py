"""`translator requisitions`: what WHOOP asks the lab to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from translator.cli.output import Form
    from translator.ledger import EventRow, Ledger, RequisitionRow

_COLUMNS = ("what", "id", "state", "key")
_SHORT = {"lab_requisition.created": "requisition", "clinical_report_review.requested": "review"}


@click.group("requisitions")
@common
def command(flags: Flags) -> None:
    """
    List what WHOOP asks for; fetch it, confirm it.

    \b
    Examples:
      translator requisitions list
      translator requisitions fetch
      translator requisitions confirm e72719d6-0dbb-4eb3-9ccc-781b563fc3d3
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("list")
@common
def list_requisitions(flags: Flags) -> int:
    """
    List every requisition and every other event that WHOOP told of, with what became of it.

    `key` is the short number that stands for a service request where a lab's order number is too short for its UUID.
    A clinical report review is only shown: WHOOP publishes nothing that could be done about one. What could not be
    fetched is tried again after growing pauses, for about a day, and is `failed` then: it says with which answer.

    The lab gets no order while a panel has no code of the lab in the site's whoop/order-codes.csv; it is `order held
    unmapped-panel` then, and is brought when the service starts with a row for it.

    Exit code 1 if one has failed, or an order is held.

    \b
    Examples:
      translator requisitions list
      translator requisitions list --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import FAILED, Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.record.event import WHOOP  # noqa: PLC0415

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        _print(flags.form, ledger, None)
        has_failed = any(event.state == FAILED for event in ledger.events().rows(WHOOP))
        is_held = any(row.held for row in ledger.requisitions().rows())
        _say_paused(ledger)
    return FINDINGS if has_failed or is_held else 0


@command.command("fetch")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--wait", "wait_s", metavar="SECONDS", type=click.FloatRange(min=0), default=30.0, show_default=True,
    help="How long to go on trying.",
)  # fmt: skip
@common
def fetch_requisitions(flags: Flags, ids: tuple[str, ...], wait_s: float) -> int:
    """
    Fetch at once what was announced and is not there yet, and the requisitions that are named.

    Their order numbers go into the correlation, and they are confirmed, unless `whoop.confirm` says otherwise: as a
    whole at once, or, where that would set one of them back, each by itself; `translator submit` or `translator run`
    sends that.

    \b
    Examples:
      translator requisitions fetch
      translator requisitions fetch e72719d6-0dbb-4eb3-9ccc-781b563fc3d3
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.engine import Translator  # noqa: PLC0415
    from translator.ledger import DONE, Ledger  # noqa: PLC0415 - the ledger and the clients are heavy
    from translator.record.event import REQUISITION_CREATED, WHOOP  # noqa: PLC0415
    from translator.requisitions import fetch  # noqa: PLC0415

    settings = flags.settings()
    tables = Translator.load(settings.site or None).tables
    with Ledger.open(settings.ledger, key=settings.ledger_key) as ledger:
        events = ledger.events()
        asked = fetch(ledger, settings, tables, ids, wait_s=wait_s)
        rows = [row for row in events.rows(WHOOP, asked) if row.kind == REQUISITION_CREATED]
        _print(flags.form, ledger, rows)
        _say_paused(ledger)
    if not asked:
        say("nothing to fetch")
        return FINDINGS
    return 0 if all(row.state == DONE for row in rows) else FINDINGS


@command.command("confirm")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@common
def confirm_requisitions(flags: Flags, ids: tuple[str, ...]) -> int:
    """
    Queue ORDER_CONFIRMED for the active service requests of a requisition; `submit` or `run` sends it.

    What is confirmed already, or has come further, stays as it is.

    \b
    Examples:
      translator requisitions confirm e72719d6-0dbb-4eb3-9ccc-781b563fc3d3
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    listing = Listing(flags.form, ("id", "confirmed"))
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        counts = [ledger.requisitions().confirm(each.lower()) for each in ids]
    for each, count in zip(ids, counts, strict=True):
        listing.add({"requisition_id": each.lower(), "confirmed": count}, each.lower(), str(count))
    listing.close()
    if not any(counts):
        say("nothing to confirm: every active service request is confirmed already, or further")
        return FINDINGS
    return 0


def _say_paused(ledger: Ledger) -> None:
    from translator.record.event import WHOOP  # noqa: PLC0415

    standing = ledger.destinations().standing(WHOOP)
    if standing.paused:
        say(f"WHOOP is paused: {standing.paused} (`translator ledger resume whoop`)")


def _print(form: Form, ledger: Ledger, events: Sequence[EventRow] | None) -> None:
    """Print events of WHOOP, each requisition with its service requests."""
    from translator.record.event import REQUISITION_CREATED, WHOOP  # noqa: PLC0415

    fetched = {row.requisition_id: row for row in ledger.requisitions().rows()}
    listing = Listing(form, _COLUMNS)
    for event in ledger.events().rows(WHOOP) if events is None else events:
        found = fetched.get(event.resource) if event.kind == REQUISITION_CREATED else None
        if form == "json":
            listing.add(_line(event, found))
            continue
        for cells in _cells(event, found):
            listing.add(None, *cells)
    listing.close()


def _line(event: EventRow, found: RequisitionRow | None) -> dict[str, object]:
    line: dict[str, object] = {
        "event": event.kind,
        "resource_id": event.resource,
        "state": event.state,
        "answer": event.answer,
        "received_at": event.received_at,
        "told": event.told,
        "tries": event.tries,
    }
    return line | ({"next_try_at": event.due_at} if event.due_at else {}) | ({"requisition": found} if found else {})


def _cells(event: EventRow, found: RequisitionRow | None) -> list[tuple[str, ...]]:
    """Make a row for the event, and one for each of its service requests."""
    state = event.state
    if state in {"waiting", "failed"} and event.answer:
        again = f", again at {event.due_at}" if event.due_at else ""
        state = f"{state} {event.answer} (try {event.tries}{again})"
    if found and found.held:
        state = f"{state}, order held {found.held}: {', '.join(found.held_about)}"
    tests = found.tests if found else ()
    return [
        (_SHORT.get(event.kind, event.kind), event.resource, state, ""),
        *((f"  {test.code}", test.service_request_id, test.task_status or test.status, test.key) for test in tests),
    ]
