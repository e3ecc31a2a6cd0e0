"""Who is told of what waits too long: per cause, counted, not twice, and without anything of a patient."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.ledger.conftest import Clock
from tests.transmit.delivering import wait_until
from translator import Translator
from translator.config import NotifySettings
from translator.ledger import Ageing, Arrival, DestinationPolicy, Ledger, Settlement
from translator.notify import due, notify, serve_notices

ENGINE = Translator.load()
POLICIES = {"whoop": DestinationPolicy(loopback=True)}
HOUR = 3_600_000_000
DAY_S = 86_400.0


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock."""
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """Open a ledger that holds the same unmapped code for three service requests."""
    with Ledger.open(tmp_path / "lab.db", clock=clock) as opened:
        raws = [oru([Obx(HDL, "55"), Obx(LOCAL, "3.14159")], request=service_request(n)) for n in range(1, 4)]
        opened.accept([Arrival(ENGINE.translate(raw), raw) for raw in raws], POLICIES)
        yield opened


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any], list[int]]]:
    """Serve a webhook on loopback: its URL, what it received, and the status of its next answers."""
    received: list[Any] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alerts", received, answers
        server.shutdown()
        thread.join()


def heard(ledger: Ledger, settings: NotifySettings) -> list[str]:
    """Tell, and give the lines."""
    lines: list[str] = []
    notify(ledger, settings, lines.append)
    return lines


def test_notice_counts_by_cause(ledger: Ledger, clock: Clock) -> None:
    """Three messages with one unmapped code are one notice, with its count and the command that shows it."""
    clock.move(DAY_S)

    lines = heard(ledger, NotifySettings(log=True, queued_after_h=1000))

    (line,) = lines
    assert line.startswith(r"3 held: unmapped-code (L|ZZ9), since ")
    assert "translator held list --cause unmapped-code" in line


def test_notice_says_nothing_of_a_patient(ledger: Ledger, clock: Clock) -> None:
    """P6: neither value, nor identifier, nor name, nor order."""
    clock.move(DAY_S)

    lines = " ".join(heard(ledger, NotifySettings(log=True)))

    assert lines
    assert not [word for word in ("3.14159", "EX-1001", "Sample", "00000000-", "19840312", "MSG1") if word in lines]


def test_notice_is_not_told_twice(ledger: Ledger, clock: Clock) -> None:
    """A cause that still stands is told again after a day, not with every call."""
    settings = NotifySettings(log=True, queued_after_h=1000)
    clock.move(DAY_S)
    first = heard(ledger, settings)
    clock.move(3600)
    second = heard(ledger, settings)
    clock.move(DAY_S)

    third = heard(ledger, settings)

    assert (len(first), second, len(third)) == (1, [], 1)


def test_notice_waits_until_something_is_old(ledger: Ledger, clock: Clock) -> None:
    """What came just now is nobody's delay."""
    clock.move(60)

    assert heard(ledger, NotifySettings(log=True)) == []


def test_notice_of_a_vendor_that_refuses_access_comes_at_once(ledger: Ledger) -> None:
    """Everything for it waits, and only a person can mend that; a pause by a person is no news."""
    ledger.destinations().pause("acurable", "planned work")
    ledger.destinations().pause("whoop", "the vendor refuses a token: answer 401", by="vendor")

    (line,) = heard(ledger, NotifySettings(log=True))

    assert line.startswith("1 paused: destination-paused (whoop), since ")
    assert line.endswith("translator ledger resume whoop")


def test_notice_of_the_unknown_comes_at_once(ledger: Ledger) -> None:
    """What may have been sent needs a person soon, and so does what was refused."""
    for outcome, answer in (("unknown", "read-timeout"), ("refused", "422")):
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement(outcome, answer))

    lines = heard(ledger, NotifySettings(log=True))

    assert sorted(line.split(", since")[0] for line in lines) == [
        "1 rejected: vendor-refused (422)",
        "1 unknown: outcome-unknown (read-timeout)",
    ]
    assert {line.rpartition("; ")[2] for line in lines} == {"translator rejected list", "translator unknown list"}


def test_notice_of_a_delay_names_the_destination(ledger: Ledger, clock: Clock) -> None:
    """What is queued for an hour has a cause, too."""
    clock.move(3600)

    (line,) = heard(ledger, NotifySettings(log=True))

    assert line.startswith("3 queued: still-queued (whoop)")


def test_notice_of_a_report_held_whole_is_one_cause(ledger: Ledger, clock: Clock) -> None:
    """A report that is held for one observation is told once, under what holds it."""
    raw = oru([Obx(HDL, "55", status="D"), Obx("13457-7^LDL^LN", "120")], request=service_request(9))
    ledger.accept([Arrival(ENGINE.translate(raw), raw)], POLICIES)
    clock.move(DAY_S)

    lines = heard(ledger, NotifySettings(log=True, queued_after_h=1000))

    assert sorted(line.split(",")[0] for line in lines) == ["1 held: retraction", "3 held: unmapped-code (L|ZZ9)"]


def test_notice_goes_to_a_command(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """A program of the site's gets the notice as JSON on its standard input."""
    clock.move(DAY_S)
    script = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"
    target = tmp_path / "alerts.jsonl"

    told = notify(ledger, NotifySettings(command=(sys.executable, "-c", script, str(target))), print)

    assert told.troubles == []
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert {(line["schema"], line["kind"], line["count"]) for line in lines} == {
        ("translator.notice/1", "held", 3),
        ("translator.notice/1", "queued", 3),
    }


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        pytest.param((sys.executable, "-c", "raise SystemExit(3)"), "ended with 3", id="fails"),
        pytest.param(("/no/such/program",), "cannot be run", id="is-not-there"),
    ],
)
def test_notice_that_fails_is_told_again(ledger: Ledger, clock: Clock, command: tuple[str, ...], trouble: str) -> None:
    """What did not get through counts as not told, and the trouble is named."""
    clock.move(DAY_S)

    first = notify(ledger, NotifySettings(command=command), print)
    second = notify(ledger, NotifySettings(command=command), print)

    assert first.notices == second.notices == []
    assert trouble in first.troubles[0]
    assert first.troubles == second.troubles


def test_notice_goes_to_a_webhook(ledger: Ledger, clock: Clock, webhook: tuple[str, list[Any], list[int]]) -> None:
    """Each notice is one POST of JSON."""
    url, received, _ = webhook
    clock.move(DAY_S)

    told = notify(ledger, NotifySettings(webhook=url), print)

    assert told.troubles == []
    assert [one["cause"] for one in received] == ["unmapped-code", "still-queued"]


def test_notice_that_a_webhook_refuses_is_told_again(
    ledger: Ledger, clock: Clock, webhook: tuple[str, list[Any], list[int]]
) -> None:
    """An answer that is no success is a trouble; the next call tries again."""
    url, received, answers = webhook
    answers += [500, 500]
    clock.move(DAY_S)

    first = notify(ledger, NotifySettings(webhook=url), print)
    second = notify(ledger, NotifySettings(webhook=url), print)

    assert first.troubles == ["the webhook of notify answered 500"]
    assert (second.troubles, len(received)) == ([], 4)


def test_notice_without_a_server_names_the_trouble(ledger: Ledger, clock: Clock) -> None:
    """A webhook that is not there stops nothing."""
    clock.move(DAY_S)

    told = notify(ledger, NotifySettings(webhook="http://127.0.0.1:9/alerts"), print)

    assert told.troubles == ["the webhook of notify cannot be reached: ConnectError"]


@pytest.mark.parametrize(
    ("since_h", "told_h", "expected"),
    [
        pytest.param(30, None, True, id="old-and-never-told"),
        pytest.param(10, None, False, id="not-old-yet"),
        pytest.param(30, 2, False, id="told-lately"),
        pytest.param(60, 25, True, id="told-long-ago"),
        pytest.param(30, -5, True, id="told-in-the-future"),
    ],
)
def test_notice_is_due_by_age(since_h: int, told_h: int | None, expected: bool) -> None:  # noqa: FBT001 - a case
    """Age and the last telling decide; a clock that was set back keeps nobody in the dark."""
    now = 1000 * HOUR
    one = Ageing("held", "unmapped-code", "", 1, now - since_h * HOUR)
    told = {} if told_h is None else {one.name: now - told_h * HOUR}

    assert bool(list(due([one], told, NotifySettings(), now))) is expected


def test_service_tells_of_a_trouble_once(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """It looks again and again; a way of telling that fails each time is a trouble told once."""
    clock.move(2 * DAY_S)
    tries = tmp_path / "tries"
    script = f"import sys; open({str(tries)!r}, 'a').write('x'); sys.exit(3)"
    stop = threading.Event()
    warned: list[str] = []
    settings = NotifySettings(command=(sys.executable, "-c", script))

    def serve() -> None:
        serve_notices(ledger, settings, stop=stop, warn=warned.append, every_s=0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    wait_until(lambda: tries.exists() and tries.stat().st_size >= 3, seconds=60)
    stop.set()
    thread.join()

    assert warned == ["the command of notify ended with 3"]
