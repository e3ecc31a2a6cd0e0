"""What a delivery tells of itself: waits, attempts, calls and tokens, whatever the vendor answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.postgres import Postgres
from tests.tracing.recorder import Recorder
from translator.ledger import Ledger, Step
from translator.ledger.moments import moment_text
from translator.mapping_files import packaged_tables
from translator.transmit.attempt_spans import AttemptSpans, Vendor
from translator.transmit.client import Call
from translator.transmit.desk import Desk
from translator.transmit.dispatcher import Dispatcher
from translator.transmit.drain import LaneDrain
from translator.transmit.membership import Member, Terms
from translator.transmit.responses import Answer
from translator.transmit.route import Route
from translator.transmit.token import Token, TokenKeeper, TokenRefusedError, TokenUnreachableError
from translator.transmit.whoop import CALLS, DESTINATION

TABLES = packaged_tables()
CONTEXT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TEMPLATE = CALLS["results"][1]


class Answers:
    """A vendor that gives these answers, one after the other, and notes the calls."""

    def __init__(self, *codes: str) -> None:
        self._codes = iter(codes)
        self.calls: list[Call] = []

    async def send(self, call: Call, token: str) -> Answer:  # noqa: ARG002 - the port's
        """Answer a call."""
        self.calls.append(call)
        return Answer(next(self._codes))

    async def token(self) -> Token:
        """Give a token that lasts."""
        return Token("t", 3600)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger with one submission that belongs to a trace."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        one = structs.replace(arrival(report({"HDL": "5"}, lane=LANES[0])), traceparent=CONTEXT)
        opened.accept([one], POLICIES)
        yield opened


def route(vendor: Answers, tokens: TokenKeeper | None = None, *, recorder: Recorder, is_told: bool = False) -> Route:
    """Serve WHOOP, as that vendor."""
    return Route(
        DESTINATION,
        (vendor,),
        tokens or TokenKeeper(vendor.token, time.monotonic),
        TABLES.responses[DESTINATION],
        spans=AttemptSpans(Vendor(DESTINATION, "http://vendor.example:8080/v", CALLS, is_told=is_told), recorder),
    )


def drain(
    ledger: Ledger,
    vendor: Answers,
    tokens: TokenKeeper | None = None,
    *,
    is_told: bool = False,
    stop: Event | None = None,
) -> Recorder:
    """Deliver until nothing is due, or the stop; gives what was told."""
    recorder = Recorder()
    served = route(vendor, tokens, recorder=recorder, is_told=is_told)
    dispatcher = Dispatcher(ledger, served, clock=time.monotonic, draw=lambda: 0.0)
    asyncio.run(dispatcher.drain(deadline=time.monotonic() + 60, stop=stop or Event()))
    return recorder


def test_attempt_goes_on_with_the_trace_of_its_message(ledger: Ledger) -> None:
    """Wait, delivery and call, each below the one that it belongs to, with numbers and codes."""
    told = drain(ledger, Answers("201"))

    (wait,), (delivery,), (call,) = (told.named(name) for name in ("wait whoop", "deliver whoop", f"POST {TEMPLATE}"))
    assert (wait.parent, delivery.parent, call.parent) == (CONTEXT, CONTEXT, delivery.own)
    assert wait.ended <= delivery.began <= call.began <= call.ended <= delivery.ended
    assert call.told == {
        "http.request.method": "POST",
        "url.template": TEMPLATE,
        "http.response.status_code": 201,
        "server.address": "vendor.example",
        "server.port": 8080,
    }
    assert {"translator.outcome": "accepted", "translator.attempt": 1, "translator.kind": "results"}.items() <= (
        delivery.told.items()
    )
    assert (delivery.error, call.error) == ("", "")


@pytest.mark.parametrize(
    ("codes", "outcomes", "errors"),
    [
        pytest.param(["422"], ["refused"], ["422"], id="refused"),
        pytest.param(["500"], ["unknown"], ["500"], id="unknown"),
        pytest.param(["read-timeout"], ["unknown"], ["read-timeout"], id="no-answer"),
        pytest.param(["503", "201"], ["retry", "accepted"], ["503", ""], id="again-later"),
        pytest.param(["401", "201"], ["renew", "accepted"], ["401", ""], id="with-a-fresh-token"),
    ],
)
def test_attempt_tells_what_came_of_it(
    ledger: Ledger, codes: list[str], outcomes: list[str], errors: list[str]
) -> None:
    """One span for each attempt, in its message's trace, and only what is accepted is no error."""
    told = drain(ledger, Answers(*codes))

    deliveries, calls = told.named("deliver whoop"), told.named(f"POST {TEMPLATE}")
    assert [one.told["translator.outcome"] for one in deliveries] == outcomes
    assert [one.told["translator.attempt"] for one in deliveries] == [*range(1, len(codes) + 1)]
    assert [one.error for one in deliveries] == ["" if one == "accepted" else one for one in outcomes]
    assert [one.error for one in calls] == errors
    assert {one.parent for one in (*deliveries, *told.named("wait whoop"))} == {CONTEXT}


def test_token_is_told_of_where_it_was_fetched(ledger: Ledger) -> None:
    """The first delivery fetched one, the second had it."""
    second = structs.replace(arrival(report({"LDL": "6"}, lane=LANES[0])), traceparent=CONTEXT)
    ledger.accept([second], POLICIES)

    told = drain(ledger, Answers("201", "201"))

    first, _ = told.named("deliver whoop")
    assert [one.parent for one in told.named("token")] == [first.own]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(TokenRefusedError("no"), "token-refused", id="refused"),
        pytest.param(TokenUnreachableError("503", 600), "503", id="unreachable"),
    ],
)
def test_token_that_cannot_be_had_is_a_trace_of_its_own(ledger: Ledger, error: Exception, code: str) -> None:
    """Nothing was about to be sent, so it belongs to no message."""
    stop = Event()

    async def fetch() -> Token:
        stop.set()
        raise error

    told = drain(ledger, Answers(), TokenKeeper(fetch, time.monotonic), stop=stop)

    assert [(one.name, one.parent, one.error) for one in told.heard] == [("token whoop", "", code)]


def test_vendor_is_told_of_the_trace_only_where_the_site_says_so(ledger: Ledger) -> None:
    """By default a call says nothing of it; else it names the span of the call itself."""
    second = structs.replace(arrival(report({"HDL": "5"}, lane=LANES[1])), traceparent=CONTEXT)
    by_default, by_word = Answers("201"), Answers("201")
    drain(ledger, by_default)
    ledger.accept([second], POLICIES)

    told = drain(ledger, by_word, is_told=True)

    (call,) = told.named(f"POST {TEMPLATE}")
    assert [one.headers.keys() for one in by_default.calls] == [{"Idempotency-Key"}]
    assert [one.headers["traceparent"] for one in by_word.calls] == [call.own]


@pytest.mark.parametrize("traced", [pytest.param(CONTEXT, id="traced"), pytest.param("", id="untraced")])
def test_attempt_whose_process_died_is_told_of_by_who_finds_it(ledger: Ledger, traced: str) -> None:
    """From its beginning until then, in its message's trace, as what the ledger calls it: nobody else tells of it."""
    one = structs.replace(arrival(report({"LDL": "5"}, lane=LANES[1])), traceparent=traced)
    ledger.accept([one], POLICIES)
    for lane in (1, 2):
        ledger.advance([Step(lane)])

    told = drain(ledger, Answers()).named("deliver whoop")

    assert [(one.parent, one.error) for one in told] == [(CONTEXT, "unknown")] * (1 + bool(traced))
    lost = told[0]
    (attempt,) = ledger.show(1).submissions[0].attempts
    assert moment_text(lost.began // 1000) == attempt.started_at
    assert {
        "translator.outcome": "unknown",
        "translator.answer": "killed",
        "translator.attempt": 1,
        "translator.submission": 1,
        "translator.message": 1,
        "translator.kind": "results",
    }.items() <= lost.told.items()


def test_attempt_of_a_dead_host_is_told_of_by_who_takes_over(postgres: Postgres) -> None:
    """In a cluster, too, and what the living have under way is theirs to tell of."""
    url, recorder, outsider = postgres.new(), Recorder(), Member(Terms(90, 1), time.monotonic)
    with Ledger.open(url) as ledger:
        ledger.cluster().set_up()
        ledger.accept(
            [structs.replace(arrival(report({"HDL": "5"}, lane=lane)), traceparent=CONTEXT) for lane in LANES[:2]],
            POLICIES,
        )
        added = "INSERT INTO translator_jobs.procrastinate_workers DEFAULT VALUES RETURNING id"
        (dead, alive) = (int(postgres.execute(added, url)[0][0]) for _ in range(2))
        ledger.advance([Step(1, worker=dead), Step(2, worker=alive)])
        postgres.execute(f"DELETE FROM translator_jobs.procrastinate_workers WHERE id = {dead}", url)  # noqa: S608 - a number
        lanes = LaneDrain(
            ledger,
            Desk(ledger),
            route(Answers(), recorder=recorder),
            clock=time.monotonic,
            draw=lambda: 0.0,
            is_over=lambda: True,
            progress=lambda _: None,
            member=outsider,
        )

        lanes.recover()

    (lost,) = recorder.heard
    assert (lost.name, lost.told["translator.lane"], lost.told["translator.answer"]) == ("deliver whoop", 1, "killed")


def test_message_that_nobody_traces_has_no_span(ledger: Ledger) -> None:
    """Although its delivery could tell of it."""
    drain(ledger, Answers("201"))
    ledger.accept([arrival(report({"HDL": "5"}, lane=LANES[1]))], POLICIES)

    assert drain(ledger, Answers("201")).heard == []
