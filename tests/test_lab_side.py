"""What came for the lab is brought to it: once taken over it is done, until then it stays due."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.lab_messages import service_request
from translator.config_lab import LabSettings
from translator.lab_side import AGAIN_S, Brought, LabDesk, open_lab, serve_bringing
from translator.ledger import Arrival, DestinationPolicy, EventArrival, Ledger
from translator.mapping_files import packaged_tables, site_tables
from translator.pipeline import Pipeline
from translator.read.requisition import read_requisition
from translator.record.event import ACURABLE, REQUISITION_CREATED, WHOOP
from translator.record.report import Message
from translator.record.values import Numeric, Text
from translator.transmit.file_drop import FileDrop
from translator.transmit.lab import Receipt
from translator.transmit.mllp import MllpClient

REQUISITION, TEST, MEMBER = service_request(8), service_request(1), service_request(9)
DOCUMENT = (
    f'{{"id":"{REQUISITION}","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z",'
    f'"service_requests":[{{"id":"{TEST}","code":"LIPID_PANEL","status":"active"}}],'
    f'"patient":{{"id":"{MEMBER}","first_name":"Avery","last_name":"Sample","birth_date":"1984-03-12"}}}}'
).encode()
ORDER_FILE = Path(__file__).parents[1] / "translator" / "sandbox" / "demo-order.hl7"


class ScriptedLab:
    """A way to the lab that answers as it is told."""

    def __init__(self, *receipts: Receipt) -> None:
        self.brought: list[tuple[str, bytes]] = []
        self._receipts = list(receipts)

    async def bring(self, message: bytes, control_id: str) -> Receipt:
        """Take a message, and answer with the next receipt."""
        self.brought.append((control_id, message))
        return self._receipts.pop(0)


ACCEPTED = Receipt("accepted", "AA")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


def take(ledger: Ledger, document: bytes = DOCUMENT) -> None:
    """Keep a requisition as if it had been fetched."""
    ledger.events().keep(EventArrival(WHOOP, REQUISITION_CREATED, REQUISITION, b"{}"))
    event = ledger.events().rows(WHOOP)[-1]
    ledger.requisitions().take(read_requisition(document), document, event_id=event.id, confirms=False)


def tell(ledger: Ledger, kind: str, reference: str = "DEMO-SLEEP-1") -> None:
    """Keep an event of a study."""
    night = '{"night":1,"attempt":1,"status":"VALID","severity":"mild","indexes":{"AHI3":7.10}}'
    body = f'{{"data":{{"type":"{kind}","attributes":{{"reference":"{reference}","nights":[{night}]}}}}}}'
    ledger.events().keep(EventArrival(ACURABLE, kind, f"hash of {kind}", body.encode()))


def order(ledger: Ledger) -> None:
    """Keep the order of a sleep test; nothing is sent."""
    raw = ORDER_FILE.read_bytes()
    outcome = Pipeline(site_tables("example")).translate(raw)
    ledger.accept([Arrival(outcome, raw, "example")], {ACURABLE: DestinationPolicy(loopback=True)})


class Desk:
    """A desk with a scripted lab and a clock that a test sets."""

    def __init__(self, ledger: Ledger, *receipts: Receipt, settings: LabSettings | None = None) -> None:
        self.now = 0.0
        self.lab = ScriptedLab(*receipts)
        pipeline = Pipeline(site_tables("example"))
        self._desk = LabDesk(ledger, self.lab, settings or LabSettings(), pipeline, lambda: self.now)

    def bring(self) -> Brought:
        """Bring what is due."""
        return asyncio.run(self._desk.bring_due())

    def read(self) -> list[Message]:
        """Read what was brought, by our own readers."""
        return [Pipeline(packaged_tables()).read(message) for _, message in self.lab.brought]


def test_requisition_is_ordered_once(ledger: Ledger) -> None:
    """The lab gets the id of the service request as its order number."""
    take(ledger)
    desk = Desk(ledger, ACCEPTED)

    assert (desk.bring(), desk.bring()) == (Brought(orders=1), Brought())
    (message,) = desk.read()
    assert [(each.control, each.placer.value, each.group.value) for each in message.orders] == [
        ("create", TEST, REQUISITION)
    ]
    assert ledger.requisitions().rows()[0].ordered_at


def test_order_that_the_lab_has_not_taken_is_brought_again_under_its_number(ledger: Ledger) -> None:
    """The lab can tell a second copy from a second order."""
    take(ledger)
    desk = Desk(ledger, Receipt("unknown", "read-timeout"), ACCEPTED)

    first, at_once = desk.bring(), desk.bring()
    desk.now = AGAIN_S

    assert (first, at_once, desk.bring()) == (Brought(troubles=("read-timeout",)), Brought(), Brought(orders=1))
    assert desk.lab.brought[0] == desk.lab.brought[1]


def test_requisition_of_what_is_done_orders_nothing(ledger: Ledger) -> None:
    """It is not looked at again."""
    take(ledger, DOCUMENT.replace(b'"active"', b'"completed"'))
    desk = Desk(ledger)

    assert desk.bring() == Brought()
    assert ledger.requisitions().unordered() == []


def test_short_order_number_stands_for_the_service_request(ledger: Ledger) -> None:
    """The correlation knows it."""
    take(ledger)
    desk = Desk(ledger, ACCEPTED, settings=LabSettings(short_keys=True))
    desk.bring()

    (message,) = desk.read()

    hits = ledger.correlation()("placer", message.orders[0].placer.value)
    assert [hit.service_request_id for hit in hits] == [TEST]


@pytest.mark.parametrize(
    ("form", "status"), [pytest.param("hl7v2", "F", id="hl7v2"), pytest.param("fhir", "final", id="fhir")]
)
def test_finished_study_is_reported_to_who_ordered_it(ledger: Ledger, form: str, status: str) -> None:
    """Order number, patient and code are those of the order; the index is as the vendor wrote it."""
    order(ledger)
    tell(ledger, "study-finished")
    desk = Desk(ledger, ACCEPTED, settings=LabSettings(format=form))

    assert (desk.bring(), desk.bring()) == (Brought(reports=1), Brought())
    (report,) = desk.read()[0].reports
    numbers = [number.value for kind, _, number in report.keys if kind == "placer"]
    assert (report.status, report.patient.identifier, report.panel[0].code) == (status, "EX-2001", "HSAT")
    assert set(numbers) == {"DEMO-SLEEP-1"}
    assert [seen.value for seen in report.observations] == [Text("VALID"), Numeric("7.10"), Text("mild")]
    assert [event.state for event in ledger.events().rows(ACURABLE)] == ["done"]


@pytest.mark.parametrize(
    ("kind", "reference", "state", "troubles"),
    [
        pytest.param("order-activated", "DEMO-SLEEP-1", "noted", (), id="a-study-that-goes-on"),
        pytest.param("study-finished", "NOBODY-1", "failed", ("no-order",), id="a-study-that-nobody-ordered"),
    ],
)
def test_event_that_gives_no_report_is_settled(
    ledger: Ledger, kind: str, reference: str, state: str, troubles: tuple[str, ...]
) -> None:
    """A person sees what was made of it."""
    order(ledger)
    tell(ledger, kind, reference)

    assert Desk(ledger).bring() == Brought(troubles=troubles)
    assert [event.state for event in ledger.events().rows(ACURABLE)] == [state]


@pytest.mark.parametrize(
    ("receipt", "state"),
    [
        pytest.param(Receipt("refused", "AR"), "failed", id="refused"),
        pytest.param(Receipt("unknown", "disconnected"), "waiting", id="unknown"),
        pytest.param(Receipt("not-sent", "connect-error"), "waiting", id="not-sent"),
    ],
)
def test_report_that_the_lab_has_not_taken_is_told_by_its_code(ledger: Ledger, receipt: Receipt, state: str) -> None:
    """What was refused waits for a person, all else for its next try."""
    order(ledger)
    tell(ledger, "study-finished")

    assert Desk(ledger, receipt).bring() == Brought(troubles=(receipt.code,))
    (event,) = ledger.events().rows(ACURABLE)
    assert (event.state, event.answer) == (state, receipt.code)


def test_way_to_the_lab_is_what_the_settings_name(tmp_path: Path) -> None:
    """A folder, or a receiver that is reached when there is something to say."""

    async def ways() -> list[type]:
        found = []
        for to in (str(tmp_path), "mllp://127.0.0.1:2575"):
            async with open_lab(LabSettings(to=to)) as lab:
                found.append(type(lab))
        return found

    assert asyncio.run(ways()) == [FileDrop, MllpClient]


def test_service_brings_what_comes_while_it_runs(ledger: Ledger, tmp_path: Path) -> None:
    """The order is there soon after the requisition, and the stop ends it."""
    folder = tmp_path / "lab"
    folder.mkdir()
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        serving = threads.submit(serve_bringing, ledger, LabSettings(to=str(folder)), packaged_tables(), stop=stop)
        take(ledger)
        while not serving.done() and ledger.requisitions().unordered():
            stop.wait(0.02)
        stop.set()
        serving.result()

    assert len(list(folder.glob("*.hl7"))) == 1
