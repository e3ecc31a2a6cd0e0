"""A person lets several hosts share a ledger, looks who is at work, and gives it back to one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, Obx, oru
from tests.postgres import Postgres
from translator.ledger import Ledger


def test_ledger_is_shared_looked_at_and_given_back(command_line: CommandLine, postgres: Postgres) -> None:
    """Each may be done twice; nobody at work is a finding."""
    place = ("--ledger", postgres.new())

    codes = [command_line("cluster", verb, *place).returncode for verb in ("init", "init", "status", "end", "end")]

    assert codes == [0, 0, 1, 0, 0]


def test_hosts_are_listed(command_line: CommandLine, postgres: Postgres) -> None:
    """One line for each host; all of them alive is no finding."""
    url = postgres.shared()
    postgres.execute("INSERT INTO translator_jobs.procrastinate_workers DEFAULT VALUES", url)
    postgres.execute(
        "INSERT INTO translator_jobs.host (worker_id, name, pid, queue) VALUES (1, 'lab-1', 7, 'whoop')", url
    )

    done = command_line("cluster", "status", "--ledger", url)

    line = json.loads(done.stdout)
    assert (done.returncode, line["host"], line["pid"], line["is_alive"]) == (0, "lab-1", 7, True)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("cluster", "init"), id="init"),
        pytest.param(("run", "--role", "deliver"), id="deliver"),
        pytest.param(("run", "--role", "accept"), id="accept"),
    ],
)
def test_file_cannot_be_shared(command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A ledger in SQLite belongs to one machine, and the way on is named."""
    Ledger.open(tmp_path / "lab.db").close()

    done = command_line(*arguments, "--ledger", "lab.db")

    assert (done.returncode, b"PostgreSQL" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments", [pytest.param(("cluster", "init"), id="init"), pytest.param(("run", "--role", "all"), id="run")]
)
def test_file_is_neither_asked_for_nor_made_where_it_could_not_be_shared(
    command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """What is missing is not the file."""
    done = command_line(*arguments, "--ledger", "lab.db")

    assert (done.returncode, b"PostgreSQL" in done.stderr, list(tmp_path.iterdir())) == (2, True, [])


@pytest.mark.parametrize("role", ["accept", "deliver"])
def test_role_needs_a_shared_ledger(command_line: CommandLine, postgres: Postgres, role: str) -> None:
    """A host that would wait for jobs for ever says what is missing."""
    done = command_line("run", "--role", role, "--ledger", postgres.new())

    assert (done.returncode, b"translator cluster init" in done.stderr) == (2, True)


def test_host_of_a_shared_ledger_needs_a_role(command_line: CommandLine, postgres: Postgres) -> None:
    """Whoever would deliver alone from it is told so."""
    url = postgres.shared()

    done = command_line("run", "--ledger", url)

    assert (done.returncode, b"--role" in done.stderr) == (2, True)


def test_host_whose_calls_may_last_too_long_is_refused(command_line: CommandLine, postgres: Postgres) -> None:
    """It could not stop sending before the others take it for dead."""
    url = postgres.shared(dead_after_s=10)

    done = command_line("run", "--role", "deliver", "--listen", "127.0.0.1:0", "--console", "", "--ledger", url)

    assert (done.returncode, b"timeout_s" in done.stderr) == (2, True)


def test_submit_leaves_delivery_to_the_hosts(command_line: CommandLine, postgres: Postgres) -> None:
    """What nobody delivers is queued, and it is said who should."""
    url = postgres.shared()
    message = oru([Obx(CHOLESTEROL, "180")])

    done = command_line(
        "submit", "-", "--wait", "0.1", "--ledger", url, "--whoop-url", "http://127.0.0.1:9", data=message
    )

    assert (done.returncode, b"translator cluster status" in done.stderr) == (1, True)
