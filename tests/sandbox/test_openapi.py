"""The sandbox does what its own OpenAPI documents say, whatever a caller sends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sandbox.test_acurable import Caller
from tests.sandbox_process import NO_TLS, SandboxProcess


def whoop_token(sandbox: SandboxProcess) -> str:
    """Sign in at WHOOP."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "scope": "whoop-partner/token",
    }
    url = f"{sandbox.whoop_url}/v2/partner/token"
    return str(httpx.post(url, json=form, trust_env=False, verify=NO_TLS).json()["access_token"])


def acurable_token(sandbox: SandboxProcess) -> str:
    """Sign in at Acurable."""
    caller = Caller(sandbox)
    with caller.client:
        caller.sign_in()
        return caller.client.headers["Authorization"].removeprefix("Bearer ")


ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"NO_PROXY": "*", "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.sandbox.schemathesis_hooks"}
TOKENS = {"whoop": whoop_token, "acurable": acurable_token}


@pytest.mark.parametrize("vendor", TOKENS)
def test_document_is_served(sandbox: SandboxProcess, vendor: str) -> None:
    """One document per vendor."""
    assert sandbox.ask("GET", f"/_sandbox/openapi/{vendor}.json")["openapi"] == "3.1.0"


def test_document_of_nobody_is_not_found(sandbox: SandboxProcess) -> None:
    """There are two vendors."""
    with pytest.raises(RuntimeError, match="404"):
        sandbox.ask("GET", "/_sandbox/openapi/nobody.json")


@pytest.mark.slow
@pytest.mark.parametrize("vendor", TOKENS)
def test_schemathesis_finds_nothing(sandbox: SandboxProcess, vendor: str, tmp_path: Path) -> None:
    """Generated calls, valid and invalid: no server error, no undocumented answer, nothing invalid accepted."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{sandbox.whoop_url}/_sandbox/openapi/{vendor}.json",
        "--url", sandbox.whoop_url, "--header", f"Authorization: Bearer {TOKENS[vendor](sandbox)}",
        "--max-examples", "60", "--seed", "1", "--no-color", "--suppress-health-check", "all",
    ]  # fmt: skip

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | ENVIRONMENT
    )

    assert done.returncode == 0, done.stdout[-6000:]
