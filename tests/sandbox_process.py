"""A sandbox in a process of its own, for the tests of everybody: started, asked, made to fail, stopped."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any, Self

import httpx

START_SECONDS = 30
STOP_SECONDS = 10
# Loopback needs no certificates, and httpx would read them anew for every client.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class SandboxProcess:
    """
    One running sandbox.

    Shape: flags are those of `translator sandbox`; `urls` holds every printed URL, and every printed key is an
    attribute (`whoop_url`, `client_id`, `client_secret`, `webhook_secret`). `start` begins it, `stop` ends it; as a
    context manager it does both.
    """

    whoop_url: str
    client_id: str
    client_secret: str
    webhook_secret: str
    acurable_url: str
    acurable_issuer: str
    acurable_client_id: str
    acurable_client_secret: str

    def __init__(self, *flags: str) -> None:
        self.flags = flags
        self.printed: dict[str, str] = {}

    def start(self) -> Self:
        """Start the sandbox and wait until it listens."""
        command = [sys.executable, "-m", "translator.sandbox", "--port", "0", *self.flags]
        # A file, not a pipe: nobody reads it while the sandbox runs, and a full pipe would stop it.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by _ended
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox did not start: {self._ended()}")
        self.printed = json.loads(line)
        vars(self).update(self.printed)
        self._client = httpx.Client(base_url=self.whoop_url, trust_env=False, verify=NO_TLS, timeout=START_SECONDS)
        return self

    def stop(self) -> str:
        """Ask the sandbox to end, wait for it, and give what it wrote to standard error."""
        self._client.close()
        self.process.terminate()
        return self._ended()

    def _ended(self) -> str:
        try:
            self.process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        with self._errors:
            self._errors.seek(0)
            return self._errors.read()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each vendor."""
        return {name: value for name, value in self.printed.items() if name.endswith("_url")}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables through which `translator` takes these credentials."""
        return {
            "WHOOP_CLIENT_ID": self.client_id,
            "WHOOP_CLIENT_SECRET": self.client_secret,
            "WHOOP_WEBHOOK_SECRET": self.webhook_secret,
            "ACURABLE_CLIENT_ID": self.acurable_client_id,
            "ACURABLE_CLIENT_SECRET": self.acurable_client_secret,
        }

    def requests(self, route: str | None = None) -> list[dict[str, Any]]:
        """List every vendor call in order, or those of one route."""
        calls: list[dict[str, Any]] = self.ask("GET", "/_sandbox/requests")
        return [call for call in calls if route in (None, call["route"])]

    def results(self) -> dict[str, list[Any]]:
        """Show the results bodies that were processed, by service request."""
        shown: dict[str, list[Any]] = self.ask("GET", "/_sandbox/results")
        return shown

    def fault(
        self,
        route: str,
        kind: str,
        value: float | None = None,
        *,
        times: int = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Make the next calls of a route go wrong."""
        fault = {"route": route, "kind": kind, "value": value, "times": times, "headers": headers or {}}
        self.ask("POST", "/_sandbox/faults", fault)

    def clear_faults(self) -> None:
        """Forget the faults that still wait."""
        self.ask("DELETE", "/_sandbox/faults")

    def reset(self) -> None:
        """Forget all but the credentials."""
        self.ask("POST", "/_sandbox/reset")

    def add_service_requests(self, *identifiers: str, code: str = "LIPID_PANEL") -> None:
        """Own these service requests."""
        self.ask("POST", "/_sandbox/service-requests", [{"id": one, "code": code} for one in identifiers])

    def add_requisition(self, **parts: Any) -> dict[str, Any]:
        """Own a requisition; what is not given is invented."""
        added: dict[str, Any] = self.ask("POST", "/_sandbox/requisitions", parts)
        return added

    def task_status(self, identifier: str) -> str | None:
        """Read the task business status of a service request."""
        shown = {one["id"]: one["task_business_status"] for one in self.ask("GET", "/_sandbox/service-requests")}
        status: str | None = shown[identifier]
        return status

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control surface; give the answer's JSON, or None where it has no body."""
        answer = (
            self._client.request(method, path, json=body) if body is not None else self._client.request(method, path)
        )
        if answer.is_error:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None
