"""`translator coverage`: what an archive holds, what the tables make of it, and what nobody reads."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from translator.cli.archive import Archive, Sharing, find_archive, sharing_options
from translator.cli.correlations import read_correlation
from translator.cli.count_progress import CountProgress
from translator.cli.ending import FINDINGS, INTERRUPTED
from translator.cli.inputs import Unread
from translator.cli.options import Flags, common
from translator.cli.output import say, write_line
from translator.cli.written_file import check_new, write_new, write_over
from translator.record.correlation import Correlation

if TYPE_CHECKING:
    from translator.coverage.count import Counted, Tally
    from translator.coverage.report import Coverage
    from translator.portions import Portion
    from translator.translate.tables import Tables

_BATCH = 128
"""So many messages a worker counts at a time."""


@click.command("coverage")
@click.argument("paths", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@click.option("--html", "page", metavar="FILE", help="Write the whole as one HTML file with charts, too.")
@click.option(
    "--write-stub",
    "stub",
    metavar="FILE|DIR",
    help="Write a row to fill in for each code without one; DIR is a site's folder. Nothing is overwritten.",
)
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Rows of each table on a terminal.",
)
@sharing_options
@common
def command(
    flags: Flags,
    paths: tuple[str, ...],
    correlation: str | None,
    page: str | None,
    stub: str | None,
    top: int,
    sharing: Sharing,
) -> int:
    """
    Say what an archive holds, and what the tables make of it.

    ARCHIVE is a file, a folder (read whole, without hidden files) or `-` for stdin; gzip and zip archives, batch files,
    HL7 v2, FHIR and NDJSON are read as `translate` reads them. Nothing is sent, and no ledger is needed. Shows, from
    frequent to rare: what the first day in production would hold, and what to do about it; codes, mapped or not, with
    suggestions; units, value types, statuses, flags and senders; rows that nothing led to; fields that nobody reads.
    Codes and counts only: no value, no name, no number of a patient. Ctrl-C shows what was counted so far.

    Exit code 1 if anything is held or refused, a code has no row, a file cannot be read, or there is nothing to look
    at; 0 if all is covered; 130 if it was stopped.

    \b
    Examples:
      translator coverage archive/
      translator coverage 2025.zip --jobs 4 --site acme --correlation orders.csv --html coverage.html
      translator coverage archive/ --site acme --write-stub mappings/sites/acme
      translator coverage archive/ --format json | jq '.unread'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.coverage.count import Tally  # noqa: PLC0415 - the readers and tables, which --help does not need
    from translator.coverage.summary import summarise  # noqa: PLC0415

    targets = _stub_files(stub) if stub else {}
    site = flags.settings().site
    tables = _tables(site)
    unread = Unread()
    archive = find_archive(paths, unread, sharing)
    tally = Tally(tables)
    known = Correlation(read_correlation(correlation), PurePath(site).name)
    interrupted = _count(tally, _Work(tables, known), archive)
    for _ in range(unread.count):
        tally.unreadable()
    found = summarise(tally.counts, tables, interrupted=interrupted)
    _show(found, flags, top)
    if page:
        from translator.coverage_page import page_of  # noqa: PLC0415 - only this flag needs templates

        write_over(Path(page), page_of(found))
        say(f"wrote {page}")
    if targets:
        _write_stubs(targets, found)
    if interrupted:
        return INTERRUPTED
    return FINDINGS if found.is_empty or found.has_findings else 0


def _tables(site: str) -> Tables:
    from translator import Translator  # noqa: PLC0415

    return Translator.load(site or None).tables


class _Work:
    """Count portions; wherever the processor is free."""

    def __init__(self, tables: Tables, known: Correlation) -> None:
        from translator.coverage.count import Tally  # noqa: PLC0415
        from translator.engine import Translator  # noqa: PLC0415

        self._tables, self._known = tables, known
        self._tally = Tally(tables)
        self._engine = Translator(tables, self._tally.watch)

    def __reduce__(self) -> tuple[type[_Work], tuple[Tables, Correlation]]:
        # What counts in another process is begun there.
        return _Work, (self._tables, self._known)

    def __call__(self, portions: Iterable[Portion]) -> Counted:
        for portion in portions:
            for _, outcome in self._engine.translate_portion(portion, correlation=self._known):
                self._tally.file(outcome)
        return self._tally.take()


def _count(tally: Tally, work: _Work, archive: Archive) -> bool:
    """Count every message, and tell whether a person stopped it."""
    with CountProgress("files") as shown:
        # Alone, each message counts as it comes.
        parts = archive.results(work, 1 if archive.is_alone else _BATCH, shown)
        try:
            with closing(parts):
                for part in parts:
                    tally.add(part)
                    shown.beside(f"{tally.messages:,} messages, {tally.entries:,} entries")
        except KeyboardInterrupt:
            say("stopped; this is what was counted so far")
            return True
    return False


def _show(found: Coverage, flags: Flags, top: int) -> None:
    if flags.form == "json":
        write_line(found.json)
    else:
        from translator.cli.coverage_view import draw  # noqa: PLC0415 - rich, which JSON does not need

        draw(found, top, sys.stdout)
    if found.is_empty:
        say("nothing to look at")


def _stub_files(given: str) -> dict[str, Path]:
    """Name the files of a stub by their tables, and see before anything is read that none is there yet."""
    from translator.coverage.stub import OBSERVATIONS, STUDIES  # noqa: PLC0415 - only this flag needs it

    path = Path(given)
    is_folder = path.is_dir() or not path.suffix
    tables = [OBSERVATIONS, STUDIES] if is_folder else [OBSERVATIONS]
    return {table: check_new(path / table if is_folder else path) for table in tables}


def _write_stubs(targets: dict[str, Path], found: Coverage) -> None:
    from translator.coverage.stub import OBSERVATIONS, STUDIES, orders_stub_of, stub_of  # noqa: PLC0415 - the same

    results, orders = stub_of(found), orders_stub_of(found)
    parts = [(OBSERVATIONS, results, "`same_as` or `ignore`"), (STUDIES, orders, "`kind`, `nights` and `sensors`")]
    for table, stub, columns in parts:
        if stub.rows and table in targets:
            write_new(targets[table], stub.text)
            rows = "1 row" if stub.rows == 1 else f"{stub.rows} rows"
            say(f"wrote {rows} to fill in to {targets[table]}: fill {columns} in each, then run `translator check`")
    if orders.rows and STUDIES not in targets:
        say(f"{orders.rows} codes of orders want a row of {STUDIES}, too: name a folder, and it is written there")
    if left_out := results.left_out + orders.left_out:
        say(f"no row is written for {left_out} codes that are empty, too long, or hold what no table should")
    elif not results.rows and not orders.rows:
        say("no stub is written: every code has a row")
