"""`translator translate`: files in, one JSON line per message out; no network, no ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import click

from translator.cli.archive import Archive, Sharing, find_archive, sharing_options
from translator.cli.correlations import read_correlation
from translator.cli.count_progress import CountProgress
from translator.cli.ending import FINDINGS
from translator.cli.inputs import Unread
from translator.cli.options import Flags, common
from translator.cli.output import Form, Listing, say
from translator.record.correlation import Correlation
from translator.record.outcome import Outcome

if TYPE_CHECKING:
    from translator import Translator
    from translator.bulk.output import Output
    from translator.portions import Portion

# Messages that go to another process together.
_BATCH = 128
# Messages that are written together; they become one part of a folder.
_PART = 2048
COLUMNS = ("file", "message", "type", "state", "entries", "why")
_FINDING_STATES = frozenset({"held", "refused"})
_NOT_CONFORMANT = frozenset({"not-conformant", "conformance-unchecked"})
_FINDINGS = _FINDING_STATES | _NOT_CONFORMANT


@click.command("translate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@click.option("--strict", is_flag=True, help="Compare each message with its HL7 or FHIR version, too.")
@click.option(
    "--output",
    metavar="PLACE",
    help="Write to a file or URL in place of stdout: NAME.ndjson, NAME.parquet; with / at its end, a folder of parts.",
)
@sharing_options
@common
def command(
    flags: Flags, paths: tuple[str, ...], correlation: str | None, output: str | None, sharing: Sharing, *, strict: bool
) -> int:
    """
    Translate lab files; no network, no ledger.

    PATH is a file, a folder (read whole, without hidden files), a URL of either (s3://...) or `-` for stdin; gzip and
    zip archives are opened, and in Parquet each row of a column is a file. Files of FHIR NDJSON are one export together
    and come last: one message per report, wherever its parts lie.
    Prints one JSON line per message: what would be posted, and the fate of every observation.

    Exit code 1 if anything is held or refused, a file cannot be read, or there is nothing to translate; with --strict
    also if a message breaks the rules of its version, which holds nothing.

    \b
    Examples:
      translator translate results.hl7
      translator translate inbox/ --correlation orders.csv --format json
      translator translate DiagnosticReport.ndjson Observation.ndjson.gz ServiceRequest.ndjson
      cat results.hl7 | translator translate - --site acme
      translator translate s3://lab/2025/ --output s3://lab/outcomes/2025.parquet/ --cluster head:6379
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    unread = Unread()
    target = _target(output) if output else None
    archive = find_archive(paths, unread, sharing, is_bulk=target is not None and target.is_bulk)
    site = flags.settings().site
    known = Correlation(read_correlation(correlation), PurePath(site).name)
    judge = _Judge(_load(site), known, is_strict=strict)
    tally = _write(judge, archive, target) if target else _print(judge, archive, flags)
    if not tally and not unread.count:
        say("nothing to translate")
    return FINDINGS if unread.count or not tally or _FINDINGS & tally.keys() else 0


def _target(output: str) -> Output:
    from translator.bulk.output import output_at  # noqa: PLC0415 - only with the flag

    return output_at(output)


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


class _Judge:
    """Translate portions, and tell what of each outcome counts for the exit code; wherever the processor is free."""

    def __init__(self, engine: Translator, known: Correlation, *, is_strict: bool) -> None:
        self._engine = engine
        self._known = known
        self._is_strict = is_strict

    def __call__(self, portions: Iterable[Portion]) -> Iterator[tuple[Outcome, tuple[str, ...]]]:
        for portion in portions:
            for raw, outcome in self._engine.translate_portion(portion, correlation=self._known):
                yield self._judged(raw, outcome)

    def _judged(self, raw: bytes, outcome: Outcome) -> tuple[Outcome, tuple[str, ...]]:
        if self._is_strict:
            from translator.conformance import with_conformance  # noqa: PLC0415 - only --strict needs it

            outcome = with_conformance(raw, outcome, self._engine.tables)
        found = {entry.state for entry in outcome.entries} & _FINDING_STATES
        found |= {found.code for found in outcome.diagnostics if found.severity == "error"} & _NOT_CONFORMANT
        return outcome, (outcome.state, *found)


class _Rows:
    """Make ready what is printed of portions."""

    def __init__(self, judge: _Judge, form: Form) -> None:
        self._judge = judge
        self._is_table = form == "table"

    def __call__(self, portions: Iterable[Portion]) -> list[_Row]:
        return [
            _Row(b"", describe(outcome), found) if self._is_table else _Row(outcome.json, (), found)
            for outcome, found in self._judge(portions)
        ]


def _print(judge: _Judge, archive: Archive, flags: Flags) -> Counter[str]:
    tally: Counter[str] = Counter()
    listing = Listing(flags.form, COLUMNS)
    # Alone, each message is printed as it comes.
    with closing(archive.results(_Rows(judge, flags.form), 1 if archive.is_alone else _BATCH)) as batches:
        for row in chain.from_iterable(batches):
            listing.add(row.line, *row.cells)
            tally.update(row.found)
    listing.close()
    return tally


def _write(judge: _Judge, archive: Archive, target: Output) -> Counter[str]:
    """Write to where it is wanted, and say how much it is."""
    from translator.bulk.output import Writing, opened  # noqa: PLC0415 - only with the flag

    tally: Counter[str] = Counter()
    lines = 0
    with (
        opened(target) as output,
        CountProgress("outcomes") as shown,
        closing(archive.results(Writing(judge, target.form, output.unfinished), _PART)) as blocks,
    ):
        for block in blocks:
            output.add(block)
            tally.update(block.found)
            lines += block.lines
            shown(lines, None)
    say(f"wrote {lines:,} outcome{'s' * (lines != 1)} to {target.place}")
    return tally
