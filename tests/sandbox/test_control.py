"""The control surface shows every call without credentials, and changes what it is asked to."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import PANEL, Partner, final_report
from tests.sandbox_process import NO_TLS, SandboxProcess


def _control(sandbox: SandboxProcess, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{sandbox.whoop_url}/_sandbox{path}", json=body, trust_env=False, verify=NO_TLS)


def test_requests_are_shown_in_order(partner: Partner) -> None:
    """Each call shows its method, path, parsed body, raw body and status."""
    raw = json.dumps(final_report(), indent=1)
    partner.call("POST", f"/service-request/{PANEL}/results", content=raw, headers={"Content-Type": "application/json"})
    partner.call("GET", f"/service-request/{PANEL}")

    first, second = partner.sandbox.requests()[1:]
    assert (first["method"], first["status"]) == ("POST", 201)
    assert first["path"] == f"/v2/partner/service-request/{PANEL}/results"
    assert (first["body"], first["body_raw"]) == (final_report(), raw)
    assert (second["method"], second["status"], second["body"], second["body_raw"]) == ("GET", 200, None, "")


def test_idempotency_key_is_shown(partner: Partner) -> None:
    """The key goes into the journal, although the vendor knows none."""
    partner.post_results(headers={"Idempotency-Key": "k-1"})

    assert partner.sandbox.requests("results")[0]["idempotency_key"] == "k-1"


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "form"])
def test_credentials_are_masked(partner: Partner, as_json: bool) -> None:  # noqa: FBT001 - a case column
    """Neither the secret nor the token can be read from the journal, however they were sent."""
    request = partner.token_request()
    partner.call("POST", "/token", **({"json": request} if as_json else {"data": request}), params=request)
    partner.post_results()
    shown = json.dumps(partner.sandbox.requests())

    assert partner.sandbox.client_id not in shown
    assert partner.sandbox.client_secret not in shown
    assert partner.client.headers["Authorization"].removeprefix("Bearer ") not in shown
    assert partner.sandbox.requests("results")[0]["authorization"] == "Bearer ***"


@pytest.mark.parametrize(
    ("content", "raw"),
    [pytest.param(b"\xff{", "\\xff{", id="not-utf-8"), pytest.param(b"no", "no", id="text")],
)
def test_body_that_is_no_json_is_shown_raw(partner: Partner, content: bytes, raw: str) -> None:
    """The parsed body is null, the raw one is what came."""
    partner.call("POST", f"/service-request/{PANEL}/results", content=content)
    call = partner.sandbox.requests("results")[0]

    assert (call["body"], call["body_raw"], call["status"]) == (None, raw, 415)


def test_control_calls_are_no_vendor_calls(sandbox: SandboxProcess) -> None:
    """Looking does not change what is seen, and no fault meets it."""
    sandbox.fault("any", "status", 500)
    sandbox.results()

    assert sandbox.requests() == []


def test_service_request_is_owned_once_added(sandbox: SandboxProcess) -> None:
    """Adding one answers 201 with the service request; its id is kept in lower case."""
    answer = _control(sandbox, "POST", "/service-requests", {"id": PANEL.upper(), "code": "CBC"})

    assert answer.status_code == 201
    assert (answer.json()["id"], answer.json()["code"]) == (PANEL, "CBC")


def test_service_request_set_up_anew_stays_in_its_requisition(sandbox: SandboxProcess) -> None:
    """Adding an id that is there changes it wherever it is shown."""
    _control(sandbox, "POST", "/requisitions", {"service_requests": [{"id": PANEL}]})
    _control(sandbox, "POST", "/service-requests", {"id": PANEL, "code": "CBC"})
    shown = _control(sandbox, "GET", "/requisitions").json()

    assert [one["code"] for one in shown[0]["service_requests"]] == ["CBC"]


def test_waiting_faults_are_shown(sandbox: SandboxProcess) -> None:
    """A tester can see which faults are still to come."""
    sandbox.fault("results", "delay", 2, times=3)

    assert [fault["times"] for fault in _control(sandbox, "GET", "/faults").json()] == [3]


def test_requisition_is_taken_as_given(sandbox: SandboxProcess) -> None:
    """What a tester gives is kept, what is left out is invented."""
    patient = {"id": "c0a1", "ward": "7"}
    answer = _control(sandbox, "POST", "/requisitions", {"service_requests": [{"id": PANEL}], "patient": patient})

    assert answer.status_code == 201
    assert (answer.json()["patient"], answer.json()["service_requests"][0]["id"]) == (patient, PANEL)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/service-requests", {"id": "7"}, id="service-request-no-uuid"),
        pytest.param("/service-requests", {"id": PANEL, "colour": "red"}, id="service-request-unknown-key"),
        pytest.param("/requisitions", {"id": "7"}, id="requisition-no-uuid"),
        pytest.param("/requisitions", {"service_requests": [{"id": "7"}]}, id="requisition-of-no-uuid"),
        pytest.param("/requisitions", [], id="requisition-array"),
        pytest.param("/faults", {"route": "results", "kind": "explode"}, id="fault-kind"),
        pytest.param("/faults", {"route": "nowhere", "kind": "drop_after"}, id="fault-route"),
    ],
)
def test_senseless_wish_is_refused_with_a_reason(sandbox: SandboxProcess, path: str, body: Any) -> None:
    """A typing error in a test shows at once, not as a test that passes for no reason."""
    answer = _control(sandbox, "POST", path, body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_reset_forgets_all_but_the_credentials(partner: Partner) -> None:
    """Calls, results, orders and faults go; the token stays good."""
    partner.post_results()
    partner.sandbox.fault("any", "status", 500)
    partner.sandbox.reset()

    assert (partner.sandbox.requests(), partner.sandbox.results()) == ([], {})
    assert partner.sandbox.ask("GET", "/_sandbox/service-requests") == []
    assert partner.post_results().status_code == 404


def test_health_is_told(sandbox: SandboxProcess) -> None:
    """The health route answers without a token."""
    assert httpx.get(f"{sandbox.whoop_url}/healthz", trust_env=False, verify=NO_TLS).json() == {"status": "ok"}
