"""`translator held`: what waits for a person, by cause; show it, release what translates now, or drop it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from translator.cli.count_progress import CountProgress
from translator.cli.deciding import THEN, YES, say_preview, who
from translator.cli.ending import FINDINGS
from translator.cli.held_view import print_causes, print_items, print_release, print_shown
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import say
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.ledger import HeldItem

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"[0-9]+(:.+)?")

_IDS = click.argument("ids", metavar="[ID...]", nargs=-1)
_CAUSE = click.option("--cause", metavar="CODE", help="Everything that this cause holds, such as unmapped-code.")
_CODE = click.option("--code", metavar="CODE", help="Of that, only what has this code, such as `L|XYZ`.")


@click.group("held")
@common
def command(flags: Flags) -> None:
    """
    List what is held, by cause; release or drop it.

    An ID is the number of a message (12), one entry of it ('12:OBX[3]'), or a service request.

    \b
    Examples:
      translator held list
      translator held release --cause unmapped-code
      translator held drop 12 --reason "withdrawn by the laboratory by telephone"
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("list")
@_IDS
@_CAUSE
@_CODE
@click.option("--by", type=click.Choice(["cause", "item"]), help="[default: cause as a table, item as JSON]")
@common
def list_held(flags: Flags, ids: tuple[str, ...], cause: str | None, code: str | None, by: str | None) -> int:
    """
    List what is held: as a table one row per cause, as JSON one line per held entry.

    \b
    Examples:
      translator held list
      translator held list --by item --cause silent-change
      translator held list --by cause --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        items = _chosen(ledger.desk().held(cause=cause or ""), ids, code)
    if (by or ("cause" if flags.form == "table" else "item")) == "cause":
        print_causes(flags.form, items)
    else:
        print_items(flags.form, items)
    if not items:
        say("nothing is held" if not (ids or cause or code) else "nothing of this is held")
    return 0


@command.command("show")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@common
def show(flags: Flags, ids: tuple[str, ...]) -> int:
    """
    Show held entries with what they hold, beside every earlier version of the same result.

    \b
    Examples:
      translator held show 12
      translator held show '12:OBX[3]' --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        items = _chosen(ledger.desk().held(), ids, None)
        if not items:
            say("nothing of this is held; `translator held list --by item` names what is")
            return FINDINGS
        print_shown(flags.form, ledger, settings, items)
    return 0


@command.command("release")
@_IDS
@_CAUSE
@_CODE
@click.option("--all", "everything", is_flag=True, help="Everything that is held.")
@click.option(
    "--accept",
    "accepted",
    metavar="REASON",
    multiple=True,
    type=click.Choice(
        [
            *("silent-change", "unit-changed", "ambiguous-repeat"),
            *("patient-changed", "time-ambiguous", "cancelled-after-results"),
        ]
    ),
    help="Overrule this reason: a changed value is sent as a correction; patient, time or cancellation is vouched for.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept in the ledger.")
@YES
@common
def release(
    flags: Flags,
    ids: tuple[str, ...],
    cause: str | None,
    code: str | None,
    everything: bool,  # noqa: FBT001 - a flag of the command line
    accepted: tuple[str, ...],
    reason: str,
    yes: bool,  # noqa: FBT001 - a flag of the command line
) -> int:
    """
    Translate what is held again with the tables of now, and free what may be sent.

    First a preview: without --yes nothing is changed. What is freed is queued in the order in which it came;
    `translator submit` or the service delivers it. Exit code 1 if something of it stays held.

    \b
    Examples:
      translator held release --cause unmapped-code --code 'L|XYZ'
      translator held release 12 --yes
      translator held release '12:OBX[3]' --accept silent-change --reason "confirmed by telephone" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import review  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger import Decision, Ledger  # noqa: PLC0415

    if not (ids or cause or code or everything):
        raise click.UsageError("say what to release: IDs, --cause, --code or --all")
    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        items = _chosen(ledger.desk().held(cause=cause or ""), ids, code)
        decision = Decision("release", who(), reason)
        with CountProgress("messages") as shown:
            done = review.release(ledger, settings, items, decision, accepted=accepted, rehearses=not yes, watch=shown)
    is_whole = print_release(flags.form, done, rehearsed=not yes)
    if not yes:
        say_preview()
    return 0 if is_whole and items else FINDINGS


@command.command("drop")
@_IDS
@_CAUSE
@_CODE
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept in the ledger.")
@THEN
@common
def drop(flags: Flags, ids: tuple[str, ...], cause: str | None, code: str | None, reason: str, then: str | None) -> int:
    """
    Decide that what is held is never sent.

    Where nothing more of an order is open then, and results of it were sent, --then says what the order is:
    complete, or lacking something. Nothing is posted again.

    \b
    Examples:
      translator held drop '12:OBX[3]' --reason "reported to WHOOP by telephone" --then RESULTS_ISSUE
      translator held drop --cause retraction --reason "all told to WHOOP"
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import review  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger import Decision, Ledger  # noqa: PLC0415

    if not (ids or cause or code):
        raise click.UsageError("say what to drop: IDs, --cause or --code")
    if not reason.strip():
        raise click.UsageError("--reason must say why")
    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        items = _chosen(ledger.desk().held(cause=cause or ""), ids, code)
        review.drop(ledger, settings, items, Decision("drop", who(), reason), then=(then or "").upper())
    if not items:
        say("nothing of this is held")
        return FINDINGS
    print_items(flags.form, items)
    say(f"{len(items)} dropped")
    return 0


@command.command("conclude")
@click.argument("ids", metavar="SERVICE_REQUEST...", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept in the ledger.")
@click.option(
    "--then",
    metavar="STATUS",
    required=True,
    type=click.Choice(["FULL_RESULTS_READY", "RESULTS_ISSUE"], case_sensitive=False),
    help="What the order is: FULL_RESULTS_READY or RESULTS_ISSUE.",
)
@YES
@common
def conclude(
    flags: Flags,
    ids: tuple[str, ...],
    reason: str,
    then: str,
    yes: bool,  # noqa: FBT001 - a flag of the command line
) -> int:
    """
    Say what an order is, where nothing of it is held and yet no rule can tell.

    So after a result was refused, or dropped: the order stays at PARTIAL_RESULTS_READY until somebody knows whether it
    is complete. Without --yes nothing is changed. Nothing is posted again.

    \b
    Examples:
      translator held conclude 3fa85f64-5717-4562-b3fc-2c963f66afa6 --then RESULTS_ISSUE --reason "sample lost" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import review  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger import Decision, Ledger  # noqa: PLC0415

    if not reason.strip():
        raise click.UsageError("--reason must say why")
    wrong = [text for text in ids if not _UUID.fullmatch(text)]
    if wrong:
        raise ConfigError("an ID is a service request here, a UUID such as 3fa85f64-5717-4562-b3fc-2c963f66afa6")
    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        requests = sorted({text.lower() for text in ids})
        decision = Decision("conclude", who(), reason)
        review.conclude(ledger, settings, requests, decision, then=then.upper(), rehearses=not yes)
    say(f"{len(requests)} would be {then.upper()}" if not yes else f"{len(requests)} concluded as {then.upper()}")
    if not yes:
        say_preview()
    return 0


def _chosen(items: Iterable[HeldItem], ids: Sequence[str], code: str | None) -> list[HeldItem]:
    """
    Choose what is named.

    Raises: ConfigError where an ID is none.
    """
    wrong = [text for text in ids if not (_ID.fullmatch(text) or _UUID.fullmatch(text))]
    if wrong:
        raise ConfigError("an ID is a message (12), one entry of it ('12:OBX[3]'), or a service request")
    names = {text.lower() for text in ids}
    return [
        item
        for item in items
        if (code is None or item.code == code)
        and (not names or names & {item.id.lower(), str(item.message), item.service_request_id})
    ]
