"""
Read what a lane has taken on so far, in the form that translate/revision.py compares with.

Of a message that was pruned only keyed hashes are left. They are compared with the hashes of what is sent now, so
that a re-send is recognised years later.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, and_, exists, or_, select

from translator.ledger import schema
from translator.ledger.states import LIVE
from translator.ledger.vault import Vault
from translator.record.outcome import RESULTS, Submission
from translator.translate.order_revision import KnownOrder
from translator.translate.revision import LaneHistory, Version


def read_history(
    connection: Connection, vault: Vault, lane_id: int, submission: Submission, sha256: str = ""
) -> LaneHistory:
    """Read every version that a lane has of its observations, and its reports; `sha256` is the submission's message."""
    versions: dict[str, tuple[Version, ...]] = defaultdict(tuple)
    latest: dict[str, tuple[str, Version]] = {}
    seen_at: dict[str, str] = {}
    keys = {source.key: source.key for source in submission.sources}
    hashed_keys = {vault.hash("source_key", key): key for key in keys}
    named = keys | hashed_keys
    known_words = _hashes(vault, submission, sha256)
    entry, message, sent = schema.entry, schema.message, schema.submission
    rows = connection.execute(
        select(
            message.c.pruned_at,
            entry.c.source_key,
            entry.c.state,
            entry.c.code,
            entry.c.source_value,
            entry.c.source_unit,
            entry.c.source_status,
            entry.c.ordered_at,
            message.c.sha256,
        )
        .join(message, message.c.id == entry.c.message_id)
        .outerjoin(sent, sent.c.id == entry.c.submission_id)
        .where(
            entry.c.lane_id == lane_id,
            # A duplicate with a reason repeats what is held or was dropped: nothing of that was ever taken on.
            or_(entry.c.state.in_([*LIVE, "superseded"]), and_(entry.c.state == "duplicate", entry.c.reason == "")),
        )
        # What was released later than others were sent stands in an older row, yet is the newer version.
        .order_by(sent.c.position, entry.c.id)
    )
    for pruned_at, kept_key, state, code, *words in rows:
        version = words if pruned_at is None else [known_words.get(word, word) for word in words]
        key, known = named.get(kept_key, kept_key), Version(*version)
        seen_at[key] = max(seen_at.get(key, ""), known.ordered_at)
        versions[key] += (known,)
        if state in LIVE:
            latest[code] = key, known
    return LaneHistory(
        versions=dict(versions),
        latest=latest,
        seen_at=seen_at,
        reports=_reports(connection, lane_id, known_words),
        has_results=_has_results(connection, lane_id),
    )


def _hashes(vault: Vault, submission: Submission, sha256: str) -> dict[str, str]:
    """Give what is sent now by its hash, as prune.py would leave it."""
    values = {vault.hash("source_value", source.value): source.value for source in submission.sources}
    return values | {vault.hash("sha256", sha256): sha256, "": ""}


def _reports(connection: Connection, lane_id: int, known_words: dict[str, str]) -> tuple[Version, ...]:
    table, message = schema.submission, schema.message
    rows = connection.execute(
        select(table.c.report_status, table.c.ordered_at, message.c.sha256)
        .join(message, message.c.id == table.c.message_id)
        .where(table.c.lane_id == lane_id, table.c.kind == RESULTS, table.c.state.in_(LIVE))
        .order_by(table.c.position)
    )
    return tuple(
        Version(status=status, ordered_at=ordered, sha256=known_words.get(sha256, sha256))
        for status, ordered, sha256 in rows
    )


def read_orders(connection: Connection, lane_id: int) -> list[KnownOrder]:
    """Read what a lane has taken on of an order that the vendor has, may have or will have, oldest first."""
    table, message = schema.submission, schema.message
    rows = connection.execute(
        select(table.c.kind, table.c.body, table.c.ordered_at, table.c.state, message.c.pruned_at)
        .join(message, message.c.id == table.c.message_id)
        .where(table.c.lane_id == lane_id, table.c.state.in_(LIVE))
        .order_by(table.c.position)
    )
    return [
        KnownOrder(kind, body if pruned_at is None else None, ordered_at, is_rejected=state == "rejected")
        for kind, body, ordered_at, state, pruned_at in rows
    ]


def _has_results(connection: Connection, lane_id: int) -> bool:
    table = schema.submission
    found = exists().where(table.c.lane_id == lane_id, table.c.state.in_(LIVE), table.c.observation_count > 0)
    return bool(connection.execute(select(found)).scalar_one())
