"""Move submissions and entries from state to state, along the moves of states.py and no others."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.states import MOVES, UNFINISHED


def sources(state: str, table: Table = schema.entry) -> list[str]:
    """Name the states from which a row may come to this one; what a submission has ended as it stays."""
    known = UNFINISHED if table is schema.submission else MOVES
    return [before for before in known if state in MOVES[before]]


def move(connection: Connection, table: Table, chosen: ColumnElement[bool], state: str, **values: object) -> int:
    """
    Bring the chosen rows into a state, and give their number.

    Raises: LedgerError, which undoes the transaction, where one of them may not go there.
    """
    stuck = select(func.count()).select_from(table).where(chosen, table.c.state.not_in(sources(state, table)))
    count = connection.execute(stuck).scalar_one()
    if count:
        raise LedgerError(
            f"{count} of the {table.name} rows cannot become {state} from where they are; nothing was changed, "
            "look with `translator ledger verify`"
        )
    return connection.execute(update(table).where(chosen).values(state=state, **values)).rowcount


def move_with_entries(
    connection: Connection, submission_ids: Collection[int], state: str, *, reason: str | None = None, **values: object
) -> int:
    """Bring submissions and their entries into a state together, so that they cannot disagree."""
    submissions, entries = schema.submission, schema.entry
    told = {} if reason is None else {"reason": reason}
    ids = list(submission_ids)
    moved = 0
    for sent, theirs in zip(
        schema.of_messages(submissions.c.id, ids), schema.of_messages(entries.c.submission_id, ids), strict=True
    ):
        moved += move(connection, submissions, sent, state, **values)
        move(connection, entries, theirs, state, **told)
    return moved
