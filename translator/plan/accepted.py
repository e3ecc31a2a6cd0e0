"""
Read and write the file of accepted changes, and judge what a plan has found by it. (pure)

The file is a table like the others: one row for each difference of each cause, with its count, so that a reviewer reads
in one place what a change of the tables does to the archive. A row accepts so many; more than that is new.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct, structs

from translator.errors import Fault, TableError
from translator.plan.comparison import SEVERAL, Cause, Comparison
from translator.plan.table_changes import TableChange
from translator.translate.load_columns import Column, Table, one_of
from translator.translate.load_rows import read_rows

LATER = "later"
"""The kind of a change that works on delivery, where no archive shows what it does."""

_KINDS = ("value", "report", "message", LATER)
_Key: TypeAlias = tuple[str, str, str, str, str]


class Found(Struct, frozen=True, order=True):
    """One thing that a plan has found: a difference of a cause, and how often."""

    cause: str
    change: str
    kind: str
    before: str
    after: str
    count: int = 0

    @property
    def key(self) -> _Key:
        """What names it in a file of accepted changes."""
        return self.cause, self.change, self.kind, self.before, self.after


class Accepted(Struct, frozen=True):
    """One row of the file: what somebody has accepted, and where the row stands."""

    found: Found
    note: str = ""
    at: str = ""


class Judgement(Struct, frozen=True):
    """
    What of a plan is accepted.

    Shape: `new` is not, or not so often; `stale` rows accept what is not there any more, or more than there is.
    """

    new: tuple[Found, ...]
    stale: tuple[tuple[Accepted, int], ...]


def found_in(comparison: Comparison, changes: Sequence[TableChange]) -> tuple[Found, ...]:
    """List what a plan has found, in a stable order; what only works on delivery is found by itself."""
    known = {change.id: change for change in changes}
    counts: dict[_Key, int] = {}
    for cause, tally in comparison.causes.items():
        for how, one in tally.differences.items():
            key = name_of(cause), text_of(cause, known), how.kind, how.before_words, how.after_words
            counts[key] = counts.get(key, 0) + one.count
    for change in changes:
        if change.acts_later:
            counts[change.id, change.text, LATER, "", ""] = 0
    return tuple(sorted(Found(*key, count) for key, count in counts.items()))


def name_of(cause: Cause) -> str:
    """Name a cause."""
    return " + ".join(cause) or "unknown"


def text_of(cause: Cause, changes: Mapping[str, TableChange]) -> str:
    """Say what was changed; of several changes together, by a hash, that these are all."""
    if cause == SEVERAL:
        said = "\n".join(f"{name} {change.text}" for name, change in sorted(changes.items()))
        return f"out of {len(changes)} (sha256 {sha256(said.encode()).hexdigest()[:8]})"
    return " + ".join(changes[name].text for name in cause)


def judge(found: Iterable[Found], accepted: Iterable[Accepted]) -> Judgement:
    """Compare what was found with what is accepted."""
    known = {one.found.key: one for one in accepted}
    counts = {one.key: one.count for one in found}
    new = tuple(one for one in found if one.key not in known or one.count > known[one.key].found.count)
    stale = tuple(
        (one, counts.get(key, 0)) for key, one in known.items() if key not in counts or counts[key] < one.found.count
    )
    return Judgement(new, stale)


def read_accepted(file: str, data: bytes) -> list[Accepted]:
    """
    Read a file of accepted changes.

    Raises: TableError with every fault.
    """
    faults: list[Fault] = []
    rows = read_rows(file, data, _TABLE, faults)
    if faults:
        raise TableError(faults)
    return [
        Accepted(
            Found(
                row.get("cause"), row.get("change"), row.get("kind"), row.get("before"), row.get("after"),
                int(row.get("count")),
            ),
            row.get("note"),
            row.at,
        )
        for row in rows
    ]  # fmt: skip


def write_accepted(found: Iterable[Found], kept: Iterable[Accepted] = ()) -> bytes:
    """Write a file that accepts all that was found; notes on what is the same are kept."""
    notes = {one.found.key: one.note for one in kept}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in _TABLE.columns])
    for one in sorted(found):
        writer.writerow([*structs.astuple(one), notes.get(one.key, "")])
    return text.getvalue().encode()


def _whole(cell: str) -> str:
    return "" if cell.isascii() and cell.isdigit() else "not a whole number"


_TABLE = Table((
    Column("cause", key=True, filled=True),
    Column("change", key=True),
    Column("kind", one_of(*_KINDS), key=True, filled=True),
    Column("before", key=True),
    Column("after", key=True),
    Column("count", _whole, filled=True),
    Column("note"),
))  # fmt: skip
