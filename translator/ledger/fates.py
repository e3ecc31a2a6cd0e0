"""
Tell what became of one entry of a message, forward: calls and answers, what replaced it, what people decided.

An entry and the others of the same result on its lane are its versions. They are told apart by the key that
histories.py compares; what was pruned or is encrypted has only the hash of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, RowMapping, select

from translator.ledger import schema
from translator.ledger.moments import moment_text
from translator.ledger.positions import STATUS
from translator.ledger.states import LIVE
from translator.ledger.twins import DROPPED_BEFORE, HELD_BEFORE, TAKEN_AGAIN
from translator.ledger.vault import Vault
from translator.ledger.view_shapes import AttemptView, DecisionView, EntryView, MessageView, StatusView
from translator.ledger.views import read_message

_SENT = frozenset({*LIVE, "superseded"})
# Why something is a duplicate of what waits, or of what a person has dropped.
_REPEATS = frozenset({HELD_BEFORE, DROPPED_BEFORE})

_entry, _message, _submission = schema.entry, schema.message, schema.submission


class SentFate(Struct, frozen=True, omit_defaults=True):
    """
    One submission of a message, and every call that was made for it.

    Shape: `submission` is its place among those of the message, as `ledger show` lists them. `tables_sha256` are the
    tables by which its body was made. The `answer` of an attempt is what the vendor said (`201`) or what went wrong.
    """

    submission: int
    destination: str
    service_request_id: str
    kind: str
    position: int
    state: str
    tables_sha256: str
    idempotency_key: str = ""
    detail: str = ""
    attempts: tuple[AttemptView, ...] = ()


class VersionFate(Struct, frozen=True, omit_defaults=True):
    """
    One version of a result that its lane has seen, the values as the lab sent them.

    Shape: `id` names it to other commands (`12:OBX[3]`); `position` is its place on the lane where it is to be sent.
    Absent: the values of what was pruned.
    """

    id: str
    state: str
    received_at: str
    reason: str = ""
    position: int | None = None
    value: str = ""
    unit: str = ""
    status: str = ""
    ordered_at: str = ""
    is_asked: bool = False


class Fate(Struct, frozen=True, omit_defaults=True):
    """
    What became of some entries of a message, as the ledger has recorded it.

    Shape: `tables_sha256` are the tables by which the message was translated when it came. `versions` are in order of
    arrival. `replaces` and `replaced_by` name the version before and after it on the lane, or what was taken in place
    of what was held; `repeats` the one that a duplicate says again. `same_bytes` are other messages that are equal,
    byte for byte.
    """

    message: int
    received_at: str
    state: str
    tables_sha256: str
    reason: str = ""
    site: str = ""
    pruned_at: str = ""
    entries: tuple[EntryView, ...] = ()
    submissions: tuple[SentFate, ...] = ()
    statuses: tuple[StatusView, ...] = ()
    versions: tuple[VersionFate, ...] = ()
    replaces: str = ""
    replaced_by: str = ""
    repeats: str = ""
    decisions: tuple[DecisionView, ...] = ()
    same_bytes: tuple[int, ...] = ()


class Fates:
    """The fates of one ledger's entries; `Ledger.fates()` gives it."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], vault: Vault) -> None:
        self._read = read
        self._vault = vault

    def of(self, message_id: int, ats: Collection[str] | None = None, *, submission: int | None = None) -> Fate:
        """
        Tell what became of some entries of a message, or of a message as a whole.

        Shape: `submission` is the place of one that is told of, too, even where no entry went into it.
        Raises: LedgerError where there is no such message.
        """
        with self._read() as connection:
            view = read_message(connection, self._vault, message_id)
            return _read_fate(connection, self._vault, view, ats, submission)

    def with_bytes(self, sha256: str) -> list[int]:
        """Number the messages that have these bytes, by their hash; those that were pruned, too."""
        query = select(_message.c.id).where(_alike(self._vault, sha256)).order_by(_message.c.id)
        with self._read() as connection:
            return [*connection.execute(query).scalars()]


def _read_fate(
    connection: Connection, vault: Vault, view: MessageView, ats: Collection[str] | None, submission: int | None
) -> Fate:
    row = connection.execute(select(_message.c.pruned_at).where(_message.c.id == view.message)).one()
    entries = tuple(entry for entry in view.entries if ats is None or entry.at in ats)
    places = {submission, *(entry.submission for entry in entries)} if ats is not None else None
    sent = tuple(one for one in _sent(connection, view) if places is None or one.submission in places)
    lanes = {(one.destination, one.service_request_id) for one in sent}
    same_bytes = _twins(connection, vault, view)
    versions = _versions(connection, vault, [view.message, *same_bytes], ats or ())
    replaces, replaced_by, repeats = _neighbours(versions)
    return Fate(
        message=view.message,
        received_at=view.received_at,
        state=view.state,
        tables_sha256=view.tables_sha256,
        reason=view.reason,
        site=view.site,
        pruned_at=moment_text(row.pruned_at),
        entries=entries,
        submissions=sent,
        statuses=tuple(one for one in view.statuses if (one.destination, one.service_request_id) in lanes),
        versions=tuple(versions),
        replaces=replaces,
        replaced_by=replaced_by,
        repeats=repeats,
        decisions=tuple(one for one in view.decisions if not one.entries or ats is None or {*one.entries} & {*ats}),
        same_bytes=same_bytes,
    )


def _sent(connection: Connection, view: MessageView) -> list[SentFate]:
    table = schema.submission
    query = select(table.c.tables_sha256).where(table.c.message_id == view.message, table.c.kind != STATUS)
    # What was freed later was made by the tables of then, and says so itself.
    made_by = connection.execute(query.order_by(table.c.id)).scalars().all()
    return [
        SentFate(
            submission=place,
            destination=one.destination,
            service_request_id=one.service_request_id,
            kind=one.kind,
            position=one.position,
            state=one.state,
            tables_sha256=sha256 or view.tables_sha256,
            idempotency_key=one.idempotency_key,
            detail=one.detail,
            attempts=one.attempts,
        )
        for place, (one, sha256) in enumerate(zip(view.submissions, made_by, strict=True))
    ]


def _versions(connection: Connection, vault: Vault, messages: Sequence[int], ats: Collection[str]) -> list[VersionFate]:
    """
    Read every version of the results that some entries of a message are about.

    Shape: the first of the messages is the one, the others have the same bytes: what stands at the same places there is
    the same result, by whatever code it went.
    """
    asked = connection.execute(_ROWS.where(_entry.c.message_id.in_(messages), _entry.c.at.in_(ats))).mappings().all()
    names = {(row["lane_id"], _name(vault, row)) for row in asked if row["lane_id"] is not None}
    lanes = sorted({lane for lane, _ in names})
    known = connection.execute(_ROWS.where(_entry.c.lane_id.in_(lanes))).mappings()
    rows = {row["id"]: row for row in known if (row["lane_id"], _name(vault, row)) in names}
    rows |= {row["id"]: row for row in asked}
    own = {row["id"] for row in asked if row["message_id"] == messages[0]}
    return [_version(rows[number], is_asked=number in own) for number in sorted(rows)]


def _name(vault: Vault, row: RowMapping) -> tuple[str, str]:
    """Name what an entry is about within its lane: by its key, else by its code; an order is what its lane is for."""
    if row["source_key"]:
        return "key", vault.hash_key(row["source_key"])
    is_order = row["submission_id"] is not None and row["observation"] is None
    return ("order", "") if is_order else ("code", row["code"])


def _version(row: RowMapping, *, is_asked: bool) -> VersionFate:
    is_kept = row["pruned_at"] is None
    return VersionFate(
        id=f"{row['message_id']}:{row['at']}",
        state=row["state"],
        received_at=moment_text(row["received_at"]),
        reason=row["reason"],
        position=row["position"],
        value=row["source_value"] if is_kept else "",
        unit=row["source_unit"],
        status=row["source_status"],
        ordered_at=row["ordered_at"],
        is_asked=is_asked,
    )


def _neighbours(versions: Sequence[VersionFate]) -> tuple[str, str, str]:
    """Name what the version that is asked about replaces, what replaced it, and what it repeats. (pure)"""
    asked = next((place for place, version in enumerate(versions) if version.is_asked), None)
    if asked is None:
        return "", "", ""
    own = versions[asked]
    if own.position is None:
        return "", *_taken_by(own, versions[:asked], versions[asked + 1 :])
    sent = [version for version in versions if version.position is not None and version.state in _SENT]
    before = [one.id for one in sorted(sent, key=_position) if _position(one) < own.position]
    after = [one.id for one in sorted(sent, key=_position) if _position(one) > own.position]
    return (before[-1] if before else ""), (after[0] if after else ""), ""


def _taken_by(own: VersionFate, before: Sequence[VersionFate], after: Sequence[VersionFate]) -> tuple[str, str]:
    """Name what came in place of a duplicate, and what it repeats. (pure)"""
    if own.state != "duplicate":
        return "", ""
    if own.reason == TAKEN_AGAIN:
        return next((one.id for one in after if one.reason not in _REPEATS), ""), ""
    states = {"held", "dropped"} if own.reason in _REPEATS else _SENT
    return "", next((one.id for one in reversed(before) if one.state in states), "")


def _position(version: VersionFate) -> int:
    return version.position or 0


def _alike(vault: Vault, sha256: str) -> ColumnElement[bool]:
    # What was pruned has only the keyed hash of it.
    return _message.c.sha256.in_([sha256, vault.hash("sha256", sha256)])


def _twins(connection: Connection, vault: Vault, view: MessageView) -> tuple[int, ...]:
    """
    Number the other messages with the same bytes.

    Theory: they speak of the same lanes, by which they are found without a look at every message. What had no lane
    when it came may have one by now.
    """
    lanes = select(_entry.c.lane_id).where(_entry.c.message_id == view.message, _entry.c.lane_id.is_not(None))
    others = select(_message.c.id).where(_alike(vault, view.source.sha256), _message.c.id != view.message)
    if connection.execute(lanes.limit(1)).first() is not None:
        others = others.where(_message.c.id.in_(select(_entry.c.message_id).where(_entry.c.lane_id.in_(lanes))))
    return tuple(connection.execute(others.order_by(_message.c.id)).scalars())


_ROWS = (
    select(
        _entry, _message.c.pruned_at, _message.c.received_at, _submission.c.position,
    )
    .join(_message, _message.c.id == _entry.c.message_id)
    .outerjoin(_submission, _submission.c.id == _entry.c.submission_id)
)  # fmt: skip
