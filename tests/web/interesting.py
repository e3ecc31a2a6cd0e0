"""
A ledger with something of everything, of invented people: what the console's tests, and whoever changes it, look at.

`python -m tests.web.interesting` serves it on a free port, with an operator `ada` and a viewer `vic`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import structs

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LDL, LOCAL, TSH, Obx, oru, service_request
from tests.ledger.orders import order, order_arrival
from tests.ledger.test_requisitions import document, take
from translator.accept.listener import Listener
from translator.config import Settings, parse_settings
from translator.console_desk import ConsoleDesk
from translator.delivery import policies
from translator.engine import Translator
from translator.ledger import OPERATOR, VIEWER, Arrival, Ledger, Settlement
from translator.web.console import console_application

PASSWORD = "correct horse battery"
FILE = "SAMPLE-AVERY.hl7"

PATIENT_DATA = ("Sample", "Avery", "EX-1001", "19840312", "SAMPLE-AVERY", "CTRL-", "00000000-0000-4000-8000")
"""Marks of the invented people: none of them may reach a viewer."""

FHIR = Path(__file__).parents[2] / "fixtures" / "fhir" / "a-final-bundle-is-sent-as-final"


def settings_of(place: Path | str) -> Settings:
    """Give settings with both vendors on this machine."""
    text = '[whoop]\nurl = "http://127.0.0.1:9"\nclient_id = "env:A"\nclient_secret = "env:B"\n'
    text += 'calls_per_minute = 100\ncalls_per_day = 10000\n[acurable]\nurl = "http://127.0.0.1:9"'
    return structs.replace(parse_settings(text, "translator.toml", {}, {}), ledger=str(place))


def fill(ledger: Ledger, settings: Settings) -> None:
    """Take in, deliver, hold, doubt, refuse, repeat, correct and order something."""
    engine = Translator.load()
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

    def take_in(raw: bytes, number: int) -> None:
        outcome = engine.translate(raw, name=FILE, index=number, correlation=ledger.correlation())
        ledger.accept([Arrival(outcome, raw, "")], policies(settings, engine.tables))

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
    take_in((FHIR / "message.json").read_bytes(), 12)
    take_in(b"this is no message\r", 13)
    ledger.accept([order_arrival(order("ORD-SAMPLE-1"))], policies(settings, engine.tables))
    take(ledger, document(LIPID_PANEL="active", CBC="active"))


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
