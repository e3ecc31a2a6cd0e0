"""Delivery from a real ledger to a real server, with everything that goes wrong between them (P3, P4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.config import load_settings
from translator.delivery import DeliveryReport, deliver, policies
from translator.errors import ConfigError
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
from translator.secrets import Secret
from translator.transmit.route import Progress

TABLES = packaged_tables()


Deliver = Callable[..., DeliveryReport]


@pytest.fixture
def run(ledger: Ledger, sandbox: SandboxProcess) -> Deliver:
    """Deliver the ledger's queue to the sandbox."""

    def run(deadline_s: float = 20, timeout_s: float = 10, **more: Any) -> DeliveryReport:
        return deliver(ledger, settings(sandbox, timeout_s), TABLES, deadline_s=deadline_s, **more)

    return run


def fill(ledger: Ledger, codes: list[str], lanes: int = 1) -> None:
    """Queue one submission per code on each lane."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for code in codes for lane in LANES[:lanes]], POLICIES)


def posted(sandbox: SandboxProcess, lane: str = LANES[0]) -> list[str]:
    """List the codes that the sandbox processed for a lane, in order."""
    return [body["observations"][0]["code"] for body in sandbox.results().get(lane, [])]


def test_delivery_sends_every_lane_in_order(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """P3: ten lanes, five submissions each, all there and each lane in its order."""
    codes = ["HDL", "LDL", "TSH", "ALT", "AST"]
    fill(ledger, codes, lanes=10)

    result = run()

    assert (result.delivered, result.queued, result.is_drained) == (50, 0, True)
    assert [posted(sandbox, lane) for lane in LANES[:10]] == [codes] * 10
    assert ledger.verify() == []


def test_delivery_sends_the_bytes_of_the_ledger(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """What `show` says was sent is what arrived, with its key."""
    fill(ledger, ["HDL"])
    run()

    (submission,) = ledger.show(1).submissions
    (request,) = sandbox.requests("results")
    assert request["body_raw"].encode() == bytes(submission.body)
    assert request["idempotency_key"] == submission.idempotency_key


def test_delivery_of_an_empty_ledger_asks_nobody(sandbox: SandboxProcess, run: Deliver) -> None:
    """Nothing to send: no token, no credentials needed."""
    result = run()

    assert (result.delivered, sandbox.requests()) == (0, [])


def test_delivery_that_lost_its_answer_is_unknown_and_not_repeated(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver
) -> None:
    """P4: the vendor processed it and hung up; it is never sent again, and its lane waits."""
    fill(ledger, ["HDL", "LDL"])
    sandbox.fault("results", "drop_after")

    results = [run(), run()]

    assert [(one.unknown, one.queued) for one in results] == [(1, 1)] * 2
    assert posted(sandbox) == ["HDL"]
    assert ledger.show(1).submissions[0].detail == "disconnected"


@pytest.mark.parametrize(
    ("kind", "value", "detail"),
    [
        pytest.param("delay", 2, "read-timeout", id="answer-too-late"),
        pytest.param("drop_before", None, "disconnected", id="closed-without-an-answer"),
        pytest.param("truncate", None, "disconnected", id="answer-cut-off"),
        pytest.param("status", 500, "500", id="error-of-the-vendor"),
        pytest.param("status", 502, "502", id="error-of-a-proxy"),
        pytest.param("status", 504, "504", id="timeout-of-a-proxy"),
    ],
)
def test_delivery_that_may_have_been_processed_is_unknown(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver, kind: str, value: float | None, detail: str
) -> None:
    """P4: whatever ends after a byte was written, is unknown after one POST."""
    fill(ledger, ["HDL"])
    sandbox.fault("results", kind, value)

    result = run(timeout_s=0.5)

    assert (result.unknown, len(sandbox.requests("results"))) == (1, 1)
    assert ledger.show(1).submissions[0].detail in {detail, "read-error"}


def test_delivery_leaves_other_lanes_free(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """P3: one lane is blocked, the others go on."""
    fill(ledger, ["HDL", "LDL"], lanes=3)
    sandbox.fault("results", "status", 500)

    result = run()

    assert (result.unknown, result.queued, result.delivered) == (1, 1, 4)
    assert ledger.verify() == []


def test_delivery_is_retried_after_503(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """P4: what surely was not processed is tried again, each time with the same key."""
    fill(ledger, ["HDL", "LDL"])
    sandbox.fault("results", "status", 503, times=2)

    result = run()

    assert (result.delivered, result.progress.retried) == (2, 2)
    assert posted(sandbox) == ["HDL", "LDL"]
    keys = [request["idempotency_key"] for request in sandbox.requests("results")]
    assert (keys[0] == keys[1] == keys[2], len(set(keys))) == (True, 2)


def test_delivery_obeys_429(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """P4: nobody sends before the time that the vendor names."""
    fill(ledger, ["HDL"], lanes=3)
    sandbox.fault("results", "status", 429, headers={"X-RateLimit-Reset": "1"}, times=1)
    started = time.monotonic()

    result = run()

    assert result.delivered == 3
    assert time.monotonic() - started >= 1


def test_delivery_refused_by_the_vendor_blocks_its_lane(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """A refusal is for a person; what is behind it waits."""
    fill(ledger, ["HDL", "LDL"])
    sandbox.fault("results", "status", 422)

    result = run()

    assert (result.rejected, result.queued, posted(sandbox)) == (1, 1, [])


def test_delivery_renews_its_token_once_on_401(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """P4: the first 401 costs a new token and no more."""
    fill(ledger, ["HDL"])
    sandbox.fault("results", "status", 401)

    result = run()

    assert (result.delivered, result.paused) == (1, "")
    assert len(sandbox.requests("token")) == 2


@pytest.mark.parametrize(
    ("route", "status", "times"),
    [
        pytest.param("results", 401, 2, id="second-401"),
        pytest.param("results", 403, 1, id="forbidden"),
        pytest.param("token", 401, 1, id="token-refused"),
    ],
)
def test_delivery_is_paused_when_access_is_refused(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver, route: str, status: int, times: int
) -> None:
    """P4: what is queued stays queued, the caller is told, and a later run delivers it."""
    fill(ledger, ["HDL"])
    sandbox.fault(route, "status", status, times=times)

    first, second = run(), run()

    assert (first.queued, str(status) in first.paused) == (1, True)
    assert (second.delivered, second.paused) == (1, "")
    assert ledger.verify() == []


def test_delivery_survives_a_token_server_that_stumbles(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """A token that cannot be had now is asked for again, and no attempt is spent on it."""
    fill(ledger, ["HDL"])
    sandbox.fault("token", "status", 503)

    result = run()

    (submission,) = ledger.show(1).submissions
    assert (result.delivered, len(submission.attempts)) == (1, 1)


def test_delivery_outlives_its_tokens(ledger: Ledger) -> None:
    """Tokens that last a second are renewed on the way."""
    with SandboxProcess("--accept-any", "--token-seconds", "1") as short:
        fill(ledger, ["HDL", "LDL", "TSH"])
        short.fault("results", "delay", 0.6, times=3)

        result = deliver(ledger, settings(short), TABLES, deadline_s=20)

        assert (result.delivered, posted(short)) == (3, ["HDL", "LDL", "TSH"])
        assert len(short.requests("token")) >= 2


def test_delivery_to_nobody_leaves_everything_queued(ledger: Ledger) -> None:
    """P4: a vendor that is not there has processed nothing."""
    with SandboxProcess() as gone:
        nowhere = settings(gone)
    fill(ledger, ["HDL"], lanes=2)

    result = deliver(ledger, nowhere, TABLES, deadline_s=0.5)

    assert (result.queued, result.unknown, result.delivered) == (2, 0, 0)


def test_delivery_finishes_what_is_under_way_when_stopped(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver
) -> None:
    """A stop (or Ctrl-C) ends cleanly: nothing unknown, the rest queued."""
    fill(ledger, ["HDL", "LDL"])
    sandbox.fault("results", "delay", 0.5)
    stop = threading.Event()
    timer = threading.Timer(0.25, stop.set)
    timer.start()

    result = run(stop=stop)

    timer.join()
    assert (result.delivered, result.queued, result.unknown, result.stopped) == (1, 1, 0, True)


def test_delivery_tells_its_progress(ledger: Ledger, run: Deliver) -> None:
    """The caller sees every step."""
    fill(ledger, ["HDL", "LDL"])
    seen: list[Progress] = []

    run(progress=seen.append)

    assert [(one.delivered, one.queued) for one in seen] == [(1, 1), (2, 0)]


def test_delivery_beside_another_process_waits_for_it(ledger: Ledger, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Without the lock nothing is sent from here; the report tells what the other left."""
    fill(ledger, ["HDL"])
    with Ledger.open(tmp_path / "lab.db") as other, other.delivery_lock():
        result = deliver(ledger, settings(sandbox), TABLES, deadline_s=0.3, message_ids=[1])

    assert (result.delivered_here, result.queued, sandbox.requests()) == (False, 1, [])


def test_delivery_takes_over_when_the_other_process_ends(
    ledger: Ledger, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """A lock that comes free is taken."""
    fill(ledger, ["HDL"])
    with Ledger.open(tmp_path / "lab.db") as other:
        lock = other.delivery_lock()
        lock.__enter__()
        timer = threading.Timer(0.3, lock.__exit__, (None, None, None))
        timer.start()
        result = deliver(ledger, settings(sandbox), TABLES, deadline_s=20)
        timer.join()

    assert (result.delivered_here, result.delivered) == (True, 1)


def test_delivery_shows_no_secret_and_no_patient(ledger: Ledger, sandbox: SandboxProcess) -> None:
    """P6: the report of a refused access names neither."""
    fill(ledger, ["HDL"])

    result = deliver(ledger, settings(sandbox, secret="wrong-secret"), TABLES, deadline_s=5)

    assert "401" in result.paused
    assert not any(word in str(result) for word in ("wrong-secret", LANES[0], "P1"))


def test_delivery_without_credentials_is_a_matter_of_settings(ledger: Ledger, sandbox: SandboxProcess) -> None:
    """A missing credential is named before anything is sent, and costs no attempt."""
    fill(ledger, ["HDL"])
    made = settings(sandbox)
    without = structs.replace(made, whoop=structs.replace(made.whoop, client_id=Secret("env:NOT_SET_IN_ANY_TEST")))

    with pytest.raises(ConfigError, match="NOT_SET_IN_ANY_TEST"):
        deliver(ledger, without, TABLES, deadline_s=5)

    assert ledger.show(1).submissions[0].attempts == ()


def test_policies_follow_the_settings(sandbox: SandboxProcess) -> None:
    """The sandbox is sent anything; the vendor, only what the site confirmed."""
    real = load_settings(flags={"whoop.confirmed_codes": "ALT"}, environment={})

    assert policies(settings(sandbox))["whoop"].loopback
    assert (policies(real)["whoop"].loopback, policies(real)["whoop"].confirmed) == (False, frozenset({"ALT"}))
