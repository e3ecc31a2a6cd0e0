"""Put the parts together: settings, tables, ledger and delivery; the command line and the service only print."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import PurePath

from msgspec import Struct, structs

from translator.config import Settings
from translator.confirmations import release_confirmed
from translator.delivery import DeliveryReport, deliver, policies
from translator.engine import Translator
from translator.feed import Source, Unreadable, translate_files
from translator.ledger import Arrival, Decision, Ledger
from translator.record.correlation import CorrelationRow
from translator.record.outcome import FILE_SCHEMA, Outcome
from translator.tracing import NO_TRACER, Tracer
from translator.tracing.taking import FileReceipts, timed
from translator.transmit.route import Progress

# Messages that share one commit while files are taken in: the disk is asked once for all of them.
_BATCH = 64

SUBMIT = "submit"
"""What the log and traces call this intake."""


class Watch(Struct, frozen=True):
    """
    Who is told what while work goes on; each may do nothing.

    Shape: `accepted` gets the number of messages kept so far, `delivery` how far delivery is, `unreadable` a file's
    name and what the system said.
    """

    accepted: Callable[[int], None]
    delivery: Callable[[Progress], None]
    unreadable: Unreadable


class Submitted(Struct, frozen=True):
    """What `submit` did: the messages that it kept, what is wrong with files as a whole, and the delivery."""

    message_ids: list[int]
    file_findings: list[Outcome]
    delivery: DeliveryReport


def submit(
    settings: Settings,
    ledger: Ledger,
    sources: Iterable[Source],
    *,
    correlation: Sequence[CorrelationRow],
    wait_s: float,
    watch: Watch,
    tracer: Tracer = NO_TRACER,
) -> Submitted:
    """
    Keep every message of some files in the ledger, then deliver until nothing is left or the time is over.

    Shape: `tracer` records what each message goes through.
    Units: `wait_s` in seconds, for the delivery.
    Raises: TableError, ConfigError, LedgerError; what was kept before stays kept.
    """
    engine = Translator.load(settings.site or None)
    if correlation:
        ledger.correlate(correlation)
    # What waited for its codes to be confirmed came before all that comes now.
    release_confirmed(ledger, settings, Decision("release", reason="codes are confirmed"))
    findings: list[Outcome] = []
    ids: list[int] = []
    arrivals = timed(tracer, _arrivals(engine, ledger, settings, sources, findings, watch))
    receipts = FileReceipts(tracer, SUBMIT, ledger)
    while read := list(itertools.islice(arrivals, _BATCH)):
        batch = [
            structs.replace(one, traceparent=receipts.read(one.outcome, one.site, *times)) if tracer.is_on else one
            for one, *times in read
        ]
        ids += receipts.commit(partial(ledger.accept, batch, policies(settings, engine.tables)))
        watch.accepted(len(ids))
    report = deliver(
        ledger,
        settings,
        engine.tables,
        deadline_s=wait_s,
        progress=watch.delivery,
        message_ids=ids or None,
        tracer=tracer,
    )
    return Submitted(ids, findings, report)


def _arrivals(
    engine: Translator,
    ledger: Ledger,
    settings: Settings,
    sources: Iterable[Source],
    findings: list[Outcome],
    watch: Watch,
) -> Iterator[Arrival]:
    lookup = ledger.correlation(PurePath(settings.site).name)
    for raw, outcome in translate_files(engine, sources, watch.unreadable, correlation=lookup):
        if outcome.schema == FILE_SCHEMA:
            findings.append(outcome)
        else:
            yield Arrival(outcome, raw, settings.site)
