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

COLUMNS = ("file", "message", "type", "state", "entries", "why")
_FINDING_STATES = frozenset({"held", "refused"})


@click.command("translate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@common
def command(flags: Flags, paths: tuple[str, ...], correlation: str | None) -> int:
    """
    Translate lab files; no network, no ledger.

    PATH is a file, a folder (read whole, without hidden files) or `-` for stdin. Prints one JSON line per message:
    what would be posted, and the fate of every observation.

    Exit code 1 if anything is held or refused, a file cannot be read, or there is nothing to translate.

    \b
    Examples:
      translator translate results.hl7
      translator translate inbox/ --correlation orders.csv --format json
      cat results.hl7 | translator translate - --site acme
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    unread = Unread()
    inputs = find_inputs(paths, unread)
    site = flags.settings().site
    known = Correlation(read_correlation(correlation), PurePath(site).name)
    tally = _print(_translate(_load(site), inputs, known, unread), flags)
    if not tally and not unread.count:
        say("nothing to translate")
    return FINDINGS if unread.count or not tally or _FINDING_STATES & tally.keys() else 0


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


def _translate(engine: Translator, inputs: list[Input], known: Correlation, unread: Unread) -> Iterator[Outcome]:
    for item in inputs:
        try:
            with item.open() as stream:
                yield from engine.translate_stream(stream, name=item.name, correlation=known)
        except BrokenPipeError:
            raise
        except OSError as error:
            unread.note(item.name, error)


def _print(outcomes: Iterator[Outcome], flags: Flags) -> Counter[str]:
    tally: Counter[str] = Counter()
    listing = Listing(flags.form, COLUMNS)
    for outcome in outcomes:
        listing.add(outcome.json, *describe(outcome))
        tally[outcome.state] += 1
        tally.update({entry.state for entry in outcome.entries} & _FINDING_STATES)
    listing.close()
    return tally
