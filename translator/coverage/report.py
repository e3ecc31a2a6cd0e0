"""
Say what was counted in the words of an analyst (schema `translator.coverage/1`): what is sent, and what becomes of it.

Everything here is codes, units, statuses, flags, senders and counts; never a value or a number of anybody, and no
free text but the names of codes (shown.py).
Fields may be added within `/1`, never changed; what is empty is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from translator.coverage.suggest import Suggestion

SCHEMA = "translator.coverage/1"


class Code(Struct, frozen=True, omit_defaults=True):
    """One coding as it is sent."""

    system: str = ""
    code: str = ""
    name: str = ""


class SeenCode(Struct, frozen=True, omit_defaults=True):
    """
    One code with everything that stands beside it, as sent.

    Shape: `row` and `whoop_code` where a row maps it, else `problem` says why none does; `ignored` where its row says
    that it is never sent. `states` and `reasons` count what its entries ended in.
    """

    format: str
    codings: tuple[Code, ...]
    count: int
    states: Mapping[str, int]
    row: str = ""
    whoop_code: str = ""
    problem: str = ""
    ignored: bool = False
    reasons: Mapping[str, int] = {}
    units: Mapping[str, int] = {}
    value_types: Mapping[str, int] = {}
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def mapped(self) -> bool:
        """Tell that a row says what it means."""
        return bool(self.row)

    @property
    def is_open(self) -> bool:
        """Tell that somebody has to map it: no row, and some of it was not ignored for where it stands."""
        return not self.row and self.states.keys() != {"ignored"}


class SeenOrder(Struct, frozen=True, omit_defaults=True):
    """One code of an order, and what its orders ended in."""

    format: str
    codings: tuple[Code, ...]
    count: int
    states: Mapping[str, int]
    study: str = ""
    reasons: Mapping[str, int] = {}


class SeenUnit(Struct, frozen=True, omit_defaults=True):
    """
    One unit of one code.

    Shape: `becomes` is `as sent`, `respelled`, `converted`, `no row`, or the reason that it is held for.
    """

    unit: str
    code: Code
    count: int
    becomes: str
    whoop_code: str = ""


class SeenWord(Struct, frozen=True, omit_defaults=True):
    """A word of the standard's own, such as a status or a flag; `means` is what the tables make of it."""

    at: str
    word: str
    count: int
    means: str = ""


class Fate(Struct, frozen=True, omit_defaults=True):
    """
    What entries or messages end in, by reason, and what to do about it.

    Shape: `messages` counts those that have at least one such entry, or end so themselves.
    """

    state: str
    reason: str = ""
    messages: int = 0
    entries: int = 0
    cause: str = ""
    remedy: str = ""


class SilentRow(Struct, frozen=True, omit_defaults=True):
    """A row of a table that nothing in the archive led to."""

    at: str
    row: str
    display: str = ""
    site: bool = False


class Unread(Struct, frozen=True):
    """Something that is sent and that nobody reads, such as `OBX-17`, `ZXX` or `Observation.method`."""

    at: str
    count: int


class Totals(Struct, frozen=True, omit_defaults=True):
    """The sums; `observations` and `orders` make up the entries."""

    messages: int
    entries: int
    observations: int
    orders: int
    mapped: int
    codes: int
    mapped_codes: int
    open_codes: int
    file_findings: int = 0


class Coverage(Struct, frozen=True, omit_defaults=True):
    """
    What an archive holds, and what the tables make of it.

    Shape: lists go from frequent to rare. `waiting` counts, by WHOOP code, results that are translated and yet wait
    once until the site confirms the code, since the vendor has not published it. `interrupted` where it was stopped.
    """

    schema: str
    tables_sha256: str
    totals: Totals
    messages: Mapping[str, int]
    entries: Mapping[str, int]
    fates: tuple[Fate, ...] = ()
    files: tuple[Fate, ...] = ()
    codes: tuple[SeenCode, ...] = ()
    order_codes: tuple[SeenOrder, ...] = ()
    units: tuple[SeenUnit, ...] = ()
    value_types: tuple[SeenWord, ...] = ()
    statuses: tuple[SeenWord, ...] = ()
    flags: tuple[SeenWord, ...] = ()
    types: tuple[SeenWord, ...] = ()
    senders: tuple[SeenWord, ...] = ()
    panels: tuple[SeenWord, ...] = ()
    waiting: Mapping[str, int] = {}
    silent: tuple[SilentRow, ...] = ()
    unread: tuple[Unread, ...] = ()
    interrupted: bool = False

    @property
    def json(self) -> bytes:
        """The document as one line of JSON, without the line end."""
        return msgspec.json.encode(self)

    @property
    def is_empty(self) -> bool:
        """Tell that there was nothing to look at."""
        return not self.totals.messages and not self.files

    @property
    def has_findings(self) -> bool:
        """Tell that something is not covered: held, refused, not to be read, or a code without a row."""
        not_sent = {"held", "refused"}
        return bool(
            self.files
            or not_sent & (self.messages.keys() | self.entries.keys())
            or any(code.is_open for code in self.codes)
        )
