"""Run the benchmarks from the command line: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import cProfile
import pstats

import click

from benchmarks.candidates import payloads
from benchmarks.messages import STANDARD, Laboratory
from benchmarks.report import delivery, measured
from benchmarks.tables import markdown, write_readme
from translator import Translator
from translator.mapping_files import packaged_tables
from translator.translate.tables import Tables

_PROFILED = 400
_LINES = 15


@click.command
@click.option("--quick/--all", "quick", default=True, help="Leave out the batch of 1 GB, or run it too.")
@click.option("--rounds", default=9, show_default=True, help="Rounds of every comparison; the median counts.")
@click.option("--gc/--no-gc", "collect", default=True, help="Leave the garbage collector on, or turn it off, for all.")
@click.option("--readme", is_flag=True, help="Write the ratios into benchmarks/README.md.")
@click.option("--delivery", "only_delivery", is_flag=True, help="Measure delivery alone; other figures stay.")
@click.option("--profile", is_flag=True, help="Only show where the engine's time goes on the standard message.")
def main(*, quick: bool, rounds: int, collect: bool, readme: bool, only_delivery: bool, profile: bool) -> None:
    """Compare the engine with other HL7 v2 readers, and with the least that any reader must do."""
    tables = packaged_tables()
    if profile:
        _profile(tables)
        return
    found = []
    measuring = measured(tables, everything=not quick, rounds=rounds, collect=collect)
    for table in delivery(tables) if only_delivery else measuring:
        click.echo(markdown(table))
        found.append(table)
    if readme:
        write_readme(found, others_stay=only_delivery)


def _profile(tables: Tables) -> None:
    engine, messages = Translator(tables), Laboratory(tables).messages(STANDARD, 20)
    for raw in messages:
        payloads(engine, raw)
    with cProfile.Profile() as profiler:
        for number in range(_PROFILED):
            payloads(engine, messages[number % len(messages)])
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(_LINES)


if __name__ == "__main__":
    main()
