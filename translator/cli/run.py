"""`translator run`: the service."""

from __future__ import annotations

import threading

import click

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.cli.submit import PAUSED


@click.command("run")
@click.option("--listen", metavar="HOST:PORT", help="Where webhooks come in; port 0 takes a free one.")
@common
def command(flags: Flags, listen: str | None) -> int:
    """
    Run the service: take webhooks, fetch requisitions, deliver.

    Once it listens, it prints one line that says where: {"url": ...}. WHOOP calls /webhooks/whoop there, Acurable
    /webhook/v1/acurable/notification. Ctrl-C and SIGTERM end it well: what is under way is finished first.

    \b
    Examples:
      translator run
      translator run --listen 0.0.0.0:8080 --ledger /var/lib/translator/lab.db
      translator run --listen 127.0.0.1:0 --whoop-url http://127.0.0.1:9000
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger and the server are heavy
    from translator.service import run  # noqa: PLC0415

    settings = flags.settings(listen=listen)
    with Ledger.open(settings.ledger, key=settings.ledger_key) as ledger:
        report = run(
            ledger,
            settings,
            stop=threading.Event(),
            started=lambda url: Listing("json", ()).add({"url": url}),
            warn=say,
        )
    if report.paused:
        say(PAUSED.format(why=report.paused))
    return FINDINGS if report.paused or report.unknown or report.rejected else 0
