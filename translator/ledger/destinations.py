"""
Remember that a destination must not be called: paused until a person resumes it, or asked to wait until a time.

What is queued stays queued. Each function runs in a transaction of its caller's.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection, bindparam, case, select, update

from translator.ledger.schema import destination as _destination
from translator.ledger.schema import insert_or_ignore

VENDOR, PERSON = "vendor", "person"
"""Who paused: a vendor that refuses access is tried again by the next process that delivers; a person is obeyed."""

EVERY = "all"
"""The name that pauses every destination, such as after a restore."""

LONGEST_WAIT_US = 86_400_000_000
"""Nobody asks to wait for more than a day; a time that lies further ahead was written by a clock that ran ahead."""


class Standing(Struct, frozen=True):
    """
    How a destination stands.

    Shape: `paused` says why nobody may call it until `resume`, and is empty where it may be called; `paused_by` is
    `vendor` or `person`.
    Units: `opens_at` in microseconds since 1970; 0 where the vendor did not ask to wait.
    Absent: `paused_at` is None where it is not paused.
    """

    name: str
    paused: str = ""
    paused_at: int | None = None
    opens_at: int = 0
    paused_by: str = ""


def add_destination(connection: Connection, name: str) -> None:
    """Make sure that the destination has its row."""
    if connection.execute(_FIND, {"name_is": name}).first() is None:
        # Two hosts may begin at the same moment.
        connection.execute(insert_or_ignore(connection, _destination), {"name": name})


def pause(connection: Connection, name: str, why: str, now: int, *, by: str = PERSON) -> None:
    """Let nobody call a destination (or `all` of them) until it is resumed; the first reason of a person stays."""
    add_destination(connection, name)
    connection.execute(_PAUSE, {"name_is": name, "why": why, "now": now, "who": by})


def resume(connection: Connection, name: str, *, only: Collection[str] = (VENDOR, PERSON)) -> bool:
    """Let a destination be called again, where one of `only` paused it; gives False where nothing changed."""
    paused_by = _row(connection, name).paused_by
    return paused_by in only and connection.execute(_RESUME, {"name_is": name}).rowcount > 0


def ask_to_wait(connection: Connection, name: str, until: int, now: int) -> None:
    """Note that the vendor wants no call before an instant; of several the last one counts."""
    add_destination(connection, name)
    connection.execute(_WAIT, {"name_is": name, "until": until, "latest": now + LONGEST_WAIT_US})


def read_standing(connection: Connection, name: str, now: int) -> Standing:
    """Tell how a destination stands, with what holds for all of them."""
    own, every = _row(connection, name), _row(connection, EVERY)
    opens_at = own.opens_at if now < own.opens_at <= now + LONGEST_WAIT_US else 0
    first = own if own.paused_at is not None else every
    return Standing(name, first.paused, first.paused_at, opens_at, first.paused_by)


def list_standings(connection: Connection, now: int) -> list[Standing]:
    """List every destination that was ever called, paused or asked to wait."""
    names = connection.execute(select(_destination.c.name).order_by(_destination.c.name)).scalars().all()
    return [read_standing(connection, name, now) for name in names]


def _row(connection: Connection, name: str) -> Standing:
    row = connection.execute(_FIND, {"name_is": name}).mappings().one_or_none()
    if row is None:
        return Standing(name)
    return Standing(name, row["paused_why"], row["paused_at"], row["opens_at"] or 0, row["paused_by"])


_FIND = select(_destination).where(_destination.c.name == bindparam("name_is"))
_of_name = update(_destination).where(_destination.c.name == bindparam("name_is"))
_PAUSE = _of_name.where(_destination.c.paused_by != PERSON).values(
    paused_at=bindparam("now"), paused_why=bindparam("why"), paused_by=bindparam("who")
)
_RESUME = _of_name.values(paused_at=None, paused_why="", paused_by="", opens_at=None)
_opens_at = _destination.c.opens_at
_WAIT = _of_name.values(
    opens_at=case((_opens_at.between(bindparam("until"), bindparam("latest")), _opens_at), else_=bindparam("until"))
)
