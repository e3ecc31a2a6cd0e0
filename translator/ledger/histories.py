"""Read what a lane has taken on so far, in the form that translate/revision.py compares with."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, exists, select

from translator.ledger import schema
from translator.ledger.states import LIVE
from translator.record.outcome import Submission
from translator.translate.revision import LaneHistory, Version


def read_history(connection: Connection, lane_id: int, submission: Submission) -> LaneHistory:
    """Read the versions of the observations that a submission names, and the reports of its lane."""
    versions: dict[str, tuple[Version, ...]] = defaultdict(tuple)
    seen_at: dict[str, str] = {}
    entry, message = schema.entry, schema.message
    rows = connection.execute(
        select(
            entry.c.source_key,
            entry.c.state,
            entry.c.source_value,
            entry.c.source_unit,
            entry.c.source_status,
            entry.c.ordered_at,
            message.c.sha256,
        )
        .join(message, message.c.id == entry.c.message_id)
        .where(
            entry.c.lane_id == lane_id,
            entry.c.source_key.in_({source.key for source in submission.sources}),
            entry.c.state.in_([*LIVE, "duplicate"]),
        )
        .order_by(entry.c.id)
    )
    for key, state, *version in rows:
        known = Version(*version)
        seen_at[key] = max(seen_at.get(key, ""), known.ordered_at)
        if state != "duplicate":
            versions[key] += (known,)
    return LaneHistory(
        versions=dict(versions),
        seen_at={key: seen_at[key] for key in versions},
        reports=_reports(connection, lane_id),
        has_results=_has_results(connection, lane_id),
    )


def _reports(connection: Connection, lane_id: int) -> tuple[Version, ...]:
    table, message = schema.submission, schema.message
    rows = connection.execute(
        select(table.c.report_status, table.c.ordered_at, message.c.sha256)
        .join(message, message.c.id == table.c.message_id)
        .where(table.c.lane_id == lane_id, table.c.state.in_(LIVE))
        .order_by(table.c.position)
    )
    return tuple(Version(status=status, ordered_at=ordered, sha256=sha256) for status, ordered, sha256 in rows)


def _has_results(connection: Connection, lane_id: int) -> bool:
    table = schema.submission
    found = exists().where(table.c.lane_id == lane_id, table.c.state.in_(LIVE), table.c.observation_count > 0)
    return bool(connection.execute(select(found)).scalar_one())
