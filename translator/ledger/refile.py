"""
Take a kept message up again: translated anew, it may send what was held, and only that.

Constraints: what the vendor has, may have or will have is never touched, whatever the tables say now. P8 is checked
again, against what the lane has today. All of it is one transaction, which looks at the states once more; so something
is freed exactly once, whoever else is at work.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, and_, func, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.bulk import insert_rows
from translator.ledger.chosen_part import chosen_part
from translator.ledger.conservation import check_balance
from translator.ledger.decisions import Decision, record
from translator.ledger.entry_rows import EntryRow, entry_rows
from translator.ledger.held import NO_RESULTS
from translator.ledger.moves import move
from translator.ledger.overruling import place_again
from translator.ledger.placement import Placed
from translator.ledger.placing import Acceptance, message_state, queue
from translator.ledger.policy import STRICT
from translator.ledger.positions import (
    Lane,
    LaneName,
    body_of,
    find_lanes,
    lane_name,
    lane_names,
    store_lanes,
)
from translator.ledger.statuses import LaneReport, follow
from translator.record.outcome import RESULTS, Outcome, Submission
from translator.translate.revision import without_held

AGAIN_HELD = frozenset({"held", "ignored", "duplicate", "refused"})
"""What a held entry may become without being sent."""

# What names an entry, and `state`, which is moved and not only written.
_STAYS = frozenset({"message_id", "number", "at", "state"})

_entry, _message, _submission = schema.entry, schema.message, schema.submission


class CannotRefileError(LedgerError):
    """A kept message cannot be taken up again; others can."""


class Choice(Struct, frozen=True):
    """
    What of a message is taken up again.

    Shape: `states` are those of the entries; `accepted` are reasons that the person overrules.
    Absent: `ats` is None for every entry in these states.
    """

    states: frozenset[str] = frozenset({"held"})
    ats: frozenset[str] | None = None
    accepted: frozenset[str] = frozenset()


class Refiled(Struct, frozen=True, omit_defaults=True):
    """
    What became of a message that was taken up again.

    Shape: `freed` are the entries that are queued now, `settled` those that need nothing more (another message sent
    them, or the tables ignore them now). `held` gives by entry why it stays, and under an empty name why the message
    does. `bodies` are what is sent, by service request.
    """

    message: int
    freed: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    held: dict[str, str] = {}
    bodies: dict[str, msgspec.Raw] = {}
    service_request_id: str = ""


class _Message(Struct, frozen=True):
    """The message at hand: its row, its entries as they are, the numbers of the chosen ones, and its new outcome."""

    row: RowMapping
    entries: Sequence[RowMapping]
    chosen: frozenset[int]
    outcome: Outcome
    choice: Choice


def refile(acceptance: Acceptance, message_id: int, outcome: Outcome, choice: Choice, decision: Decision) -> Refiled:
    """
    File a kept message again under its new outcome.

    Raises: LedgerError where the message is not there; CannotRefileError where it is read otherwise than when it came.
    """
    check_balance(outcome)
    message = _read(acceptance.connection, message_id, outcome, choice)
    lanes = find_lanes(acceptance.connection, lane_names(outcome), acceptance.vault)
    is_whole = message.row["state"] in choice.states and choice.ats is None
    parts = chosen_part(outcome, message.chosen, is_whole=is_whole)
    placed = [_place(acceptance, message, lanes[lane_name(one)], one) for one in parts.submissions]
    queue(acceptance, [message_id], [placed])
    _name_tables(acceptance.connection, placed, outcome.tables_sha256)
    rows = (row for row in entry_rows(parts, placed, message_id, lanes) if row.number in message.chosen)
    sealed = acceptance.vault.close_keys(message.row["key_id"], rows)
    changed = _write_entries(acceptance.connection, message, sealed)
    whole = _write_message(acceptance.connection, message, parts, placed)
    _queue_statuses(acceptance, message, placed, lanes)
    store_lanes(acceptance.connection, lanes.values())
    refiled = _told(message_id, changed, placed, whole)
    if refiled.freed or refiled.settled or refiled.bodies:
        record(acceptance.connection, decision, message_id, acceptance.now, entries=(*refiled.freed, *refiled.settled))
    return refiled


def _read(connection: Connection, message_id: int, outcome: Outcome, choice: Choice) -> _Message:
    row = connection.execute(select(_message).where(_message.c.id == message_id).with_for_update()).mappings().first()
    if row is None:
        raise LedgerError(f"the ledger has no message {message_id}")
    query = select(_entry).where(_entry.c.message_id == message_id).order_by(_entry.c.number)
    entries = connection.execute(query).mappings().all()
    if [entry["at"] for entry in entries] != [entry.at for entry in outcome.entries]:
        raise CannotRefileError(
            f"message {message_id} is read otherwise now than when it came in; submit it again instead"
        )
    chosen = frozenset(
        entry["number"]
        for entry in entries
        if entry["state"] in choice.states and (choice.ats is None or entry["at"] in choice.ats)
    )
    return _Message(row, entries, chosen, outcome, choice)


def _is_bare(placed: Placed) -> bool:
    """Tell a report without observations, which no entry speaks of."""
    return placed.submission.kind == RESULTS and not placed.revision.verdicts


def _place(acceptance: Acceptance, message: _Message, lane: Lane, submission: Submission) -> Placed:
    """Compare with the lane of today; an entry of the same report that is not chosen stays held."""
    placed = place_again(acceptance, lane, submission, message.row["sha256"], message.choice.accepted)
    # Without it the report is not whole.
    others = [
        entry["cause"] or entry["reason"]
        for entry in message.entries
        if entry["state"] == "held" and entry["number"] not in message.chosen and entry["lane_id"] == lane.id
    ]
    if others:
        placed.revision = without_held(placed.revision, others[0])
    return placed


def _name_tables(connection: Connection, placed: Sequence[Placed], tables_sha256: str) -> None:
    sent = [one.submission_id for one in placed if one.submission_id]
    if sent:
        connection.execute(update(_submission).where(_submission.c.id.in_(sent)).values(tables_sha256=tables_sha256))


def _write_entries(
    connection: Connection, message: _Message, rows: Collection[EntryRow]
) -> list[tuple[EntryRow, bool]]:
    """Write the rows that change, and give every chosen one with whether it did."""
    told = []
    for row in rows:
        was_held = message.entries[row.number]["state"] == "held"
        changes = row.state == "queued" or (was_held and row.state in AGAIN_HELD)
        told.append((row, changes))
        if changes:
            values = {name: value for name, value in row._asdict().items() if name not in _STAYS}
            ours = and_(_entry.c.message_id == row.message_id, _entry.c.number == row.number)
            move(connection, _entry, ours, row.state, **values)
    return told


def _write_message(connection: Connection, message: _Message, parts: Outcome, placed: Sequence[Placed]) -> str:
    """
    Say how the message stands now; one of which something was sent before stays translated.

    Absent: gives why it is held as a whole; empty where it is not, or where its entries say so.
    """
    row = message.row
    if row["state"] == "translated" and not any(one.submission_id for one in placed):
        return ""
    state, reason = message_state(parts, placed)
    held = select(func.count()).where(_entry.c.message_id == row["id"], _entry.c.state == "held")
    has_held = bool(connection.execute(held).scalar_one())
    if state not in {"translated", "held"} and has_held:
        state, reason = "held", row["reason"]
    if row["state"] == "translated":
        state, reason = "translated", ""
    remarks = [*parts.diagnostics, *(remark for one in placed for remark in one.revision.diagnostics)]
    values = {"state": state, "reason": reason, "diagnostics": msgspec.json.encode(remarks).decode()}
    connection.execute(update(_message).where(_message.c.id == row["id"]).values(**values))
    return (reason or NO_RESULTS) if state == "held" and not has_held else ""


def _queue_statuses(
    acceptance: Acceptance, message: _Message, placed: Sequence[Placed], lanes: Mapping[LaneName, Lane]
) -> None:
    """Queue the status that each lane calls for; what is written already need not be counted again."""
    statuses = {lane_name(account): account.status for account in message.outcome.accounts}
    told = {lane_name(one.submission): (one.submission.panel, _report_status(one)) for one in placed}
    panels = {lane_name(account): account.panel for account in message.outcome.accounts}
    rows = []
    for name, lane in lanes.items():
        panel, status = told.get(name) or (panels.get(name, ""), statuses.get(name, ""))
        workflow = acceptance.policies.get(lane.destination, STRICT).workflow
        if workflow is not None:
            report = LaneReport(lane, status, panel)
            row = follow(acceptance.connection, report, workflow, message_id=message.row["id"], now=acceptance.now)
            rows += [row] if row else []
    insert_rows(acceptance.connection, schema.submission, rows)


def _report_status(placed: Placed) -> str:
    revision = placed.revision
    if revision.report.state == "held":
        return ""
    return revision.payload.status if revision.payload else placed.submission.payload.status


def _told(message_id: int, changed: Sequence[tuple[EntryRow, bool]], placed: Sequence[Placed], whole: str) -> Refiled:
    held = {row.at: row.cause or row.reason for row, _ in changed if row.state == "held"}
    bare = next((one for one in placed if _is_bare(one) and not one.submission_id), None)
    if bare is not None and bare.revision.report.state == "held":
        held[""] = bare.revision.report.reason
    if whole:
        held[""] = whole
    return Refiled(
        message=message_id,
        freed=tuple(row.at for row, _ in changed if row.state == "queued"),
        settled=tuple(row.at for row, changes in changed if changes and row.state not in {"queued", "held"}),
        held=held,
        bodies={
            one.submission.service_request_id: msgspec.Raw(body_of(one.revision.payload))
            for one in placed
            if one.revision.payload
        },
        service_request_id=next((one.submission.service_request_id for one in placed), ""),
    )
