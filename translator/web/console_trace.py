"""
Trace what a message became: the bytes behind each value of its payloads, and the steps between.

A key names a value on the page: `e3` is the fourth entry, `s0-2-value` the value of an observation in a body, and
`s0-f7` any other field of one.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from translator.errors import ConfigError
from translator.ledger import EntryView
from translator.provenance import Provenances
from translator.read.span import Place
from translator.translate.trace import Step
from translator.web.console_rows import Cells, TableRows
from translator.web.console_source import Mark, Token

MOST_TRACED = 200
"""So many entries, and so many fields of orders, are traced to their bytes; a message has tens of them."""

_PART_OF = {"value_numeric": "value", "value_text": "value"}


class StepShown(Struct, frozen=True):
    """One operation, with the row of the table that decided."""

    name: str
    change: str
    at: str
    table: str
    text: str
    cells: Cells


class Trace(Struct, frozen=True):
    """The steps that lead to one value; `key` names it on the page."""

    key: str
    title: str
    state: str
    table: str
    steps: tuple[StepShown, ...]


class Scalar(Struct, frozen=True):
    """
    A part of a payload.

    Shape: of a value `key` names the bytes that it was made of, and `trace` the steps that lead to it.
    Absent: both are empty where nobody knows.
    """

    token: Token
    key: str = ""
    trace: str = ""


class Tracer:
    """
    Trace one message, and remember its marks and traces.

    Shape: without `found` nothing is traced.
    """

    def __init__(self, found: Provenances | None, rows: TableRows) -> None:
        self._found = found
        self._rows = rows
        self._made_by: dict[str, str] = {}
        self._marked: set[str] = set()
        self.marks: list[Mark] = []
        self.traces: dict[str, Trace] = {}

    def add_entry(self, number: int, entry: EntryView) -> str:
        """Trace an entry, and give its key."""
        key = f"e{number}"
        if self._found is None or number >= MOST_TRACED:
            return key
        try:
            (origin,) = self._found.where(entry.at).origins
        except ConfigError:
            return key
        self._mark(origin.place, key)
        is_sent = entry.submission is not None and entry.observation is not None
        prefix = f"s{entry.submission}-{entry.observation}"
        for part, place in self._found.parts(entry.at).items():
            self._mark(place, key)
            if is_sent:
                self._mark(place, f"{prefix}-{part}")
        if is_sent:
            self._made_by.setdefault(prefix, key)
        self._add(key, f"{entry.at} {entry.code}".strip(), entry.state, entry.table, origin.steps)
        return key

    def scalars(self, number: int, service_request_id: str, lines: Sequence[Sequence[Token]]) -> list[list[Scalar]]:
        """Join the lines of a body, the n-th of the message, with what is known of its values."""
        place = self._place_of(service_request_id)
        return [[self._scalar(number, place, token) for token in line] for line in lines]

    def _scalar(self, number: int, place: int | None, token: Token) -> Scalar:
        if not token.path:
            return Scalar(token)
        observation, _, name = token.path.partition("].")
        if name and observation.startswith("observations["):
            prefix = f"s{number}-{observation.removeprefix('observations[')}"
            is_known = prefix in self._made_by
            key = f"{prefix}-{_PART_OF.get(name, name)}"
            return Scalar(token, key, self._made_by[prefix]) if is_known and self._has(key) else Scalar(token)
        key = f"s{number}-f{len(self.traces)}"
        if place is not None and self._add_field(key, f"submissions[{place}].body.{token.path}", token.path):
            return Scalar(token, key, key)
        return Scalar(token)

    def _add_field(self, key: str, path: str, title: str) -> bool:
        """Trace a field of a body that is of no observation; gives False where no bytes are behind it."""
        if self._found is None or len(self.traces) >= 2 * MOST_TRACED:
            return False
        try:
            origins = self._found.why(path).origins
        except ConfigError:
            return False
        for origin in origins:
            self._mark(origin.place, key)
        self._add(key, title, "", "", [step for origin in origins for step in origin.steps])
        return self._has(key)

    def _place_of(self, service_request_id: str) -> int | None:
        """Find what would be sent for a service request, or an order, by the tables of now."""
        sent = self._found.outcome.submissions if self._found is not None else ()
        ids = [each.service_request_id for each in sent]
        return ids.index(service_request_id) if service_request_id in ids else None

    def _has(self, key: str) -> bool:
        return key in self._marked

    def _mark(self, place: Place | None, key: str) -> None:
        if place is not None and place.end > place.start:
            self.marks.append(Mark(place.start, place.end, key))
            self._marked.add(key)

    def _add(self, key: str, title: str, state: str, table: str, steps: Sequence[Step]) -> None:
        """Keep a trace, each row of a table shown once."""
        known: set[str] = set()
        shown = []
        for step in steps:
            change = " \N{RIGHTWARDS ARROW} ".join(filter(None, (step.given, step.result)))
            cells = self._rows.cells(step.table) if step.table not in known else ()
            known.add(step.table)
            shown.append(StepShown(step.name, change, step.at, step.table, step.text, cells))
        self.traces[key] = Trace(key, title, state, table, tuple(shown))
