"""Every documented route answers as documented, over real HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import PANEL, Partner, final_report
from tests.sandbox_process import NO_TLS, SandboxProcess

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EVERY_ROUTE = [
    pytest.param("GET", f"/requisition/{PANEL}", id="requisition"),
    pytest.param("PATCH", f"/requisition/{PANEL}/status", id="requisition-status"),
    pytest.param("GET", f"/service-request/{PANEL}", id="service-request"),
    pytest.param("PATCH", f"/service-request/{PANEL}/status", id="service-request-status"),
    pytest.param("POST", f"/service-request/{PANEL}/results", id="results"),
    pytest.param("POST", "/development/add-test-data", id="test-data"),
]
ROUTES_WITH_ID = EVERY_ROUTE[:-1]


def test_token_is_issued_as_documented(partner: Partner) -> None:
    """The right credentials give a bearer token and its life."""
    answer = partner.call("POST", "/token", json=partner.token_request())

    assert answer.status_code == 200
    assert {**answer.json(), "access_token": "t"} == {"access_token": "t", "token_type": "bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"client_secret": "guess"}, 401, id="wrong-secret"),
        pytest.param({"client_id": "somebody"}, 401, id="wrong-id"),
        pytest.param({"client_secret": None}, 401, id="null-secret"),
        pytest.param({"client_secret": 5}, 400, id="number-secret"),
        pytest.param({"grant_type": "password"}, 400, id="other-grant"),
        pytest.param({"scope": "read"}, 400, id="other-scope"),
    ],
)
def test_token_request_that_is_wrong_is_refused(partner: Partner, change: dict[str, Any], status: int) -> None:
    """Nothing but the documented request gives a token."""
    answer = partner.call("POST", "/token", json=partner.token_request() | change)

    assert answer.status_code == status


def test_token_request_as_a_form_is_refused(partner: Partner) -> None:
    """The vendor takes JSON here, whatever OAuth libraries send."""
    assert partner.call("POST", "/token", data=partner.token_request()).status_code == 415


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic Zm9v"], ids=["no", "wrong", "basic"])
def test_route_without_a_token_answers_401(partner: Partner, method: str, path: str, authorization: str) -> None:
    """Only the token route is open."""
    partner.client.headers["Authorization"] = authorization

    assert partner.call(method, path, json={}).status_code == 401


def test_token_really_expires() -> None:
    """A token is good until its end, and a new one is good again."""
    with SandboxProcess("--accept-any", "--token-seconds", "1") as sandbox, Partner(sandbox) as partner:
        assert partner.post_results().status_code == 201
        while partner.post_results().status_code == 201:
            pass
        assert partner.post_results().status_code == 401
        partner.sign_in()
        assert partner.post_results().status_code == 201


@pytest.mark.parametrize(("method", "path"), ROUTES_WITH_ID)
@pytest.mark.parametrize(
    "identifier", [str(uuid.uuid4()), "12", f"{PANEL}0", "%2e%2e"], ids=["other", "12", "13", "dots"]
)
def test_id_that_is_not_ours_answers_404(partner: Partner, method: str, path: str, identifier: str) -> None:
    """Somebody else's id and what is no UUID are the same to us."""
    answer = partner.call(method, path.replace(PANEL, identifier), json={"task_business_status": "ORDER_CONFIRMED"})

    assert answer.status_code == 404


def test_method_that_a_path_does_not_have_answers_405(partner: Partner) -> None:
    """The answer names the methods that there are."""
    answer = partner.call("DELETE", f"/service-request/{PANEL}")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "path", [f"/service-request/{PANEL}/results", f"/service-request/{PANEL}/status"], ids=["results", "status"]
)
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        pytest.param(b"status=final", FORM, 415, id="form"),
        pytest.param(b"{}", {"Content-Type": ""}, 415, id="no-type"),
        pytest.param(b"{", {"Content-Type": "application/json"}, 400, id="cut-json"),
        pytest.param(b"[]", {"Content-Type": "application/json"}, 400, id="array"),
    ],
)
def test_body_that_is_no_json_object_is_refused(
    partner: Partner, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    """A wrong type answers 415, an unreadable body 400."""
    method = "POST" if path.endswith("results") else "PATCH"

    assert partner.call(method, path, content=content, headers=headers).status_code == status


def test_results_are_taken_without_a_body_in_the_answer(partner: Partner) -> None:
    """A report answers 201 and nothing, and is kept as it came."""
    answer = partner.post_results()

    assert (answer.status_code, answer.content) == (201, b"")
    assert partner.sandbox.results() == {PANEL: [final_report()]}


def test_results_posted_twice_are_kept_twice(partner: Partner) -> None:
    """The vendor has no idempotency key, so a repeat shows."""
    partner.post_results()
    partner.post_results(headers={"Idempotency-Key": "k-1"})

    assert partner.sandbox.results() == {PANEL: [final_report()] * 2}


def test_results_with_oddities_are_taken_and_noted(partner: Partner) -> None:
    """An unknown field is accepted, and the journal says so."""
    answer = partner.post_results({**final_report(), "loinc": "x"})

    assert answer.status_code == 201
    assert partner.sandbox.requests("results")[0]["problems"] == ["loinc: unknown field"]


def test_results_of_a_wrong_type_are_refused_and_not_kept(partner: Partner) -> None:
    """A number written as a string answers 400."""
    answer = partner.post_results({"status": "final", "observations": [{"code": "HDL", "value_numeric": "51"}]})

    assert answer.status_code == 400
    assert partner.sandbox.results() == {}


def test_upper_case_id_is_the_same_service_request(partner: Partner) -> None:
    """A UUID is the same in either case."""
    partner.call("POST", f"/service-request/{PANEL.upper()}/results", json=final_report())

    assert list(partner.sandbox.results()) == [PANEL]


def test_status_of_a_service_request_is_set_and_shown(partner: Partner) -> None:
    """The PATCH answers with the updated service request, and a GET shows the same."""
    change = {"task_business_status": "ORDER_CONFIRMED", "reason": "ok"}
    answer = partner.call("PATCH", f"/service-request/{PANEL}/status", json=change)

    assert answer.status_code == 200
    assert answer.json()["task_business_status"] == "ORDER_CONFIRMED"
    assert partner.call("GET", f"/service-request/{PANEL}").json() == answer.json()


def test_status_outside_the_documented_words_is_refused(partner: Partner) -> None:
    """An unknown word answers 400 and changes nothing."""
    answer = partner.call("PATCH", f"/service-request/{PANEL}/status", json={"task_business_status": "DONE"})

    assert answer.status_code == 400
    assert partner.sandbox.task_status(PANEL) is None


def test_status_after_a_terminal_one_is_accepted_and_noted(partner: Partner) -> None:
    """The vendor enforces no order, but the journal remarks on it."""
    for status in ("ORDER_ISSUE", "ORDER_CONFIRMED"):
        partner.call("PATCH", f"/service-request/{PANEL}/status", json={"task_business_status": status})

    assert partner.sandbox.task_status(PANEL) == "ORDER_CONFIRMED"
    problems = [call["problems"] for call in partner.sandbox.requests("status")]
    assert problems == [[], ["task_business_status: ORDER_CONFIRMED after the terminal ORDER_ISSUE"]]


def test_status_of_a_requisition_is_that_of_all_its_service_requests(partner: Partner) -> None:
    """The PATCH on a requisition answers 204 and reaches every service request in it."""
    requisition = partner.sandbox.add_requisition()
    path = f"/requisition/{requisition['id']}"
    answer = partner.call("PATCH", f"{path}/status", json={"task_business_status": "ORDER_CONFIRMED"})

    assert (answer.status_code, answer.content) == (204, b"")
    shown = partner.call("GET", path).json()["service_requests"]
    assert {one["task_business_status"] for one in shown} == {"ORDER_CONFIRMED"}
    assert len(shown) == 2


def test_requisition_is_shown_whole(partner: Partner) -> None:
    """Every field that the vendor's schema requires is there."""
    requisition = partner.sandbox.add_requisition()
    shown = partner.call("GET", f"/requisition/{requisition['id']}").json()

    assert shown == requisition
    assert set(shown) == {"id", "created_at", "updated_at", "service_requests", "patient", "appointments"}


def test_test_data_is_a_new_requisition(partner: Partner) -> None:
    """The call answers 204 and tells no id; the requisition is there."""
    answer = partner.call("POST", "/development/add-test-data")

    assert (answer.status_code, answer.content) == (204, b"")
    assert len(partner.sandbox.ask("GET", "/_sandbox/requisitions")) == 1


def test_rate_headers_are_on_every_answer(partner: Partner) -> None:
    """Success and refusal alike carry the documented headers."""
    for answer in (partner.post_results(), partner.call("GET", "/nowhere"), partner.call("POST", "/token")):
        assert answer.headers["X-RateLimit-Limit"] == "100, 100;window=60, 10000;window=86400"
        assert 1 <= int(answer.headers["X-RateLimit-Remaining"]) < 100
        assert 0 < int(answer.headers["X-RateLimit-Reset"]) <= 60


def test_accept_any_owns_what_it_is_asked_about() -> None:
    """With the flag, any UUID is ours; without a UUID nothing is."""
    with SandboxProcess("--accept-any") as sandbox, Partner(sandbox) as partner:
        assert partner.post_results().status_code == 201
        assert partner.call("GET", f"/service-request/{uuid.uuid4()}").status_code == 200
        assert partner.call("GET", "/service-request/7").status_code == 404


def test_rate_limit_answers_429_once_the_budget_is_spent() -> None:
    """Beyond the limit nothing is processed, and the headers say when to come again."""
    flags = ("--accept-any", "--rate-limit-per-minute", "3", "--rate-limit-window-seconds", "1")
    with SandboxProcess(*flags) as sandbox, Partner(sandbox) as partner:
        answers = [partner.post_results() for _ in range(3)]

        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert (answers[2].headers["X-RateLimit-Remaining"], answers[2].headers["X-RateLimit-Reset"]) == ("0", "1")
        assert len(sandbox.results()[PANEL]) == 2
        while partner.post_results().status_code == 429:
            pass
        assert len(sandbox.results()[PANEL]) == 3


def test_unknown_path_is_a_call_too(sandbox: SandboxProcess) -> None:
    """A client that calls a wrong address sees it in the journal."""
    httpx.get(f"{sandbox.whoop_url}/v2/partners", trust_env=False, verify=NO_TLS)

    assert [(call["path"], call["status"]) for call in sandbox.requests()] == [("/v2/partners", 404)]
