"""A ledger of every released version becomes one of today, with a backup first and nothing lost."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, insert

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.postgres import Postgres
from translator.ledger import Ledger
from translator.ledger.database import connect
from translator.ledger.migrate import _config, run_migrations
from translator.ledger.positions import idempotency_key
from translator.ledger.schema import HEAD
from translator.record.correlation import CorrelationRow

RELEASED = ("0001",)
"""The revisions that some released version ended with; a released one never changes again."""

VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
"""Every revision that an older translator may have left a ledger at; each began as one of the first."""

BODY = b'{"status":"final","observations":[{"code":"HDL","value_text":"55","unit":"mg/dL","status":"final"}]}'
RAW = repr((report({"HDL": "55"}),)).encode()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a place where there is nothing yet; the backup of a PostgreSQL ledger goes into the current folder."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        return str(tmp_path / "lab.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty()


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, place: str) -> str:
    """Make a ledger of an older version: one delivered, one queued, one under way, one held, one order."""
    database = connect(place)
    with database.write() as connection:
        run_migrations(connection, "0001")
        _fill(connection)
        run_migrations(connection, request.param)
    database.close()
    return place


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: object) -> None:
        connection.execute(insert(tables.tables[table]).values(**values))

    for number, state in ((1, "translated"), (2, "translated"), (3, "translated"), (4, "held")):
        sha256 = hashlib.sha256(RAW).hexdigest()
        add("message", id=number, received_at=number, sha256=sha256, state=state, diagnostics="[]", entry_count=1,
            raw=zlib.compress(RAW))  # fmt: skip
    for number, state, due_at in ((1, "delivered", None), (2, "queued", 2), (3, "queued", None)):
        lane = LANES[number]
        add("lane", id=number, destination="whoop", service_request_id=lane, patient="P1", birth_date="19800101",
            next_position=2, fence=int(number != 2), due_at=due_at)  # fmt: skip
        add("submission", id=number, message_id=number, lane_id=number, position=1, kind="results", body=BODY,
            report_status="final", observation_count=1, state=state, attempts=int(number != 2),
            idempotency_key=idempotency_key("whoop", lane, 1, BODY))  # fmt: skip
        add("entry", message_id=number, number=0, at="OBX[1]", state=state, lane_id=number, submission_id=number,
            observation=0, source_key="HDL", source_value="55", source_unit="mg/dL", source_status="final", code="HDL",
            ordered_at="20260101080000.000000")  # fmt: skip
    add("entry", message_id=4, number=0, at="OBX[1]", state="held", reason="unmapped-code")
    add("attempt", submission_id=1, lane_id=1, fence=1, started_at=1, ended_at=2, outcome="accepted", answer="201")
    add("attempt", submission_id=3, lane_id=3, fence=1, started_at=1)
    add("correlation", key="A1", service_request_id=LANES[1], patient="P1", imported_at=1)
    if connection.dialect.name == "postgresql":
        for table in ("message", "lane", "submission"):
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 4)")


def test_upgrade_keeps_the_account(old: str) -> None:
    """Everything is there, in its state, and the ledger balances."""
    with Ledger.open(old) as ledger:
        assert ledger.balance().by_state == {"delivered": 1, "queued": 2, "held": 1}
        assert (ledger.raw(1), ledger.verify()) == (RAW, [])


def test_upgrade_keeps_what_was_sent_from_being_sent_again(old: str) -> None:
    """A re-send is known; what was under way becomes unknown; what was queued goes out."""
    with Ledger.open(old) as ledger:
        (again,) = ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[1]))], POLICIES)
        recovered = ledger.recover("whoop")
        claim = ledger.claim("whoop")

        assert (ledger.show(again).state, len(recovered)) == ("duplicate", 1)
        assert claim is not None
        assert (claim.service_request_id, ledger.claim("whoop")) == (LANES[2], None)


def test_upgrade_keeps_people_and_orders_known(old: str) -> None:
    """The patient still pins the lane, and the order number still finds its service request, once."""
    with Ledger.open(old) as ledger:
        (other,) = ledger.accept([arrival(report({"LDL": "9"}, lane=LANES[1], patient=("P2", "")))], POLICIES)

        assert ledger.show(other).reason == "patient-changed"
        assert [hit.patient for hit in ledger.correlation()("placer", "A1")] == ["P1"]
        assert ledger.correlate([CorrelationRow("orders.csv:2", "A1", LANES[1])]) == 0


def test_upgrade_keeps_orders_and_what_vendors_told(place: str) -> None:
    """What 0006 knew of an order, an event and a requisition is there; what 0007 adds is empty."""
    database = connect(place)
    with database.write() as connection:
        run_migrations(connection, "0006")
        _fill_orders(connection)
    database.close()

    with Ledger.open(place) as ledger:
        (order,) = ledger.desk().orders()
        (told,) = ledger.events().rows()

        assert [(call.kind, call.state, call.location, call.activation_codes) for call in order.calls] == [
            ("study", "delivered", "", ())
        ]
        assert (told.state, ledger.requisitions().unordered(), ledger.verify()) == ("waiting", [LANES[9]], [])


def _fill_orders(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    body = b'{"data":{}}'
    rows: dict[str, dict[str, object]] = {
        "message": {"id": 1, "received_at": 1, "sha256": hashlib.sha256(RAW).hexdigest(), "state": "translated",
                    "diagnostics": "[]", "entry_count": 1, "raw": zlib.compress(RAW)},
        "lane": {"id": 1, "destination": "acurable", "service_request_id": "O-1", "next_position": 2, "fence": 1},
        "submission": {"id": 1, "message_id": 1, "lane_id": 1, "position": 1, "kind": "study", "body": body,
                       "state": "delivered", "attempts": 1,
                       "idempotency_key": idempotency_key("acurable", "O-1", 1, body)},
        "entry": {"message_id": 1, "at": "ORC[1]", "state": "delivered", "lane_id": 1, "submission_id": 1},
        "attempt": {"submission_id": 1, "lane_id": 1, "fence": 1, "started_at": 1, "ended_at": 2,
                    "outcome": "accepted", "answer": "201"},
        "event": {"vendor": "acurable", "kind": "study-finished", "resource": "x", "message_id": 1, "received_at": 1,
                  "told_at": 1, "told": 1, "state": "waiting", "due_at": 1},
        "requisition": {"requisition_id": LANES[9], "message_id": 1, "fetched_at": 1},
    }  # fmt: skip
    for table, row in rows.items():
        connection.execute(insert(tables.tables[table]).values(**row))


def test_upgrade_makes_a_backup_first(old: str, tmp_path: Path) -> None:
    """The backup is the ledger as it was, in the old version."""
    Ledger.open(old).close()

    (backup,) = tmp_path.glob("*.backup")
    database = connect(backup)
    assert database.revision() in VERSIONS
    database.close()
    with Ledger.open(backup) as ledger:
        assert ledger.balance().messages == 4


def test_ledger_of_today_is_not_backed_up(place: str, tmp_path: Path) -> None:
    """A backup goes before an upgrade, and before nothing else."""
    for _ in range(2):
        Ledger.open(place).close()

    assert list(tmp_path.glob("*.backup")) == []


def test_versions_follow_each_other() -> None:
    """One line of revisions from the first to the newest, so that every old ledger has a way."""
    line = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]

    assert line == sorted(line, reverse=True)
    assert (line[0], line[-1]) == (HEAD, "0001")
    assert set(RELEASED) <= set(VERSIONS)
    assert sorted(VERSIONS, reverse=True) == line[1:]
