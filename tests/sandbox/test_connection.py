"""Each kind of fault is, to a client, what it says."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import PANEL, Partner


def test_status_fault_answers_without_processing(partner: Partner) -> None:
    """The made-up answer goes out, nothing is kept, and the next call is served."""
    partner.sandbox.fault("results", "status", 503, times=2)
    answers = [partner.post_results().status_code for _ in range(3)]

    assert answers == [503, 503, 201]
    assert len(partner.sandbox.results()[PANEL]) == 1
    assert [call["status"] for call in partner.sandbox.requests("results")] == [503, 503, 201]


def test_status_fault_carries_the_headers_that_were_asked_for(partner: Partner) -> None:
    """A tester's headers replace the sandbox's own."""
    partner.sandbox.fault("results", "status", 429, headers={"X-RateLimit-Reset": "7", "Retry-After": "9"})
    answer = partner.post_results()

    assert (answer.status_code, answer.headers["X-RateLimit-Reset"], answer.headers["Retry-After"]) == (429, "7", "9")
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_status_fault_asks_for_a_short_wait(partner: Partner) -> None:
    """A made-up 429 does not send an obedient client to sleep for the rest of the minute."""
    partner.sandbox.fault("any", "status", 429)

    assert partner.post_results().headers["X-RateLimit-Reset"] == "1"


def test_delay_answers_late(partner: Partner) -> None:
    """The answer comes after the wait, and is the real one."""
    partner.sandbox.fault("results", "delay", 0.2)
    answer = partner.post_results()

    assert answer.status_code == 201
    assert answer.elapsed.total_seconds() >= 0.2


def test_delay_beyond_patience_has_processed(partner: Partner) -> None:
    """A client that gives up gets no answer, yet its results are kept: the outcome is unknown to it."""
    partner.sandbox.fault("results", "delay", 30)
    with pytest.raises(httpx.ReadTimeout):
        partner.post_results(timeout=0.2)

    assert len(partner.sandbox.results()[PANEL]) == 1
    assert [call["status"] for call in partner.sandbox.requests("results")] == [None]


def test_drop_before_closes_without_processing(partner: Partner) -> None:
    """The client sees the connection end, and nothing is kept."""
    partner.sandbox.fault("results", "drop_before")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        partner.post_results()

    assert partner.sandbox.results() == {}
    call = partner.sandbox.requests("results")[0]
    assert (call["status"], call["fault"], call["body"]["status"]) == (None, "drop_before", "final")


def test_drop_after_closes_having_processed(partner: Partner) -> None:
    """The client sees the same as before, but the results are kept."""
    partner.sandbox.fault("results", "drop_after", 0)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        partner.post_results()

    assert len(partner.sandbox.results()[PANEL]) == 1
    assert partner.sandbox.requests("results")[0]["status"] is None


@pytest.mark.parametrize(
    ("route", "method", "path"),
    [
        pytest.param("results", "POST", f"/service-request/{PANEL}/results", id="empty-201"),
        pytest.param("service-request", "GET", f"/service-request/{PANEL}", id="json-200"),
        pytest.param("test-data", "POST", "/development/add-test-data", id="204"),
    ],
)
def test_truncate_breaks_an_answer_off(partner: Partner, route: str, method: str, path: str) -> None:
    """An answer with a body, one without, and one that may have none all end too early."""
    partner.sandbox.fault(route, "truncate")
    with pytest.raises(httpx.RemoteProtocolError):
        partner.call(method, path, json={"status": "final", "observations": []})

    assert partner.sandbox.requests(route)[0]["status"] in (200, 201, 204)


def test_faults_on_one_connection_leave_others_alone(partner: Partner) -> None:
    """While one client waits for a delayed answer, another is served."""
    partner.sandbox.fault("service-request", "delay", 30)
    with pytest.raises(httpx.ReadTimeout):
        partner.call("GET", f"/service-request/{PANEL}", timeout=0.1)

    assert partner.post_results().elapsed.total_seconds() < 5


def test_faults_can_be_cleared(partner: Partner) -> None:
    """A cleared fault is met by nobody."""
    partner.sandbox.fault("results", "status", 500, times=9)
    partner.sandbox.clear_faults()

    assert partner.post_results().status_code == 201


def test_incomplete_request_is_no_call(partner: Partner) -> None:
    """A body that never came whole is neither processed nor written down."""

    def half() -> object:
        yield b'{"status":'
        raise RuntimeError("the client breaks off")

    with pytest.raises(RuntimeError, match="breaks off"):
        partner.call("POST", f"/service-request/{PANEL}/results", content=half())

    assert partner.sandbox.requests("results") == []
