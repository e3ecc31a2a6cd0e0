"""The API does what its own OpenAPI document says, whatever a caller sends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from starlette.routing import Route

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.web.api_calls import HL7, JSON, TABLES, bearer, serving, token
from translator.config_intakes import ApiSettings
from translator.intake import Intake
from translator.ledger import Ledger
from translator.web.api import Api
from translator.web.api_body import Limits
from translator.web.api_openapi import document
from translator.web.api_problem import PROBLEMS, URN

ROOT = Path(__file__).parents[2]
DOCUMENT = document(Limits())
RAW = oru([Obx(HDL, "55")])
LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


@pytest.fixture
def caller(ledger: Ledger) -> Iterator[httpx.Client]:
    """Call the API of the ledger with a token that may do everything."""
    with serving(ledger, limits=Limits(linger_s=60)) as client:
        yield client


def operations() -> set[tuple[str, str]]:
    """List what the document describes."""
    return {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}


def test_document_is_served_as_it_is_and_needs_no_token(caller: httpx.Client) -> None:
    """Whoever writes a client has not got a token yet."""
    answer = httpx.get(f"{caller.base_url}/v1/openapi.json", trust_env=False, timeout=60)

    assert (answer.status_code, answer.json()) == (200, DOCUMENT)


def test_document_describes_every_route(ledger: Ledger) -> None:
    """Each address and method that is served, and no other."""
    api = Api(ledger, Intake(ledger, TABLES), ApiSettings())
    routes = [route for route in api._application().routes if isinstance(route, Route)]
    served = {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}

    assert {(method, path.replace(":ledger", "")) for method, path in served} == operations()


def test_every_problem_is_described() -> None:
    """Each row of the table stands at an operation, except that of methods that are not there."""
    described = str(DOCUMENT["paths"])

    assert {name for name in PROBLEMS if f"'{URN}{name}'" not in described} == {"method-unknown"}


CALLS = [
    pytest.param("POST", "/translate", {"content": RAW, "headers": HL7}, 200, id="translated"),
    pytest.param("POST", "/translate", {"content": b"nonsense", "headers": HL7}, 200, id="refused"),
    pytest.param("POST", "/translate", {"content": RAW * 2, "headers": HL7 | LINES}, 200, id="lines"),
    pytest.param("POST", "/translate", {"content": RAW, "headers": {}}, 415, id="no-type"),
    pytest.param("POST", "/translate", {"content": b"", "headers": HL7}, 400, id="empty"),
    pytest.param("POST", "/messages", {"content": RAW, "headers": HL7 | {"Idempotency-Key": "1"}}, 200, id="again"),
    pytest.param("POST", "/messages", {"content": RAW, "headers": HL7}, 201, id="kept"),
    pytest.param("POST", "/messages", {"content": b"nonsense", "headers": HL7}, 201, id="kept-refused"),
    pytest.param("POST", "/messages", {"content": RAW * 2, "headers": HL7}, 422, id="several"),
    pytest.param("POST", "/messages", {"content": b"x" * (17 << 20), "headers": HL7}, 413, id="too-large"),
    pytest.param("GET", "/messages/1", {}, 200, id="message"),
    pytest.param("GET", "/messages/99", {}, 404, id="no-message"),
    pytest.param("GET", "/submissions/1", {}, 200, id="submission"),
    pytest.param("GET", "/lanes/1", {}, 200, id="lane"),
    pytest.param("POST", "/lanes/find", {"json": {"service_request_id": service_request(1)}}, 200, id="lane-found"),
    pytest.param("POST", "/lanes/find", {"json": {"service_request_id": "x"}}, 404, id="no-lane"),
    pytest.param("POST", "/lanes/find", {"content": b"{", "headers": JSON}, 400, id="no-question"),
    pytest.param("GET", "/lanes/1", {"headers": bearer("tr_x")}, 401, id="no-token"),
    pytest.param("GET", "/openapi.json", {}, 200, id="document"),
]


@pytest.mark.parametrize(("method", "path", "call", "status"), CALLS)
def test_answer_is_as_the_document_describes_it(
    caller: httpx.Client, method: str, path: str, call: Mapping[str, Any], status: int
) -> None:
    """Status, headers and body, by the schema of the operation."""
    caller.post("/v1/messages", content=RAW, headers=HL7 | {"Idempotency-Key": "1"})
    template = re.sub(r"\d+$", "{number}", path)

    answer = caller.request(method, f"/v1{path}", **call)

    assert answer.status_code == status
    schemathesis.openapi.from_dict(DOCUMENT)[template][method].validate_response(answer)


@pytest.mark.parametrize("scope", ["translate", "submit", "read"])
def test_document_names_the_scope_that_is_needed(caller: httpx.Client, ledger: Ledger, scope: str) -> None:
    """A token with the scope that the description names is not answered 403, and one without it is."""
    made = bearer(token(ledger, scope, name=scope))
    named = {
        (method, path)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if f"Scope: `{scope}`" in operation["description"]
    }
    secured = {
        (method, path) for path, item in DOCUMENT["paths"].items() for method in item if "security" in item[method]
    }

    let_in = {
        (method, path)
        for method, path in secured
        if caller.request(method, f"/v1{path}".format(number=1), headers=made).status_code != 403
    }

    assert let_in == named != set()


@pytest.mark.slow
def test_schemathesis_finds_nothing(caller: httpx.Client, ledger: Ledger, tmp_path: Path) -> None:
    """Generated calls, valid and invalid: no server error, no undocumented answer, nothing invalid accepted."""
    caller.post("/v1/messages", content=RAW, headers=HL7)
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{caller.base_url}/v1/openapi.json",
        "--url", f"{caller.base_url}/v1", "--header", f"Authorization: {caller.headers['authorization']}",
        "--max-examples", "60", "--seed", "1", "--no-color", "--suppress-health-check", "all",
    ]  # fmt: skip
    hooks = {"NO_PROXY": "*", "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.web.schemathesis_hooks"}

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | hooks)

    assert done.returncode == 0, done.stdout[-6000:]
    assert ledger.verify() == []
