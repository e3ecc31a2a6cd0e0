"""`translator translate`: files in, one JSON line per message out; no network, no ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from translator.cli.correlations import read_correlation
from translator.cli.ending import FINDINGS
from translator.cli.inputs import Input, Unread, find_inputs
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.record.correlation import Correlation
from translator.record.outcome import Outcome

if TYPE_CHECKING:
    from translator import Translator
    from translator.translate.tables import Tables

COLUMNS = ("file", "message", "type", "state", "entries", "why")
_FINDING_STATES = frozenset({"held", "refused"})
_NOT_CONFORMANT = frozenset({"not-conformant", "conformance-unchecked"})
_FINDINGS = _FINDING_STATES | _NOT_CONFORMANT


@click.command("translate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@click.option("--strict", is_flag=True, help="Compare each message with its HL7 or FHIR version, too.")
@common
def command(flags: Flags, paths: tuple[str, ...], correlation: str | None, *, strict: bool) -> int:
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
    engine = _load(site)
    outcomes = _translate(engine, inputs, known, unread)
    tally = _print(_compared(outcomes, engine.tables) if strict else (outcome for _, outcome in outcomes), flags)
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


def _translate(
    engine: Translator, inputs: list[Input], known: Correlation, unread: Unread
) -> Iterator[tuple[bytes, Outcome]]:
    from translator.feed import translate_files  # noqa: PLC0415 - --help opens nothing

    sources = [(item.name, item.open) for item in inputs]
    return translate_files(engine, sources, unread.note, correlation=known)


def _compared(outcomes: Iterator[tuple[bytes, Outcome]], tables: Tables) -> Iterator[Outcome]:
    from translator.conformance import with_conformance  # noqa: PLC0415 - only --strict needs it

    for raw, outcome in outcomes:
        yield with_conformance(raw, outcome, tables)


def _print(outcomes: Iterator[Outcome], flags: Flags) -> Counter[str]:
    tally: Counter[str] = Counter()
    listing = Listing(flags.form, COLUMNS)
    for outcome in outcomes:
        listing.add(outcome.json, *describe(outcome))
        tally[outcome.state] += 1
        tally.update({entry.state for entry in outcome.entries} & _FINDING_STATES)
        tally.update({found.code for found in outcome.diagnostics if found.severity == "error"} & _NOT_CONFORMANT)
    listing.close()
    return tally
