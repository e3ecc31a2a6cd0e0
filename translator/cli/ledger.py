"""`translator ledger`: look into the durable account of every message."""

from __future__ import annotations

import click

from translator.cli.options import Flags, common


@click.group("ledger")
@common
def command(flags: Flags) -> None:
    """
    Look into the ledger: list, show, verify.

    \b
    Examples:
      translator ledger list --state held
      translator ledger show 12
      translator ledger verify --ledger lab.db
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("list")
@click.option("--state", metavar="STATE", help="Only messages with this state, or with an entry in it.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the newest N.")
@common
def list_messages(flags: Flags, state: str | None, limit: int | None) -> int:
    """
    List the messages of the ledger, oldest first.

    \b
    Examples:
      translator ledger list
      translator ledger list --state unknown --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import app  # noqa: PLC0415 - the ledger is heavy

    return app.list_messages(flags.settings(), state=state, limit=limit, form=flags.form)


@command.command("show")
@click.argument("message", type=click.IntRange(min=1))
@common
def show_message(flags: Flags, message: int) -> int:
    """
    Show one message: its entries, submissions and attempts.

    \b
    Examples:
      translator ledger show 12
      translator ledger show 12 --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import app  # noqa: PLC0415 - the ledger is heavy

    return app.show_message(flags.settings(), message, form=flags.form)


@command.command("verify")
@common
def verify(flags: Flags) -> int:
    """
    Check that the ledger balances and is undamaged.

    Exit code 1 only for an imbalance or damage, not because something is held or unknown.

    \b
    Examples:
      translator ledger verify
      translator ledger verify --ledger /var/lib/translator/lab.db
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import app  # noqa: PLC0415 - the ledger is heavy

    return app.verify_ledger(flags.settings(), form=flags.form)
