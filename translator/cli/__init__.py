"""
The command line: thin commands, loaded one at a time, so that `--help` answers at once.

`VERBS` is the whole list. A verb's module is imported when the verb is called; its line in `--help` stands here.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from translator.cli.ending import Ending, hold_streams, leave

VERBS: Mapping[str, str] = {
    "account": "Open, list and close the accounts of the console.",
    "check": "Check settings, tables, examples and fixtures.",
    "cluster": "Let several hosts share a ledger in PostgreSQL; see who is at work.",
    "coverage": "Say what an archive holds, and what the tables make of it.",
    "demo": "Run the whole loop against a sandbox on this machine.",
    "doctor": "Check ports, clock, disk, credentials, reachability and what the rate allows.",
    "explain": "Explain a reason or diagnostic code.",
    "held": "List what is held, by cause; release or drop it.",
    "init": "Make a folder for a new site, with a sample feed, tables, fixtures and settings.",
    "ledger": "Look into the ledger and look after it.",
    "orders": "List what was ordered from Acurable; show or cancel it.",
    "plan": "Say what a change of the tables would change over an archive.",
    "rejected": "List what the vendor refused; resend or drop it.",
    "requisitions": "List what WHOOP asks for; fetch it, confirm it.",
    "run": "Run the service: take messages and webhooks in, fetch requisitions, deliver.",
    "sandbox": "Serve a local WHOOP and Acurable to try things against.",
    "schema": "Print the JSON Schema of a settings file, for editors.",
    "submit": "Take lab files into the ledger and deliver them.",
    "token": "Make, list and revoke the tokens of the HTTP API.",
    "translate": "Translate lab files; no network, no ledger.",
    "unknown": "List what the vendor may have taken; resend, accept or drop it.",
    "where": "Go from a position in a message to its fate.",
    "why": "Go from a payload field back to its bytes, and forward to what became of it.",
}


class Verbs(click.Group):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name every verb."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the module of one verb."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"translator.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"translator.cli.{cmd_name} has no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or suggest the nearest."""
        near = difflib.get_close_matches(args[0], VERBS, n=1)
        if args[0] not in VERBS and near:
            ctx.fail(f"there is no verb '{args[0]}'; did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the list of verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(sorted(VERBS.items()))


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms that only this flag needs

        click.echo(f"translator {version('translator')}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Version.")
def cli() -> None:
    """
    Carry lab results from HL7 and FHIR to WHOOP, and account for every one.

    Exit codes: 0 all well; 1 findings (something held, refused, unbalanced, failed, or nothing to check);
    2 usage or configuration error.

    \b
    Examples:
      translator demo
      translator translate results.hl7
      translator explain unmapped-code
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    ending = Ending()
    with ending:
        hold_streams()
        ending.code = cli.main(args=arguments, prog_name="translator", standalone_mode=False) or 0
    return ending.code


def run() -> NoReturn:
    """Run the command line and end the process; this is the console script."""
    leave(main())
