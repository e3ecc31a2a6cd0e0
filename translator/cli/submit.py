"""`translator submit`: files into the ledger, and out to the vendor until nothing is left to send."""

from __future__ import annotations

import click

from translator.cli.correlations import read_correlation
from translator.cli.inputs import Unread, find_inputs
from translator.cli.options import Flags, common


@click.command("submit")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV of orders and service requests; it is kept in the ledger.")
@click.option(
    "--wait",
    "wait_s",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="How long to go on delivering before what is left stays queued.",
)
@common
def command(flags: Flags, paths: tuple[str, ...], correlation: str | None, wait_s: float) -> int:
    """
    Take lab files into the ledger and deliver them.

    PATH is a file, a folder or `-` for stdin. Each message is kept in the ledger before anything is sent, so it may
    be run again at any time: what was delivered is not sent twice. Fit for cron.

    Exit code 1 if anything is held, refused, unknown or still queued, or there is nothing to submit.

    \b
    Examples:
      translator submit inbox/ --correlation orders.csv
      translator submit results.hl7 --whoop-url http://127.0.0.1:8080 --wait 10
      translator submit - --ledger /var/lib/translator/lab.db < results.hl7
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import app  # noqa: PLC0415 - the ledger and the clients are heavy

    unread = Unread()
    return app.submit_files(
        flags.settings(),
        find_inputs(paths, unread),
        unread=unread,
        correlation=read_correlation(correlation),
        wait_s=wait_s,
        form=flags.form,
    )
