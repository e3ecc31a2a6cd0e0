"""
Run both circles of orders once, against a sandbox of its own in a temporary folder, and check the end state.

One begins at WHOOP: a requisition is announced, fetched and ordered from the lab, and the lab's results go back. The
other begins at the lab: a sleep test is ordered from Acurable, and what the study finds goes back. Names and numbers
are invented.
"""

from __future__ import annotations

import asyncio
import queue
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, structs
from starlette.types import ASGIApp, Receive, Scope, Send

from translator.accept.listener import Listener
from translator.accept.webhooks import ACURABLE_PATH, WHOOP_PATH, Webhooks
from translator.app import Watch, submit
from translator.config import Settings
from translator.config_lab import LabSettings
from translator.demo import sandbox
from translator.engine import Translator
from translator.errors import DeliveryError
from translator.lab_side import FORMS, Brought, LabDesk
from translator.lab_way import open_lab
from translator.ledger import Ledger, LedgerFinding
from translator.pipeline import Pipeline
from translator.record.order import Order
from translator.record.report import Form, Observation, Report
from translator.record.values import Coding, Numeric
from translator.requisitions import fetch
from translator.secrets import Secret
from translator.write.hl7v2 import Letterhead
from translator.write.oru import write_oru

ORDER_FILE: Final = Path(__file__).parent / "sandbox" / "demo-order.hl7"
REFERENCE: Final = "DEMO-SLEEP-1"
SITE: Final = "example"

# What must have become of it; anything else is a defect and ends the demo with exit code 1.
WHOOP_CALLS: Final = ("ORDER_CONFIRMED", "results", "FULL_RESULTS_READY")
STUDY_FOUND: Final = {"ATTEMPT_STATUS": "VALID", "AHI3": "7.1", "ODI4": "5.2", "SEVERITY": "mild"}

_PATIENT = {"first_name": "Avery", "last_name": "Sample", "birth_date": "1984-03-12"}
_MEMBER = "7c2a4f10-1111-4222-8333-444455556666"
_REQUISITION = {"service_requests": [{"code": "LIPID_PANEL"}], "patient": {"id": _MEMBER, **_PATIENT}}
_RESULTS = (
    ("2093-3", "Cholesterol", "185"),
    ("2085-9", "HDL cholesterol", "55"),
    ("13457-7", "LDL cholesterol", "110"),
)
_NIGHT = {"night": 1, "attempt": 1}
_FOUND = {**_NIGHT, "status": "VALID", "severity": "mild", "indexes": {"AHI3": 7.1, "ODI4": 5.2}}
# Out of order, as a phone without a network sends them, and one of them twice.
_EVENTS: Final = (
    ("study-attempt-started", {**_NIGHT, "status": "IN_PROGRESS"}),
    ("order-activated", {**_NIGHT, "status": "PENDING"}),
    ("study-attempt-completed", _FOUND),
    ("study-finished", _FOUND),
    ("study-finished", _FOUND),
)
_WAIT_S = 15


class OrdersReport(Struct, frozen=True):
    """
    What the demo saw.

    Shape: `to_lab` are the messages that the lab found in its folder, in order; `calls` what each vendor got;
    `failures` says what is not as it must be, and is empty when all is well.
    """

    to_lab: list[str]
    calls: list[dict[str, Any]]
    findings: list[LedgerFinding]
    failures: list[str]


class Circle(Struct):
    """The parts of the demo: what is set up, where the lab's folders are, and who is told."""

    settings: Settings
    ledger: Ledger
    engine: Translator
    folder: Path
    heard: queue.SimpleQueue[str]
    url: str
    told: Callable[[str], None]


def run_orders_demo(settings: Settings, told: Callable[[str], None]) -> OrdersReport:
    """
    Go both circles once, and report; `told` hears each step as one line.

    Raises:
        DeliveryError: the sandbox does not start, or a webhook does not come.
    """
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="translator-demo-") as place:
        folder = Path(place)
        for name in ("to-lab", "from-lab"):
            (folder / name).mkdir()
        with Ledger.open(folder / "demo.db") as ledger:
            heard: queue.SimpleQueue[str] = queue.SimpleQueue()
            application = _listening(Webhooks(ledger, secret).application(), heard)
            with Listener(application, "127.0.0.1", 0) as listener, sandbox(*_flags(listener.url, secret)) as greeting:
                here = _for_sandbox(settings, greeting, folder)
                engine = Translator.load(SITE)
                circle = Circle(here, ledger, engine, folder, heard, greeting["whoop_url"], told)
                orders = _from_whoop(circle)
                study = _from_lab(circle)
                calls = _calls(circle)
                failures = [*_failures(orders, study, calls), *_unbalanced(ledger)]
                to_lab = [path.read_text(encoding="utf-8") for path in _dropped(circle)]
                return OrdersReport(to_lab, calls, ledger.verify(), failures)


def _from_whoop(circle: Circle) -> tuple[Order, ...]:
    """Go from a requisition to the lab's order, and from the lab's results back."""
    _post(circle, "requisitions", _REQUISITION)
    _hear(circle, WHOOP_PATH)
    circle.told("WHOOP announced a requisition; its webhook is kept")
    fetch(circle.ledger, circle.settings, circle.engine.tables, (), wait_s=_WAIT_S)
    brought = _bring(circle)
    circle.told(f"the lab found {brought.orders} order (OML^O21) in its folder")
    orders = _read_orders(circle)
    if orders:
        file = circle.folder / "from-lab" / "results.hl7"
        file.write_bytes(_results(orders[0]))
        _submit(circle, file)
        circle.told("the lab's results (ORU^R01) went to WHOOP, with the status of the order")
    return orders


def _from_lab(circle: Circle) -> tuple[Report, ...]:
    """Go from the lab's order of a sleep test to Acurable, and from the study's events back."""
    _submit(circle, ORDER_FILE)
    circle.told("the lab's order (ORM^O01) of a sleep test went to Acurable")
    for kind, night in _EVENTS:
        _post(circle, "acurable/events", {"type": kind, "reference": REFERENCE, "nights": [night]})
    for _ in _EVENTS:
        _hear(circle, ACURABLE_PATH)
    brought = _bring(circle)
    circle.told(f"{len(_EVENTS)} events came; the lab found {brought.reports} report (ORU^R01) in its folder")
    pipeline = Pipeline(circle.engine.tables)
    read = [pipeline.read(path.read_bytes()) for path in _dropped(circle)]
    return tuple(report for message in read if not message.orders for report in message.reports)


def _results(order: Order) -> bytes:
    """Answer an order as a lab does: with what was measured, and the order's own numbers."""
    forms = [Form((Coding("http://loinc.org", code, text),), "NM", "mg/dL", status="F") for code, text, _ in _RESULTS]
    observations = tuple(
        Observation(f"OBX[{number}]", form, Numeric(value))
        for number, (form, (_, _, value)) in enumerate(zip(forms, _RESULTS, strict=True), start=1)
    )
    keys = (("placer", "ORC-2", order.placer), ("group", "ORC-4", order.group))
    report = Report("OBR[1]", "F", panel=order.codes, keys=keys, observations=observations)
    time = "20260302101500+0000"
    head = Letterhead(("EXLAB", "NORTH"), ("TRANSLATOR", ""), time, "DEMO-R1")
    return write_oru(head, order.patient, [structs.replace(report, times=(time,))])


def _failures(orders: Sequence[Order], study: Sequence[Report], calls: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Compare the end state with what it must be."""
    if [order.control for order in orders] != ["create"]:
        yield f"the lab found {len(orders)} orders, not 1"
    done = tuple(_named(call) for call in calls if call["route"] in {"status", "results"})
    if done != WHOOP_CALLS:
        yield f"WHOOP got {', '.join(done)}, not {', '.join(WHOOP_CALLS)}"
    created = [call for call in calls if call["route"] == "orders" and call["status"] == 201]  # noqa: PLR2004
    if len(created) != 1:
        yield f"Acurable got {len(created)} orders, not 1"
    found = {
        seen.codes[0].code: getattr(seen.value, "lexical", None) or getattr(seen.value, "text", "")
        for seen in (study[0].observations if study else ())
    }
    if len(study) != 1 or found != STUDY_FOUND:
        yield f"the lab found {len(study)} reports of the study, or not what it found"


def _named(call: dict[str, Any]) -> str:
    return str(call["body"]["task_business_status"] if call["route"] == "status" else call["route"])


def _unbalanced(ledger: Ledger) -> Iterator[str]:
    if findings := ledger.verify():
        yield f"the ledger has {len(findings)} findings"


def _submit(circle: Circle, file: Path) -> None:
    watch = Watch(lambda _: None, lambda _: None, lambda name, _: circle.told(f"{name} cannot be read"))
    source = (file.name, lambda: file.open("rb"))
    submit(circle.settings, circle.ledger, [source], correlation=(), wait_s=_WAIT_S, watch=watch)


def _bring(circle: Circle) -> Brought:
    lab = LabSettings(to=str(circle.folder / "to-lab"), receiver="EXLAB")

    async def bring() -> Brought:
        async with open_lab(lab, FORMS[lab.format].suffix) as way:
            return await LabDesk(circle.ledger, way, lab, Pipeline(circle.engine.tables)).bring_due()

    return asyncio.run(bring())


def _read_orders(circle: Circle) -> tuple[Order, ...]:
    pipeline = Pipeline(circle.engine.tables)
    return tuple(order for path in _dropped(circle) for order in pipeline.read(path.read_bytes()).orders)


def _dropped(circle: Circle) -> list[Path]:
    return sorted((circle.folder / "to-lab").glob("*.hl7"), key=lambda path: path.stat().st_mtime_ns)


def _hear(circle: Circle, path: str) -> None:
    try:
        heard = circle.heard.get(timeout=_WAIT_S)
    except queue.Empty:
        heard = ""
    if heard != path:
        raise DeliveryError("a webhook of the sandbox did not come")


def _listening(application: ASGIApp, heard: queue.SimpleQueue[str]) -> ASGIApp:
    """Tell of each call that was answered, so that the demo waits for it and not for a while."""

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)
        heard.put(scope.get("path", ""))

    return listening


def _flags(url: str, secret: str) -> tuple[str, ...]:
    return (
        "--webhook-url",
        f"{url}{WHOOP_PATH}",
        "--webhook-secret",
        secret,
        "--acurable-webhook-url",
        f"{url}{ACURABLE_PATH}",
    )


def _for_sandbox(settings: Settings, greeting: dict[str, str], folder: Path) -> Settings:
    def reached(part: Any, vendor: str, prefix: str = "") -> Any:
        return structs.replace(
            part,
            url=greeting[f"{vendor}_url"],
            client_id=Secret("", greeting[f"{prefix}client_id"]),
            client_secret=Secret("", greeting[f"{prefix}client_secret"]),
        )

    return structs.replace(
        settings,
        site=SITE,
        ledger=str(folder / "demo.db"),
        whoop=reached(settings.whoop, "whoop"),
        acurable=reached(settings.acurable, "acurable", "acurable_"),
    )


def _post(circle: Circle, path: str, body: Any) -> None:
    import httpx  # noqa: PLC0415 - only here, and heavy

    httpx.post(f"{circle.url}/_sandbox/{path}", json=body, trust_env=False).raise_for_status()


def _calls(circle: Circle) -> list[dict[str, Any]]:
    import httpx  # noqa: PLC0415 - as above

    requests: list[dict[str, Any]] = httpx.get(f"{circle.url}/_sandbox/requests", trust_env=False).json()
    return requests
