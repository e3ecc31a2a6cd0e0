"""The process starts with one line, keeps to this machine, and ends well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.conftest import Partner
from tests.sandbox_process import NO_TLS, SandboxProcess


def test_greeting_is_one_json_line() -> None:
    """Exactly one line goes to standard output, and it holds the documented keys."""
    sandbox = SandboxProcess().start()
    httpx.get(f"{sandbox.whoop_url}/v2/partner/token", trust_env=False, verify=NO_TLS)
    sandbox.process.terminate()
    rest, _ = sandbox.process.communicate(timeout=10)

    assert rest == ""
    assert list(sandbox.printed) == [
        "whoop_url", "acurable_url", "client_id", "client_secret", "webhook_secret", "acurable_client_id",
        "acurable_client_secret", "acurable_issuer",
    ]  # fmt: skip
    sandbox.stop()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT], ids=["terminate", "ctrl-c"])
def test_signal_ends_the_sandbox_well(name: signal.Signals) -> None:
    """A stop by signal is exit code 0, at once, even while an answer is delayed, and without a complaint."""
    sandbox = SandboxProcess("--accept-any").start()
    with Partner(sandbox) as partner, ThreadPoolExecutor() as background:
        sandbox.fault("results", "delay", 60)
        waiting = background.submit(partner.post_results)
        while not sandbox.results():
            pass
        sandbox.process.send_signal(name)

        assert sandbox.process.wait(timeout=10) == 0
        assert isinstance(waiting.exception(), httpx.TransportError)
    assert sandbox.stop() == ""


def test_two_sandboxes_share_a_machine() -> None:
    """Port 0 gives each its own port and its own credentials."""
    with SandboxProcess() as one, SandboxProcess() as other:
        assert one.whoop_url != other.whoop_url
        assert one.client_secret != other.client_secret


def test_credentials_can_be_fixed() -> None:
    """What the operator gives is what is printed and accepted."""
    with SandboxProcess("--client-id", "lab", "--client-secret", "s", "--webhook-secret", "w") as sandbox:
        assert (sandbox.client_id, sandbox.client_secret, sandbox.webhook_secret) == ("lab", "s", "w")


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("--host", "0.0.0.0"), id="every-interface"),  # noqa: S104 - it is refused
        pytest.param(("--host", "192.0.2.1"), id="another-address"),
        pytest.param(("--host", "lab.example"), id="a-name"),
        pytest.param(("--token-seconds", "0"), id="dead-tokens"),
        pytest.param(("--port", "70000"), id="no-port"),
    ],
)
def test_wrong_flags_are_a_usage_error(flags: tuple[str, ...]) -> None:
    """The sandbox is never seen from another machine, and says so with exit code 2."""
    command = [sys.executable, "-m", "translator.sandbox", *flags]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert flags[0].removeprefix("--") in ended.stderr


def test_port_in_use_is_a_usage_error(sandbox: SandboxProcess) -> None:
    """A second sandbox on the same port ends with exit code 2."""
    port = sandbox.whoop_url.rpartition(":")[2]
    command = [sys.executable, "-m", "translator.sandbox", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"port {port}" in ended.stderr


def test_verb_serves_the_same_sandbox() -> None:
    """`translator sandbox` is the same thing."""
    command = [sys.executable, "-m", "translator", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        answer = httpx.get(f"{printed['whoop_url']}/healthz", trust_env=False, verify=NO_TLS)
        process.terminate()

    assert (answer.status_code, process.returncode) == (200, 0)
