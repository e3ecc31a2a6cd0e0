"""Make the rows of a message's entries: each with its fate, and its place in what is sent. (pure)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from translator.ledger.placement import Placed
from translator.ledger.positions import Lane, LaneName, lane_name
from translator.record.outcome import Entry, Outcome, SourceObservation


class EntryRow(NamedTuple):
    """One row of the table `entry`, its columns in order: there are many, so they go to the driver as they are."""

    message_id: int
    number: int
    at: str
    state: str
    reason: str
    cause: str
    table_row: str
    lane_id: int | None
    submission_id: int | None
    observation: int | None
    source_key: str
    source_value: str
    source_unit: str
    source_status: str
    original_value: str
    original_unit: str
    code: str
    ordered_at: str


def entry_rows(
    outcome: Outcome,
    placed: Sequence[Placed],
    message_id: int,
    lanes: Mapping[LaneName, Lane],
    repeated: Mapping[int, str] = MappingProxyType({}),
) -> Iterator[EntryRow]:
    """
    Make one row per entry, in order.

    Shape: `lanes` are those that the message speaks of; `repeated` gives by entry why it is a duplicate, though its
    report does not say so.
    """
    for row in _rows(outcome, placed, message_id, lanes):
        why = repeated.get(row.number)
        yield row._replace(state="duplicate", reason=why, cause="") if why else row


def _rows(
    outcome: Outcome, placed: Sequence[Placed], message_id: int, lanes: Mapping[LaneName, Lane]
) -> Iterator[EntryRow]:
    parts = [(one, _places(one), tuple(one.submission.sources), one.submission.ordered_at) for one in placed]
    accounts = _accounts(outcome, lanes)
    for number, entry in enumerate(outcome.entries):
        if entry.submission is not None and entry.observation is not None:
            yield _translated(message_id, number, entry, entry.observation, *parts[entry.submission])
        elif entry.submission is not None:
            yield _ordered(message_id, number, entry, placed[entry.submission])
        elif number in accounts and (entry.state == "held" or entry.reason == "not-obtained"):
            yield _untranslated(message_id, number, entry, *accounts[number])
        else:
            yield _untranslated(message_id, number, entry)


def _accounts(outcome: Outcome, lanes: Mapping[LaneName, Lane]) -> dict[int, tuple[int | None, str]]:
    """Give lane and subject of every entry that belongs to a report, though nothing of it may be sent."""
    found: dict[int, tuple[int | None, str]] = {}
    for account in outcome.accounts:
        lane = lanes.get(lane_name(account))
        for number, subject in enumerate(account.subjects, start=account.first):
            found[number] = (lane.id if lane else None, subject)
    return found


def _places(placed: Placed) -> list[int | None]:
    """Number what is left of a submission: only that is in the body."""
    left = 0
    places: list[int | None] = []
    for verdict in placed.revision.verdicts:
        is_queued = verdict.state == "queued"
        places.append(left if is_queued else None)
        left += is_queued
    return places


def _untranslated(message_id: int, number: int, entry: Entry, lane_id: int | None = None, code: str = "") -> EntryRow:
    return EntryRow(
        message_id, number, entry.at, entry.state, entry.reason, entry.cause, entry.table, lane_id, None, None,
        "", "", "", "", *_original(entry), code, "",
    )  # fmt: skip


def _translated(
    message_id: int,
    number: int,
    entry: Entry,
    observation: int,
    placed: Placed,
    places: Sequence[int | None],
    sources: Sequence[SourceObservation],
    ordered_at: str,
) -> EntryRow:
    source, verdict, place = sources[observation], placed.revision.verdicts[observation], places[observation]
    return EntryRow(
        message_id, number, entry.at, verdict.state, verdict.reason, verdict.cause, entry.table,
        placed.lane.id, None if place is None else placed.submission_id, place,
        source.key, source.value, source.unit, source.status, *_original(entry), source.code,
        source.ordered_at or ordered_at,
    )  # fmt: skip


def _original(entry: Entry) -> tuple[str, str]:
    return (entry.original.value, entry.original.unit) if entry.original else ("", "")


def _ordered(message_id: int, number: int, entry: Entry, placed: Placed) -> EntryRow:
    """Make the row of an order, which is all of its submission."""
    verdict = placed.revision.report
    return EntryRow(
        message_id, number, entry.at, verdict.state, verdict.reason, verdict.cause, entry.table,
        placed.lane.id, placed.submission_id, None, "", "", "", "", *_original(entry), placed.submission.kind,
        placed.submission.ordered_at,
    )  # fmt: skip
