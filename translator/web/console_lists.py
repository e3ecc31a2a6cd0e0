"""
List what the console lists: causes, undecided submissions, lanes, messages.

Each list is made for who looks at it: what an account may not see is left out here, so that no page can show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from translator.ledger import (
    HeldItem,
    LabDelivery,
    LaneRow,
    Ledger,
    MessageRow,
    RequisitionRow,
    UndecidedItem,
    by_cause,
)
from translator.web.console_overview import Cause
from translator.web.console_words import age_of, code_only, group_name, moment

PER_PAGE = 50
UNDECIDED = ("unknown", "rejected")
MOST_SHOWN = 50
"""Of one cause so many entries are shown with their values; the counts are of all."""


class MessageLine(Struct, frozen=True):
    """One message in a list; file and control id are empty for who may not see patients."""

    number: int
    received: str
    type: str
    state: str
    reason: str
    entries: str
    file: str = ""
    control_id: str = ""


class MessagePage(Struct, frozen=True):
    """Some messages, the newest first; `before` leads to older ones, 0 where there are none."""

    lines: tuple[MessageLine, ...]
    state: str
    before: int


class UndecidedLine(Struct, frozen=True):
    """One submission that blocks its lane; its service request and answer only for who may see patients."""

    number: int
    state: str
    destination: str
    kind: str
    message: int
    attempts: int
    waiting: int
    since: str
    answer: str
    service_request_id: str = ""

    @property
    def is_at_lab(self) -> bool:
        """Whether it was brought to the lab, and not to a vendor."""
        return self.destination == "lab"


class LaneLine(Struct, frozen=True):
    """One lane in a list."""

    number: int
    destination: str
    state: str
    waits: str
    since: str
    is_urgent: bool


class Requested(Struct, frozen=True):
    """One requisition of WHOOP in a list."""

    id: str
    message: int
    fetched: str
    state: str
    tests: tuple[tuple[str, str], ...]


def causes(ledger: Ledger, meanings: Mapping[str, str], *, sees: bool, secret: bytes) -> list[Cause]:
    """List what is held, by cause."""
    now = ledger.now()
    return [
        Cause(
            found.cause,
            code_only(found.code, sees=sees),
            found.entries,
            age_of(found.held_since, now),
            group_name(secret, found.cause, found.code),
            meanings.get(found.cause, ""),
        )
        for found in by_cause(ledger.desk().held())
    ]


def group(ledger: Ledger, name: str, secret: bytes) -> list[HeldItem]:
    """Give the held entries of a cause by the name of its page; none where nothing of it is held any more."""
    found = (item for item in ledger.desk().held() if group_name(secret, *item.group) == name)
    return list(found)


def messages(ledger: Ledger, *, state: str, before: int | None, sees: bool) -> MessagePage:
    """List a page of messages."""
    rows = ledger.browsing().messages(state=state, before=before, limit=PER_PAGE + 1)
    lines = tuple(_message(row, sees=sees) for row in rows[:PER_PAGE])
    return MessagePage(lines, state, lines[-1].number if len(rows) > PER_PAGE else 0)


def numbered(ledger: Ledger, numbers: Sequence[int]) -> MessagePage:
    """List messages by their numbers, for who may see patients."""
    rows = [row for number in numbers[:PER_PAGE] for row in ledger.browsing().messages(before=number + 1, limit=1)]
    return MessagePage(tuple(_message(row, sees=True) for row in rows), "", 0)


def undecided(ledger: Ledger, *, sees: bool) -> list[UndecidedLine]:
    """List what blocks its lane, the oldest first."""
    now = ledger.now()
    ours = [_undecided(item, now, sees=sees) for item in ledger.desk().undecided(UNDECIDED)]
    return ours + [_undecided_at_lab(one, now, sees=sees) for one in ledger.lab().undecided(UNDECIDED)]


def lanes(rows: Iterable[LaneRow], now: float) -> list[LaneLine]:
    """List lanes with something unfinished; a lane is only a number here."""
    return [
        LaneLine(row.number, row.destination, row.state, _waits(row), age_of(row.since, now), row.is_urgent)
        for row in rows
    ]


def requisitions(rows: Iterable[RequisitionRow]) -> list[Requested]:
    """List requisitions, the newest first, for who may see patients."""
    return [
        Requested(
            row.requisition_id,
            row.message,
            moment(row.fetched_at),
            f"held: {row.held}" if row.held else "with the lab" if row.ordered_at else "fetched",
            tuple((test.code, test.task_status or test.status) for test in row.tests),
        )
        for row in rows
    ][::-1]


def _waits(row: LaneRow) -> str:
    counts = (("unknown", row.unknown), ("rejected", row.rejected), ("queued", row.queued))
    return ", ".join(f"{count} {name}" for name, count in counts if count)


def _message(row: MessageRow, *, sees: bool) -> MessageLine:
    return MessageLine(
        number=row.message,
        received=moment(row.received_at),
        type=code_only(row.type, sees=sees),
        state=row.state,
        reason=row.reason,
        entries=", ".join(f"{count} {name}" for name, count in row.entries.items()),
        file=f"{row.file}:{row.index}" if sees and row.file else "",
        control_id=row.control_id if sees else "",
    )


def _undecided(item: UndecidedItem, now: float, *, sees: bool) -> UndecidedLine:
    return UndecidedLine(
        item.id,
        item.state,
        item.destination,
        item.kind,
        item.message,
        item.attempts,
        item.waiting,
        age_of(item.since, now),
        code_only(item.answer, sees=sees),
        item.service_request_id if sees else "",
    )


def _undecided_at_lab(one: LabDelivery, now: float, *, sees: bool) -> UndecidedLine:
    return UndecidedLine(
        int(one.id.rpartition(":")[2]),
        one.state,
        one.destination,
        one.kind,
        one.message,
        one.attempts,
        0,
        age_of(one.since, now),
        code_only(one.answer, sees=sees),
        one.service_request_id if sees else "",
    )
