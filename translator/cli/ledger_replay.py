"""`translator ledger replay`: translate kept messages again, and queue what was never sent."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from translator.cli.deciding import YES, say_preview, who
from translator.cli.ending import FINDINGS
from translator.cli.held_view import print_release
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import say
from translator.errors import ConfigError


@click.command("replay")
@click.argument("messages", metavar="[MESSAGE...]", nargs=-1, type=click.IntRange(min=1))
@click.option("--since", metavar="TIME", help="From this time on, such as 2026-03-01 or 2026-03-01T08:00Z (UTC).")
@click.option("--until", metavar="TIME", help="Up to this time, excluded.")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept in the ledger.")
@YES
@common
def command(
    flags: Flags,
    messages: tuple[int, ...],
    since: str | None,
    until: str | None,
    reason: str,
    yes: bool,  # noqa: FBT001 - a flag of the command line
) -> int:
    """
    Translate messages again with the tables of now, and queue what was not sent and may be now.

    MESSAGE is a number that `translator ledger list` shows. What was delivered, or may have been, is never sent again.
    First a preview: without --yes nothing is changed.

    \b
    Examples:
      translator ledger replay 12 13
      translator ledger replay --since 2026-03-01 --until 2026-03-02 --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import review  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger import Decision, Ledger  # noqa: PLC0415

    if not (messages or since or until):
        raise click.UsageError("say what to replay: numbers of messages, --since or --until")
    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        chosen = set(messages)
        if since or until:
            chosen |= set(ledger.desk().messages(since=_instant(since), until=_instant(until)))
        done = review.replay(ledger, settings, chosen, Decision("replay", who(), reason), rehearses=not yes)
    if not chosen:
        say("no message came in that time")
        return FINDINGS
    is_whole = print_release(flags.form, done, rehearsed=not yes)
    if not yes:
        say_preview()
    return 0 if is_whole else FINDINGS


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("a time is written as 2026-03-01 or 2026-03-01T08:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
