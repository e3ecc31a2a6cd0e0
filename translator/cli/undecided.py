"""Build `translator unknown` and `translator rejected`: what blocks its lane until a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from translator.cli.deciding import THEN, YES, say_preview, who
from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Form, Listing, say

if TYPE_CHECKING:
    from translator.config import Settings
    from translator.ledger import LabDelivery, Ledger, UndecidedItem

_IDS = click.argument("ids", metavar="ID...", nargs=-1, required=True)
_REASON = click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept in the ledger.")


def add_list(group: click.Group, state: str) -> None:
    """Add `list` to a group that decides about one state."""

    @group.command("list")
    @common
    def list_undecided(flags: Flags) -> int:
        listing = Listing(flags.form, ("id", "service request", "what", "answer", "waiting", "since"), state.title())
        with _open(flags.settings()) as ledger:
            for item in ledger.desk().undecided([state]):
                listing.add(msgspec.structs.replace(item, body=None), *_cells(item))
            for one in ledger.lab().undecided([state]):
                listing.add(one, *_lab_cells(one))
        listing.close()
        return 0

    list_undecided.help = f"""
    List what is {state}, the oldest first; its service request waits.

    What was brought to the lab (lab.to) stands below, as `lab:3`: an order by its requisition, a report by its event.

    \b
    Examples:
      translator {state} list
      translator {state} list --format json
    """


def add_show(group: click.Group, state: str) -> None:
    """Add `show` to a group."""

    @group.command("show")
    @_IDS
    @common
    def show(flags: Flags, ids: tuple[str, ...]) -> int:
        with _open(flags.settings()) as ledger:
            items = ledger.desk().undecided([state], ids)
            for item in items:
                _print_shown(flags.form, ledger, item)
            lab = _of_lab(ledger, state, ids)
            for one in lab:
                _print_lab(flags.form, ledger, one)
        return 0 if items or lab else _none(state)

    show.help = f"""
    Show what is {state}: what was sent, and every attempt.

    An ID is the number of the submission, or its service request.

    \b
    Examples:
      translator {state} show 7
    """


def add_verb(group: click.Group, state: str, deed: str, text: str, *, chooses: bool = False) -> None:
    """Add a verb that decides, with a preview first; one that `chooses` may say what the order is then."""

    @_IDS
    @_REASON
    @YES
    @common
    def verb(flags: Flags, ids: tuple[str, ...], reason: str, yes: bool, then: str | None = None) -> int:  # noqa: FBT001 - a flag
        return _decide(flags, state, deed, ids, reason, yes=yes, then=(then or "").upper())

    chosen = THEN(verb) if chooses else verb
    group.command(deed, help=f'{text}\n\n\b\nExamples:\n  translator {state} {deed} 7 --reason "..." --yes\n')(chosen)


def _decide(flags: Flags, state: str, deed: str, ids: Sequence[str], reason: str, *, yes: bool, then: str) -> int:
    from translator import review  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger import Decision  # noqa: PLC0415

    if not reason.strip():
        raise click.UsageError("--reason must say why")
    settings = flags.settings()
    with _open(settings) as ledger:
        items, lab = ledger.desk().undecided([state], ids), _of_lab(ledger, state, ids)
        if not items and not lab:
            return _none(state)
        decision = Decision(deed, who(), reason)
        if items:
            review.decide(ledger, settings, [item.id for item in items], decision, then=then, rehearses=not yes)
        if lab:
            ledger.lab().decide([one.id for one in lab], decision, rehearses=not yes)
    listing = Listing(flags.form, ("id", "service request", "what", "answer", "waiting", "since"))
    for item in items:
        listing.add(msgspec.structs.replace(item, body=None), *_cells(item))
    for one in lab:
        listing.add(one, *_lab_cells(one))
    listing.close()
    say(f"{deed}: {len(items) + len(lab)}")
    if not yes:
        say_preview()
    return 0


def _open(settings: Settings) -> Ledger:
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    return Ledger.open(existing(settings), key=settings.ledger_key)


def _none(state: str) -> int:
    say(f"nothing of this is {state}; `translator {state} list` names what is")
    return FINDINGS


def _of_lab(ledger: Ledger, state: str, ids: Sequence[str]) -> list[LabDelivery]:
    """Find what is named of the lab's side: by its own id, or an order by its requisition."""
    named = {text.lower() for text in ids}
    return [one for one in ledger.lab().undecided([state]) if named & {one.id, one.service_request_id or one.id}]


def _lab_cells(one: LabDelivery) -> tuple[str, ...]:
    what = f"lab {one.kind}"
    return one.id, one.service_request_id, what, one.answer, "", one.since[:19].replace("T", " ")


def _print_lab(form: Form, ledger: Ledger, one: LabDelivery) -> None:
    if form == "json":
        Listing("json", ()).add(one)
        return
    say(f"{one.kind} for the lab, of message {one.message}, under the control id {one.control_id}")
    say(f"{one.state} ({one.answer}) since {one.since}, {one.attempts} attempts")
    _print_decisions(ledger, one.message)


def _cells(item: UndecidedItem) -> tuple[str, ...]:
    since = item.since[:19].replace("T", " ")
    return str(item.id), item.service_request_id, item.kind, item.answer, str(item.waiting), since


def _print_shown(form: Form, ledger: Ledger, item: UndecidedItem) -> None:
    if form == "json":
        Listing("json", ()).add(item)
        return
    click.echo(f"submission {item.id} of message {item.message}, position {item.position} of {item.service_request_id}")
    say(f"{item.state} ({item.answer}) since {item.since}, {item.attempts} attempts, {item.waiting} waiting behind it")
    Listing("table", ("body",)).print_one(item, bytes(item.body or b"").decode())
    _print_decisions(ledger, item.message)


def _print_decisions(ledger: Ledger, message: int) -> None:
    listing = Listing("table", ("when", "decided", "by", "reason"), "Decisions")
    for one in ledger.desk().decisions(message):
        listing.add(one, one.at, one.deed, one.by, one.reason)
    listing.close()
