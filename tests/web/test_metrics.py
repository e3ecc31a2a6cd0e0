"""The page that Prometheus scrapes, over HTTP and against a real ledger."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec import Struct, structs
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from tests.tracing.recorder import Recorder
from tests.transmit.delivering import wait_until
from translator.accept.listener import Listener
from translator.accept.mllp_counts import MllpCounts
from translator.errors import LedgerUnavailableError
from translator.ledger import Ledger, RateBudget, Settlement
from translator.record.outcome import Entry
from translator.web.metrics import METRICS_PATH, Metrics, metrics_routes
from translator.web.recent import Pace, Recent

BUDGETS = {"whoop": RateBudget(per_minute=100, per_day=10_000)}
ALWAYS = Pace(least_s=0, patience_s=60, share=1)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Port(Struct):
    """An MLLP port."""

    port: int
    counts: MllpCounts


class Folder(Struct):
    """A watched folder."""

    taken: dict[str, int]
    trouble: str = ""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


@pytest.fixture
def metrics(ledger: Ledger) -> Iterator[Metrics]:
    """Measure a ledger, anew for each scrape."""
    with Metrics(ledger, BUDGETS, {"unmapped-code"}, version="1.2.3", pace=ALWAYS, tally_pace=ALWAYS) as opened:
        yield opened


def scrape(metrics: Metrics) -> Samples:
    """Read the page as Prometheus does."""
    families = text_string_to_metric_families(metrics.page().decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for each in families for one in each.samples}


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """Give one value; None where there is no such line."""
    return samples.get((name, tuple(sorted(labels.items()))))


def test_page_is_served_over_http(metrics: Metrics) -> None:
    """As plain text in the form that Prometheus names."""
    with Listener(Starlette(routes=metrics_routes(metrics)), "127.0.0.1", 0) as listener:
        answer = httpx.get(listener.url + METRICS_PATH, trust_env=False)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE translator_ledger_imbalance gauge" in answer.text


def test_empty_service_shows_zero_and_not_nothing(metrics: Metrics) -> None:
    """An alert on a line that is not there never comes."""
    samples = scrape(metrics)

    assert value(samples, "translator_build_info", version="1.2.3") == 1
    assert value(samples, "translator_ready") == value(samples, "translator_ledger_up") == 1
    assert value(samples, "translator_ledger_imbalance") == 0
    for name in ("translator_queued", "translator_unknown", "translator_rejected", "translator_destination_paused"):
        assert value(samples, name, destination="whoop") == 0
    assert value(samples, "translator_oldest_undelivered_seconds", destination="whoop", state="queued") == 0
    assert value(samples, "translator_rate_budget_left", destination="whoop", window="day") == 10_000


def test_messages_and_attempts_are_counted_from_the_start_on(ledger: Ledger) -> None:
    """What an earlier process did is not done again; what another one does on the same ledger counts."""
    ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
    with Metrics(ledger, BUDGETS, (), pace=ALWAYS) as metrics:
        ledger.accept([arrival(report({"HDL": "51"}, lane=LANES[1]))], POLICIES)
        first = scrape(metrics)
        for outcome, answer in (("accepted", "201"), ("unknown", "read-timeout")):
            claim = ledger.claim("whoop")
            assert claim is not None
            ledger.settle(claim, Settlement(outcome, answer))
        second = scrape(metrics)

    assert value(first, "translator_messages_total", intake="submit", state="translated") == 1
    assert value(second, "translator_messages_total", intake="submit", state="translated") == 1
    assert value(second, "translator_attempts_total", destination="whoop", outcome="accepted") == 1
    assert value(second, "translator_attempts_total", destination="whoop", outcome="unknown") == 1
    assert value(second, "translator_delivery_seconds_count", destination="whoop") == 1
    assert value(second, "translator_unknown", destination="whoop") == 1


def test_held_and_entries_show_reasons_of_the_table_only(ledger: Ledger, metrics: Metrics) -> None:
    """A label is never a text that somebody sent."""
    entries = [Entry("OBX[1]", "held", reason="unmapped-code"), Entry("OBX[2]", "held", reason="Avery 19840312")]
    ledger.accept([arrival(others=entries)], POLICIES)

    samples = scrape(metrics)

    assert value(samples, "translator_held", cause="unmapped-code") == 1
    assert value(samples, "translator_held", cause="other") == 1
    assert value(samples, "translator_entries", state="held", reason="other") == 1
    assert b"Avery" not in metrics.page()


@pytest.mark.parametrize("name", ["whoop", "all"])
def test_paused_destination_is_shown(ledger: Ledger, metrics: Metrics, name: str) -> None:
    """Whether it is paused alone or with all."""
    ledger.destinations().pause(name, "planned work")

    assert value(scrape(metrics), "translator_destination_paused", destination="whoop") == 1


def test_calls_lessen_the_budget(ledger: Ledger, metrics: Metrics) -> None:
    """Of the minute and of the day alike."""
    ledger.destinations().count_call("whoop", BUDGETS["whoop"])

    samples = scrape(metrics)

    assert value(samples, "translator_rate_budget_left", destination="whoop", window="minute") == 99
    assert value(samples, "translator_rate_budget_left", destination="whoop", window="day") == 9_999


def test_parts_of_the_service_are_counted(metrics: Metrics) -> None:
    """MLLP ports by their number, folders by their place in the settings; who is in trouble is not ready."""
    counts = MllpCounts(answered=Counter(AA=3, AE=1), connections=2, above_limit=4, truncated=1)
    folder = Folder({"done": 7, "held": 1, "failed": 0}, "it is away")
    metrics.watch([Port(2575, counts)], [folder], lambda: {"folder 1": folder.trouble})

    samples = scrape(metrics)

    assert value(samples, "translator_acks_total", port="2575", code="AA") == 3
    assert value(samples, "translator_mllp_connections", port="2575") == 2
    assert value(samples, "translator_mllp_refused_connections_total", port="2575", why="limit") == 4
    assert value(samples, "translator_mllp_troubles_total", port="2575", what="truncated") == 1
    assert value(samples, "translator_folder_files_total", folder="1", became="done") == 7
    assert value(samples, "translator_folder_trouble", folder="1") == 1
    assert value(samples, "translator_ready") == 0


def test_answers_make_a_histogram(metrics: Metrics) -> None:
    """By their code, in seconds."""
    for seconds in (0.001, 0.03, 60.0):
        metrics.answered("AA", seconds)

    samples = scrape(metrics)

    assert value(samples, "translator_answer_seconds_bucket", code="AA", le="0.05") == 2
    assert value(samples, "translator_answer_seconds_count", code="AA") == 3


def test_costly_value_keeps_nobody_waiting() -> None:
    """Who asks while it is found out gets the last one, and the new one when it is there."""
    go_on = threading.Event()
    go_on.set()
    counts: list[int] = []

    def find() -> int:
        assert go_on.wait(60)
        counts.append(1)
        return len(counts)

    with Recent(find, ALWAYS) as recent:
        first = recent.get()
        go_on.clear()
        hasty = structs.replace(ALWAYS, patience_s=0)
        recent._pace = hasty
        meanwhile = [recent.get(), recent.get()]
        go_on.set()
        wait_until(lambda: recent.get() != 1)

    assert (first, meanwhile) == (1, [1, 1])


def test_value_is_found_out_more_seldom_the_longer_it_takes() -> None:
    """A second of work is worth fifty of rest."""
    clock = Clock()
    calls: list[float] = []

    def find() -> None:
        calls.append(clock())
        clock.move(1)

    with Recent(find, Pace(least_s=0, patience_s=60), clock=clock) as recent:
        for seconds in (0, 48, 1):
            clock.move(seconds)
            recent.get()

    assert [call - calls[0] for call in calls] == [0, 50]


def test_ledger_that_is_away_is_said() -> None:
    """The last value stays."""
    troubles = iter([None, LedgerUnavailableError("away")])

    def find() -> int:
        if trouble := next(troubles):
            raise trouble
        return 1

    with Recent(find, ALWAYS) as recent:
        found, again = recent.get(), recent.get()
        is_away = recent.is_away

    assert (found, again, is_away) == (1, 1, True)


def test_spans_are_counted_where_any_are_recorded(metrics: Metrics) -> None:
    """Those that nobody took among them: without traces there is no figure."""
    before = scrape(metrics)
    metrics.watch((), (), dict, tracer=Dropping())

    assert not any(name.startswith("translator_trace") for name, _ in before)
    assert value(scrape(metrics), "translator_trace_spans_total", became="dropped") == 7


class Dropping(Recorder):
    """Somebody who records, and whom nobody takes it from."""

    @property
    def became(self) -> dict[str, int]:
        """Count what was dropped."""
        return {"sent": 0, "dropped": 7}
