"""`translator run`: the service."""

from __future__ import annotations

import signal

import click
import msgspec

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing
from translator.errors import ConfigError

PAUSED = "delivery is paused (`translator ledger destinations` shows why, `translator ledger resume` goes on)"
"""Not why: those may be the words of a person, and of whom they are about the log says nothing."""


@click.command("run")
@click.option(
    "--listen", metavar="HOST:PORT", help="Where webhooks and the HTTP API are served; port 0 takes a free one."
)
@click.option("--folder", metavar="DIR", help="A folder that is watched for files of messages.")
@click.option("--mllp", metavar="HOST:PORT", help="Where senders connect by MLLP.")
@click.option("--console", metavar="HOST:PORT", help="Where the console and metrics are served.")
@click.option(
    "--role",
    type=click.Choice(["accept", "deliver", "all"]),
    help="What this host does where several share a ledger in PostgreSQL.",
)
@common
def command(
    flags: Flags, listen: str | None, folder: str | None, mllp: str | None, console: str | None, role: str | None
) -> int:
    """
    Run the service: take messages and webhooks in, fetch requisitions, deliver.

    Several folders and ports, streams, TLS and sites are said in the settings file ([[folder]], [[mllp]], [[nats]]).
    Once everything is open it prints one line that says where: {"url": ..., "mllp": [...], "folders": 1, "streams": 1,
    "console": ...}. WHOOP calls /webhooks/whoop at the url, Acurable /webhook/v1/acurable/notification.

    Ctrl-C and SIGTERM end it well: what is under way is finished first. SIGHUP reads settings, tables, secrets and
    certificates anew; where anything in them is wrong, it says so and goes on with the old ones.

    Exit code 2: something that the settings name cannot be used, or a part of the service failed; 1: it was stopped,
    and something is rejected or unknown, or a destination is paused.

    --role is for hosts that share a ledger (`translator cluster`, docs/cluster.md): one that accepts opens the intakes
    and delivers nothing, one that delivers opens none, and `all` does both.

    \b
    Examples:
      translator run
      translator run --folder inbox --mllp 0.0.0.0:2575 --ledger /var/lib/translator/lab.db
      translator run --listen 127.0.0.1:0 --whoop-url http://127.0.0.1:9000
      translator run --role deliver --ledger postgresql://lab@db.example/translator
      pkill -HUP -x translator
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import logs  # noqa: PLC0415 - the service alone writes a log
    from translator.ledger import CommonClock, Ledger  # noqa: PLC0415 - the ledger and the server are heavy
    from translator.ledger.cluster import NEEDS_POSTGRESQL  # noqa: PLC0415
    from translator.service import run  # noqa: PLC0415
    from translator.tracing import open_tracer  # noqa: PLC0415

    if hasattr(signal, "SIGHUP"):
        # Until it can be acted on: what it asks for has not been read yet, and it would end us.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # What was there at the start and is no more must not be read as settings that say nothing.
    flags = flags.pinned()
    more = {"listen": listen, "folder": folder, "mllp": mllp, "console.listen": console}
    settings = flags.settings(**more)
    if role and not settings.ledger.startswith("postgres"):
        raise ConfigError(NEEDS_POSTGRESQL)
    logs.configure(settings.log)
    clock = CommonClock()
    opened = Ledger.open(settings.ledger, key=settings.ledger_key, clock=clock)
    with opened as ledger, open_tracer(settings.trace, logs.warn) as tracer:
        report = run(
            ledger,
            lambda: flags.settings(**more),
            started=lambda addresses: Listing("json", ()).add(msgspec.to_builtins(addresses)),
            warn=logs.warn,
            role=role,
            clock=clock,
            tracer=tracer,
        )
    if report.paused:
        logs.warn(PAUSED)
    return FINDINGS if report.paused or report.unknown or report.rejected else 0
