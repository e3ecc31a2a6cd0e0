"""
Show one message: its source beside what was sent of it, each value with its bytes, its table rows and its steps.

What is shown as sent is what the ledger keeps. Where its values come from is found by reading the message again with
the tables of now; where those are other tables than were used, the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from translator.errors import ConfigError, LedgerError
from translator.ledger import DecisionView, EntryView, Ledger, MessageView, StatusView, SubmissionView
from translator.pipeline import Pipeline
from translator.provenance import Provenances
from translator.translate.service_request import Lookup
from translator.translate.tables import ReasonRow, Tables
from translator.web.console_rows import TableRows
from translator.web.console_source import LARGEST_SHOWN, Line, body_lines, mark_lines, read_lines
from translator.web.console_trace import Scalar, Trace, Tracer
from translator.web.console_words import moment


class EntryShown(Struct, frozen=True):
    """
    One entry of the message.

    Shape: `key` names its bytes and its trace on the page. `why` explains its reason.
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


class SentShown(Struct, frozen=True):
    """One body with its attempts: (started, outcome, answer)."""

    destination: str
    service_request_id: str
    kind: str
    state: str
    position: int
    detail: str
    attempts: tuple[tuple[str, str, str], ...]
    lines: Sequence[Sequence[Scalar]]


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
    traces: Mapping[str, Trace]
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
    tracer = Tracer(found, rows)
    entries = tuple(_entry(number, entry, tracer, reasons) for number, entry in enumerate(view.entries))
    sent = (*_submissions(view, tracer), *_statuses(view))
    lines = mark_lines(read_lines(raw, Pipeline(tables).lexicon), tracer.marks) if raw else ()
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
        traces=tracer.traces,
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


def _entry(number: int, entry: EntryView, tracer: Tracer, reasons: Mapping[str, ReasonRow]) -> EntryShown:
    reason = reasons.get(entry.cause or entry.reason)
    return EntryShown(
        key=tracer.add_entry(number, entry),
        at=entry.at,
        state=entry.state,
        reason=entry.reason,
        cause=entry.cause,
        code=entry.code,
        table=entry.table,
        why=reason.cause if reason else "",
        remedy=reason.remedy if reason else "",
    )


def _submissions(view: MessageView, tracer: Tracer) -> Iterator[SentShown]:
    for number, one in enumerate(view.submissions):
        lines = tracer.scalars(number, one.service_request_id, body_lines(bytes(one.body)))
        yield _sent(one, one.kind, lines)


def _statuses(view: MessageView) -> Iterator[SentShown]:
    for one in view.statuses:
        yield _sent(one, "status", [[Scalar(token) for token in line] for line in body_lines(bytes(one.body))])


def _sent(one: SubmissionView | StatusView, kind: str, lines: Sequence[Sequence[Scalar]]) -> SentShown:
    return SentShown(
        one.destination,
        one.service_request_id,
        kind,
        one.state,
        one.position,
        one.detail,
        tuple((moment(each.started_at), each.outcome or "under way", each.answer) for each in one.attempts),
        lines,
    )
