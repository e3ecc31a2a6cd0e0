"""`translator submit`: files into the ledger, and out to the vendor until nothing is left to send."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from translator.cli.correlations import read_correlation
from translator.cli.ending import FINDINGS
from translator.cli.inputs import Unread, find_inputs
from translator.cli.options import Flags, common
from translator.cli.output import Form, Listing, say
from translator.cli.progress import SubmitProgress
from translator.cli.translate import COLUMNS, describe

if TYPE_CHECKING:
    from translator.app import Submitted
    from translator.delivery import DeliveryReport
    from translator.ledger import Ledger, MessageView

PAUSED = "delivery is paused: {why} (`translator ledger destinations` shows what, `translator ledger resume` goes on)"

_FINDING_STATES = frozenset({"held", "refused", "queued", "rejected", "unknown"})


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

    PATH is a file, a folder or `-` for stdin; gzip and zip archives are opened, and files of FHIR NDJSON are one
    export together. Each message is kept in the ledger
    before anything is sent, so it may be run again at any time: what was delivered is not sent twice. Fit for cron.

    Exit code 1 if anything of it is held, refused, unknown or still queued, if anything queued before fails now, or if
    there is nothing to submit.

    \b
    Examples:
      translator submit inbox/ --correlation orders.csv
      translator submit results.hl7 --whoop-url http://127.0.0.1:8080 --wait 10
      translator submit - --ledger /var/lib/translator/lab.db < results.hl7
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.app import Watch, submit  # noqa: PLC0415 - the ledger and the clients are heavy
    from translator.ledger import Ledger  # noqa: PLC0415
    from translator.notify import notify  # noqa: PLC0415
    from translator.tracing import open_tracer  # noqa: PLC0415

    settings, unread = flags.settings(), Unread()
    sources = [(item.name, item.open) for item in find_inputs(paths, unread)]
    rows = read_correlation(correlation)
    with Ledger.open(settings.ledger, key=settings.ledger_key) as ledger:
        with open_tracer(settings.trace, say) as tracer, SubmitProgress() as shown:
            watch = Watch(shown.accepted, shown.delivery, unread.note)
            done = submit(settings, ledger, sources, correlation=rows, wait_s=wait_s, watch=watch, tracer=tracer)
        states = _print(done, ledger, flags.form)
        for trouble in notify(ledger, settings.notify, say).troubles:
            say(trouble)
    _say_what_is_left(done.delivery)
    if not done.message_ids and not done.file_findings and not unread.count:
        say("nothing to submit")
        return FINDINGS
    failed = not done.delivery.is_drained or done.delivery.failed_besides
    return FINDINGS if unread.count or _FINDING_STATES & states or failed else 0


def _print(done: Submitted, ledger: Ledger, form: Form) -> set[str]:
    """Print every message with its states in the ledger, and give the states that occur."""
    from translator.ledger import HELD_BEFORE  # noqa: PLC0415 - the ledger is heavy

    states: set[str] = set()
    listing = Listing(form, COLUMNS)
    for outcome in done.file_findings:
        listing.add(outcome.json, *describe(outcome))
        states.add(outcome.state)
    for message_id in done.message_ids:
        view = ledger.show(message_id)
        listing.add(view.json, *_describe(view))
        states |= {view.state, *(entry.state for entry in view.entries)}
        # It came before and waits there: it is listed once, and found again all the same.
        if HELD_BEFORE in (view.reason, *(entry.reason for entry in view.entries)):
            states.add("held")
    listing.close()
    return states


def _describe(view: MessageView) -> tuple[str, ...]:
    states = Counter(entry.state for entry in view.entries)
    reasons = dict.fromkeys(entry.cause or entry.reason for entry in view.entries if entry.reason)
    why = ", ".join(reasons) or view.reason
    entries = ", ".join(f"{count} {state}" for state, count in states.items())
    return view.source.file, str(view.source.index), view.source.type, view.state, entries, why


def _say_what_is_left(report: DeliveryReport) -> None:
    if report.paused:
        say(PAUSED.format(why=report.paused))
    if report.queued:
        why = f" ({report.hindrance})" if report.hindrance and not report.paused else ""
        say(f"{report.queued} still queued{why}; they are safe in the ledger, run `translator submit` again to go on")
    if report.unknown:
        say(
            f"{report.unknown} unknown: the vendor may have them, so they are not sent again "
            "(`translator unknown list`)"
        )
    if report.rejected:
        say(f"{report.rejected} rejected by the vendor (`translator rejected list`)")
    if report.failed_besides:
        say(
            f"{report.failed_besides} that were queued before failed now: unknown or rejected "
            "(`translator unknown list`, `translator rejected list`)"
        )
    earlier = report.unfinished - report.queued - report.unknown - report.rejected
    if earlier > 0:
        say(
            f"{earlier} that came earlier for the same service requests are not settled: queued, or to be decided "
            "(`translator unknown list`, `translator rejected list`)"
        )
