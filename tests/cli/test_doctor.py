"""`translator doctor` on the command line."""

from __future__ import annotations

import json

import pytest

from tests.conftest import CommandLine
from tests.sandbox_process import SandboxProcess

ELSEWHERE = {"TRANSLATOR_LISTEN": "127.0.0.1:0", "TRANSLATOR_CONSOLE_LISTEN": "127.0.0.1:0"}


def test_doctor_finds_a_sandbox_in_order(command_line: CommandLine, sandbox: SandboxProcess) -> None:
    """Exit code 0, one JSON line for each check, and the sum on stderr."""
    environment = ELSEWHERE | sandbox.environment

    done = command_line("doctor", "--whoop-url", sandbox.whoop_url, environment=environment)

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, {line["state"] for line in lines}) == (0, {"ok", "warn"})
    assert {"tables", "ledger", "disk", "listen", "whoop", "whoop token", "clock"} <= {line["check"] for line in lines}
    assert b" 0 failed" in done.stderr


def test_doctor_asks_nobody_offline(command_line: CommandLine) -> None:
    """Missing credentials are found without a call: exit code 1."""
    done = command_line(
        "doctor", "--offline", environment=ELSEWHERE | {"WHOOP_CLIENT_ID": "", "WHOOP_CLIENT_SECRET": ""}
    )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert {"check": "whoop.client_id", "state": "fail"}.items() <= next(
        line for line in lines if line["check"] == "whoop.client_id"
    ).items()
    assert "whoop" not in {line["check"] for line in lines}


@pytest.mark.parametrize("setting", ["listen", "nonsense"])
def test_settings_that_are_wrong_are_told_first(command_line: CommandLine, setting: str) -> None:
    """Nothing can be examined by them: exit code 2."""
    done = command_line("doctor", environment={f"TRANSLATOR_{setting.upper()}": "x"})

    assert (done.returncode, done.stdout) == (2, b"")
