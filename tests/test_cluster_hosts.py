"""Hosts of a cluster, each a process of its own: one takes in, one is killed, another one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.chaos.campaign import compare
from tests.lab_messages import CHOLESTEROL, Obx, oru
from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import wait_until
from translator.errors import LedgerUnavailableError
from translator.ledger import Ledger, differences

DEAD_AFTER_S = 6.0
TIMEOUT_S = 1.0
AT_LEISURE = 60.0
"""The silence where nobody is to be taken for dead, so that a call may last long on a machine that is busy."""
PATIENCE_S = 90.0
ANOTHER = "00000000-0000-4000-8000-000000000777"
LANES = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(30))

StartHost = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Make a ledger that several hosts share."""
    return postgres.shared(DEAD_AFTER_S)


@pytest.fixture
def host(url: str, sandbox: SandboxProcess, tmp_path: Path) -> Iterator[StartHost]:
    """Start hosts; none outlives its test."""
    running: list[subprocess.Popen[bytes]] = []
    settings = {
        "TRANSLATOR_LEDGER": url,
        "TRANSLATOR_WHOOP_URL": sandbox.whoop_url,
        "TRANSLATOR_WHOOP_TIMEOUT_S": str(TIMEOUT_S),
        "TRANSLATOR_WHOOP_WORKERS": "4",
    }

    def start(role: str, *flags: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "translator", "run", "--role", role]
        addresses = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        with (tmp_path / "hosts.log").open("ab") as log:
            running.append(
                subprocess.Popen(
                    [*command, *addresses, *flags],
                    env=os.environ | sandbox.environment | settings | environment,
                    cwd=tmp_path,
                    stdout=log,
                    stderr=log,
                )
            )
        return running[-1]

    yield start
    for each in running:
        each.kill()
        each.wait()


def accept(ledger: Ledger, *codes: str) -> None:
    """Take in a message of each code for every lane."""
    for code in codes:
        ledger.accept([arrival(report({code: "5"}, lane=lane)) for lane in LANES], POLICIES)


def open_lanes(ledger: Ledger) -> set[str]:
    """Name the lanes on which an attempt is open."""
    return {one.service_request_id for row in ledger.messages() for one in ledger.show(row.message).submissions
            if any(not attempt.ended_at for attempt in one.attempts)}  # fmt: skip


def states(ledger: Ledger) -> dict[str, list[str]]:
    """List the states of each lane, in order of positions."""
    found: dict[str, dict[int, str]] = {}
    for row in ledger.messages():
        for one in ledger.show(row.message).submissions:
            found.setdefault(one.service_request_id, {})[one.position] = one.state
    return {lane: [state for _, state in sorted(each.items())] for lane, each in found.items()}


def broken(said: dict[str, list[str]], received: dict[str, list[Any]]) -> list[str]:
    """Name what was lost, sent twice or out of order on any lane, by what the ledger says and the vendor received."""
    codes = {lane: [int(body["observations"][0]["code"][1:]) for body in bodies] for lane, bodies in received.items()}
    return [f"{lane}: {fault}" for lane in LANES for fault in compare(codes.get(lane, []), said[lane])]


def connections(postgres: Postgres, role: str) -> int:
    """Count what a user of the database is connected by."""
    ((count,),) = postgres.execute(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'")  # noqa: S608
    return int(count)


def _is_quiet(ledger: Ledger) -> bool:
    """Tell whether nothing is due or under way."""
    try:
        return ledger.due_in("whoop") is None and not open_lanes(ledger)
    except LedgerUnavailableError:
        return False


def test_lanes_of_a_killed_host_and_of_one_that_stands_still_are_taken_over(
    url: str, sandbox: SandboxProcess, host: StartHost
) -> None:
    """
    What they had under way is unknown once they count as dead, and all else is delivered in order by another.

    One wakes up without knowing that it counts as dead: what it had is decided, and it begins anew. When it is asked to
    end, it finishes what is under way, and the other goes on.
    """
    sandbox.fault("results", "delay", 30, times=8)
    with Ledger.open(url) as ledger:
        killed, sleeper = host("deliver"), host("deliver")
        wait_until(lambda: _at_work(ledger) == {killed.pid, sleeper.pid}, PATIENCE_S)
        accept(ledger, "C0", "C1")
        wait_until(lambda: len({one.pid for one in ledger.cluster().workers() if one.lanes}) == 2, PATIENCE_S)
        wait_until(lambda: bool(open_lanes(ledger)), PATIENCE_S)
        sleeper.send_signal(signal.SIGSTOP)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        left = open_lanes(ledger)
        sandbox.clear_faults()
        other = host("deliver")
        wait_until(lambda: _at_work(ledger) == {other.pid}, PATIENCE_S)
        sleeper.send_signal(signal.SIGCONT)
        wait_until(lambda: sleeper.pid in _at_work(ledger) and _is_quiet(ledger), PATIENCE_S)
        before = {lane for lane, each in states(ledger).items() if "unknown" in each}
        sandbox.fault("results", "delay", 0.2, times=20)
        sent = len(sandbox.requests("results"))
        accept(ledger, "C2")
        wait_until(lambda: len(sandbox.requests("results")) > sent, PATIENCE_S)
        sleeper.send_signal(signal.SIGTERM)
        stopped = sleeper.wait(PATIENCE_S)
        at_work = _at_work(ledger)
        wait_until(lambda: _is_quiet(ledger), PATIENCE_S)
        said, received = states(ledger), sandbox.results()

        assert ledger.verify() == []
    assert left <= before
    assert (stopped, at_work) == (1, {other.pid})
    assert {lane for lane, each in said.items() if "unknown" in each} == before
    assert broken(said, received) == []


def _at_work(ledger: Ledger) -> set[int]:
    """Name the processes that are listed as alive."""
    return {one.pid for one in ledger.cluster().workers()}


def test_pause_holds_for_every_host_and_restart_of_the_database_loses_nothing(
    url: str, sandbox: SandboxProcess, host: StartHost, postgres: Postgres
) -> None:
    """Two hosts wait for a person's word, lose every connection at once, and join again by themselves."""
    sandbox.fault("results", "delay", 0.3, times=20)
    with Ledger.open(url) as ledger:
        ledger.destinations().pause("whoop", "planned work")
        accept(ledger, "C0", "C1")
        hosts = [host("deliver"), host("deliver")]
        # Four jobs of each host wait for the end of the pause, and the others where they are.
        wait_until(lambda: sum(one.lanes for one in ledger.cluster().workers()) == 8, PATIENCE_S)
        while_paused = sandbox.requests("results")
        ledger.destinations().resume("whoop")
        wait_until(lambda: bool(sandbox.requests("results")), PATIENCE_S)
        postgres.restart()
        wait_until(lambda: _is_quiet(ledger), PATIENCE_S)
        for each in hosts:
            each.send_signal(signal.SIGTERM)
        codes = {each.wait(PATIENCE_S) for each in hosts}
        said, received = states(ledger), sandbox.results()

        assert while_paused == []
        assert codes <= {0, 1}
        assert ledger.verify() == []
    assert broken(said, received) == []


@pytest.mark.slow
def test_database_that_has_no_connections_left_for_a_while_loses_nothing(
    url: str, sandbox: SandboxProcess, host: StartHost, postgres: Postgres
) -> None:
    """Two hosts are broken off in mid-delivery and get two connections back between them; later all they want."""
    role = "crowded"
    postgres.execute(f"CREATE ROLE {role} LOGIN; GRANT {role} TO postgres")
    postgres.execute(f"GRANT pg_write_all_data, pg_read_all_data TO {role}")
    sandbox.fault("results", "delay", 0.3, times=20)
    with Ledger.open(url) as ledger:
        hosts = [host("deliver", TRANSLATOR_LEDGER=url.replace("postgres:@", f"{role}:@")) for _ in range(2)]
        wait_until(lambda: _at_work(ledger) == {one.pid for one in hosts}, PATIENCE_S)
        accept(ledger, "C0", "C1", "C2")
        wait_until(lambda: len(sandbox.requests("results")) > 2, PATIENCE_S)
        postgres.execute(f"ALTER ROLE {role} CONNECTION LIMIT 2")
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")  # noqa: S608
        time.sleep(20)
        while_limited = (connections(postgres, role), _is_quiet(ledger))
        postgres.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
        wait_until(lambda: _is_quiet(ledger), PATIENCE_S)
        wait_until(lambda: _at_work(ledger) == {one.pid for one in hosts}, PATIENCE_S)
        said, received = states(ledger), sandbox.results()

        assert connections(postgres, role) > 2
        assert ledger.verify() == []
    assert while_limited in {(0, False), (1, False), (2, False)}
    assert broken(said, received) == []


def test_hosts_share_one_rate_and_keep_some_of_it_for_what_is_urgent(
    url: str, sandbox: SandboxProcess, host: StartHost
) -> None:
    """Both stop where the day's calls are used up, and what they hold back does not keep a critical result waiting."""
    day = {"TRANSLATOR_WHOOP_CALLS_PER_DAY": "20", "TRANSLATOR_WHOOP_TIMEOUT_S": "15"}
    with Ledger.open(url) as ledger:
        ledger.cluster().set_up(AT_LEISURE)
        accept(ledger, "C0")
        sandbox.fault("results", "delay", 0.3, times=20)
        for _ in range(2):
            host("deliver", **day)
        wait_until(lambda: ledger.destinations().rate_use("whoop")[1].used >= 18, PATIENCE_S)
        # The lanes that are held may be those of calls under way, which count as used before they are delivered.
        wait_until(lambda: not open_lanes(ledger), PATIENCE_S)
        wait_until(lambda: sum(one.lanes for one in ledger.cluster().workers()) == 8, PATIENCE_S)
        ordinary = ledger.count("whoop")
        critical = report({"C1": "5"}, lane="00000000-0000-4000-8000-000000000999")
        marked = tuple(structs.replace(source, critical=True) for source in critical.sources)
        ledger.accept([arrival(structs.replace(critical, sources=marked))], POLICIES)
        wait_until(lambda: ledger.count("whoop")["delivered"] > ordinary["delivered"], PATIENCE_S)

    # One call in ten is kept back, and of the others one or two were for tokens.
    assert ordinary["delivered"] in {16, 17}
    assert len(sandbox.requests("results")) == ordinary["delivered"] + 1


def test_who_accepts_and_who_cannot_reach_the_vendor_leave_delivery_to_others(
    url: str, sandbox: SandboxProcess, host: StartHost, tmp_path: Path
) -> None:
    """One host has no worker; what another one fetched goes to the third, and who goes by what is told."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "one.hl7").write_bytes(oru([Obx(CHOLESTEROL, "180")], request=ANOTHER))
    with Ledger.open(url) as ledger:
        ledger.cluster().set_up(AT_LEISURE)
        host("accept", "--folder", "inbox")
        lost = host("deliver", TRANSLATOR_WHOOP_URL="http://127.0.0.1:9")
        accept(ledger, "C0")
        wait_until(lambda: ledger.count("whoop").get("queued", 0) > len(LANES), PATIENCE_S)
        wait_until(lambda: lost.pid in _at_work(ledger), PATIENCE_S)
        host("deliver", TRANSLATOR_WHOOP_TIMEOUT_S="15")
        wait_until(lambda: set(ledger.count("whoop")) == {"delivered"}, PATIENCE_S)
        present = ledger.cluster().present()

    assert len(sandbox.requests("results")) == len(LANES) + 1
    assert sorted((one.role, bool(one.delivers_to)) for one in present) == [
        ("accept", False),
        ("deliver", True),
        ("deliver", True),
    ]
    assert [finding.split(":")[0] for finding in differences(present)] == ["hosts go by different terms for vendors"]
