"""Rows that go to the driver as they are."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select, update

from tests.ledger.arrivals import POLICIES, arrival, report
from translator.ledger import Ledger
from translator.ledger.bulk import insert_rows, insert_tuples, run_rows
from translator.ledger.database import connect
from translator.ledger.entry_rows import EntryRow
from translator.ledger.schema import entry, lane


def test_entry_rows_have_the_columns_of_the_table() -> None:
    """Values go by their place, so that a column more or another order would mix them up."""
    assert EntryRow._fields == tuple(column.name for column in entry.columns if column.name != "id")


def test_rows_are_read_as_they_were_written(ledger: Ledger, place: str) -> None:
    """Each value stands in its own column: also text that a database has its own ways with, and none."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    row = EntryRow(
        1, 7, "at %s :at ? $1", "held", "a\0b", "cause", "table", 1, None, None,
        "key", "value", "unit", "status", "original", "µmol/L", "code", "",
    )  # fmt: skip
    database = connect(place)

    with database.write() as connection:
        insert_tuples(connection, entry, [row])
        columns = [column for column in entry.columns if column.name != "id"]
        written = connection.execute(select(*columns).where(entry.c.number == 7)).one()
    database.close()

    assert tuple(written) == tuple(row)


def test_statement_is_run_for_each_row(ledger: Ledger, place: str) -> None:
    """What stands in the statement itself is part of it, and the number of rows that changed is that of all."""
    ledger.accept([arrival(report({"HDL": "55", "LDL": "66", "TSH": "2"}))], POLICIES)
    statement = (
        update(entry).where(entry.c.number == bindparam("nth")).values(cause=bindparam("why"), reason="as it stands")
    )
    database = connect(place)

    with database.write() as connection:
        changed = [
            run_rows(connection, statement, [{"nth": 0, "why": "%s", "other": 7}, {"nth": 2, "why": "a\0b"}]),
            run_rows(connection, statement, [{"nth": 99, "why": "nobody's"}]),
        ]
        written = connection.execute(select(entry.c.cause, entry.c.reason).order_by(entry.c.number)).all()
    database.close()

    assert changed == [2, 0]
    assert [tuple(row) for row in written] == [("%s", "as it stands"), ("", ""), ("a\0b", "as it stands")]


def _lane(number: int, **more: object) -> dict[str, object]:
    return {"service_request_id": f"request {number}", "destination": "whoop", **more}


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="none"),
        pytest.param([_lane(1)], id="one"),
        pytest.param([_lane(number) for number in range(50)], id="many"),
        pytest.param([_lane(number, birth_date="") for number in range(3)], id="other-columns"),
    ],
)
def test_numbers_are_those_of_the_rows(place: str, rows: list[dict[str, object]]) -> None:
    """Each is found under the number that was given, behind others and after the last ones were deleted."""
    database = connect(place)
    with database.write() as connection:
        earlier = insert_rows(connection, lane, [_lane(1000), _lane(1001), _lane(1002)])
        connection.execute(lane.delete().where(lane.c.id.in_(earlier[1:])))

        numbers = insert_rows(connection, lane, rows)

        found = {row.id: row.service_request_id for row in connection.execute(select(lane))}
    database.close()

    assert found.pop(earlier[0]) == "request 1000"
    assert found == {number: row["service_request_id"] for number, row in zip(numbers, rows, strict=True)}
