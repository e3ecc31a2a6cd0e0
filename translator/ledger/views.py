"""Show what the ledger holds: messages, their entries and submissions, and how it all adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, Table, exists, func, or_, select

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.decisions import read_decisions
from translator.ledger.moments import moment_text
from translator.ledger.positions import STATUS
from translator.ledger.vault import Vault
from translator.ledger.view_shapes import (
    AttemptView,
    EntryView,
    MessageRow,
    MessageView,
    StatusView,
    SubmissionView,
)
from translator.record.outcome import SCHEMA, Diagnostic, Original, Source


def read_message(connection: Connection, vault: Vault, message_id: int) -> MessageView:
    """
    Read one message with all that became of it.

    Raises: LedgerError where there is no such message.
    """
    row = _row(connection, message_id)
    sent = _submissions(connection, message_id)
    submissions = [each for each in sent if each["kind"] != STATUS]
    places = {submission["id"]: place for place, submission in enumerate(submissions)}
    return MessageView(
        schema=SCHEMA,
        message=message_id,
        received_at=moment_text(row["received_at"]),
        tables_sha256=row["tables_sha256"],
        source=_source(connection, vault, row),
        state=reached(row["state"], Counter(str(submission["state"]) for submission in submissions)),
        reason=row["reason"],
        site=row["site"],
        submissions=_submission_views(connection, submissions),
        entries=_entry_views(connection, message_id, places),
        diagnostics=msgspec.json.decode(row["diagnostics"], type=list[Diagnostic]),
        statuses=_status_views(connection, [each for each in sent if each["kind"] == STATUS]),
        decisions=read_decisions(connection, message_id),
    )


def read_raw(connection: Connection, vault: Vault, message_id: int) -> bytes:
    """
    Read the bytes of one message as they came in.

    Raises: LedgerError where there is no such message, or its bytes are no longer kept.
    """
    return vault.open_message(connection, _row(connection, message_id))


def _row(connection: Connection, message_id: int) -> RowMapping:
    table = schema.message
    row = connection.execute(select(table).where(table.c.id == message_id)).mappings().one_or_none()
    if row is None:
        raise LedgerError(f"the ledger has no message {message_id}")
    return row


def list_messages(
    connection: Connection, vault: Vault, state: str, limit: int | None, *, before: int | None = None
) -> list[MessageRow]:
    """List the newest messages (below `before`), oldest first; `state` is one of the message or of an entry in it."""
    table, entries = schema.message, schema.entry
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    query = query if before is None else query.where(table.c.id < before)
    if state:
        has_entry = exists().where(entries.c.message_id == table.c.id, entries.c.state == state)
        sent = schema.submission
        has_submission = exists().where(sent.c.message_id == table.c.id, sent.c.state == state)
        query = query.where(or_(table.c.state == state, has_entry, has_submission))
    rows = connection.execute(query).mappings().all()[::-1]
    message_ids = [row["id"] for row in rows]
    counts = _counts(connection, schema.entry, message_ids)
    submissions = _counts(connection, schema.submission, message_ids)
    return [
        MessageRow(
            message=row["id"],
            received_at=moment_text(row["received_at"]),
            file=vault.open_text(connection, row["key_id"], row["file"]),
            index=row["file_index"],
            type=row["type"],
            control_id=vault.open_text(connection, row["key_id"], row["control_id"]),
            state=reached(row["state"], submissions[row["id"]]),
            reason=row["reason"],
            entries=counts[row["id"]],
        )
        for row in rows
    ]


def _source(connection: Connection, vault: Vault, row: RowMapping) -> Source:
    return Source(
        file=vault.open_text(connection, row["key_id"], row["file"]),
        index=row["file_index"],
        format=row["format"],
        type=row["type"],
        control_id=vault.open_text(connection, row["key_id"], row["control_id"]),
        sha256=row["sha256"],
    )


def _submissions(connection: Connection, message_id: int) -> Sequence[RowMapping]:
    table, lane = schema.submission, schema.lane
    query = (
        select(table, lane.c.destination, lane.c.service_request_id)
        .join(lane, lane.c.id == table.c.lane_id)
        .where(table.c.message_id == message_id)
        .order_by(table.c.id)
    )
    return connection.execute(query).mappings().all()


def _submission_views(connection: Connection, rows: Sequence[RowMapping]) -> tuple[SubmissionView, ...]:
    attempts = _attempts(connection, [row["id"] for row in rows])
    return tuple(
        SubmissionView(
            destination=row["destination"],
            service_request_id=row["service_request_id"],
            # A message that was pruned has lost its bodies.
            body=msgspec.Raw(row["body"] or b"{}"),
            kind=row["kind"],
            state=row["state"],
            position=row["position"],
            idempotency_key=row["idempotency_key"],
            detail=row["detail"],
            attempts=tuple(attempts[row["id"]]),
        )
        for row in rows
    )


def _status_views(connection: Connection, rows: Sequence[RowMapping]) -> tuple[StatusView, ...]:
    attempts = _attempts(connection, [row["id"] for row in rows])
    return tuple(
        StatusView(
            destination=row["destination"],
            service_request_id=row["service_request_id"],
            body=msgspec.Raw(row["body"] or b"{}"),
            state=row["state"],
            position=row["position"],
            detail=row["detail"],
            attempts=tuple(attempts[row["id"]]),
        )
        for row in rows
    )


def _attempts(connection: Connection, submission_ids: list[int]) -> dict[int, list[AttemptView]]:
    table = schema.attempt
    found: dict[int, list[AttemptView]] = defaultdict(list)
    query = select(table).where(table.c.submission_id.in_(submission_ids)).order_by(table.c.id)
    for row in connection.execute(query).mappings():
        view = AttemptView(moment_text(row["started_at"]), moment_text(row["ended_at"]), row["outcome"], row["answer"])
        found[row["submission_id"]].append(view)
    return found


def _entry_views(connection: Connection, message_id: int, places: dict[int, int]) -> tuple[EntryView, ...]:
    table = schema.entry
    rows = connection.execute(select(table).where(table.c.message_id == message_id).order_by(table.c.number)).mappings()
    return tuple(
        EntryView(
            at=row["at"],
            state=row["state"],
            reason=row["reason"],
            cause=row["cause"],
            submission=places.get(row["submission_id"]),
            observation=row["observation"],
            table=row["table_row"],
            code=row["code"],
            original=Original(row["original_value"], row["original_unit"])
            if row["original_value"] or row["original_unit"]
            else None,
        )
        for row in rows
    )


# A translated message has come as far as its submission that most needs a person, or time.
_FARTHEST = ("unknown", "rejected", "queued", "dropped", "superseded", "delivered")


def reached(state: str, submissions: Mapping[str, int]) -> str:
    """Say how far a message is: as it was decided, and once it is translated, as its submissions stand."""
    return next((each for each in _FARTHEST if state == "translated" and submissions.get(each)), state)


def _counts(connection: Connection, table: Table, message_ids: list[int]) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    # Without a limit the list is the whole ledger, and too long to be named message by message.
    span = table.c.message_id.between(min(message_ids, default=0), max(message_ids, default=0))
    query = (
        select(table.c.message_id, table.c.state, func.count()).where(span).group_by(table.c.message_id, table.c.state)
    )
    if table is schema.submission:
        query = query.where(table.c.kind != STATUS)
    for message_id, state, count in connection.execute(query):
        counts[message_id][state] = count
    return counts
