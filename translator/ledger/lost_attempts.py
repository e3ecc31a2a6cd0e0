"""
Settle what dead processes had under way: nobody knows whether the vendor has it.

Each function runs in a transaction of its caller's.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from translator.ledger import lane_sql
from translator.ledger.destinations import add_destination
from translator.ledger.lanes import lock_lanes, make_due, move, wake_all

KILLED = "killed"


class Lost(Struct, frozen=True):
    """
    An attempt that a dead process left open.

    Units: `started_at` in microseconds since 1970.
    """

    lane_id: int
    fence: int
    submission_id: int
    started_at: int
    message_id: int
    kind: str
    attempts: int


def recover(
    connection: Connection, destination: str, now: int, *, resends: bool = False, shared: bool = False
) -> list[Lost]:
    """
    Settle attempts that a dead process left open: nobody knows whether the vendor has them.

    Shape: gives them; `resends` queues them again. Where the ledger is `shared` by a cluster, those of workers
    that are not among the living; else the caller holds the delivery lock, so nobody alive is at work on any.
    """
    add_destination(connection, destination)
    query = lane_sql.LEFT_ATTEMPTS if shared else lane_sql.OPEN_ATTEMPTS
    left = [Lost(**row) for row in connection.execute(query, {"destination_is": destination}).mappings()]
    settled = [one for one in left if _give_up(connection, one, now=now, resends=resends)]
    if not shared:
        # The clocks of several hosts differ a little all the time.
        _forgive_clock(connection, destination, now)
    return settled


def _give_up(connection: Connection, lost: Lost, *, now: int, resends: bool) -> bool:
    """Settle one attempt of a dead process; gives False where somebody was quicker."""
    lock_lanes(connection, [lost.lane_id])
    closing = {"lane": lost.lane_id, "with_fence": lost.fence, "now": now, "how": "unknown", "said": KILLED}
    if not connection.execute(lane_sql.CLOSE_ATTEMPT, closing).rowcount:
        return False
    move(connection, [(lost.submission_id, "queued" if resends else "unknown", KILLED)])
    make_due(connection, lost.lane_id, now)
    return True


def _forgive_clock(connection: Connection, destination: str, now: int) -> None:
    """Wake all lanes where the newest message or attempt lies ahead of the clock, which then was set back."""
    newest = [connection.execute(query).scalar_one_or_none() or 0 for query in lane_sql.NEWEST]
    if max(newest) > now:
        wake_all(connection, destination, now)
