"""The Acurable half answers as the vendor documents, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.sandbox_process import NO_TLS, SandboxProcess

PATIENT = {
    "dob": "1979-04-12",
    "name": "Ina Muster",
    "email": "ina@example.invalid",
    "mobileTelephone": "+440000000000",
    "reference": "P-1",
}
STUDY = {"nights": 1, "sensors": ["neck_sensor"]}
CLINIC = {"name": "Example Sleep Clinic", "reference": "ORG-EXAMPLE"}
ADDRESS = {"lines": ["1 Example Row"], "city": "London", "county": "London", "postcode": "ZZ1 1ZZ"}


def order(reference: str = "O-1", **more: Any) -> dict[str, Any]:
    """Write an order that has nothing wrong."""
    attributes = {
        "reference": reference,
        "shippingAddress": ADDRESS,
        "study": {**STUDY, "requiresPhone": False},
        "patient": PATIENT,
        "organisation": CLINIC,
    }
    return {"data": {"type": "orders", "attributes": deepcopy({**attributes, **more})}}


def study(reference: str = "S-1") -> dict[str, Any]:
    """Write an in-house study that has nothing wrong."""
    patient = {name: PATIENT[name] for name in ("dob", "reference")}
    attributes = {"reference": reference, "study": STUDY, "patient": patient, "organisation": CLINIC}
    return {"data": {"type": "studies", "attributes": attributes}}


def referral(reference: str = "R-1") -> dict[str, Any]:
    """Write a referral that has nothing wrong."""
    return {"data": {"type": "referrals", "attributes": {"reference": reference, "study": STUDY, "patient": PATIENT}}}


class Caller:
    """A customer with a token, found by discovery."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.client = httpx.Client(base_url=sandbox.acurable_url, trust_env=False, verify=NO_TLS, timeout=20)

    def sign_in(self) -> None:
        """Get a token, and use it from now on."""
        found = self.client.get(f"{self.sandbox.acurable_issuer}/.well-known/openid-configuration").json()
        secret = (self.sandbox.acurable_client_id, self.sandbox.acurable_client_secret)
        answer = self.client.post(found["token_endpoint"], data={"grant_type": "client_credentials"}, auth=secret)
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Call the vendor."""
        return self.client.request(method, path, json=body, **more)

    def last(self) -> dict[str, Any]:
        """Show the last call as the journal has it."""
        return self.sandbox.requests()[-1]


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    """Run a sandbox that knows one organisation."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture
def caller(process: SandboxProcess) -> Iterator[Caller]:
    """Give a customer of an empty sandbox."""
    process.reset()
    one = Caller(process)
    with one.client:
        one.sign_in()
        process.ask("POST", "/_sandbox/reset")
        yield one


@pytest.mark.parametrize(
    ("path", "body", "location"),
    [
        pytest.param("/v1/orders", order(), "/v1/orders/O-1", id="order"),
        pytest.param("/v1/studies", study(), "/v1/studies/S-1", id="study"),
        pytest.param("/v1/referrals", referral(), "/v1/referrals/R-1", id="referral"),
    ],
)
def test_creation_answers_with_a_location_once(caller: Caller, path: str, body: Any, location: str) -> None:
    """201 with `Location`; the same reference again is a conflict, whatever else is in the body."""
    answer = caller.call("POST", path, body)
    again = caller.call("POST", path, body)

    assert (answer.status_code, answer.headers["Location"], again.status_code) == (201, location, 409)


def test_study_is_answered_with_its_activation_code(caller: Caller) -> None:
    """The code that the patient scans is in the body."""
    answer = caller.call("POST", "/v1/studies", study())

    (kept,) = caller.sandbox.ask("GET", "/_sandbox/acurable/tests")
    assert answer.json()["data"]["attributes"]["activationCode"] == kept["activation_code"] != ""


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"shippingAddress": {**ADDRESS, "lines": []}}, 400, id="no-address-line"),
        pytest.param({"shippingAddress": {**ADDRESS, "county": ""}}, 400, id="no-county"),
        pytest.param({"patient": {**PATIENT, "email": ""}}, 400, id="no-email"),
        pytest.param({"patient": {**PATIENT, "dob": "12.4.1979"}}, 400, id="birth-date-of-another-form"),
        pytest.param({"patient": {**PATIENT, "reference": "O-1"}}, 400, id="patient-named-as-the-order"),
        pytest.param({"study": {**STUDY, "sensors": ["oximeter"]}}, 400, id="no-neck-sensor"),
        pytest.param({"study": {**STUDY, "sensors": ["pillow"]}}, 400, id="no-such-sensor"),
        pytest.param({"study": {**STUDY, "nights": 0}}, 400, id="no-night"),
        pytest.param({"emitOn": "never"}, 400, id="no-such-moment"),
        pytest.param({"organisation": {**CLINIC, "name": "Another"}}, 404, id="unknown-organisation"),
    ],
)
def test_order_that_cannot_be_is_refused(caller: Caller, change: dict[str, Any], status: int) -> None:
    """What the vendor requires is required, and nothing is kept of the order."""
    answer = caller.call("POST", "/v1/orders", order(**change))

    assert answer.status_code == status
    assert caller.sandbox.ask("GET", "/_sandbox/acurable/tests") == []


def test_order_with_a_sensor_that_the_account_lacks_is_refused(caller: Caller) -> None:
    """The account decides which sensors there are."""
    account = caller.sandbox.ask("GET", "/_sandbox/acurable/account")
    caller.sandbox.ask("PUT", "/_sandbox/acurable/account", {**account, "sensors": ["neck_sensor"]})

    answer = caller.call("POST", "/v1/orders", order(study={**STUDY, "sensors": ["neck_sensor", "oximeter"]}))

    assert answer.status_code == 400


def test_refusal_quotes_no_value(caller: Caller) -> None:
    """P6: the text names the field."""
    answer = caller.call("POST", "/v1/orders", order(patient={**PATIENT, "dob": "12.4.1979"}))

    assert answer.json() == {"error": "data.attributes.patient.dob: not as documented"}


def test_unknown_field_is_a_problem_and_no_refusal(caller: Caller) -> None:
    """The layout is assumed, so what departs from it is noted."""
    answer = caller.call("POST", "/v1/orders", order(study={**STUDY, "pillow": True}))

    assert answer.status_code == 201
    assert caller.last()["problems"] == ["data.attributes.study.pillow: unknown field"]


def test_whole_number_may_be_written_with_a_point(caller: Caller) -> None:
    """JSON knows one kind of number; Schemathesis found that 1.0 was refused."""
    assert caller.call("POST", "/v1/orders", order(study={**STUDY, "nights": 1.0})).status_code == 201


def test_body_of_another_type_is_refused(caller: Caller) -> None:
    """415, as documented; JSON:API's own type is another type."""
    headers = {"Content-Type": "application/vnd.api+json"}
    answer = caller.client.post("/v1/orders", content=b"{}", headers=headers)

    assert answer.status_code == 415


def test_call_without_a_token_is_refused(caller: Caller) -> None:
    """WHOOP's tokens are none of Acurable's."""
    ours = caller.sandbox
    form = {"grant_type": "client_credentials", "client_id": ours.client_id, "client_secret": ours.client_secret}
    token = caller.client.post("/v2/partner/token", json=form).json()["access_token"]

    answer = caller.call("POST", "/v1/orders", order(), headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_update_is_taken_until_fulfilment(caller: Caller) -> None:
    """Shipping and cancellation only before, contact at any time."""
    caller.call("POST", "/v1/orders", order())
    moved = {"data": {"type": "orders", "attributes": {"shippingAddress": ADDRESS}}}
    mailed = {"data": {"type": "orders", "attributes": {"patient": {"email": "new@example.invalid"}}}}
    before = caller.call("PUT", "/v1/orders/O-1", moved)
    caller.sandbox.ask("POST", "/_sandbox/acurable/events", {"type": "order-fulfilled", "reference": "O-1"})

    after = [caller.call("PUT", "/v1/orders/O-1", body).status_code for body in (moved, mailed)]

    assert (before.status_code, after) == (202, [400, 202])


@pytest.mark.parametrize(
    ("method", "made", "path", "kind"),
    [
        pytest.param("PUT", ("/v1/orders", order("A/7")), "/v1/orders/A%2F7", "order", id="order"),
        pytest.param("PATCH", ("/v1/studies", study("A/7")), "/v1/studies/A%2F7", "study", id="study"),
    ],
)
def test_cancellation_is_accepted(caller: Caller, method: str, made: tuple[str, Any], path: str, kind: str) -> None:
    """202; the reference in the path is the caller's, and may hold a slash."""
    caller.call("POST", *made)
    body = {"data": {"type": "any", "attributes": {"cancelled": True}}}

    assert caller.call(method, path, body).status_code == 202
    (kept,) = caller.sandbox.ask("GET", "/_sandbox/acurable/tests")
    assert (kept["kind"], kept["cancelled"]) == (kind, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("PUT", "/v1/orders/none", id="order"),
        pytest.param("PATCH", "/v1/studies/none", id="study"),
        pytest.param("PUT", "/v1/orders/a%0Ab%26%C3%A8", id="reference-with-a-line-break"),
    ],
)
def test_change_of_nothing_is_not_found(caller: Caller, method: str, path: str) -> None:
    """404 for a reference that nobody used, in the form of every other refusal."""
    answer = caller.call(method, path, {"data": {"attributes": {}}})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 415, 429, 500])
def test_every_documented_refusal_can_be_had(caller: Caller, status: int) -> None:
    """A fault gives what has no cause that a caller could set up."""
    caller.sandbox.fault("orders", "status", status)

    answer = caller.call("POST", "/v1/orders", order())

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({"grant_type": "client_credentials"}, 200, id="secret-in-the-body"),
        pytest.param({"grant_type": "password"}, 400, id="another-grant"),
        pytest.param({"grant_type": "client_credentials", "client_secret": "wrong"}, 401, id="wrong-secret"),
    ],
)
def test_token_is_issued_to_the_client(caller: Caller, form: dict[str, str], status: int) -> None:
    """RFC 6749: form in, JSON out; the journal shows none of the secrets."""
    ours = caller.sandbox
    known = {"client_id": ours.acurable_client_id, "client_secret": ours.acurable_client_secret}

    answer = caller.client.post(f"{ours.acurable_issuer}/acurable-identity/token", data={**known, **form})

    assert answer.status_code == status
    assert ours.acurable_client_secret not in str(caller.last())


def test_token_request_that_is_no_form_is_refused(caller: Caller) -> None:
    """JSON is WHOOP's way."""
    answer = caller.client.post(
        f"{caller.sandbox.acurable_issuer}/acurable-identity/token", json={"grant_type": "client_credentials"}
    )

    assert answer.status_code == 400


def test_token_endpoint_does_not_mind_a_broken_header(caller: Caller) -> None:
    """A header that is no HTTP Basic is no login."""
    headers = {"Authorization": "Basic ???"}
    answer = caller.client.post(
        f"{caller.sandbox.acurable_issuer}/acurable-identity/token",
        data={"grant_type": "client_credentials"},
        headers=headers,
    )

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="acurable"')
