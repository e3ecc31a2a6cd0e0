"""
A ledger with something of everything, of invented people: what the console's tests, and whoever changes it, look at.

`python -m tests.web.interesting` serves it on a free port, with an operator `ada` and a viewer `vic`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from msgspec import structs

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LDL, LOCAL, TSH, Obx, oru, service_request
from translator.accept.listener import Listener
from translator.config import Settings, parse_settings
from translator.console_desk import ConsoleDesk
from translator.delivery import policies
from translator.engine import Translator
from translator.ledger import OPERATOR, VIEWER, Arrival, EventArrival, Ledger, Settlement
from translator.read.requisition import read_requisition
from translator.web.console import console_application

PASSWORD = "correct horse battery"
FILE = "SAMPLE-AVERY.hl7"

PATIENT_DATA = (
    "Sample", "Avery", "EX-1001", "19840312", "SAMPLE-AVERY", "CTRL-", "00000000-0000-4000-8000", "ORD-1", "Example",
    "900001", "e72719d6", "test@example.org",
)  # fmt: skip
"""Marks of the invented people: none of them may reach a viewer."""

FIXTURES = Path(__file__).parents[2] / "fixtures"
FHIR = FIXTURES / "fhir" / "a-final-bundle-is-sent-as-final" / "message.json"
ORDER = FIXTURES / "orders" / "a-city-without-a-county-stands-for-both" / "order.hl7"
REQUISITION = "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"


def settings_of(place: Path | str) -> Settings:
    """Give settings with both vendors on this machine."""
    text = '[whoop]\nurl = "http://127.0.0.1:9"\nclient_id = "env:A"\nclient_secret = "env:B"\n'
    text += 'calls_per_minute = 100\ncalls_per_day = 10000\n[acurable]\nurl = "http://127.0.0.1:9"'
    return structs.replace(parse_settings(text, "translator.toml", {}, {}), ledger=str(place))


def fill(ledger: Ledger, settings: Settings) -> None:
    """Take in, deliver, hold, doubt, refuse, repeat, correct and order something."""
    at = (f"2026030110{minute:02}00" for minute in range(60))
    sent = {
        1: [Obx(CHOLESTEROL, "182"), Obx(HDL, "55"), Obx(LDL, "104")],
        2: [Obx(GLUCOSE, "5.4", "mmol/L"), Obx(TSH, "<0.01", "mIU/L", type="ST")],
        3: [Obx(HDL, "48"), Obx(LOCAL, "3.1"), Obx(LDL, "n/a", type="ST")],
        4: [Obx(TSH, "2.4", "uIU/mL")],
        5: [Obx(CHOLESTEROL, "201")],
        6: [Obx(LOCAL, "1"), Obx(LOCAL, "2")],
        7: [Obx(GLUCOSE, "5.4")],
    }

    def take_in(raw: bytes, number: int, site: str = "") -> None:
        engine = Translator.load(site or None)
        outcome = engine.translate(raw, name=FILE, index=number, correlation=ledger.correlation())
        ledger.accept([Arrival(outcome, raw, site)], policies(settings, engine.tables))

    def deliver(**answers: tuple[str, str]) -> None:
        """Deliver what is due; by service request what comes of it, where that is not success."""
        while claim := ledger.claim("whoop"):
            number = int(claim.service_request_id[-12:])
            ledger.settle(claim, Settlement(*answers.get(f"of_{number}", ("accepted", "201"))))

    messages = {
        number: oru(results, request=service_request(number), control_id=f"CTRL-{number}", at=next(at))
        for number, results in sent.items()
    }
    take_in(messages[1], 0)
    deliver()
    take_in(messages[1].replace(b"CTRL-1", b"CTRL-1B"), 1)
    corrected = [Obx(CHOLESTEROL, "182", status="C"), Obx(HDL, "58", status="C"), Obx(LDL, "104", status="C")]
    take_in(oru(corrected, request=service_request(1), control_id="CTRL-1C", at=next(at), status="C"), 2)
    take_in(oru([Obx(HDL, "61")], request=service_request(1), control_id="CTRL-1D", at=next(at)), 3)
    take_in(messages[4], 4)
    take_in(messages[5], 5)
    deliver(of_4=("unknown", "read-timeout"), of_5=("refused", "422"))
    for number in (2, 3, 6, 7):
        take_in(messages[number], number + 4)
    take_in(FHIR.read_bytes(), 12)
    take_in(b"this is no message\r", 13)
    take_in(ORDER.read_bytes(), 14, site="example")
    ask_for_tests(ledger)


def ask_for_tests(ledger: Ledger) -> None:
    """Have WHOOP ask for two panels."""
    tests = [
        {"id": service_request(50 + number), "code": code, "status": "active", "task_business_status": ""}
        for number, code in enumerate(("LIPID_PANEL", "CBC"))
    ]
    when = {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
    patient = {"id": service_request(99), "birth_date": "1984-03-12", "last_name": "Sample"}
    raw = msgspec.json.encode({"id": REQUISITION, **when, "service_requests": tests, "patient": patient})
    ledger.events().keep(EventArrival("whoop", "lab_requisition.created", REQUISITION, b"{}"))
    (event,) = ledger.events().rows()
    ledger.requisitions().take(read_requisition(raw), raw, event_id=event.id, confirms=True)


def open_accounts(ledger: Ledger) -> None:
    """Let an operator and a viewer in."""
    accounts = ledger.access().accounts
    accounts.add("ada", PASSWORD, OPERATOR)
    accounts.add("vic", PASSWORD, VIEWER)


def main(place: str, port: int) -> None:
    """Serve an interesting ledger until Ctrl-C."""
    settings = settings_of(place)
    is_new = not Path(place).exists()
    with Ledger.open(place) as ledger:
        if is_new:
            fill(ledger, settings)
            open_accounts(ledger)
        application = console_application(ledger, ConsoleDesk(ledger, lambda: settings))
        with Listener(application, "127.0.0.1", port) as listener:
            print(f"{listener.url}: ada or vic, {PASSWORD}", flush=True)  # noqa: T201 - for a person
            sys.stdin.read()


if __name__ == "__main__":
    main((sys.argv[1:2] or ["console.db"])[0], int((sys.argv[2:3] or ["0"])[0]))
