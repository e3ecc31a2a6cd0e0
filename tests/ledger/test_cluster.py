"""Several hosts on one ledger in PostgreSQL: who gets jobs, who is alive, and what becomes of the dead one's work."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.postgres import Postgres
from translator.errors import ConfigError, DeclaredDeadError, TakenOverError
from translator.ledger import Decision, Ledger, RateBudget, Settlement, Step
from translator.ledger.cluster_install import LAYOUT
from translator.ledger.cluster_view import Queue
from translator.ledger.lanes import Claim

Ask = Callable[[str], list[Any]]

NO_JOBS = "SET search_path TO translator_jobs; DELETE FROM procrastinate_jobs"


def accept(ledger: Ledger, *lanes: str, code: str = "HDL") -> None:
    """Take in a message for each lane."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for lane in lanes], POLICIES)


def enlist(ask: Ask) -> int:
    """List a worker, as Procrastinate does when one starts."""
    return int(ask("INSERT INTO translator_jobs.procrastinate_workers DEFAULT VALUES RETURNING id")[0][0])


def strike_off(ask: Ask, worker: int) -> None:
    """Declare a worker dead, as Procrastinate does after its silence."""
    ask(f"DELETE FROM translator_jobs.procrastinate_workers WHERE id = {worker}")  # noqa: S608 - a number


def lane_number(ask: Ask, lane: str) -> int:
    """Give the number of a lane."""
    return int(ask(f"SELECT id FROM lane WHERE service_request_id = '{lane}'")[0][0])  # noqa: S608 - a name of ours


def claim(ledger: Ledger, lane: int, worker: int) -> Claim:
    """Open an attempt in the name of a worker."""
    (claimed,) = ledger.advance([Step(lane, worker=worker)])
    assert isinstance(claimed, Claim)
    return claimed


def test_lane_that_becomes_due_has_a_job_that_names_it_and_nothing_else(shared: Ledger, ask: Ask) -> None:
    """P6: whatever logs its jobs tells a number of ours."""
    accept(shared, LANES[0])

    jobs = ask("SELECT queue_name, task_name, lock, queueing_lock, args FROM translator_jobs.procrastinate_jobs")

    number = lane_number(ask, LANES[0])
    assert jobs == [("whoop", "drain", str(number), str(number), {"lane": number})]


def test_lane_has_one_job_however_much_comes_for_it(shared: Ledger) -> None:
    """A job that is there already makes no acceptance fail."""
    for code in ("HDL", "LDL", "TRIGLYCERIDES"):
        accept(shared, LANES[0], code=code)

    assert shared.cluster().queues() == [Queue("whoop", 1, 0)]


def test_job_is_committed_with_the_message_or_not_at_all(shared: Ledger, ask: Ask) -> None:
    """The queue is in the transaction: what is undone leaves no job."""
    ask("ALTER TABLE entry ADD CONSTRAINT nothing CHECK (false) NOT VALID")

    with pytest.raises(Exception, match="database"):
        accept(shared, LANES[0])

    assert shared.cluster().queues() == []


def test_what_was_due_before_has_a_job_when_the_ledger_becomes_shared(url: str) -> None:
    """Nothing waits for a new message to be noticed."""
    with Ledger.open(url) as ledger:
        accept(ledger, *LANES[:3])
        ledger.cluster().set_up()

        assert ledger.cluster().queues() == [Queue("whoop", 3, 0)]


def test_lane_that_waits_has_a_job_for_that_time(shared: Ledger, ask: Ask) -> None:
    """A vendor asked for patience."""
    accept(shared, LANES[0])
    ask(NO_JOBS)
    claimed = claim(shared, lane_number(ask, LANES[0]), enlist(ask))

    shared.settle(claimed, Settlement("retry", "503", 3600))

    assert shared.cluster().queues() == [Queue("whoop", 0, 1)]


def test_lane_that_goes_on_at_once_makes_no_job_of_its_own(shared: Ledger, ask: Ask) -> None:
    """Only what a transaction leaves behind counts, so a lane that is drained in one go costs one job."""
    accept(shared, LANES[0], code="HDL")
    accept(shared, LANES[0], code="LDL")
    worker, number = enlist(ask), lane_number(ask, LANES[0])
    claimed = claim(shared, number, worker)
    ask(NO_JOBS)

    (following,) = shared.advance([Step(number, claimed, Settlement("accepted", "201"), worker=worker)])

    assert isinstance(following, Claim)
    assert shared.cluster().queues() == []


def test_decision_of_a_person_makes_a_job(shared: Ledger, ask: Ask) -> None:
    """Who resends something unknown need not know of the queue."""
    accept(shared, LANES[0])
    claimed = claim(shared, lane_number(ask, LANES[0]), enlist(ask))
    shared.settle(claimed, Settlement("unknown", "read-timeout"))
    ask(NO_JOBS)

    with shared.desk().session(rehearses=False) as desk:
        desk.decide(claimed.submission_id, Decision("resend"))

    assert shared.cluster().queues() == [Queue("whoop", 1, 0)]


def test_worker_that_was_struck_off_opens_nothing(shared: Ledger, ask: Ask) -> None:
    """It may not know yet that the others have given it up."""
    accept(shared, LANES[0])
    worker = enlist(ask)
    strike_off(ask, worker)

    (refused,) = shared.advance([Step(lane_number(ask, LANES[0]), worker=worker)])

    assert isinstance(refused, DeclaredDeadError)
    assert ask("SELECT count(*) FROM attempt") == [(0,)]


@pytest.mark.parametrize(
    ("resends", "state"),
    [pytest.param(False, "unknown", id="held-for-a-person"), pytest.param(True, "queued", id="sent-again")],
)
def test_only_a_dead_workers_attempt_is_given_up(shared: Ledger, ask: Ask, *, resends: bool, state: str) -> None:
    """The living go on meanwhile, and what the dead one still has to say comes too late."""
    accept(shared, *LANES[:2])
    dead, alive = enlist(ask), enlist(ask)
    lost = claim(shared, lane_number(ask, LANES[0]), dead)
    kept = claim(shared, lane_number(ask, LANES[1]), alive)
    strike_off(ask, dead)

    given_up = [len(shared.cluster().recover("whoop", resends=resends)) for _ in range(2)]

    shared.settle(kept, Settlement("accepted", "201"))
    with pytest.raises(TakenOverError):
        shared.settle(lost, Settlement("accepted", "201"))
    assert given_up == [1, 0]
    assert shared.count("whoop") == {state: 1, "delivered": 1}


def test_two_hosts_may_take_over_at_the_same_moment(shared: Ledger, ask: Ask) -> None:
    """Each attempt is given up once."""
    accept(shared, *LANES)
    dead = enlist(ask)
    for lane in LANES:
        claim(shared, lane_number(ask, lane), dead)
    strike_off(ask, dead)

    with ThreadPoolExecutor(4) as hosts:
        given_up = list(hosts.map(lambda _: len(shared.cluster().recover("whoop")), range(4)))

    assert (sum(given_up), shared.count("whoop")) == (len(LANES), {"unknown": len(LANES)})


def test_lane_that_has_lost_its_job_is_given_one(url: str) -> None:
    """Belt and braces: the queue holds nothing that the ledger cannot tell again."""
    with Ledger.open(url, clock=lambda: time.time() - 60) as ledger:
        accept(ledger, *LANES[:2])
    with Ledger.open(url) as ledger, ledger._database.write() as connection:
        ledger.cluster().set_up()
        connection.exec_driver_sql("SET LOCAL search_path TO translator_jobs")
        connection.exec_driver_sql("DELETE FROM procrastinate_jobs WHERE lock = '1'")
    with Ledger.open(url) as ledger:
        assert [ledger.cluster().remind_forgotten() for _ in range(2)] == [1, 0]
        assert ledger.cluster().queues() == [Queue("whoop", 2, 0)]


def test_calls_are_counted_together_by_hosts_that_call_at_the_same_moment(shared: Ledger) -> None:
    """One budget: nobody's call is lost, and nobody stumbles over the other's row."""
    gate, budget = shared.destinations(), RateBudget(per_minute=1000, per_day=1000)

    with ThreadPoolExecutor(4) as hosts:
        list(hosts.map(lambda _: gate.count_call("whoop", budget), range(40)))

    assert [use.used for use in gate.rate_use("whoop")] == [40, 40]


def test_nobody_delivers_alone_from_a_shared_ledger(shared: Ledger) -> None:
    """`submit` beside a cluster accepts, and watches the hosts deliver."""
    with shared.delivery_lock() as held:
        assert not held


def test_ledger_is_not_shared_while_somebody_delivers_alone(url: str) -> None:
    """Who has begun under the lock knows nothing of the queue."""
    with (
        Ledger.open(url) as ledger,
        ledger.delivery_lock(),
        pytest.raises(ConfigError, match="a process delivers from this ledger"),
    ):
        ledger.cluster().set_up()


def test_file_is_never_shared(tmp_path: Path) -> None:
    """SQLite belongs to one machine."""
    with Ledger.open(tmp_path / "lab.db") as ledger:
        with pytest.raises(ConfigError, match="need a ledger in PostgreSQL"):
            ledger.cluster().set_up()
        assert not ledger.cluster().is_set_up


def test_queue_is_made_anew_only_while_nobody_is_at_work(shared: Ledger, ask: Ask) -> None:
    """Another figure, or another version of Procrastinate, needs every host at rest."""
    worker = enlist(ask)
    with pytest.raises(ConfigError, match="stop every host first"):
        shared.cluster().set_up(120)
    strike_off(ask, worker)

    assert [shared.cluster().set_up(120), shared.cluster().set_up(120)] == [True, False]
    assert shared.cluster().check() == 120


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("ALTER TABLE lane DISABLE TRIGGER translator_lane_is_due", id="trigger-is-off"),
        pytest.param("ALTER TABLE translator_jobs.procrastinate_jobs DISABLE TRIGGER USER", id="nobody-is-woken"),
        pytest.param("DROP TABLE translator_jobs.procrastinate_jobs CASCADE", id="no-jobs"),
        pytest.param("DROP FUNCTION translator_jobs.procrastinate_fetch_job_v2", id="no-function"),
        pytest.param("DROP TABLE translator_jobs.process", id="no-hosts"),
        pytest.param("ALTER TABLE translator_jobs.host DROP COLUMN queue", id="no-column"),
        pytest.param("DROP TABLE translator_jobs.setting", id="no-setting"),
        pytest.param("TRUNCATE translator_jobs.setting", id="empty-setting"),
    ],
)
def test_queue_that_is_damaged_is_told_and_made_anew(shared: Ledger, ask: Ask, harm: str) -> None:
    """A lane that is due would wait for ever; the queue holds nothing that the ledger does not."""
    accept(shared, LANES[0])
    ask(harm)
    with pytest.raises(ConfigError, match="is damaged"):
        shared.cluster().need()

    assert [shared.cluster().set_up(), shared.cluster().set_up()] == [True, False]

    shared.cluster().need()
    assert shared.cluster().queues() == [Queue("whoop", 1, 0)]


def test_queue_without_what_fills_it_is_made_anew_or_taken_away(shared: Ledger, ask: Ask) -> None:
    """It is nobody else's."""
    ask("DROP TRIGGER translator_lane_is_due ON lane")
    was_made = shared.cluster().set_up()
    ask("DROP TRIGGER translator_lane_is_due ON lane")

    assert (was_made, shared.cluster().take_down(), shared.cluster().take_down()) == (True, True, False)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param("CREATE SCHEMA translator_jobs", id="of-nobody-knows-whom"),
        pytest.param(
            "CREATE SCHEMA others; CREATE TABLE others.lane (id bigint); CREATE SCHEMA translator_jobs;"
            "CREATE FUNCTION translator_jobs.lane_is_due() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';"
            "CREATE TRIGGER translator_lane_is_due AFTER INSERT ON others.lane"
            " EXECUTE FUNCTION translator_jobs.lane_is_due()",
            id="of-another-ledger",
        ),
    ],
)
def test_queue_of_another_is_left_alone(url: str, ask: Ask, others: str) -> None:
    """A database holds one cluster."""
    ask(others)

    with Ledger.open(url) as ledger:
        with pytest.raises(ConfigError, match="queue of another ledger"):
            ledger.cluster().set_up()
        assert not ledger.cluster().take_down()

    assert ask("SELECT to_regnamespace('translator_jobs') IS NOT NULL") == [(True,)]


@pytest.mark.parametrize(
    ("version", "is_fit_to_accept"),
    [pytest.param(f"2.0+{LAYOUT}", True, id="procrastinate"), pytest.param("3.10.0", False, id="ours")],
)
def test_queue_of_another_version_is_told(shared: Ledger, ask: Ask, version: str, *, is_fit_to_accept: bool) -> None:
    """Who takes in uses what is ours of it; who delivers, all."""
    ask(f"UPDATE translator_jobs.setting SET version = '{version}'")  # noqa: S608 - as above

    with pytest.raises(ConfigError, match="cluster init"):
        shared.cluster().check()
    with nullcontext() if is_fit_to_accept else pytest.raises(ConfigError, match="cluster init"):
        shared.cluster().need()


def test_number_of_a_worker_is_never_given_again(shared: Ledger, ask: Ask) -> None:
    """An attempt of before, or a host that stood still meanwhile, must not look like a living worker's."""
    accept(shared, LANES[0])
    worker, idle = enlist(ask), enlist(ask)
    claim(shared, lane_number(ask, LANES[0]), worker)
    strike_off(ask, worker)
    strike_off(ask, idle)
    shared.cluster().set_up(120)

    assert enlist(ask) > idle > worker
    assert len(shared.cluster().recover("whoop")) == 1


def test_one_host_has_the_ledger_again_when_the_cluster_is_ended(shared: Ledger, ask: Ask) -> None:
    """Nothing of the queue is left, and messages are taken in as before."""
    ended = [shared.cluster().take_down(), shared.cluster().take_down()]
    accept(shared, LANES[0])

    with shared.delivery_lock() as held:
        assert (ended, held, shared.cluster().is_set_up) == ([True, False], True, False)
    assert ask("SELECT count(*) FROM pg_trigger WHERE tgname = 'translator_lane_is_due'") == [(0,)]


def test_errand_is_one_hosts_at_a_time(shared: Ledger) -> None:
    """Another one may be another host's."""
    cluster = shared.cluster()

    with cluster.errand("fetch") as first, cluster.errand("fetch") as second, cluster.errand("bring") as other:
        assert [bool(each) for each in (first, second, other)] == [True, False, True]
    with cluster.errand("fetch") as after:
        assert after


def test_status_names_hosts_and_what_they_are_at(shared: Ledger, ask: Ask) -> None:
    """A person sees who works, and who is silent."""
    loud, silent = enlist(ask), enlist(ask)
    shared.cluster().introduce(loud, name="lab-1", pid=7, queue="whoop")
    ask(
        "UPDATE translator_jobs.procrastinate_workers SET last_heartbeat = now() - interval '5 minutes' "  # noqa: S608
        f"WHERE id = {silent}"
    )

    workers = shared.cluster().workers()

    assert [(one.id, one.host, one.pid, one.is_alive) for one in workers] == [
        (loud, "lab-1", 7, True),
        (silent, "", 0, False),
    ]


def test_room_for_hosts_is_what_the_user_of_the_database_has(postgres: Postgres, url: str) -> None:
    """Who is no superuser sees little of others' connections, and may have a limit of its own."""
    postgres.execute("CREATE ROLE lab LOGIN; GRANT pg_write_all_data, pg_read_all_data TO lab")

    with Ledger.open(url.replace("postgres:@", "lab@")) as ledger:
        before = ledger.cluster().room()
        with ExitStack() as others:
            for _ in range(20):
                others.enter_context(psycopg.connect(url))
            among_others = ledger.cluster().room()
        postgres.execute("ALTER ROLE lab CONNECTION LIMIT 20")
        limited = ledger.cluster().room()

    # Connections of the tests before may still be going away.
    assert before - among_others >= 10
    assert limited < 20 < before
