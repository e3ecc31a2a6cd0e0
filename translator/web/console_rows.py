"""Find the row of a mapping table by its place, and show its cells."""

from __future__ import annotations

import csv

from translator.errors import ConfigError
from translator.mapping_files import packaged_files, site_files
from translator.translate.load_rows import canonical

_REMARKS = frozenset({"source", "note", "example_in", "example_out"})
"""Columns that say why a row is there, and do not decide."""

Cells = tuple[tuple[str, str], ...]


class TableRows:
    """
    The rows of the tables of one site, read once.

    Shape: `site` as in the settings, empty for the packaged tables alone.
    """

    def __init__(self, site: str = "") -> None:
        self._files = packaged_files()
        if site:
            name, files = site_files(site)
            self._files |= {f"sites/{name}/{path}": body for path, body in files.items()}
        self._rows: dict[str, list[str]] = {}

    def cells(self, at: str) -> Cells:
        """
        Give the filled cells of a row with the names of their columns (`whoop/observations.csv:14`).

        Absent: nothing where the place is in no table of rows, or not there any more.
        """
        file, _, number = at.rpartition(":")
        if not file.endswith(".csv") or file not in self._files or not number.isdecimal():
            return ()
        if file not in self._rows:
            self._rows[file] = canonical(self._files[file]).decode("utf-8", "replace").split("\n")
        lines, line = self._rows[file], int(number)
        if not 1 < line <= len(lines):
            return ()
        # From its line on, since a quoted cell may go over several.
        names = next(csv.reader(lines))
        found = next(csv.reader(f"{text}\n" for text in lines[line - 1 :]), [])
        return tuple((name, cell) for name, cell in zip(names, found, strict=False) if cell and name not in _REMARKS)


def rows_of(site: str) -> TableRows:
    """Read the rows of a site, or where it is not there any more, those of the package."""
    try:
        return TableRows(site)
    except ConfigError:
        return TableRows()
