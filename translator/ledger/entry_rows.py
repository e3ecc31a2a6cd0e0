"""Make the rows of a message's entries: each with its fate, and its place in what is sent. (pure)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from translator.ledger.placement import Placed
from translator.ledger.positions import Lane, LaneName, lane_name
from translator.record.outcome import Entry, Outcome


def entry_rows(
    outcome: Outcome, placed: Sequence[Placed], message_id: int, lanes: Mapping[LaneName, Lane]
) -> Iterator[dict[str, Any]]:
    """Make one row per entry, in order; `lanes` are those that the message speaks of."""
    places = [_places(one) for one in placed]
    accounts = _accounts(outcome, lanes)
    for number, entry in enumerate(outcome.entries):
        row = _row(message_id, number, entry)
        if entry.submission is not None and entry.observation is not None:
            one = placed[entry.submission]
            row |= _translated_part(entry.observation, one, places[entry.submission][entry.observation])
        elif entry.submission is not None:
            row |= _ordered_part(placed[entry.submission])
        elif number in accounts and (entry.state == "held" or entry.reason == "not-obtained"):
            row["lane_id"], row["code"] = accounts[number]
        yield row


def _accounts(outcome: Outcome, lanes: Mapping[LaneName, Lane]) -> dict[int, tuple[int | None, str]]:
    """Give lane and subject of every entry that belongs to a report, though nothing of it may be sent."""
    found: dict[int, tuple[int | None, str]] = {}
    for account in outcome.accounts:
        lane = lanes.get(lane_name(account))
        for number, subject in enumerate(account.subjects, start=account.first):
            found[number] = (lane.id if lane else None, subject)
    return found


def _row(message_id: int, number: int, entry: Entry) -> dict[str, Any]:
    original = entry.original
    return {
        "message_id": message_id,
        "number": number,
        "at": entry.at,
        "state": entry.state,
        "reason": entry.reason,
        "cause": entry.cause,
        "table_row": entry.table,
        "lane_id": None,
        "submission_id": None,
        "observation": None,
        "source_key": "",
        "source_value": "",
        "source_unit": "",
        "source_status": "",
        "original_value": original.value if original else "",
        "original_unit": original.unit if original else "",
        "code": "",
        "ordered_at": "",
    }


def _places(placed: Placed) -> list[int | None]:
    """Number what is left of a submission: only that is in the body."""
    left = 0
    places: list[int | None] = []
    for verdict in placed.revision.verdicts:
        is_queued = verdict.state == "queued"
        places.append(left if is_queued else None)
        left += is_queued
    return places


def _ordered_part(placed: Placed) -> dict[str, Any]:
    """Fill the row of an order, which is all of its submission."""
    verdict = placed.revision.report
    return {
        "state": verdict.state,
        "reason": verdict.reason,
        "cause": verdict.cause,
        "lane_id": placed.lane.id,
        "submission_id": placed.submission_id,
        "code": placed.submission.kind,
        "ordered_at": placed.submission.ordered_at,
    }


def _translated_part(observation: int, placed: Placed, place: int | None) -> dict[str, Any]:
    source = placed.submission.sources[observation]
    verdict = placed.revision.verdicts[observation]
    return {
        "state": verdict.state,
        "reason": verdict.reason,
        "cause": verdict.cause,
        "lane_id": placed.lane.id,
        "submission_id": placed.submission_id if place is not None else None,
        "observation": place,
        "source_key": source.key,
        "source_value": source.value,
        "source_unit": source.unit,
        "source_status": source.status,
        "code": source.code,
        "ordered_at": source.ordered_at or placed.submission.ordered_at,
    }
