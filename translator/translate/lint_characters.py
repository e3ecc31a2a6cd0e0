"""Find characters and spaces that would never match, in tables and in TOML files (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unicodedata import is_normalized

from translator.errors import Fault
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_rows import Row, canonical
from translator.translate.lookalikes import AS_SENT, BLANKS, LOOKALIKES, PROSE, lookalikes_in
from translator.translate.toml_pieces import content_of, toml_pieces


def lint_characters(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    """Every cell that begins or ends with a space, or has a look-alike that its note does not account for."""
    for row in (row for table in rows.values() for row in table):
        for column, cell in row.cells.items():
            if cell != cell.strip():
                yield Fault(row.where(column), "table-space", f"{column}: a space at the start or the end")
            if column in PROSE or (cell.isascii() and cell.isprintable()) or row.get("note").startswith(AS_SENT):
                continue
            for character, (_, words) in lookalikes_in(cell).items():
                yield Fault(row.where(column), "table-lookalike", f"{column}: U+{ord(character):04X}, {words}")
            if not is_normalized("NFC", cell):
                text = f"{column}: a letter and its accent as two characters; senders write them as one"
                yield Fault(row.where(column), "table-lookalike", text)


def lint_toml_characters(file: str, data: bytes) -> Iterator[Fault]:
    """
    Every blank in a text of a TOML file that nobody can see; in a site's settings also spaces around a text.

    A name may have a curly apostrophe, and a mark may be a space, so neither is one.
    """
    text = canonical(data).decode("utf-8")
    is_settings = file.endswith(SITE_SETTINGS)
    for kind, string, line, column in toml_pieces(text):
        if kind != "string":
            continue
        content = content_of(string)
        if is_settings and content.strip() and content != content.strip():
            yield Fault(f"{file}:{line}:{column}", "table-space", "a text has a space at the start or the end")
        for character in sorted(BLANKS.intersection(content)):
            words = f"a text has U+{ord(character):04X}, {LOOKALIKES[character].words}"
            yield Fault(f"{file}:{line}:{column}", "table-lookalike", words)
