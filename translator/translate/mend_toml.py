"""Mend a TOML file: spaces at the ends of lines, blanks and curly quotes of a word processor outside strings (pure)."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from translator.translate.lookalikes import BLANKS, LOOKALIKES
from translator.translate.mend_text import Repair
from translator.translate.toml_pieces import toml_pieces

_CURLY = re.compile("[\u201c\u201e]([^\u201c\u201d\u201e\"'\\\\#\n]*)[\u201c\u201d]")
_TRAILING = re.compile(r"[ \t]+(?=\n)")
_BLANK = re.compile(f"[{''.join(sorted(BLANKS))}]")


def mend_toml(text: str, repairs: list[Repair]) -> str:
    """
    Mend the text of one TOML file; what was done is added to `repairs`.

    Absent: the text stays as it is where mending would change what a setting says.
    """
    done: list[Repair] = []
    mended = _trailing(_unquoted(text, done), done)
    before, after = _read(text), _read(mended)
    if after is None or (before is not None and before != after):
        return text
    repairs.extend(done)
    return mended


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _unquoted(text: str, repairs: list[Repair]) -> str:
    """Outside strings and comments TOML knows neither curly quotes nor blanks other than space and tab."""
    written = []
    for kind, content, line, column in toml_pieces(text):
        better = content
        if kind == "other":
            better = _CURLY.sub(r'"\1"', content)
            if better != content:
                repairs.append(Repair(line, column, "curly quotes become straight ones"))
            plain = _BLANK.sub(lambda match: LOOKALIKES[match[0]].plain, better)
            if plain != better:
                repairs.append(Repair(line, column, "blanks of other kinds become spaces"))
            better = plain
        written.append(better)
    return "".join(written)


def _trailing(text: str, repairs: list[Repair]) -> str:
    written = []
    for kind, content, line, _ in toml_pieces(f"{text}\n"):
        if kind == "string":
            written.append(content)
            continue
        # A comment ends before its line end, so its own spaces stand at its end.
        better = content.rstrip(" \t") if kind == "comment" else _TRAILING.sub("", content)
        if better != content:
            repairs.append(Repair(line, 1, "spaces at the end of a line"))
        written.append(better)
    return "".join(written)[:-1]
