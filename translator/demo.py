"""
Run the whole loop once, against a sandbox of its own in a temporary folder, and check the end state.

What comes in is `sandbox/demo.hl7`: five messages of one invented patient, with a limit, a micro sign, an unmapped
code, a conversion, a correction and an exact re-send.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, structs

from translator.app import Watch, submit
from translator.config import Settings
from translator.errors import DeliveryError
from translator.ledger import Balance, Ledger, LedgerFinding, MessageView
from translator.secrets import Secret

LAB_FILE: Final = Path(__file__).parent / "sandbox" / "demo.hl7"

# What must have become of the twelve results; anything else is a defect and ends the demo with exit code 1.
EXPECTED: Final = {"delivered": 9, "held": 1, "ignored": 1, "duplicate": 1}
_STOP_S = 5


class DemoReport(Struct, frozen=True):
    """
    What the demo saw.

    Shape: `posted` are the results bodies that the sandbox received, in order; `failures` says what is not as
    it must be, and is empty when all is well.
    """

    messages: list[MessageView]
    posted: list[dict[str, Any]]
    balance: Balance
    findings: list[LedgerFinding]
    failures: list[str]


def run_demo(settings: Settings, told: Callable[[str], None]) -> DemoReport:
    """
    Submit the lab file to a fresh sandbox, twice where it repeats itself, and report.

    Shape: `told` hears each step as one line.
    Raises: DeliveryError where the sandbox does not start.
    """
    with tempfile.TemporaryDirectory(prefix="translator-demo-") as folder, sandbox("--accept-any") as greeting:
        told(f"sandbox: a local WHOOP listens on {greeting['whoop_url']}")
        here = _for_sandbox(settings, greeting, Path(folder))
        with Ledger.open(here.ledger) as ledger:
            watch = Watch(lambda _: None, lambda _: None, lambda name, _: told(f"{name} cannot be read"))
            lab_file = (LAB_FILE.name, lambda: LAB_FILE.open("rb"))
            done = submit(here, ledger, [lab_file], correlation=(), wait_s=30, watch=watch)
            told(f"submit: {len(done.message_ids)} messages kept, {done.delivery.delivered} submissions delivered")
            views = [ledger.show(message_id) for message_id in done.message_ids]
            posted = _posted(greeting["whoop_url"])
            report = DemoReport(views, posted, ledger.balance(), ledger.verify(), [])
    return structs.replace(report, failures=list(_failures(report)))


def _failures(report: DemoReport) -> Iterator[str]:
    """Compare the end state with what it must be."""
    if report.balance.by_state != EXPECTED:
        yield f"the ledger holds {report.balance.by_state}, not {EXPECTED}"
    if report.findings:
        yield f"the ledger has {len(report.findings)} findings"
    sent = sorted(bytes(submission.body) for view in report.messages for submission in view.submissions)
    if sent != sorted(post["body_raw"].encode() for post in report.posted):
        yield "the sandbox did not receive exactly what the ledger says was sent"


def _for_sandbox(settings: Settings, greeting: dict[str, str], folder: Path) -> Settings:
    whoop = structs.replace(
        settings.whoop,
        url=greeting["whoop_url"],
        client_id=Secret("", greeting["client_id"]),
        client_secret=Secret("", greeting["client_secret"]),
    )
    return structs.replace(settings, site="", ledger=str(folder / "demo.db"), whoop=whoop)


@contextmanager
def sandbox(*flags: str) -> Iterator[dict[str, str]]:
    """
    Start a sandbox in a process of its own, and give its greeting.

    Raises: DeliveryError where it does not start.
    """
    command = [sys.executable, "-m", "translator.sandbox", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module
        try:
            line = process.stdout.readline() if process.stdout is not None else b""
            if not line:
                raise DeliveryError("the sandbox did not start; try `translator sandbox`")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(_STOP_S)


def _posted(url: str) -> list[dict[str, Any]]:
    import httpx  # noqa: PLC0415 - only here, and heavy

    requests = httpx.get(f"{url}/_sandbox/requests").raise_for_status().json()
    return [request for request in requests if request["path"].endswith("/results")]
