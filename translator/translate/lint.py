"""
Find what is wrong in tables that load: what no cell alone can show (pure).

The loader refuses what it cannot read; a lint finds what would be read and be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from translator.errors import Fault
from translator.translate.lint_characters import lint_characters, lint_toml_characters
from translator.translate.lint_codes import lint_codes
from translator.translate.lint_proofs import UcumLibrary, lint_proofs
from translator.translate.lint_targets import Where, lint_targets
from translator.translate.lint_units import lint_units
from translator.translate.load import place, read_tables
from translator.translate.load_rows import Row
from translator.translate.study import study_example
from translator.translate.tables import ObservationRow, Tables

TranslateExample = Callable[[ObservationRow, str], str]


def lint_tables(
    files: Mapping[str, bytes],
    site: Mapping[str, bytes],
    tables: Tables,
    translate_example: TranslateExample | None = None,
    site_name: str = "site",
    library: UcumLibrary | None = None,
) -> list[Fault]:
    """
    Every finding, in the order of files and lines.

    Shape: `tables` is what `load_tables` made of the same files; `translate_example` gives what a row makes of its
    `example_in`, in the form of `example_out`; without it the examples are not run. Without a `library` units are held
    against our own sizes only.
    """
    rows = read_tables(files, site, site_name, [])
    faults = [*lint_rows(rows, tables, translate_example, library), *_toml(files, site, site_name)]
    return sorted(faults, key=place)


def lint_rows(
    rows: Mapping[str, list[Row]],
    tables: Tables,
    translate_example: TranslateExample | None = None,
    library: UcumLibrary | None = None,
) -> list[Fault]:
    """Every finding in rows and the tables made of them."""
    where = _places(rows)
    return [
        *lint_characters(rows),
        *lint_codes(rows, tables),
        *lint_targets(tables, where),
        *lint_units(rows, tables, where),
        *(lint_proofs(rows, library) if library is not None else ()),
        *_examples(tables, translate_example, where),
        *_studies(tables, where),
    ]


def _places(rows: Mapping[str, list[Row]]) -> Where:
    by_place = {row.at: row for table in rows.values() for row in table}
    return lambda at, column: by_place[at].where(column)


def _toml(files: Mapping[str, bytes], site: Mapping[str, bytes], site_name: str) -> Iterator[Fault]:
    for prefix, group in (("", files), (f"sites/{site_name}/", site)):
        for name in sorted(name for name in group if name.endswith(".toml")):
            yield from lint_toml_characters(prefix + name, group[name])


def _studies(tables: Tables, where: Where) -> Iterator[Fault]:
    for row in tables.studies.values():
        result = study_example(row.example_in, tables)
        if result != row.example_out:
            text = f"example_in `{row.example_in}` gives `{result}`, example_out says `{row.example_out}`"
            yield Fault(where(row.at, "example_out"), "table-example", text)


def _examples(tables: Tables, translate_example: TranslateExample | None, where: Where) -> Iterator[Fault]:
    for row in tables.observations.values():
        if not row.example_in or not row.example_out:
            empty = "example_out" if row.example_in else "example_in"
            text = "example_in and example_out must not be empty"
            yield Fault(where(row.at, empty), "table-example", text)
        elif translate_example is not None:
            result = translate_example(row, row.example_in)
            if result != row.example_out:
                text = f"example_in `{row.example_in}` gives `{result}`, example_out says `{row.example_out}`"
                yield Fault(where(row.at, "example_out"), "table-example", text)
