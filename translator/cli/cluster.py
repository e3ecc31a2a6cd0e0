"""`translator cluster init|status|end`: several hosts that share a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.ledger import Ledger


@click.group("cluster")
@common
def command(flags: Flags) -> None:
    """
    Let several hosts share a ledger in PostgreSQL; see who is at work.

    \b
    Examples:
      translator cluster init --ledger postgresql://lab@db.example/translator
      translator cluster status
      translator cluster end
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("init")
@click.option(
    "--dead-after",
    "dead_after_s",
    metavar="SECONDS",
    type=click.FloatRange(min=5, max=3600),
    default=90.0,
    show_default=True,
    help="How long a host may be silent before the others take over what it had.",
)
@common
def init(flags: Flags, dead_after_s: float) -> int:
    """
    Put the job queue beside the ledger, so that several hosts can deliver from it.

    It may be run again at any time: after an upgrade of Procrastinate, with another --dead-after, or where the queue is
    damaged, it makes that anew, for which every host has to be stopped. Nothing is lost then: what is to be sent says
    the ledger.

    \b
    Examples:
      translator cluster init --ledger postgresql://lab@db.example/translator
      translator cluster init --dead-after 120
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    with _open(flags) as ledger:
        is_new = ledger.cluster().set_up(dead_after_s)
    say(
        "several hosts may share the ledger now: `translator run --role accept|deliver|all` on each"
        if is_new
        else "the ledger is set up for several hosts already, and nothing was changed"
    )
    return 0


@command.command("status")
@common
def status(flags: Flags) -> int:
    """
    List the hosts that run, then what waits in the queues.

    A host that is silent has not reported for so long that the others take over what it had; it is listed for an hour,
    or until it is back. What hosts differ in, which should not be, is said, too. Exit code 1 if a host is silent, if
    hosts differ, or if nobody delivers.

    \b
    Examples:
      translator cluster status
      translator cluster status --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import differences  # noqa: PLC0415 - as in `_open`

    with _open(flags) as ledger:
        cluster = ledger.cluster()
        cluster.need()
        hosts, queues = cluster.present(), cluster.queues()
    listing = Listing(flags.form, ("host", "process", "role", "delivers to", "tables", "reported", "state", "lanes"))
    for one in hosts:
        state = "alive" if one.is_alive else "silent"
        to = ", ".join(one.delivers_to)
        cells = (one.host, one.pid, one.role, to, one.tables[:12], f"{one.silent_s:.0f} s ago", state, one.lanes)
        listing.add(msgspec.to_builtins(one), *map(str, cells))
    listing.close()
    for queue in queues:
        say(f"{queue.name}: {queue.due} lanes may go on now, {queue.later} wait for their time")
    told = differences(hosts)
    if not any(one.is_alive and one.delivers_to for one in hosts):
        told.append("no host delivers: start one with `translator run --role deliver|all`")
    for finding in told:
        say(finding)
    return FINDINGS if told or not all(one.is_alive for one in hosts) else 0


@command.command("end")
@common
def end(flags: Flags) -> int:
    """
    Let one host have the ledger again: take the queue away. Every host has to be stopped.

    \b
    Examples:
      translator cluster end
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    with _open(flags) as ledger:
        was_shared = ledger.cluster().take_down()
    say("the ledger belongs to one host again" if was_shared else "the ledger was not shared, and nothing was changed")
    return 0


def _open(flags: Flags) -> Ledger:
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger.cluster import NEEDS_POSTGRESQL  # noqa: PLC0415

    settings = flags.settings()
    if not settings.ledger.startswith("postgres"):
        raise ConfigError(NEEDS_POSTGRESQL)
    return Ledger.open(settings.ledger, key=settings.ledger_key)
