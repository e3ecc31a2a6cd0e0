"""
Show one message: its source beside what was sent of it, each value with its bytes, its table rows and its steps.

What is shown as sent is what the ledger keeps. Where its values come from is found by reading the message again with
the tables of now; where those are other tables than were used, the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from translator.errors import ConfigError, LedgerError
from translator.ledger import DecisionView, Ledger, MessageView
from translator.pipeline import Pipeline
from translator.provenance import Provenances
from translator.read.span import Place
from translator.record.outcome import RESULTS
from translator.translate.service_request import Lookup
from translator.translate.tables import ReasonRow, Tables
from translator.translate.trace import Step
from translator.web.console_rows import Cells, TableRows
from translator.web.console_source import LARGEST_SHOWN, Line, Mark, Token, body_lines, mark_lines, read_lines
from translator.web.console_words import moment

MOST_TRACED = 200
"""So many entries of a message are traced to their bytes; a message has tens of them."""

_PART_OF = {"value_numeric": "value", "value_text": "value"}


class StepShown(Struct, frozen=True):
    """One operation, with the row of the table that decided."""

    name: str
    change: str
    at: str
    table: str
    text: str
    cells: Cells


class EntryShown(Struct, frozen=True):
    """
    One entry of the message.

    Shape: `key` names its bytes and its trace on the page. `why` explains its reason. `steps` lead to the payload.
    """

    key: str
    at: str
    state: str
    reason: str
    cause: str
    code: str
    table: str
    why: str
    remedy: str
    steps: tuple[StepShown, ...]


class Scalar(Struct, frozen=True):
    """
    A part of a payload.

    Shape: of a value `key` names the bytes that it was made of, and `trace` the entry that tells how.
    Absent: both are empty where nobody knows.
    """

    token: Token
    key: str = ""
    trace: str = ""


class SentShown(Struct, frozen=True):
    """One body with its attempts: (started, outcome, answer)."""

    destination: str
    service_request_id: str
    kind: str
    state: str
    position: int
    detail: str
    attempts: tuple[tuple[str, str, str], ...]
    lines: tuple[tuple[Scalar, ...], ...]


class MessageShown(Struct, frozen=True):
    """One message."""

    number: int
    received: str
    format: str
    type: str
    control_id: str
    file: str
    site: str
    state: str
    reason: str
    why: str
    source: tuple[Line, ...]
    source_note: str
    entries: tuple[EntryShown, ...]
    sent: tuple[SentShown, ...]
    remarks: tuple[tuple[str, str, str, str], ...]
    decisions: tuple[DecisionView, ...]
    lanes: tuple[int, ...]
    notes: tuple[str, ...]


def show_message(
    ledger: Ledger, number: int, tables: Tables, rows: TableRows, reasons: Mapping[str, ReasonRow], lookup: Lookup
) -> MessageShown:
    """
    Show one message of the ledger.

    Raises: LedgerError where there is none of this number.
    """
    view = ledger.show(number)
    notes: list[str] = []
    raw = _raw(ledger, number, notes)
    found = _provenances(raw, tables, lookup, notes)
    if found is not None and tables.sha256 != view.tables_sha256:
        notes.append("The tables have changed since this message was translated: the steps are those of the new ones.")
    traced = _Traced(view, found, rows, reasons)
    entries = tuple(traced.entries())
    sent = tuple(traced.sent())
    lines = mark_lines(read_lines(raw, Pipeline(tables).lexicon), traced.marks) if raw else ()
    return MessageShown(
        number=number,
        received=moment(view.received_at),
        format=view.source.format,
        type=view.source.type,
        control_id=view.source.control_id,
        file=f"{view.source.file}:{view.source.index}" if view.source.file else "",
        site=view.site,
        state=view.state,
        reason=view.reason,
        why=reasons[view.reason].cause if view.reason in reasons else "",
        source=lines,
        source_note=f"Only the first {LARGEST_SHOWN >> 10} KiB are shown." if len(raw) > LARGEST_SHOWN else "",
        entries=entries,
        sent=sent,
        remarks=tuple((found.code, found.severity, found.at, found.text) for found in view.diagnostics),
        decisions=tuple(view.decisions),
        lanes=tuple(ledger.browsing().lanes_of(number)),
        notes=tuple(notes),
    )


def _raw(ledger: Ledger, number: int, notes: list[str]) -> bytes:
    try:
        return ledger.raw(number)
    except LedgerError:
        notes.append("The bytes of this message are no longer kept.")
        return b""


def _provenances(raw: bytes, tables: Tables, lookup: Lookup, notes: list[str]) -> Provenances | None:
    if not raw or len(raw) > LARGEST_SHOWN:
        return None
    try:
        return Provenances(tables, [raw], correlation=lookup)
    except ConfigError:
        notes.append("These bytes cannot be read as one message, so no value can be traced in them.")
        return None


class _Traced:
    """Trace the entries of one message, and remember the bytes that its payloads come from."""

    def __init__(
        self, view: MessageView, found: Provenances | None, rows: TableRows, reasons: Mapping[str, ReasonRow]
    ) -> None:
        self._view = view
        self._found = found
        self._rows = rows
        self._reasons = reasons
        self.marks: list[Mark] = []

    def entries(self) -> Iterator[EntryShown]:
        """Give every entry; the first ones with their steps."""
        for number, entry in enumerate(self._view.entries):
            key = f"e{number}"
            steps = self._steps(entry.at, key) if number < MOST_TRACED else ()
            if number < MOST_TRACED and entry.submission is not None and entry.observation is not None:
                self._mark_parts(entry.at, f"s{entry.submission}-{entry.observation}")
            reason = self._reasons.get(entry.cause or entry.reason)
            yield EntryShown(
                key=key,
                at=entry.at,
                state=entry.state,
                reason=entry.reason,
                cause=entry.cause,
                code=entry.code,
                table=entry.table,
                why=reason.cause if reason else "",
                remedy=reason.remedy if reason else "",
                steps=tuple(self._shown(steps)),
            )

    def sent(self) -> Iterator[SentShown]:
        """Give every body that was made of the message, and the statuses that go with it."""
        made_by = {
            f"s{entry.submission}-{entry.observation}": f"e{number}"
            for number, entry in reversed(list(enumerate(self._view.entries)))
        }
        for number, one in enumerate(self._view.submissions):
            keys = self._keys(number)
            if one.kind == RESULTS:
                keys |= self._report(number, one.service_request_id)
            lines = tuple(
                tuple(_scalar(token, _key_of(token.path, keys, number), made_by) for token in line)
                for line in body_lines(bytes(one.body))
            )
            attempts = tuple(
                (moment(each.started_at), each.outcome or "under way", each.answer) for each in one.attempts
            )
            yield SentShown(
                one.destination, one.service_request_id, one.kind, one.state, one.position, one.detail, attempts, lines
            )
        for status in self._view.statuses:
            attempts = tuple(
                (moment(each.started_at), each.outcome or "under way", each.answer) for each in status.attempts
            )
            lines = tuple(tuple(map(Scalar, line)) for line in body_lines(bytes(status.body)))
            yield SentShown(
                status.destination, status.service_request_id, "status", status.state, status.position, status.detail,
                attempts, lines,
            )  # fmt: skip

    def _steps(self, at: str, key: str) -> Sequence[Step]:
        if self._found is None:
            return ()
        try:
            (origin,) = self._found.where(at).origins
        except ConfigError:
            return ()
        self._mark(origin.place, key)
        for place in self._found.parts(at).values():
            self._mark(place, key)
        return origin.steps

    def _mark_parts(self, at: str, prefix: str) -> None:
        for part, place in (self._found.parts(at) if self._found is not None else {}).items():
            self._mark(place, f"{prefix}-{part}")

    def _mark(self, place: Place | None, key: str) -> None:
        if place is not None and place.end > place.start:
            self.marks.append(Mark(place.start, place.end, key))

    def _keys(self, submission: int) -> frozenset[str]:
        """Name the values of a submission whose bytes are known."""
        return frozenset(mark.key for mark in self.marks if mark.key.startswith(f"s{submission}-"))

    def _report(self, number: int, service_request_id: str) -> frozenset[str]:
        """Mark the bytes behind the status of a report."""
        if self._found is None:
            return frozenset()
        ids = [each.service_request_id for each in self._found.outcome.submissions]
        if service_request_id not in ids:
            return frozenset()
        key = f"s{number}-status"
        for origin in self._found.why(f"submissions[{ids.index(service_request_id)}].status").origins:
            self._mark(origin.place, key)
        return frozenset({key})

    def _shown(self, steps: Sequence[Step]) -> Iterator[StepShown]:
        """Give steps with their rows, each row once."""
        known: set[str] = set()
        for step in steps:
            change = " \N{RIGHTWARDS ARROW} ".join(filter(None, (step.given, step.result)))
            cells = self._rows.cells(step.table) if step.table not in known else ()
            known.add(step.table)
            yield StepShown(step.name, change, step.at, step.table, step.text, cells)


def _scalar(token: Token, key: str, made_by: Mapping[str, str]) -> Scalar:
    return Scalar(token, key, made_by.get(key.rpartition("-")[0], "") if key else "")


def _key_of(path: str, keys: frozenset[str], submission: int) -> str:
    """Name the bytes of a value by its path in the body: `observations[3].value_numeric`, or `status`."""
    observation, _, name = path.partition("].")
    place = observation.removeprefix("observations[") if name else ""
    key = f"s{submission}-{place}-{_PART_OF.get(name, name)}" if place else f"s{submission}-{path}"
    return key if key in keys else ""
