"""What commands that record a person's decision have in common: who decides, and what is only a preview."""

from __future__ import annotations

import getpass

import click

from translator.cli.output import say

YES = click.option("--yes", is_flag=True, help="Do it. Without it, what would happen is shown and nothing is changed.")

THEN = click.option(
    "--then",
    metavar="STATUS",
    type=click.Choice(["FULL_RESULTS_READY", "RESULTS_ISSUE"], case_sensitive=False),
    help="What the order is now, where nothing more of it is open.",
)


def who() -> str:
    """Name the account that decides; the ledger keeps it with the decision."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def say_preview() -> None:
    """Say that nothing has happened yet."""
    say("nothing was changed; say --yes to do it")
