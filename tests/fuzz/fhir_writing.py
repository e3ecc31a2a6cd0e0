"""Write a JSON value in many ways: all mean the same, except those that say that they mean nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

Rewriting: TypeAlias = Callable[[Random, str], str]

_KEY = re.compile(r'"([A-Za-z]+)"(\s*:)')
_NUMBER = re.compile(r"(?<=[:\[ ])-?[0-9]+(?:\.[0-9]+)?(?=[,}\]\s])")
_NUMBERS = (
    "5.40", "5.4E0", "54e-1", "1e400", "1E+2", "-0", "0.0", "-0.00", "NaN", "Infinity", "-Infinity", "05", "+5", ".5",
    "5.", "1_0", "0x1", "9007199254740993", "185.00000000000000000001", "1" * 400, "1e99999999999", "١٢", "5" * 5000,
)  # fmt: skip
_DAMAGE = (
    "\x00",
    "\x1f",
    "\t",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\u0000",
    "\u2028",
    "\x85",
    "\\/",
    "\\x41",
    "\N{MICRO SIGN}",
)
_DEPTHS = (50, 199, 201, 5000, 100_000)


def write(random: Random, document: object) -> bytes:
    """Write a document; mostly in a plain way, since what is damaged is refused and reaches nothing behind."""
    if random.random() < 0.75:
        return json.dumps(document).encode("utf-8", "surrogatepass")
    indent = random.choice((None, None, 0, 1, 4, "\t"))
    separators = random.choice(((",", ":"), (", ", ": "), (" ,\r\n", "\t: ")))
    written = json.dumps(document, indent=indent, separators=separators, ensure_ascii=random.random() < 0.5)
    for _ in range(random.randrange(3)):
        written = random.choice(_REWRITINGS)(random, written)
    codec = random.choice(("utf-8",) * 10 + ("utf-8-sig",) * 4 + ("latin-1", "utf-16", "utf-32"))
    return written.encode(codec, "surrogatepass" if codec.startswith("utf") else "replace")


def _place(random: Random, written: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    found = list(pattern.finditer(written))
    return random.choice(found) if found else None


def escape_key(random: Random, written: str) -> str:
    """Write a key, or the beginning of a word, with an escape: it stays the same key."""
    found = _place(random, written, _KEY)
    if found is None:
        return written
    first = f"\\u{ord(found[1][0]):04{random.choice('xX')}}"
    return f'{written[: found.start()]}"{first}{found[1][1:]}"{found[2]}{written[found.end() :]}'


def double_key(random: Random, written: str) -> str:
    """Write a key twice in one object, the second time perhaps with an escape."""
    found = _place(random, written, _KEY)
    if found is None:
        return written
    key = random.choice(
        (found[1], f"\\u{ord(found[1][0]):04x}{found[1][1:]}", f"{found[1][:-1]}\\u{ord(found[1][-1]):04X}")
    )
    value = random.choice(("null", '"final"', "[]", "{}", "5", '{"reference": "#x"}'))
    return f'{written[: found.start()]}"{key}": {value}, {written[found.start() :]}'


def change_number(random: Random, written: str) -> str:
    """Write another number, or what is none."""
    found = _place(random, written, _NUMBER)
    if found is None:
        return written
    return written[: found.start()] + random.choice(_NUMBERS) + written[found.end() :]


def damage(random: Random, written: str) -> str:
    """Put a character anywhere that may not stand everywhere."""
    at = random.randrange(len(written) + 1)
    return written[:at] + random.choice(_DAMAGE) + written[at:]


def deepen(random: Random, written: str) -> str:
    """Put a value very deep inside an element that nobody reads."""
    depth = random.choice(_DEPTHS)
    left, right = random.choice((("[", "]"), ('{"a":', "}")))
    return written.replace("{", f'{{"text": {left * depth}1{right * depth},', 1)


def follow(random: Random, written: str) -> str:
    """Put something behind the document."""
    return written + random.choice(("\n", "\r\n\x1a", "\x00", "x", "{}", "\n{}", " \t", ",", "\n" + written))


_REWRITINGS: tuple[Rewriting, ...] = (
    escape_key,
    escape_key,
    double_key,
    change_number,
    change_number,
    damage,
    deepen,
    follow,
)
