"""
Find in tables that do not load what can be found already, so that one look shows all that is to be mended (pure).

The rows that are sound are indexed without the others. What another row might decide is left for a second look: nobody
is sent after a finding that only the missing row makes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from translator.errors import Fault
from translator.translate.codes import LOINC
from translator.translate.lint import TranslateExample, lint_rows
from translator.translate.lint_proofs import UcumLibrary
from translator.translate.load import TableTexts, gather_texts, index_tables, place
from translator.translate.load_columns import OBSERVATIONS
from translator.translate.load_rows import Row
from translator.translate.tables import Tables

# What a row shows by itself, or together with rows of which nothing is missing.
_OF_THE_ROW = frozenset({
    "table-space", "table-lookalike", "table-loinc", "table-system", "table-factor", "table-ucum-trap", "table-bounds",
    "table-unit-proof", "table-spelling",
})  # fmt: skip
_OF_THE_EXAMPLE = "table-example"


def lint_partly(
    files: Mapping[str, bytes],
    site: Mapping[str, bytes],
    translator_of: Callable[[Tables], TranslateExample],
    site_name: str = "site",
    library: UcumLibrary | None = None,
) -> list[Fault]:
    """
    Every fault of loading, and what is wrong with the rows that are sound, in the order of files and lines.

    Shape: `translator_of` gives for tables what runs their examples.
    Absent: where packaged tables are at fault, only the faults of loading.
    """
    faults: list[Fault] = []
    texts = gather_texts(files, site, site_name, faults)
    folder = f"sites/{site_name}/"
    if any(not fault.at.startswith(folder) for fault in faults):
        return sorted(faults, key=place)
    sound = _without(texts, faults)
    more: list[Fault] = []
    index_tables(sound, more)
    if not _lacks_loinc(texts, sound):
        faults += more
    sound = _without(sound, more)
    tables = index_tables(sound, [])
    may_run = all(fault.at.startswith(folder + OBSERVATIONS) for fault in faults) and not _lacks_loinc(texts, sound)
    shown = _OF_THE_ROW | {_OF_THE_EXAMPLE} if may_run else _OF_THE_ROW
    found = lint_rows(sound.rows, tables, translator_of(tables), library)
    faults += [fault for fault in found if fault.code in shown and fault.at.startswith(folder)]
    return sorted(dict.fromkeys(faults), key=place)


def _without(texts: TableTexts, faults: Sequence[Fault]) -> TableTexts:
    """The texts without the rows in which something is wrong."""
    broken = {fault.at.rpartition(":")[0] for fault in faults}
    return texts._replace(rows={name: _sound(rows, broken) for name, rows in texts.rows.items()})


def _sound(rows: list[Row], broken: Collection[str]) -> list[Row]:
    return [row for row in rows if row.at not in broken]


def _lacks_loinc(texts: TableTexts, sound: TableTexts) -> bool:
    """Whether a row is missing that others may inherit from."""
    kept = {row.at for row in sound.rows[OBSERVATIONS]}
    return any(row.get("system") == LOINC and row.at not in kept for row in texts.rows[OBSERVATIONS])
