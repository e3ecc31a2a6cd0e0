"""`translator doctor`: what works, what soon will not, and what to do."""

from __future__ import annotations

import sys

import click

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask nobody on the network.")
@common
def command(flags: Flags, *, offline: bool) -> int:
    """
    Check ports, clock, disk, credentials, reachability and what the rate allows.

    Checks tables, secrets and the rights of their files, the ledger and its disk, what waits in it, the hosts of a
    cluster, folders, certificates, ports, and over the network each broker, whether it has what is consumed, and each
    vendor: whether it answers, gives a token, and has our time. Each vendor gets two calls that change nothing. Where
    traces are on, the collector gets an export with nothing in it. Nothing is created or upgraded here.

    Each line is ok, warn (it works, and somebody should look) or fail. Exit code 1 if anything fails.

    \b
    Examples:
      translator doctor
      translator doctor --offline --config /etc/translator/translator.toml
      translator doctor --format json | jq 'select(.state != "ok")'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.doctor import FAIL, OK, WARN, examine  # noqa: PLC0415 - it loads everything

    settings = flags.settings()
    listing = Listing(flags.form, ("check", "state", "what is", "what to do"))
    counts = {OK: 0, WARN: 0, FAIL: 0}
    for one in examine(settings, offline=offline, began=_began):
        counts[one.state] += 1
        listing.add(one, one.check, one.state, one.text, one.remedy)
    listing.close()
    say(f"{counts[OK]} ok, {counts[WARN]} to look at, {counts[FAIL]} failed")
    return FINDINGS if counts[FAIL] else 0


def _began(name: str) -> None:
    if sys.stderr.isatty():
        say(f"{name} ...")
