"""Settings of a site that delivers to the sandbox; a delivery in its own process, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from tests.sandbox_process import SandboxProcess
from translator.config import Settings, load_settings
from translator.secrets import Secret

SCRIPT = """
import sys
from translator.config import load_settings
from translator.delivery import deliver
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
with Ledger.open(sys.argv[1]) as ledger:
    report = deliver(ledger, load_settings(flags={"whoop.url": sys.argv[2]}, environment={}), packaged_tables())
    sys.exit(0 if report.stopped else 3)
"""


def settings(sandbox: SandboxProcess, timeout_s: float = 10, secret: str = "") -> Settings:
    """Make the settings of a site that delivers to the sandbox."""
    flags = {"whoop.url": sandbox.whoop_url, "whoop.timeout_s": str(timeout_s)}
    loaded = load_settings(flags=flags, environment={})
    whoop = structs.replace(
        loaded.whoop,
        client_id=Secret("", given=sandbox.client_id),
        client_secret=Secret("", given=secret or sandbox.client_secret),
    )
    acurable = structs.replace(
        loaded.acurable,
        url=sandbox.acurable_url,
        timeout_s=timeout_s,
        client_id=Secret("", given=sandbox.acurable_client_id),
        client_secret=Secret("", given=secret or sandbox.acurable_client_secret),
    )
    return structs.replace(loaded, whoop=whoop, acurable=acurable)


def start(ledger: Path, sandbox: SandboxProcess) -> subprocess.Popen[bytes]:
    """Deliver a ledger in a process of its own; exit code 0 after a stop, 3 after a drain."""
    command = [sys.executable, "-c", SCRIPT, str(ledger), sandbox.whoop_url]
    return subprocess.Popen(command, env=os.environ | sandbox.environment)


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
