"""
Say of results that other tables make otherwise what the vendor has of them already, and what replaying would do.

What was delivered is never sent again by a replay. Where the laboratory, or `submit`, brings the same message again,
the comparison is that of every message (translate/revision.py): of sources, so that another table over the same message
is no correction by itself; it is one only where the tables say that the laboratory's status is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, or_, select

from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.histories import read_history
from translator.ledger.positions import LaneName, lane_name, lane_names
from translator.ledger.states import LIVE
from translator.ledger.vault import Vault
from translator.record.outcome import RESULTS, Outcome, PayloadObservation, Submission
from translator.record.standing import CORRECTION, DIFFERS, HELD, NEW, NOTHING, WITHHELD
from translator.translate.revision import revise


class _Known(Struct, frozen=True):
    """What a lane has of one result: its state, and the body that brought it, if it is kept."""

    state: str
    code: str
    body: bytes | None


class Deliveries:
    """What one ledger has delivered; `Ledger.deliveries()` gives it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def words(self, before: Outcome, after: Outcome, ats: Collection[str]) -> dict[str, tuple[str, ...]]:
        """
        Say what the ledger knows of some results of a message, which two sets of tables make otherwise.

        Shape: by position, the state of the entry (`delivered`, `queued`, `held`, ...), then `differs` where that is
        delivered and not what the tables of `after` say, then what the message would do if it came again.
        Absent: nothing is said of a result that the ledger does not know.
        """
        with self._database.read() as connection:
            lanes = _lanes(connection, lane_names(before, after))
            if not lanes:
                return {}
            hashes = (after.source.sha256, self._vault.hash("sha256", after.source.sha256))
            known = _known(connection, lanes, hashes)
            again = dict(self._again(connection, after, lanes))
        now = dict(_sent(after))
        was = {at: found.code for at, found in _sent(before)}
        said: dict[str, tuple[str, ...]] = {}
        for at in ats:
            found = known.get(("", at)) or known.get((was.get(at, ""), ""))
            if found is not None:
                differs = found.state == "delivered" and _differs(found, now.get(at))
                said[at] = tuple(filter(None, (found.state, DIFFERS if differs else "", again.get(at, WITHHELD))))
        return said

    def _again(
        self, connection: Connection, after: Outcome, lanes: Mapping[LaneName, int]
    ) -> Iterator[tuple[str, str]]:
        for submission in after.submissions:
            lane = lanes.get(lane_name(submission))
            if submission.kind == RESULTS and lane is not None:
                yield from self._revised(connection, submission, lane, after.source.sha256)

    def _revised(
        self, connection: Connection, submission: Submission, lane: int, sha256: str
    ) -> Iterator[tuple[str, str]]:
        history = read_history(connection, self._vault, lane, submission, sha256)
        verdicts = revise(submission, history, sha256).verdicts
        for source, verdict in zip(submission.sources, verdicts, strict=True):
            if verdict.state == "queued":
                yield source.at, CORRECTION if source.code in history.latest else NEW
            else:
                yield source.at, HELD if verdict.state == "held" else NOTHING


def _lanes(connection: Connection, names: Collection[LaneName]) -> dict[LaneName, int]:
    table = schema.lane
    wanted = [and_(table.c.destination == name[0], table.c.service_request_id == name[1]) for name in names]
    if not wanted:
        return {}
    rows = connection.execute(select(table.c.id, table.c.destination, table.c.service_request_id).where(or_(*wanted)))
    return {(row.destination, row.service_request_id): row.id for row in rows}


def _known(
    connection: Connection, lanes: Mapping[LaneName, int], hashes: Collection[str]
) -> dict[tuple[str, str], _Known]:
    """Give what the lanes have: of this message by ("", position), of any message by (code, "")."""
    entry, message, sent = schema.entry, schema.message, schema.submission
    rows = connection.execute(
        select(entry.c.at, entry.c.state, entry.c.code, message.c.sha256, sent.c.body)
        .join(message, message.c.id == entry.c.message_id)
        .outerjoin(sent, sent.c.id == entry.c.submission_id)
        .where(entry.c.lane_id.in_(lanes.values()))
        .order_by(entry.c.id)
    )
    found: dict[tuple[str, str], _Known] = {}
    for at, state, code, sha256, body in rows:
        known = _Known(state, code, body)
        own = found.get(("", at))
        # A message that came twice is known by what was sent of it, not by its repeat.
        if sha256 in hashes and (own is None or own.state not in LIVE):
            found["", at] = known
        if state in LIVE:
            found[code, ""] = known
    return found


def _sent(outcome: Outcome) -> Iterator[tuple[str, PayloadObservation]]:
    for entry in outcome.entries:
        if entry.submission is not None and entry.observation is not None:
            yield entry.at, outcome.submissions[entry.submission].payload.observations[entry.observation]


def _differs(known: _Known, now: PayloadObservation | None) -> bool:
    """Compare what was delivered with what the tables say now; where the body is gone, they were said to differ."""
    if not known.body:
        return True
    delivered = msgspec.json.decode(known.body, type=_Body).observations
    return next((each for each in delivered if each.code == known.code), None) != now


class _Body(Struct):
    """Of what was sent, the observations; an order has none."""

    observations: tuple[PayloadObservation, ...] = ()
