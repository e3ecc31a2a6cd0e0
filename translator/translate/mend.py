"""
Mend in a site's files what can only be meant one way, and leave every other byte as it is (pure).

What could mean two things is left for a person. Mending twice is the same as mending once.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from translator.translate.load_columns import TABLES
from translator.translate.load_rows import BOM
from translator.translate.mend_table import mend_table
from translator.translate.mend_text import Repair
from translator.translate.mend_toml import mend_toml


class Mended(NamedTuple):
    """A file's bytes after mending, and what was done; the same bytes where nothing was."""

    data: bytes
    repairs: tuple[Repair, ...]


def mend(name: str, data: bytes) -> Mended:
    """
    Mend one file of a site by its name below the site's folder.

    Absent: what is not UTF-8, and neither a table nor TOML, stays as it is.
    """
    table = TABLES.get(name)
    if table is None and not name.endswith(".toml"):
        return Mended(data, ())
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Mended(data, ())
    repairs: list[Repair] = []
    text = _line_ends(_without_mark(text, repairs), repairs)
    # A stray carriage return makes two readings of where lines end, so the cells are left alone.
    if "\r" not in text:
        text = mend_toml(text, repairs) if table is None else mend_table(table, text, repairs)
    return Mended(text.encode() if repairs else data, tuple(repairs))


def _without_mark(text: str, repairs: list[Repair]) -> str:
    mark = BOM.decode()
    if text.startswith(mark):
        repairs.append(Repair(1, 1, "the byte order mark is taken out"))
    return text.lstrip(mark)


def _line_ends(text: str, repairs: list[Repair]) -> str:
    windows = text.count("\r\n")
    if windows:
        repairs.append(Repair(1, 1, f"line ends of Windows become plain ones: {windows}"))
        return re.sub("\r+\n", "\n", text)
    if "\r" in text and "\n" not in text:
        repairs.append(Repair(1, 1, f"line ends of old Macs become plain ones: {text.count(chr(13))}"))
        return text.replace("\r", "\n")
    return text
