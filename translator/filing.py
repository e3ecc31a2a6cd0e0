"""
Take a file of a watched folder in: every message of it into the ledger, and what the file as a whole is worth.

The ledger has all that stands in a message. What stands in none (stray lines, half an archive) it has not, so a file
with such a finding is kept by whoever watches the folder.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import TypeAlias

from translator.accept.folder import DONE, FAILED, HELD, Filed, StoppingError
from translator.feed import translate_files
from translator.intake import Tables
from translator.ledger import Arrival, Ledger
from translator.pipeline import OF_THE_STREAM
from translator.record.correlation import CorrelationHit
from translator.record.outcome import FILE_SCHEMA, Outcome
from translator.record.report import Finding
from translator.sites import Sites
from translator.tracing import NO_TRACER, Tracer
from translator.tracing.taking import FileReceipts, timed
from translator.translate.service_request import Lookup, no_correlation

FOLDER = "folder"
# Messages that share one commit: the disk is asked once for all of them.
_BATCH = 64
_Translated: TypeAlias = tuple[bytes, Outcome]


class _Relay:
    """The look-ups of the batch at hand: translation is lazy, and each batch sees one state of the ledger."""

    def __init__(self) -> None:
        self.of_site: Callable[[str], Lookup] = lambda _: no_correlation

    def of(self, site: str) -> Lookup:
        """Give the look-up of a site's order numbers."""
        name = PurePath(site).name

        def look_up(key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:
            return self.of_site(name)(key_type, key, namespace)

        return look_up


def take_file(
    ledger: Ledger,
    tables: Tables,
    site: str,
    path: Path,
    name: str,
    key: str,
    is_stopping: Callable[[], bool] = lambda: False,
    tracer: Tracer = NO_TRACER,
) -> Filed:
    """
    Keep every message of a file; on return they are on disk.

    Shape: `site` is the folder's own, empty where the sender of each message decides; `key` is what the file is known
    by when it is taken up again after a crash: what of it was kept then is not kept twice. `is_stopping` is asked
    between batches, so that no large file holds up a stop. `tracer` records what each message goes through.
    Raises: OSError where the file cannot be read; LedgerError and StoppingError, and then the file can be taken up
    again.
    """
    states: Counter[str] = Counter()
    reasons: dict[str, int] = {}
    relay = _Relay()
    translated = timed(tracer, _translate(tables.sites, site, path, name, relay))
    receipts = FileReceipts(tracer, FOLDER, ledger)
    number = 0
    while True:
        keys = [f"{FOLDER}:{key}:{number + place}" for place in range(_BATCH)]
        with ledger.known(keys) as before:
            relay.of_site = before.correlations.of
            batch = [*zip(keys, itertools.islice(translated, _BATCH), strict=False)]
        if not batch:
            return Filed(_place(states), number - states["finding"], (*reasons,))
        arrivals = []
        for known_by, ((chosen, raw, outcome), *times) in batch:
            if outcome.schema == FILE_SCHEMA:
                reasons |= {f"{remark.code}: {remark.text}": 0 for remark in outcome.diagnostics}
                states["finding"] += 1
            else:
                states[outcome.state] += 1
                if known_by not in before.prior:
                    context = receipts.read(outcome, chosen, *times)
                    arrivals.append(Arrival(outcome, raw, chosen, FOLDER, known_by, traceparent=context))
        if arrivals:
            receipts.commit(partial(ledger.accept, arrivals, tables.policies))
        number += len(batch)
        if is_stopping():
            raise StoppingError


def _place(states: Counter[str]) -> str:
    if states["finding"]:
        return FAILED
    return HELD if states["held"] or states["refused"] else DONE


def _translate(sites: Sites, site: str, path: Path, name: str, relay: _Relay) -> Iterator[tuple[str, bytes, Outcome]]:
    def unreadable(_: str, error: OSError) -> None:
        raise error

    choice = sites.choose(b"", site)
    source = (name, lambda: path.open("rb"))
    found = translate_files(choice.engine, [source], unreadable, correlation=relay.of(choice.site))
    yield from ((choice.site, *one) for one in found) if site or sites.is_single else _by_sender(sites, found, relay)


def _by_sender(sites: Sites, translated: Iterable[_Translated], relay: _Relay) -> Iterator[tuple[str, bytes, Outcome]]:
    """Read each message of a file anew by the tables of its sender's site."""
    for raw, outcome in translated:
        if outcome.schema == FILE_SCHEMA:
            yield "", raw, outcome
            continue
        choice = sites.choose(raw)
        flaws = tuple(Finding(one.code, one.at, one.text) for one in outcome.diagnostics if one.code in OF_THE_STREAM)
        source = outcome.source
        again = choice.translate(
            raw, name=source.file, index=source.index, correlation=relay.of(choice.site), doubts=flaws
        )
        yield choice.site, raw, again
