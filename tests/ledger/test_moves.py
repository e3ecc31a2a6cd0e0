"""The table of states: what may follow what, and nothing else, in whatever way it is asked for."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest
from sqlalchemy import select, update

import translator.ledger
from tests.ledger.arrivals import POLICIES, arrival, report
from translator.errors import LedgerError
from translator.ledger import Ledger, schema
from translator.ledger.moves import move, move_with_entries, sources
from translator.ledger.states import (
    AFTER_ATTEMPT,
    ENTRY_STATES,
    LIVE,
    MESSAGE_STATES,
    MOVES,
    SUBMISSION_STATES,
    UNFINISHED,
)

FOLDER = Path(translator.ledger.__file__).parent


def test_table_knows_every_state() -> None:
    """No state without its row, and no move to a state that there is not."""
    assert set(MOVES) == set(ENTRY_STATES)
    assert set(itertools.chain.from_iterable(MOVES.values())) <= set(ENTRY_STATES)


def test_what_was_delivered_stays_delivered() -> None:
    """P4, P8: no decision makes the ledger forget that the vendor has it."""
    assert MOVES["delivered"] == frozenset()


def test_states_of_submissions_are_states_of_entries() -> None:
    """A submission and its entries are always in the same one."""
    assert set(SUBMISSION_STATES) <= set(ENTRY_STATES)
    assert set(UNFINISHED) <= set(LIVE) <= set(SUBMISSION_STATES)
    assert "held" in MESSAGE_STATES


@pytest.mark.parametrize("state", [pytest.param(state, id=outcome) for outcome, state in AFTER_ATTEMPT.items()])
def test_every_outcome_of_an_attempt_leads_somewhere(state: str) -> None:
    """What an attempt makes of a queued submission is a move."""
    assert state in MOVES["queued"]


@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param(*pair, id="-to-".join(pair)) for pair in itertools.product(ENTRY_STATES, repeat=2)],
)
def test_only_listed_moves_are_made(tmp_path_factory: pytest.TempPathFactory, before: str, after: str) -> None:
    """Each pair of states is tried: the table alone decides."""
    with (
        Ledger.open(_ledger_with_an_entry(tmp_path_factory)) as ledger,
        ledger._database.engine.connect() as connection,
    ):
        table = schema.entry
        connection.execute(update(table).values(state=before))
        try:
            move(connection, table, table.c.id == 1, after)
            moved = True
        except LedgerError:
            moved = False

        assert moved == (after in MOVES[before]) == (before in sources(after))
        assert connection.execute(select(table.c.state)).scalar_one() == (after if moved else before)
        connection.rollback()


_made: dict[int, Path] = {}


def _ledger_with_an_entry(factory: pytest.TempPathFactory) -> Path:
    """Make one ledger for all pairs; each test undoes what it did."""
    if id(factory) not in _made:
        path = factory.mktemp("moves") / "lab.db"
        with Ledger.open(path) as ledger:
            ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
        _made[id(factory)] = path
    return _made[id(factory)]


@pytest.mark.parametrize("state", [pytest.param(state, id=state) for state in SUBMISSION_STATES])
def test_submission_that_has_ended_stays_so(state: str) -> None:
    """A replay makes another submission; what was delivered, dropped or taken back is never sent again as it was."""
    assert set(sources(state, schema.submission)) <= set(UNFINISHED)


def test_entries_move_with_their_submission(ledger: Ledger) -> None:
    """Both or neither."""
    ledger.accept([arrival(report({"HDL": "55", "LDL": "90"}))], POLICIES)
    with ledger._database.write() as connection:
        moved = move_with_entries(connection, [1], "superseded", reason="superseded", detail="superseded")

    assert (moved, ledger.balance().by_state, ledger.count("whoop")) == (1, {"superseded": 2}, {"superseded": 1})


def test_illegal_move_undoes_its_transaction(ledger: Ledger) -> None:
    """What was done before it in the same transaction is undone, too."""
    ledger.accept([arrival(report({"HDL": "55"})), arrival(report({"LDL": "9"}))], POLICIES)

    def move_there_and_on() -> None:
        with ledger._database.write() as connection:
            move_with_entries(connection, [1], "delivered")
            move_with_entries(connection, [1, 2], "rejected")

    with pytest.raises(LedgerError, match="cannot become rejected"):
        move_there_and_on()

    assert ledger.balance().by_state == {"queued": 2}


def test_states_change_nowhere_but_in_moves() -> None:
    """No other file of the ledger writes the state of a submission or an entry."""
    allowed = {"moves.py", "lane_sql.py"}
    found = {
        path.name
        for path in FOLDER.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "values"
        and any(keyword.arg == "state" for keyword in call.keywords)
        and "message" not in ast.unparse(call.func)
    }

    assert found <= allowed
