"""
Check the whole ledger against its own promises; each check is one query that finds nothing in a sound ledger.

A finding is imbalance or damage. That something is held, rejected or unknown is no finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.exc import DatabaseError

from translator.ledger import schema
from translator.ledger.decision_tables import decision as _decision
from translator.ledger.keys import BrokenSealError
from translator.ledger.positions import STATUS, idempotency_key
from translator.ledger.states import SUBMISSION_STATES, UNFINISHED
from translator.ledger.vault import Vault
from translator.record.outcome import RESULTS


class LedgerFinding(Struct, frozen=True):
    """One thing wrong: `code` says what, `at` which row (`message 12`), `text` explains it without values."""

    code: str
    at: str
    text: str


Check: TypeAlias = Callable[[Connection, Vault], Iterator[LedgerFinding]]

_message, _entry, _submission = schema.message, schema.entry, schema.submission
_lane, _attempt = schema.lane, schema.attempt


def audit(connection: Connection, vault: Vault) -> list[LedgerFinding]:
    """Run every check; a damaged database is reported alone, since nothing else in it can be trusted."""
    damage = list(_integrity(connection))
    if damage:
        # Ended here: a commit would fail on the damaged pages, and nobody would hear what was found.
        connection.rollback()
        return damage
    return [finding for check in CHECKS for finding in check(connection, vault)]


def _integrity(connection: Connection) -> Iterator[LedgerFinding]:
    if connection.dialect.name != "sqlite":
        return
    try:
        faults = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
    except DatabaseError:
        # So much is damaged that not even the check gets through.
        faults = ["all"]
    if list(faults) != ["ok"]:
        yield LedgerFinding(
            "damaged", "ledger", "SQLite finds damaged pages; restore a backup (`translator ledger restore`)"
        )
        return
    for table, row_id, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield LedgerFinding("broken-link", f"{table} {row_id}", "it belongs to a row that is gone")


def _rows(query: Select[tuple[int]], code: str, of: str, text: str) -> Check:
    """Make a check of a query that gives the numbers of the wrong rows."""

    def check(connection: Connection, _vault: Vault) -> Iterator[LedgerFinding]:
        for (row_id,) in connection.execute(query):
            yield LedgerFinding(code, f"{of} {row_id}", text)

    return check


def _raw(connection: Connection, vault: Vault) -> Iterator[LedgerFinding]:
    query = (
        select(_message.c.id, _message.c.raw, _message.c.key_id, _message.c.sha256)
        .where(_message.c.pruned_at.is_(None))
        .execution_options(yield_per=200)
    )
    for row in connection.execute(query).mappings():
        if _digest(connection, vault, row) != row["sha256"]:
            yield LedgerFinding("raw-changed", f"message {row['id']}", "its bytes are not those that came in")


def _digest(connection: Connection, vault: Vault, row: RowMapping) -> str:
    try:
        return hashlib.sha256(vault.open_message(connection, row)).hexdigest()
    except BrokenSealError:
        return ""


def _bodies(connection: Connection, _vault: Vault) -> Iterator[LedgerFinding]:
    query = select(
        _submission.c.id,
        _submission.c.position,
        _submission.c.body,
        _submission.c.idempotency_key,
        _submission.c.observation_count,
        _lane.c.destination,
        _lane.c.service_request_id,
    ).join(_lane)
    query = query.where(_submission.c.message_id.in_(select(_message.c.id).where(_message.c.pruned_at.is_(None))))
    for row_id, position, body, key, count, destination, request in connection.execute(query):
        # SQLite keeps a value of any type in any column, so a body that was tampered with may be text.
        if not isinstance(body, bytes) or idempotency_key(destination, request, position, body) != key:
            yield LedgerFinding("body-changed", f"submission {row_id}", "its body or its place is not what was queued")
        elif len(msgspec.json.decode(body).get("observations", ())) != count:
            yield LedgerFinding("unbalanced", f"submission {row_id}", "its body has another number of observations")


def _order(connection: Connection, _vault: Vault) -> Iterator[LedgerFinding]:
    """Compare each lane's accepted attempts, by the order in which they were opened, with the positions."""
    query = (
        select(_attempt.c.lane_id, _submission.c.position)
        .join(_submission, _submission.c.id == _attempt.c.submission_id)
        .where(_attempt.c.outcome == "accepted")
        .order_by(_attempt.c.lane_id, _attempt.c.fence)
    )
    last: tuple[int, int] = (0, 0)
    for lane_id, position in connection.execute(query):
        if lane_id == last[0] and position <= last[1]:
            yield LedgerFinding(
                "out-of-order", f"lane {lane_id}", f"position {position} was delivered too late or twice"
            )
        last = (lane_id, position)


_entry_counts = select(func.count()).where(_entry.c.message_id == _message.c.id).scalar_subquery()
_told = (
    select(func.count(func.distinct(_entry.c.observation)))
    .where(_entry.c.submission_id == _submission.c.id)
    .scalar_subquery()
)
_has_entry = exists().where(_entry.c.submission_id == _submission.c.id)
# A cancellation that a person asked for stands in no message.
_is_by_hand = exists().where(_decision.c.submission_id == _submission.c.id, _decision.c.deed == "cancel")
_attempt_counts = (
    select(func.count())
    .where(_attempt.c.submission_id == _submission.c.id, _attempt.c.ended_at.is_not(None))
    .scalar_subquery()
)
_has_accepted = exists().where(_attempt.c.submission_id == _submission.c.id, _attempt.c.outcome == "accepted")
_has_open = exists().where(_attempt.c.lane_id == _lane.c.id, _attempt.c.ended_at.is_(None))
_open_attempts = select(func.count()).where(_attempt.c.lane_id == _lane.c.id, _attempt.c.ended_at.is_(None))
_positions = select(func.count()).where(_submission.c.lane_id == _lane.c.id).scalar_subquery()
_highest = select(func.max(_submission.c.position)).where(_submission.c.lane_id == _lane.c.id).scalar_subquery()
_earlier = _submission.alias("earlier")
_overtaken = exists().where(
    _earlier.c.lane_id == _submission.c.lane_id,
    _earlier.c.position < _submission.c.position,
    _earlier.c.state.in_(UNFINISHED),
)
_head_state = (
    select(_submission.c.state)
    .where(_submission.c.lane_id == _lane.c.id, _submission.c.state.in_(UNFINISHED))
    .order_by(_submission.c.position)
    .limit(1)
    .scalar_subquery()
)
_should_be_due = case((and_(_head_state == "queued", ~_has_open), literal(1)), else_=literal(0))
_is_due = case((_lane.c.due_at.is_not(None), literal(1)), else_=literal(0))

CHECKS: tuple[Check, ...] = (
    _rows(
        select(_message.c.id).where(_message.c.entry_count != _entry_counts),
        "unbalanced", "message", "it does not have as many entries as came in",
    ),
    _rows(
        select(_entry.c.id).join(_submission).where(_entry.c.state != _submission.c.state),
        "states-differ", "entry", "its state is not that of its submission",
    ),
    _rows(
        select(_entry.c.id).where(_entry.c.submission_id.is_(None), _entry.c.state.in_(
            [state for state in SUBMISSION_STATES if state != "dropped"]
        )),
        "states-differ", "entry", "its state says that it is in a submission, and it is in none",
    ),
    _rows(
        # The entries of what was dropped may have been taken up again, and stand in another submission then.
        select(_submission.c.id).where(_submission.c.observation_count != _told, _submission.c.state != "dropped"),
        "unbalanced", "submission", "its observations are not those of its entries",
    ),
    _rows(
        select(_submission.c.id).where(
            _submission.c.kind.not_in([RESULTS, STATUS]), _submission.c.state != "dropped", ~_has_entry, ~_is_by_hand
        ),
        "unbalanced", "submission", "it is an order, and none of its message",
    ),
    _rows(
        select(_submission.c.id).where(_submission.c.attempts != _attempt_counts),
        "attempts-differ", "submission", "it does not have as many ended attempts as were counted",
    ),
    _rows(
        select(_submission.c.id).where(_submission.c.state == "delivered", ~_has_accepted),
        "not-delivered", "submission", "it is marked delivered, but no attempt was accepted",
    ),
    _rows(
        select(_submission.c.id).where(_submission.c.state.in_(["queued", "rejected", "dropped"]), _has_accepted),
        "was-delivered", "submission", "an attempt was accepted, but it is not marked delivered",
    ),
    _rows(
        select(_submission.c.id).where(_submission.c.state == "delivered", _overtaken),
        "out-of-order", "submission", "it was delivered before an earlier one of its lane",
    ),
    _rows(
        select(_lane.c.id).where(_open_attempts.scalar_subquery() > 1),
        "two-attempts", "lane", "more than one attempt is open",
    ),
    _rows(
        select(_lane.c.id).where(or_(
            _positions != _lane.c.next_position - 1, func.coalesce(_highest, 0) != _lane.c.next_position - 1
        )),
        "gap", "lane", "its positions have a gap",
    ),
    _rows(
        select(_lane.c.id).where(_should_be_due != _is_due),
        "stalled", "lane", "what it waits for does not agree with its first unfinished submission",
    ),
    _order,
    _bodies,
    _raw,
)  # fmt: skip
