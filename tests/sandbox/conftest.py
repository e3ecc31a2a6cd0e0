"""One running sandbox for every test here, emptied before each; and a partner that talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from tests.sandbox_process import NO_TLS, SandboxProcess

PANEL = "0b7a51c4-8d2e-4f6a-9c3b-1e5d7f902a46"


class Partner:
    """A partner with a token; every path is below `/v2/partner`."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        base_url = f"{sandbox.whoop_url}/v2/partner"
        self.client = httpx.Client(base_url=base_url, trust_env=False, verify=NO_TLS, timeout=20)

    def __enter__(self) -> Self:
        """Sign in."""
        self.client.__enter__()
        self.sign_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        self.client.close()

    def token_request(self) -> dict[str, str]:
        """Write a token request as the vendor documents it."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "scope": "whoop-partner/token",
        }

    def sign_in(self) -> None:
        """Get a token and use it from now on."""
        answer = self.client.post("/token", json=self.token_request())
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call the vendor."""
        return self.client.request(method, path, **more)

    def post_results(self, body: Any = None, **more: Any) -> httpx.Response:
        """Post results for the panel."""
        return self.call("POST", f"/service-request/{PANEL}/results", json=body or final_report(), **more)


def final_report() -> dict[str, Any]:
    """Write a report that has nothing wrong."""
    observations = [
        {"code": "HDL", "value_numeric": 51.5, "unit": "mg/dL", "status": "final"},
        {"code": "BLOOD_TYPE", "value_text": "0-", "status": "final"},
    ]
    return {"status": "final", "observations": observations}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    """Run one sandbox for the session."""
    with SandboxProcess() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """Give the sandbox, empty but for one service request."""
    running_sandbox.reset()
    running_sandbox.add_service_requests(PANEL)
    return running_sandbox


@pytest.fixture
def partner(sandbox: SandboxProcess) -> Iterator[Partner]:
    """Give a partner that has signed in."""
    with Partner(sandbox) as partner:
        yield partner
