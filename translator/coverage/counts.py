"""
Hold what was counted in an archive as one value that merges: codes, units, statuses, fates, and what is filled.

Theory of operation: memory is bounded by the number of different things, never by the number of messages. Where an
archive has too many different things of one kind, those with the smallest hashes are kept one by one, and the others
are counted together. The smallest of all are among the smallest of every part, so the count of what is kept is exact,
and it does not matter in which order, or by how many processes, the parts were counted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct, field

from translator.record.report import Form
from translator.record.values import Coding

MOST = 20_000
Key: TypeAlias = tuple[Any, ...]
OTHERS = "(others)"
# At the end of a text that was too long.
CUT = "\u2026"
OTHER_CODES = (Coding("", OTHERS),)
_OTHER_FORM = Form(OTHER_CODES)


class Counts(Struct, frozen=True):
    """
    Everything that was counted, by what it is.

    Shape: `files` by name of what was wrong with one, empty where nothing was. `messages` by (format, type, sender,
    state); `reasons` counts messages by (state, reason), each once for a reason. `entries` by (format, form, state,
    reason, table), where the reason is what held the report, for what was held with it. `reports` by (format, status),
    `panels` by (format, codings), `flags` by (format, flag), `orders` by (format, codings, state, reason).
    `filled` by (kind, place, names of what is filled): the fields of segments, and the elements of resources.
    `values` of codes without a row by (codings, unit, bucket); `ranges` of them by (codings, unit, low, high).
    `waiting` counts what is sent under codes that the vendor has not confirmed, by WHOOP code; `answers` the coded
    answers that were sent, by (WHOOP code, text).
    """

    files: Counter[Key] = field(default_factory=Counter)
    messages: Counter[Key] = field(default_factory=Counter)
    reasons: Counter[Key] = field(default_factory=Counter)
    entries: Counter[Key] = field(default_factory=Counter)
    reports: Counter[Key] = field(default_factory=Counter)
    panels: Counter[Key] = field(default_factory=Counter)
    flags: Counter[Key] = field(default_factory=Counter)
    orders: Counter[Key] = field(default_factory=Counter)
    filled: Counter[Key] = field(default_factory=Counter)
    values: Counter[Key] = field(default_factory=Counter)
    ranges: Counter[Key] = field(default_factory=Counter)
    waiting: Counter[Key] = field(default_factory=Counter)
    answers: Counter[Key] = field(default_factory=Counter)


# What a thing is counted as that is not kept by itself: as little is forgotten as can be, and never its fate.
_FOLDS: Mapping[str, Callable[[Key], Key]] = {
    "messages": lambda key: (key[0], OTHERS, OTHERS, key[3]),
    "entries": lambda key: (key[0], _OTHER_FORM, key[2], key[3], ""),
    "reports": lambda key: (key[0], OTHERS),
    "flags": lambda key: (key[0], OTHERS),
    "panels": lambda key: (key[0], OTHER_CODES),
    "orders": lambda key: (key[0], OTHER_CODES, *key[2:]),
    "filled": lambda key: (key[0], OTHERS, ()),
    "values": lambda _: (OTHER_CODES, "", ()),
    "ranges": lambda _: (OTHER_CODES, "", "", ""),
}


def _fold(key: Key) -> Key:
    return (*(OTHERS for _ in key),)


def merge(one: Counts, other: Counts, most: int = MOST) -> Counts:
    """
    Put two counts together, whichever comes first.

    Shape: `most` different things of each kind are kept one by one.
    """
    return Counts(
        *(bounded(getattr(one, name) + getattr(other, name), name, most) for name in Counts.__struct_fields__)
    )


def within_bounds(counts: Counts, most: int = MOST) -> Counts:
    """Keep so many different things of each kind one by one, and count the others together."""
    return merge(counts, Counts(), most)


def bounded(counter: Counter[Key], name: str, most: int) -> Counter[Key]:
    """Keep the `most` different things of the smallest hashes; what is together stays together."""
    if len(counter) <= most:
        return counter
    fold = _FOLDS.get(name, _fold)
    single = [key for key in counter if fold(key) != key]
    beyond = sorted(single, key=_order)[most:]
    if not beyond:
        return counter
    kept = Counter(counter)
    for key in beyond:
        kept[fold(key)] += kept.pop(key)
    return kept


def _order(key: Key) -> bytes:
    """Give a hash that is the same in every process, and then the key itself."""
    written = repr(key).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(written, digest_size=8).digest() + written
