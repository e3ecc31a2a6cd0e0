"""
List what waits for a person, and show what a held result is compared with.

An entry is held for itself, or with its report (`report-held`); a message without observations is held as such. The
cause is what a person would mend: one code that no row maps is one cause, however many messages carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, exists, or_, select

from translator.ledger import schema
from translator.ledger.moments import moment_text
from translator.ledger.states import LIVE

NO_RESULTS = "no-results"
"""Why a message is held that says no more of it."""

# Reasons that a code explains: one mended row frees all that have it.
BY_CODE = frozenset({
    "unmapped-code", "unit-unknown", "unit-not-convertible", "unit-missing", "unmapped-value", "implausible",
})  # fmt: skip

_entry, _message, _lane, _submission = schema.entry, schema.message, schema.lane, schema.submission


class HeldItem(Struct, frozen=True, omit_defaults=True):
    """
    One held entry, or one message that is held without any.

    Shape: `id` names it to the other commands (`12:OBX[3]`, `12`). `code` is the WHOOP code, or the code as sent.
    Absent: `service_request_id` is empty where none was found.
    """

    id: str
    message: int
    service_request_id: str
    reason: str
    held_since: str
    at: str = ""
    cause: str = ""
    code: str = ""
    destination: str = ""

    @property
    def group(self) -> tuple[str, str]:
        """The cause that it belongs to: what a person would mend, and the code where that says more."""
        cause = self.cause or self.reason
        return cause, self.code if not self.cause and self.reason in BY_CODE else ""

    def __lt__(self, other: HeldItem) -> bool:
        return self.group < other.group


class HeldCause(Struct, frozen=True, omit_defaults=True):
    """Everything that one cause holds."""

    cause: str
    code: str
    entries: int
    messages: int
    service_requests: int
    held_since: str


class Version(Struct, frozen=True, omit_defaults=True):
    """One version of a result: as the lab sent it, and what became of it."""

    message: int
    at: str
    state: str
    value: str = ""
    unit: str = ""
    status: str = ""
    ordered_at: str = ""
    reason: str = ""


def list_held(
    connection: Connection,
    *,
    message_ids: Iterable[int] | None = None,
    service_request_id: str = "",
    cause: str = "",
) -> list[HeldItem]:
    """List everything that is held, in the order in which it came; or only that of messages, a lane, a cause."""
    chosen: list[ColumnElement[bool]] = [] if message_ids is None else [_message.c.id.in_(list(message_ids))]
    if service_request_id:
        chosen.append(_lane.c.service_request_id == service_request_id.lower())
    by_entry, by_message = _HELD_ENTRIES.where(*chosen), _HELD_MESSAGES.where(*chosen)
    if cause:
        by_entry = by_entry.where(or_(_entry.c.cause == cause, and_(_entry.c.cause == "", _entry.c.reason == cause)))
        by_message = by_message.where(_message.c.reason == cause)
    entries = (_entry_item(row) for row in connection.execute(by_entry).mappings())
    messages = (_message_item(row) for row in connection.execute(by_message).mappings())
    return sorted([*entries, *messages], key=lambda item: item.message)


def by_cause(items: Iterable[HeldItem]) -> list[HeldCause]:
    """Sum held items up by cause, the most frequent first. (pure)"""
    groups: dict[tuple[str, str], list[HeldItem]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    causes = [
        HeldCause(
            cause,
            code,
            len(group),
            len({item.message for item in group}),
            len({item.service_request_id for item in group} - {""}),
            min(item.held_since for item in group),
        )
        for (cause, code), group in groups.items()
    ]
    return sorted(causes, key=lambda each: (-each.messages, each.cause, each.code))


def versions(connection: Connection, service_request_id: str, code: str) -> list[Version]:
    """Give every version of one result that its lane has seen, in the order in which they came."""
    query = (
        select(_entry)
        .join(_lane, _lane.c.id == _entry.c.lane_id)
        .where(_lane.c.service_request_id == service_request_id, _entry.c.code == code)
        .order_by(_entry.c.id)
    )
    return [
        Version(
            message=row["message_id"],
            at=row["at"],
            state=row["state"],
            value=row["source_value"],
            unit=row["source_unit"],
            status=row["source_status"],
            ordered_at=row["ordered_at"],
            reason=row["reason"],
        )
        for row in connection.execute(query).mappings()
    ]


def live_versions(known: Iterable[Version]) -> Iterator[Version]:
    """Choose what the vendor has, may have or will have. (pure)"""
    return (version for version in known if version.state in LIVE)


def _entry_item(row: RowMapping) -> HeldItem:
    return HeldItem(
        id=f"{row['message_id']}:{row['at']}",
        message=row["message_id"],
        service_request_id=row["service_request_id"] or "",
        reason=row["reason"],
        held_since=moment_text(row["received_at"]),
        at=row["at"],
        cause=row["cause"],
        code=row["code"],
        destination=row["destination"] or "",
    )


def _message_item(row: RowMapping) -> HeldItem:
    return HeldItem(
        id=str(row["id"]),
        message=row["id"],
        service_request_id=row["service_request_id"] or "",
        reason=row["reason"] or NO_RESULTS,
        held_since=moment_text(row["received_at"]),
        destination=row["destination"] or "",
    )


_HELD_ENTRIES: Select[tuple[object, ...]] = (
    select(
        _entry.c.message_id, _entry.c.at, _entry.c.reason, _entry.c.cause, _entry.c.code,
        _message.c.received_at, _lane.c.service_request_id, _lane.c.destination,
    )
    .join(_message, _message.c.id == _entry.c.message_id)
    .outerjoin(_lane, _lane.c.id == _entry.c.lane_id)
    .where(_entry.c.state == "held")
    .order_by(_entry.c.message_id, _entry.c.number)
)  # fmt: skip
_has_held = exists().where(and_(_entry.c.message_id == _message.c.id, _entry.c.state == "held"))
_HELD_MESSAGES: Select[tuple[object, ...]] = (
    select(
        _message.c.id, _message.c.reason, _message.c.received_at, _lane.c.service_request_id, _lane.c.destination
    )
    .outerjoin(_lane, _lane.c.id == _message.c.lane_id)
    .where(_message.c.state == "held", ~_has_held)
    .order_by(_message.c.id)
)  # fmt: skip
