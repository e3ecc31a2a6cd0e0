"""The HTTP API over a real socket, and a caller with a token for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from starlette.applications import Starlette

from tests.ledger.arrivals import POLICIES
from tests.sandbox_process import NO_TLS
from translator.accept.listener import Listener
from translator.config import parse_settings
from translator.config_intakes import ApiSettings
from translator.intake import Intake, Tables
from translator.ledger import SCOPES, Ledger
from translator.sites import Sites
from translator.web.api import Api
from translator.web.api_body import Limits

TABLES = Tables(Sites.load(parse_settings("")), POLICIES)
HL7 = {"Content-Type": "application/hl7-v2"}
FHIR = {"Content-Type": "application/fhir+json"}
JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


def token(ledger: Ledger, *scopes: str, name: str = "lis") -> str:
    """Make a token, that may do everything unless it is said otherwise."""
    return ledger.access().tokens.create(name, scopes or SCOPES)


def bearer(made: str) -> dict[str, str]:
    """Write the header that shows a token."""
    return {"Authorization": f"Bearer {made}"}


@contextmanager
def listening(
    ledger: Ledger,
    intake: Intake,
    *,
    limits: Limits | None = None,
    settings: ApiSettings | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[httpx.Client]:
    """Serve the API of an intake; gives a caller without a token."""
    api = Api(ledger, intake, settings or ApiSettings(), limits=limits, clock=clock)
    with (
        Listener(Starlette(routes=[api.mount()]), "127.0.0.1", 0) as listener,
        httpx.Client(base_url=listener.url, trust_env=False, verify=NO_TLS, timeout=60) as client,
    ):
        yield client


@contextmanager
def serving(
    ledger: Ledger, tables: Tables = TABLES, *, limits: Limits | None = None, settings: ApiSettings | None = None
) -> Iterator[httpx.Client]:
    """Serve the API of a ledger; gives a caller who may do everything."""
    with Intake(ledger, tables) as intake, listening(ledger, intake, limits=limits, settings=settings) as client:
        client.headers.update(bearer(token(ledger)))
        yield client


def problem(answer: httpx.Response) -> str:
    """Name the problem that an answer tells of, once it is whole in itself."""
    told = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert sorted(told) == ["detail", "status", "title", "type"]
    assert told["status"] == answer.status_code
    prefix, _, name = told["type"].rpartition(":")
    assert prefix == "urn:translator:problem"
    return str(name)
