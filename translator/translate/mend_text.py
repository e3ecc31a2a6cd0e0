"""Say what was mended and where (pure)."""

from __future__ import annotations

from typing import NamedTuple


class Repair(NamedTuple):
    """
    One thing that was mended, and where.

    Units: `line` of the file from 1; `column` counts cells in a table and characters in TOML.
    """

    line: int
    column: int
    text: str
