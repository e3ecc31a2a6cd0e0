"""`translator translate`: files in, one JSON line per message out; no network, no ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import click

from translator.cli.correlations import read_correlation
from translator.cli.ending import FINDINGS
from translator.cli.inputs import Input, Unread, find_inputs
from translator.cli.options import Flags, common, jobs_option
from translator.cli.output import Form, Listing, say
from translator.record.correlation import Correlation
from translator.record.outcome import Outcome

if TYPE_CHECKING:
    from translator import Translator
    from translator.portions import Portion

# Messages that go to another process together.
_BATCH = 128
COLUMNS = ("file", "message", "type", "state", "entries", "why")
_FINDING_STATES = frozenset({"held", "refused"})
_NOT_CONFORMANT = frozenset({"not-conformant", "conformance-unchecked"})
_FINDINGS = _FINDING_STATES | _NOT_CONFORMANT


@click.command("translate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@click.option("--strict", is_flag=True, help="Compare each message with its HL7 or FHIR version, too.")
@jobs_option
@common
def command(flags: Flags, paths: tuple[str, ...], correlation: str | None, jobs: int, *, strict: bool) -> int:
    """
    Translate lab files; no network, no ledger.

    PATH is a file, a folder (read whole, without hidden files) or `-` for stdin; gzip and zip archives are opened.
    Files of FHIR NDJSON are one export together and come last: one message per report, wherever its parts lie.
    Prints one JSON line per message: what would be posted, and the fate of every observation.

    Exit code 1 if anything is held or refused, a file cannot be read, or there is nothing to translate; with --strict
    also if a message breaks the rules of its version, which holds nothing.

    \b
    Examples:
      translator translate results.hl7
      translator translate inbox/ --correlation orders.csv --format json
      translator translate DiagnosticReport.ndjson Observation.ndjson.gz ServiceRequest.ndjson
      cat results.hl7 | translator translate - --site acme
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    unread = Unread()
    inputs = find_inputs(paths, unread)
    site = flags.settings().site
    known = Correlation(read_correlation(correlation), PurePath(site).name)
    work = _Work(_load(site), known, is_strict=strict, form=flags.form)
    tally = _print(_rows(work, inputs, unread, jobs), flags)
    if not tally and not unread.count:
        say("nothing to translate")
    return FINDINGS if unread.count or not tally or _FINDINGS & tally.keys() else 0


def describe(outcome: Outcome) -> tuple[str, ...]:
    """Put an outcome into the cells of `COLUMNS`."""
    source = outcome.source
    states = Counter(entry.state for entry in outcome.entries)
    reasons = Counter(entry.cause or entry.reason for entry in outcome.entries if entry.reason)
    why = ", ".join(reasons) or ", ".join(dict.fromkeys(found.code for found in outcome.diagnostics))
    entries = ", ".join(f"{count} {state}" for state, count in states.items())
    return source.file, str(source.index), source.type, outcome.state, entries, why


def _load(site: str) -> Translator:
    from translator import Translator  # noqa: PLC0415 - the readers and tables, which --help does not need

    return Translator.load(site or None)


class _Row(NamedTuple):
    """What is printed of an outcome, as a line or in cells, and what of it counts for the exit code."""

    line: bytes
    cells: tuple[str, ...]
    found: tuple[str, ...]


class _Work:
    """Translate portions and make ready what is printed of them; wherever the processor is free."""

    def __init__(self, engine: Translator, known: Correlation, *, is_strict: bool, form: Form) -> None:
        self._engine = engine
        self._known = known
        self._is_strict = is_strict
        self._is_table = form == "table"

    def __call__(self, portions: Iterable[Portion]) -> list[_Row]:
        return [self._row(raw, outcome) for portion in portions for raw, outcome in self._translated(portion)]

    def _translated(self, portion: Portion) -> Iterator[tuple[bytes, Outcome]]:
        return self._engine.translate_portion(portion, correlation=self._known)

    def _row(self, raw: bytes, outcome: Outcome) -> _Row:
        if self._is_strict:
            from translator.conformance import with_conformance  # noqa: PLC0415 - only --strict needs it

            outcome = with_conformance(raw, outcome, self._engine.tables)
        found = {entry.state for entry in outcome.entries} & _FINDING_STATES
        found |= {found.code for found in outcome.diagnostics if found.severity == "error"} & _NOT_CONFORMANT
        line, cells = (b"", describe(outcome)) if self._is_table else (outcome.json, ())
        return _Row(line, cells, (outcome.state, *found))


def _rows(work: _Work, inputs: list[Input], unread: Unread, jobs: int) -> Generator[list[_Row]]:
    from translator.feed import in_batches, read_portions  # noqa: PLC0415 - --help opens nothing
    from translator.jobs import spread  # noqa: PLC0415 - the same

    portions = read_portions([(item.name, item.open) for item in inputs], unread.note)
    # Alone, each message is printed as it comes.
    return spread(work, in_batches(portions, _BATCH if jobs > 1 else 1), jobs)


def _print(batches: Generator[list[_Row]], flags: Flags) -> Counter[str]:
    tally: Counter[str] = Counter()
    listing = Listing(flags.form, COLUMNS)
    with closing(batches):
        for row in chain.from_iterable(batches):
            listing.add(row.line, *row.cells)
            tally.update(row.found)
    listing.close()
    return tally
