"""
Take messages into the ledger: message, entries, submissions and lane positions in one transaction.

Messages that share no lane are written together, table by table; one whose lane an earlier one of its batch has
touched begins the next such group, because it must see what that one left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.bulk import insert_rows, insert_tuples
from translator.ledger.conservation import check_balance
from translator.ledger.entry_rows import entry_rows
from translator.ledger.following import note_follows
from translator.ledger.message_rows import Arrival, diagnostics_text, message_row
from translator.ledger.placement import Placed
from translator.ledger.placing import Acceptance, message_state, queue
from translator.ledger.policy import STRICT, DestinationPolicy
from translator.ledger.positions import (
    Lane,
    LaneName,
    find_lanes,
    lane_name,
    lane_names,
    store_lanes,
)
from translator.ledger.statuses import follow, lane_reports
from translator.ledger.trace_contexts import keep_contexts
from translator.ledger.twins import Fate, Repeat, Twin, compare, find_twins, settle_twins
from translator.ledger.vault import Vault

_Hashed = tuple[Arrival, str]
"""A message with the hash of its bytes."""


class _Taken(Struct, frozen=True):
    """A message after the comparison with its lanes and with its twin."""

    arrival: Arrival
    sha256: str
    placed: Sequence[Placed]
    repeat: Repeat
    state: Fate


def accept_messages(
    connection: Connection,
    vault: Vault,
    arrivals: Sequence[Arrival],
    policies: Mapping[str, DestinationPolicy],
    now: int,
) -> list[int]:
    """
    Record messages and give their numbers.

    Raises: LedgerError where an outcome does not balance, or the bytes are not those that it speaks of.
    """
    for arrival in arrivals:
        check_balance(arrival.outcome)
    acceptance = Acceptance(connection, vault, vault.current(connection), policies, now)
    hashed = [(arrival, _sha256(arrival)) for arrival in arrivals]
    return [message_id for group in _groups(hashed) for message_id in _accept_group(acceptance, group)]


def _groups(arrivals: Iterable[_Hashed]) -> Iterator[list[_Hashed]]:
    group: list[_Hashed] = []
    touched: set[LaneName | str] = set()
    for arrival, sha256 in arrivals:
        names: set[LaneName | str] = {sha256, *lane_names(arrival.outcome)}
        if not touched.isdisjoint(names):
            yield group
            group, touched = [], set()
        group.append((arrival, sha256))
        touched |= names
    if group:
        yield group


def _accept_group(acceptance: Acceptance, group: Sequence[_Hashed]) -> list[int]:
    connection = acceptance.connection
    lanes = find_lanes(connection, lane_names(*(arrival.outcome for arrival, _ in group)), acceptance.vault)
    twins = find_twins(connection, acceptance.vault, [sha256 for _, sha256 in group])
    taken = [_take(acceptance, arrival, sha256, lanes, twins.get(sha256)) for arrival, sha256 in group]
    message_ids = insert_rows(connection, schema.message, [_message_row(acceptance, one, lanes) for one in taken])
    keep_contexts(connection, message_ids, [one.arrival.traceparent for one in taken])
    note_follows(connection, acceptance.vault, acceptance.key_id, message_ids, [arrival.follow for arrival, _ in group])
    queue(acceptance, message_ids, [one.placed for one in taken])
    settle_twins(connection, [one.repeat for one in taken])
    _queue_statuses(acceptance, message_ids, taken, lanes)
    store_lanes(connection, lanes.values())
    rows = (
        row
        for message_id, one in zip(message_ids, taken, strict=True)
        for row in entry_rows(one.arrival.outcome, one.placed, message_id, lanes, one.repeat.numbers)
    )
    insert_tuples(connection, schema.entry, acceptance.vault.close_keys(acceptance.key_id, rows))
    _check_written(connection, message_ids, [len(one.arrival.outcome.entries) for one in taken])
    return message_ids


def _take(
    acceptance: Acceptance, arrival: Arrival, sha256: str, lanes: Mapping[LaneName, Lane], twin: Twin | None
) -> _Taken:
    outcome = arrival.outcome
    placed = [
        acceptance.place(
            lanes[lane_name(one)], one, sha256, dropped=twin.dropped(outcome, number) if twin is not None else ()
        )
        for number, one in enumerate(outcome.submissions)
    ]
    state = Fate(*message_state(outcome, placed))
    repeat = compare(outcome, placed, state, twin)
    if repeat.whole:
        state = Fate("duplicate", repeat.whole)
    return _Taken(arrival, sha256, placed, repeat, state)


def _sha256(arrival: Arrival) -> str:
    sha256 = hashlib.sha256(arrival.raw).hexdigest()
    if arrival.outcome.source.sha256 not in ("", sha256):
        raise LedgerError("the bytes of a message are not those of its outcome; nothing was recorded")
    return sha256


def _message_row(acceptance: Acceptance, taken: _Taken, lanes: Mapping[LaneName, Lane]) -> dict[str, Any]:
    outcome, (state, reason, _) = taken.arrival.outcome, taken.state
    lane = next((lanes[name] for name in lane_names(outcome)), None) if state in {"held", "refused"} else None
    remarks = [remark for one in taken.placed for remark in one.revision.diagnostics]
    return {
        **message_row(acceptance.vault, acceptance.key_id, taken.arrival, taken.sha256),
        "received_at": acceptance.now,
        "state": state,
        "reason": reason,
        "diagnostics": diagnostics_text([*outcome.diagnostics, *remarks]),
        "lane_id": lane.id if lane else None,
        "asked": int(taken.repeat.asks(outcome, taken.placed, taken.state)),
    }


def _queue_statuses(
    acceptance: Acceptance,
    message_ids: Sequence[int],
    taken: Sequence[_Taken],
    lanes: Mapping[LaneName, Lane],
) -> None:
    """Queue the workflow status that each message calls for, behind what it sends."""
    rows = []
    for message_id, one in zip(message_ids, taken, strict=True):
        for report in lane_reports(one.arrival.outcome, one.placed, lanes):
            workflow = acceptance.policies.get(report.lane.destination, STRICT).workflow
            if workflow is not None:
                row = follow(acceptance.connection, report, workflow, message_id=message_id, now=acceptance.now)
                rows += [row] if row else []
    insert_rows(acceptance.connection, schema.submission, rows)


def _check_written(connection: Connection, message_ids: Sequence[int], entry_counts: Sequence[int]) -> None:
    """
    Count what the database now has, not what it was given.

    Raises: LedgerError, which undoes the transaction.
    """
    arrived: dict[int, int] = {}
    is_unbalanced = False
    for start in range(0, len(message_ids), schema.MOST_PARAMETERS):
        some = {"messages": message_ids[start : start + schema.MOST_PARAMETERS]}
        arrived.update({row[0]: row[1] for row in connection.execute(_WRITTEN, some)})
        is_unbalanced |= connection.execute(_UNBALANCED, some).first() is not None
    expected = {message_id: count for message_id, count in zip(message_ids, entry_counts, strict=True) if count}
    if arrived != expected or is_unbalanced:
        raise LedgerError("a message does not balance after it was written; nothing was recorded")


# Made once: each group of messages is counted so.
_entry, _sent = schema.entry, schema.submission
_WRITTEN = (
    select(_entry.c.message_id, func.count())
    .where(_entry.c.message_id.in_(bindparam("messages", expanding=True)))
    .group_by(_entry.c.message_id)
)
_UNBALANCED = (
    select(_sent.c.id)
    .select_from(_sent.outerjoin(_entry))
    .where(_sent.c.message_id.in_(bindparam("messages", expanding=True)))
    .group_by(_sent.c.id, _sent.c.observation_count)
    .having(func.count(func.distinct(_entry.c.observation)) != _sent.c.observation_count)
)
