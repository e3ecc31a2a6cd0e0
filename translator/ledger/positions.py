"""
Find the lanes of submissions, pin their patients, and give out their next positions.

Each function runs in the accepting transaction. Lanes are locked in the order of their names, so that two processes
that accept at the same time cannot wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Table, Update, bindparam, select, update

from translator.ledger import schema
from translator.ledger.bulk import insert_numbered
from translator.ledger.states import UNFINISHED
from translator.ledger.vault import Vault
from translator.record.outcome import RESULTS, OrderPayload, Outcome, Payload, ReportAccount, Submission
from translator.translate.workflow import StatusCall

STATUS = "status"

URGENT_STATUSES = frozenset({"corrected", "amended"})
"""What corrects something goes before everything else: somebody may act on what was wrong."""

LaneName = tuple[str, str]

_MOST_NAMES = 500


class Lane(Struct):
    """
    A lane while a transaction adds to it.

    Shape: `is_idle` is true while nothing unfinished is on it; `is_new` while it has never had a submission, and
    `is_fresh` while nothing at all was known of it before this transaction.
    `changes` are the columns that `store_lanes` writes.
    """

    id: int
    destination: str
    service_request_id: str
    next_position: int
    patient_hash: str
    birth_date_hash: str
    is_idle: bool
    is_fresh: bool = False
    changes: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether it never had a submission, and so has no history to read."""
        return self.next_position == 1

    def take_position(self, now: int) -> int:
        """Give the next position, and wake the lane if nothing is before it."""
        position = self.next_position
        self.next_position += 1
        self.changes["next_position"] = self.next_position
        # Behind an unfinished submission the lane keeps its time: whoever settles that one makes the lane due again.
        if self.is_idle:
            self.changes["due_at"] = now
            self.is_idle = False
        return position


def lane_name(submission: Submission | ReportAccount) -> LaneName:
    """Name the lane of a submission, or of reports of which nothing is sent."""
    return submission.destination, submission.service_request_id


def lane_names(*outcomes: Outcome) -> set[LaneName]:
    """Name every lane that some messages speak of."""
    named = {lane_name(submission) for outcome in outcomes for submission in outcome.submissions}
    told = (account for outcome in outcomes for account in outcome.accounts if account.service_request_id)
    return named | {lane_name(account) for account in told}


def find_lanes(connection: Connection, wanted: Iterable[LaneName], vault: Vault | None = None) -> dict[LaneName, Lane]:
    """
    Give some lanes, locked until the transaction ends; those that are missing are made.

    Shape: with a vault a lane is also found whose name was erased; it has its name again, since somebody brought it.
    """
    names = sorted(set(wanted))
    found = dict(_read_lanes(connection, names))
    missing = [name for name in names if name not in found]
    if missing and vault is not None:
        found |= _remembered(connection, vault, missing)
        missing = [name for name in names if name not in found]
    if missing:
        rows = [{"destination": destination, "service_request_id": request} for destination, request in missing]
        connection.execute(schema.insert_or_ignore(connection, schema.lane), rows)
        found.update(_read_lanes(connection, missing))
        for name in missing:
            found[name].is_fresh = found[name].is_new
    _look_for_unfinished(connection, [lane for lane in found.values() if not lane.is_new])
    return found


def patient_hashes(vault: Vault, submission: Submission) -> tuple[str, str]:
    """Hash the patient's identifier and birth date of a submission, each empty where it is not sent."""
    patient, birth_date = submission.patient
    return vault.hash("patient", patient), vault.hash("birth_date", birth_date)


def is_other_patient(lane: Lane, hashes: tuple[str, str]) -> bool:
    """Tell whether a submission speaks of another patient than the lane; an empty part does not contradict."""
    pinned = (lane.patient_hash, lane.birth_date_hash)
    return any(known and sent and known != sent for known, sent in zip(pinned, hashes, strict=True))


def pin(
    connection: Connection,
    vault: Vault,
    lane: Lane,
    patient: tuple[str, str],
    hashes: tuple[str, str],
    key_id: int | None,
) -> None:
    """Fill what the lane does not know of its patient yet, whose `hashes` are those of `patient_hashes`."""
    if (not hashes[0] or lane.patient_hash) and (not hashes[1] or lane.birth_date_hash):
        return
    known = _known_patient(connection, vault, lane)
    merged = tuple(old or new for old, new in zip(known, patient, strict=True))
    lane.patient_hash, lane.birth_date_hash = lane.patient_hash or hashes[0], lane.birth_date_hash or hashes[1]
    lane.changes |= {
        "patient": vault.close_text(key_id, merged[0]),
        "birth_date": vault.close_text(key_id, merged[1]),
        "key_id": key_id,
        "patient_hash": lane.patient_hash,
        "birth_date_hash": lane.birth_date_hash,
    }


def queue_row(
    lane: Lane,
    payload: Payload | OrderPayload,
    *,
    message_id: int,
    ordered_at: str,
    critical: bool,
    now: int,
    kind: str = RESULTS,
) -> dict[str, Any]:
    """
    Make the row of what is left of a submission, at the next position of its lane.

    Shape: `critical` tells that the laboratory marks a result in it as such; like a correction, it goes first.
    """
    position = lane.take_position(now)
    is_urgent = critical or payload.status in URGENT_STATUSES
    if is_urgent:
        lane.changes["priority"] = 1
    body = body_of(payload)
    return {
        "message_id": message_id,
        "lane_id": lane.id,
        "position": position,
        "kind": kind,
        "body": body,
        "report_status": payload.status,
        "ordered_at": ordered_at,
        "observation_count": len(payload.observations),
        "idempotency_key": idempotency_key(lane.destination, lane.service_request_id, position, body),
        "state": "queued",
        "urgent": int(is_urgent),
    }


def body_of(payload: Payload | OrderPayload) -> bytes:
    """Write the body of what is left of a submission."""
    return msgspec.json.encode(payload.body if isinstance(payload, OrderPayload) else payload)


def status_row(lane: Lane, call: StatusCall, *, message_id: int, now: int) -> dict[str, Any]:
    """Make the row of a workflow status, at the next position of its lane."""
    position = lane.take_position(now)
    body = msgspec.json.encode({"task_business_status": call.status} | ({"reason": call.reason} if call.reason else {}))
    return {
        "message_id": message_id,
        "lane_id": lane.id,
        "position": position,
        "kind": STATUS,
        "body": body,
        "report_status": call.status,
        "ordered_at": "",
        "observation_count": 0,
        "idempotency_key": idempotency_key(lane.destination, lane.service_request_id, position, body),
        "state": "queued",
    }


def refresh(connection: Connection, lane: Lane) -> None:
    """Look again whether anything unfinished is on a lane, after something on it was taken back."""
    lane.is_idle = True
    _look_for_unfinished(connection, [lane])


def store_lanes(connection: Connection, lanes: Iterable[Lane]) -> None:
    """Write what the lanes have taken on; lanes with the same changes share one statement."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for lane in lanes:
        if lane.changes:
            row = {f"new_{name}": value for name, value in lane.changes.items()} | {"lane": lane.id}
            by_columns.setdefault(tuple(lane.changes), []).append(row)
            lane.changes = {}
    for columns, rows in by_columns.items():
        connection.execute(_update_of(columns), rows)


@lru_cache(maxsize=64)
def _update_of(columns: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(schema.lane).where(schema.lane.c.id == bindparam("lane")).values(values)


def idempotency_key(destination: str, service_request_id: str, position: int, body: bytes) -> str:
    """Derive the `Idempotency-Key` of a submission: the same for each of its attempts, and for no other. (pure)"""
    seed = f"{destination}\n{service_request_id}\n{position}\n".encode()
    return hashlib.sha256(seed + body).hexdigest()[:32]


def insert_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row and give its number."""
    (row_id,) = insert_rows(connection, table, [row])
    return row_id


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows and give their numbers, in the same order."""
    return insert_numbered(connection, table, rows) if rows else []


def _read_lanes(connection: Connection, names: Sequence[LaneName]) -> Iterator[tuple[LaneName, Lane]]:
    for destination in dict.fromkeys(name[0] for name in names):
        requests = [name[1] for name in names if name[0] == destination]
        for start in range(0, len(requests), _MOST_NAMES):
            some = {"destination_is": destination, "requests": requests[start : start + _MOST_NAMES]}
            for row in connection.execute(_LANES, some):
                yield (destination, row.service_request_id), Lane(*row, is_idle=True)


def forgotten_name(vault: Vault, name: LaneName) -> str:
    """Give what is left of a lane's name once its person is erased."""
    return vault.hash("lane", "\n".join(name))


def _remembered(connection: Connection, vault: Vault, names: Sequence[LaneName]) -> dict[LaneName, Lane]:
    hashes = {(name[0], forgotten_name(vault, name)): name for name in names}
    found = {}
    for hashed, lane in _read_lanes(connection, sorted(hashes)):
        name = hashes[hashed]
        lane.service_request_id = lane.changes["service_request_id"] = name[1]
        found[name] = lane
    return found


def _look_for_unfinished(connection: Connection, lanes: Sequence[Lane]) -> None:
    by_id = {lane.id: lane for lane in lanes}
    for chosen in schema.of_messages(schema.submission.c.lane_id, list(by_id)) if by_id else ():
        for (lane_id,) in connection.execute(_UNFINISHED_LANES.where(chosen)):
            by_id[lane_id].is_idle = False


def _known_patient(connection: Connection, vault: Vault, lane: Lane) -> tuple[str, str]:
    if not lane.patient_hash and not lane.birth_date_hash:
        return "", ""
    row: RowMapping = connection.execute(_PATIENT, {"lane": lane.id}).mappings().one()
    patient, birth_date = (vault.open_text(connection, row["key_id"], row[name]) for name in ("patient", "birth_date"))
    return patient, birth_date


_table = schema.lane
_LANES = (
    select(
        _table.c.id, _table.c.destination, _table.c.service_request_id,
        _table.c.next_position, _table.c.patient_hash, _table.c.birth_date_hash,
    )
    .where(
        _table.c.destination == bindparam("destination_is"),
        _table.c.service_request_id.in_(bindparam("requests", expanding=True)),
    )
    .order_by(_table.c.service_request_id)
    .with_for_update()
)  # fmt: skip
_PATIENT = select(_table.c.key_id, _table.c.patient, _table.c.birth_date).where(_table.c.id == bindparam("lane"))
_UNFINISHED_LANES = select(schema.submission.c.lane_id).where(schema.submission.c.state.in_(UNFINISHED)).distinct()
