"""Several hosts share a ledger: doctor says who delivers, who is silent, and what is not the same everywhere."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from msgspec import structs

from tests.postgres import Postgres
from translator.config import Settings, parse_settings
from translator.config_intakes import MllpIntake
from translator.doctor import FAIL, OK, WARN, Diagnosis, examine
from translator.ledger import Card, Ledger

CARD = Card("lab-1", 7, "all", "1.0", "ab" * 32, "whoop https://api.example 100/min 10000/day hold", "resubmit changes")


@pytest.fixture
def ledger(postgres: Postgres) -> Iterator[tuple[Ledger, str]]:
    """Open a ledger that several hosts share."""
    url = postgres.shared()
    with Ledger.open(url) as opened:
        yield opened, url


def site(url: str) -> Settings:
    """Make the settings of a host."""
    return parse_settings("", flags={"ledger": url, "listen": "127.0.0.1:0", "console.listen": "127.0.0.1:0"})


def about_hosts(settings: Settings, *, ahead_s: float = 0.0) -> list[Diagnosis]:
    """Give what is said of the cluster, by a clock that may be wrong."""
    found = examine(settings, offline=True, clock=lambda: time.time() + ahead_s)
    return [one for one in found if one.check in ("cluster", "delivery", "clocks", "connections")]


def with_worker(postgres: Postgres, url: str) -> None:
    """List a worker of lab-1."""
    postgres.execute("INSERT INTO translator_jobs.procrastinate_workers DEFAULT VALUES", url)
    postgres.execute(
        "INSERT INTO translator_jobs.host (worker_id, name, pid, queue) VALUES (1, 'lab-1', 7, 'whoop')", url
    )


def test_cluster_in_good_order_is_well(ledger: tuple[Ledger, str], postgres: Postgres) -> None:
    """One line for each thing that was looked at."""
    opened, url = ledger
    opened.cluster().hosts().enter(CARD, 0.0)
    with_worker(postgres, url)

    found = about_hosts(site(url))

    assert [(one.check, one.state) for one in found] == [
        ("cluster", OK),
        ("delivery", OK),
        ("clocks", OK),
        ("connections", OK),
    ]
    assert "lab-1 (7)" in found[1].text


def test_cluster_without_anybody_who_delivers_fails(ledger: tuple[Ledger, str]) -> None:
    """One that accepts is no help."""
    opened, url = ledger
    opened.cluster().hosts().enter(structs.replace(CARD, role="accept"), 0.0)

    (delivery,) = [one for one in about_hosts(site(url)) if one.check == "delivery"]

    assert (delivery.state, "translator run --role" in delivery.remedy) == (FAIL, True)


def test_what_is_not_the_same_everywhere_is_a_warning(ledger: tuple[Ledger, str], postgres: Postgres) -> None:
    """A silent host, other tables, and clocks: of another host, and of this one."""
    opened, url = ledger
    hosts = opened.cluster().hosts()
    hosts.enter(structs.replace(CARD, name="lab-3"), 0.0)
    postgres.execute("UPDATE translator_jobs.process SET seen_at = now() - interval '5 minutes'", url)
    hosts.enter(CARD, 0.0)
    hosts.enter(structs.replace(CARD, name="lab-2", tables="cd" * 32), 300.0)

    warned = [one.text for one in about_hosts(site(url), ahead_s=-60) if one.state == WARN]

    assert [text.split(":")[0] for text in warned] == [
        "lab-3 (7, all) is silent for 5 minutes",
        "hosts go by different tables",
        "clocks are not that of the database, by which deliveries go",
    ]
    assert "lab-2 by +300 s, this one by -60 s" in warned[-1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param("UPDATE translator_jobs.setting SET version = '2.0+1'", "Procrastinate 2.0+1", id="version"),
        pytest.param("UPDATE translator_jobs.setting SET dead_after_s = 20", "smaller timeout_s", id="calls"),
        pytest.param("DROP TABLE translator_jobs.process", "is damaged", id="damaged"),
    ],
)
def test_host_that_could_not_deliver_is_told(
    ledger: tuple[Ledger, str], postgres: Postgres, spoil: str, said: str
) -> None:
    """Before it is started."""
    _, url = ledger
    postgres.execute(spoil, url)

    failed = [one for one in about_hosts(site(url)) if one.check == "cluster" and one.state == FAIL]

    assert [said in one.text for one in failed] == [True]


def test_port_is_that_of_a_running_translator_only_where_one_runs_on_this_host(ledger: tuple[Ledger, str]) -> None:
    """Nobody holds the lock of a shared ledger, so who is at work says who has the port."""
    opened, url = ledger

    def about_port() -> list[str]:
        found = examine(settings, offline=True, clock=time.time)
        return [one.state for one in found if one.check == "mllp.listen"]

    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = structs.replace(site(url), mllp=(MllpIntake(f"127.0.0.1:{other.getsockname()[1]}"),))
        opened.cluster().hosts().enter(CARD, 0.0)
        before = about_port()
        opened.cluster().hosts().enter(structs.replace(CARD, name=socket.gethostname(), role="accept"), 0.0)

        assert (before, about_port()) == ([FAIL], [OK])


def test_ledger_of_one_host_has_no_cluster(postgres: Postgres) -> None:
    """Nothing is said of what nobody asked for."""
    url = postgres.new()
    Ledger.open(url).close()

    assert [one.check for one in about_hosts(site(url))] == ["delivery"]
