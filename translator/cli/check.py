"""`translator check`: lint the mapping tables, and run the example of every row."""

from __future__ import annotations

from collections.abc import Mapping

import click

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import Fault, TableError


@click.command("check")
@common
def command(flags: Flags) -> int:
    """
    Lint the mapping tables and run their examples.

    Checks the settings, the packaged tables and those of the site: what the loader refuses, what the lints find, and
    whether each row's `example_in` still gives its `example_out`.

    Exit code 1 if anything is found, or there is nothing to check.

    \b
    Examples:
      translator check
      translator check --site mappings/sites/acme
      translator check --site acme --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.mapping_files import packaged_files, site_files  # noqa: PLC0415 - --help needs no tables

    settings = flags.settings()
    files = packaged_files()
    name, site = site_files(settings.site) if settings.site else ("", {})
    faults, examples = _check(files, site, name)
    _print(faults, flags)
    found = "nothing found" if not faults else "1 finding" if len(faults) == 1 else f"{len(faults)} findings"
    say(f"checked {len(files) + len(site)} files and {examples} examples: {found}")
    return FINDINGS if faults or not examples else 0


def _check(files: Mapping[str, bytes], site: Mapping[str, bytes], name: str) -> tuple[list[Fault], int]:
    from translator.translate.example import ExampleTranslator  # noqa: PLC0415 - the same
    from translator.translate.lint import lint_tables  # noqa: PLC0415 - the same
    from translator.translate.load import load_tables  # noqa: PLC0415 - the same

    try:
        tables = load_tables(files, site, name)
    except TableError as error:
        return error.faults, 0
    examples = sum(1 for row in tables.observations.values() if row.example_in)
    return lint_tables(files, site, tables, ExampleTranslator(tables), name), examples


def _print(faults: list[Fault], flags: Flags) -> None:
    if flags.form == "table":
        for fault in faults:
            click.echo(str(fault))
        return
    listing = Listing(flags.form, ())
    for fault in faults:
        listing.add(fault._asdict())
