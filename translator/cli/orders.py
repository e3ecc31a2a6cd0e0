"""`translator orders`: what was ordered from Acurable; show one order, or cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from translator.cli.deciding import YES, say_preview, who
from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from translator.config import Settings
    from translator.ledger import Ledger, OrderCall, OrderView

_CALL_COLUMNS = ("call", "kind", "state", "message", "since", "attempts", "answer")
_COLUMNS = ("reference", "last call", "state", "calls", "message", "since", "answer")


@click.group("orders")
@common
def command(flags: Flags) -> None:
    """
    List what was ordered from Acurable; show or cancel it.

    \b
    Examples:
      translator orders list
      translator orders show ORD-1
      translator orders events
      translator orders cancel ORD-1 --reason "the patient withdrew" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("list")
@common
def list_orders(flags: Flags) -> int:
    """
    List every order by its reference, with its latest call.

    Exit code 1 if the vendor refused one, or one is unknown.

    \b
    Examples:
      translator orders list
      translator orders list --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    listing = Listing(flags.form, _COLUMNS)
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        found = ledger.desk().orders()
    for one in found:
        last = one.calls[-1]
        cells = (last.kind, one.state, str(len(one.calls)), str(last.message), last.since, last.answer)
        line = {"reference": one.reference, "destination": one.destination, "state": one.state, "kind": last.kind}
        more = {"calls": len(one.calls), "message": last.message, "since": last.since, "answer": last.answer}
        listing.add({name: value for name, value in (line | more).items() if value != ""}, one.reference, *cells)
    listing.close()
    return FINDINGS if any(one.state in {"rejected", "unknown"} for one in found) else 0


@command.command("show")
@click.argument("reference")
@common
def show(flags: Flags, reference: str) -> int:
    """
    Show every call about the order REFERENCE, with what was sent and what Acurable gave for it.

    `location` is where Acurable keeps what was made. `activation codes` let the patient begin an in-house study: show
    them as a QR code, and to nobody else.

    Exit code 1 if there is no such order.

    \b
    Examples:
      translator orders show ORD-1
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        order = _find(ledger, reference)
    listing = Listing(flags.form, _CALL_COLUMNS)
    more = Listing(flags.form, ("call", "what", "text"))
    for call in order.calls:
        cells = (call.kind, call.state, str(call.message), call.since, str(call.attempts), call.answer)
        listing.add(call, str(call.id), *cells)
        for what, text in _texts(call) if flags.form == "table" else ():
            more.add(None, str(call.id), what, text)
    listing.close()
    more.close()
    return 0


def _texts(call: OrderCall) -> Iterator[tuple[str, str]]:
    """Give what is too long for a column: what was sent, and what came back for it."""
    yield "sent", bytes(call.body or b"").decode()
    if call.location:
        yield "location", call.location
    yield from (("activation code", code) for code in call.activation_codes)


@command.command("events")
@common
def list_events(flags: Flags) -> int:
    """
    List what Acurable told of its studies, with what became of it.

    `done`: the lab has the report. `noted`: there was nothing to bring. `waiting`: it will be tried again. `failed`: a
    person has to look; `translator explain CODE` says why. `told` counts how often the same came.

    Exit code 1 if one has failed.

    \b
    Examples:
      translator orders events
      translator orders events --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import FAILED, Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.record.event import ACURABLE  # noqa: PLC0415

    settings = flags.settings()
    listing = Listing(flags.form, ("event", "kind", "state", "answer", "told", "tries", "received", "message"))
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        found = ledger.events().rows(ACURABLE)
    for one in found:
        line = {"event": one.id, "kind": one.kind, "state": one.state, "answer": one.answer, "told": one.told}
        line |= {"tries": one.tries, "received_at": one.received_at, "message": one.message}
        listing.add(line, *map(str, line.values()))
    listing.close()
    return FINDINGS if any(one.state == FAILED for one in found) else 0


@command.command("again")
@click.argument("events", metavar="EVENT...", type=int, nargs=-1, required=True)
@common
def try_again(flags: Flags, events: tuple[int, ...]) -> int:
    """
    Bring what failed EVENTs told to the lab once more, as soon as the service runs.

    EVENT is a number of `translator orders events`.

    \b
    Examples:
      translator orders again 12
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.record.event import ACURABLE  # noqa: PLC0415

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        ledger.events().again(ACURABLE, events)
    say(f"{len(events)} {'event waits' if len(events) == 1 else 'events wait'} to be brought again")
    return 0


@command.command("cancel")
@click.argument("reference")
@click.option("--reason", required=True, help="Why; the ledger keeps it.")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=60.0, help="Seconds to go on delivering.")
@YES
@common
def cancel(flags: Flags, reference: str, reason: str, wait_s: float, *, yes: bool) -> int:
    """
    Cancel the order REFERENCE: take it back if it was never sent, else tell Acurable.

    Acurable takes a cancellation until the kit is with fulfilment. How it is written is not public: until the site's
    acurable/order.toml says layout_confirmed, an order that was sent cannot be cancelled from here.

    Exit code 1 if it was not cancelled.

    \b
    Examples:
      translator orders cancel ORD-1 --reason "the patient withdrew"
      translator orders cancel ORD-1 --reason "the patient withdrew" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.cancelling import cancel_order  # noqa: PLC0415 - reads the tables
    from translator.ledger import Decision, Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        decision = Decision("cancel", who(), reason)
        is_withdrawn = cancel_order(ledger, settings, _find(ledger, reference), decision, rehearses=not yes)
        say("the order was never sent, and is taken back" if is_withdrawn else "Acurable is told to cancel the order")
        if not yes:
            say_preview()
            return 0
        return 0 if is_withdrawn else _deliver(ledger, settings, reference, wait_s)


def _find(ledger: Ledger, reference: str) -> OrderView:
    found = ledger.desk().orders(reference)
    if not found:
        raise LedgerError("the ledger has no order with this reference; see `translator orders list`")
    return found[0]


def _deliver(ledger: Ledger, settings: Settings, reference: str, wait_s: float) -> int:
    from translator.delivery import deliver  # noqa: PLC0415 - the clients are heavy
    from translator.engine import Translator  # noqa: PLC0415 - reads the tables

    deliver(ledger, settings, Translator.load(settings.site or None).tables, deadline_s=wait_s)
    last = _find(ledger, reference).calls[-1]
    say(f"the cancellation is {last.state}{f' (answer {last.answer})' if last.answer else ''}")
    return 0 if last.state == "delivered" else FINDINGS
