"""What came for the lab is brought to it: once taken over it is done, until then it stays due."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import structs

from tests.lab_messages import service_request
from tests.ledger.conftest import Clock
from translator.config_lab import LabSettings
from translator.errors import LedgerError
from translator.lab_side import AGAIN_S, GRACE_S, LONGEST_S, ORDER_TRIES, Brought, LabDesk, serve_bringing
from translator.lab_way import open_lab
from translator.ledger import Arrival, Decision, DestinationPolicy, EventArrival, LabThing, Ledger, Settlement
from translator.mapping_files import packaged_files, packaged_tables, site_tables
from translator.pipeline import Pipeline
from translator.read.requisition import read_requisition
from translator.record.correlation import Correlation, CorrelationRow
from translator.record.event import ACURABLE, REQUISITION_CREATED, WHOOP
from translator.record.report import Message
from translator.record.values import Coding, Numeric, Text
from translator.translate.load import load_tables
from translator.transmit.file_drop import FileDrop
from translator.transmit.lab import Receipt
from translator.transmit.mllp import MllpClient

REQUISITION, TEST, MEMBER = service_request(8), service_request(1), service_request(9)
DOCUMENT = (
    f'{{"id":"{REQUISITION}","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z",'
    f'"service_requests":[{{"id":"{TEST}","code":"LIPID_PANEL","status":"active"}}],'
    f'"patient":{{"id":"{MEMBER}","first_name":"Avery","last_name":"Sample","birth_date":"1984-03-12"}}}}'
).encode()
TWO_ACTIVE = f'"status":"active"}},{{"id":"{service_request(2)}","code":"CBC","status":"active"}}'.encode()
ORDER_FILE = Path(__file__).parents[1] / "translator" / "sandbox" / "demo-order.hl7"


POLICIES = {ACURABLE: DestinationPolicy(loopback=True)}


class ScriptedLab:
    """A way to the lab that answers as it is told."""

    def __init__(self, *receipts: Receipt, tells_copies_apart: bool = False) -> None:
        self.tells_copies_apart = tells_copies_apart
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


def night(ahi: str = "7.10", number: int = 1, status: str = "VALID") -> str:
    """Write one attempt."""
    return f'{{"night":{number},"attempt":1,"status":"{status}","severity":"mild","indexes":{{"AHI3":{ahi}}}}}'


def tell(ledger: Ledger, kind: str, *nights: str, reference: str = "DEMO-SLEEP-1") -> None:
    """Keep an event of a study, as the webhook does."""
    told = ",".join(nights or (night(),))
    body = f'{{"data":{{"type":"{kind}","attributes":{{"reference":"{reference}","nights":[{told}]}}}}}}'.encode()
    ledger.events().keep(EventArrival(ACURABLE, kind, hashlib.sha256(body).hexdigest(), body))


def settled(ledger: Ledger) -> list[tuple[str, str]]:
    """Give what became of each event."""
    return [(event.state, event.answer) for event in ledger.events().rows(ACURABLE)]


def order(ledger: Ledger) -> None:
    """Keep the order of a sleep test; nothing is sent."""
    raw = ORDER_FILE.read_bytes()
    outcome = Pipeline(site_tables("example")).translate(raw)
    ledger.accept([Arrival(outcome, raw, "example")], POLICIES)


class Desk:
    """A desk with a scripted lab and a clock that a test sets."""

    def __init__(
        self,
        ledger: Ledger,
        *receipts: Receipt,
        settings: LabSettings | None = None,
        tells_copies_apart: bool = False,
    ) -> None:
        self.now = 0.0
        self.lab = ScriptedLab(*receipts, tells_copies_apart=tells_copies_apart)
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


@pytest.mark.parametrize(
    ("receipt", "tells_copies_apart"),
    [
        pytest.param(Receipt("not-sent", "connect-error"), False, id="surely-not-sent"),
        pytest.param(Receipt("unknown", "read-timeout"), True, id="to-a-lab-that-knows-copies"),
    ],
)
def test_order_that_may_be_brought_again_is_brought_under_its_number(
    ledger: Ledger,
    receipt: Receipt,
    tells_copies_apart: bool,  # noqa: FBT001 - a case
) -> None:
    """After a while, and as the same bytes."""
    take(ledger)
    desk = Desk(ledger, receipt, ACCEPTED, tells_copies_apart=tells_copies_apart)

    first, at_once = desk.bring(), desk.bring()
    desk.now = AGAIN_S

    assert (first, at_once, desk.bring()) == (Brought(troubles=(receipt.code,)), Brought(), Brought(orders=1))
    assert desk.lab.brought[0] == desk.lab.brought[1]
    assert ledger.lab().undecided(["unknown", "rejected"]) == []


@pytest.mark.parametrize(
    ("receipt", "state", "reason"),
    [
        pytest.param(Receipt("unknown", "read-timeout"), "unknown", "outcome-unknown", id="no-acknowledgement"),
        pytest.param(Receipt("refused", "AR"), "rejected", "vendor-refused", id="refused"),
    ],
)
def test_order_that_the_lab_may_have_waits_for_a_person(
    ledger: Ledger, receipt: Receipt, state: str, reason: str
) -> None:
    """P4: it is visible, and never brought again by itself, however often the service starts anew."""
    take(ledger)
    desk = Desk(ledger, receipt)

    desk.bring()
    desk.now = AGAIN_S * 100
    anew = Desk(ledger)

    assert (desk.bring(), anew.bring()) == (Brought(), Brought())
    (item,) = ledger.lab().undecided([state])
    assert (item.id, item.kind, item.subject, item.reason, item.answer) == (
        "lab:1", "order", REQUISITION, reason, receipt.code,
    )  # fmt: skip
    (row,) = ledger.requisitions().rows()
    assert (row.ordered_at, row.held, row.held_about) == ("", reason, (receipt.code,))
    assert [(each.kind, each.cause, each.code) for each in ledger.notices().ageing()] == [
        ("unknown", reason, f"lab {receipt.code}")
    ]


@pytest.mark.parametrize(
    ("deed", "brought", "ordered"),
    [
        pytest.param("resend", Brought(orders=1), True, id="the-lab-has-it-not"),
        pytest.param("accept", Brought(), True, id="the-lab-has-it"),
        pytest.param("drop", Brought(), False, id="given-up"),
    ],
)
def test_person_decides_about_an_order_that_the_lab_may_have(
    ledger: Ledger,
    deed: str,
    brought: Brought,
    ordered: bool,  # noqa: FBT001 - a case
) -> None:
    """A preview changes nothing; what is decided is written down."""
    take(ledger)
    Desk(ledger, Receipt("unknown", "read-timeout")).bring()
    decision = Decision(deed, "Example", "asked the lab")

    ledger.lab().decide(["lab:1"], decision, rehearses=True)
    previewed = [item.state for item in ledger.lab().undecided(["unknown"])]
    ledger.lab().decide(["lab:1"], decision, rehearses=False)

    assert previewed == ["unknown"]
    assert (Desk(ledger, ACCEPTED).bring(), Desk(ledger).bring()) == (brought, Brought())
    (row,) = ledger.requisitions().rows()
    assert (bool(row.ordered_at), row.held) == (ordered, "")
    assert [(each.deed, each.reason) for each in ledger.desk().decisions(row.message)] == [(deed, "asked the lab")]
    with pytest.raises(LedgerError, match="lab:1"):
        ledger.lab().decide(["lab:1"], decision, rehearses=False)


def test_order_whose_service_was_killed_is_unknown_in_the_end(tmp_path: Path) -> None:
    """A service that dies between the message and its acknowledgement leaves nobody who knows."""
    now = 1_000.0

    class Killed(ScriptedLab):
        async def bring(self, message: bytes, control_id: str) -> Receipt:
            await super().bring(message, control_id)
            raise KeyboardInterrupt

    settings = LabSettings(timeout_s=30.0)
    with Ledger.open(tmp_path / "lab.db", clock=lambda: now) as ledger:
        take(ledger)
        dying = LabDesk(ledger, Killed(ACCEPTED), settings, Pipeline(site_tables("example")))
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(dying.bring_due())

        at_once = Desk(ledger, settings=settings).bring()
        now += 2 * settings.timeout_s + GRACE_S + 1
        later = Desk(ledger, settings=settings).bring()

        assert (at_once, later) == (Brought(troubles=("sending",)), Brought())
        assert [item.answer for item in ledger.lab().undecided(["unknown"])] == ["killed"]


def test_order_that_was_taken_and_not_marked_is_marked(ledger: Ledger) -> None:
    """The service died between the two."""
    take(ledger)
    thing = LabThing("order", REQUISITION, ledger.requisitions().message(REQUISITION), "C1")
    ledger.lab().begin(thing, repeats=False)
    ledger.lab().end(thing, "accepted", "AA", repeats=False)

    assert Desk(ledger).bring() == Brought(orders=1)
    assert ledger.requisitions().unordered() == []


def test_requisition_of_what_is_done_orders_nothing(ledger: Ledger) -> None:
    """It is not looked at again."""
    take(ledger, DOCUMENT.replace(b'"active"', b'"completed"'))
    desk = Desk(ledger)

    assert desk.bring() == Brought()
    assert ledger.requisitions().unordered() == []


def test_order_says_the_code_of_the_lab(ledger: Ledger) -> None:
    """OBR-4 is the site's, WHOOP's code stands beside it; and the result is known by the number of the requisition."""
    take(ledger, DOCUMENT.replace(b'"status":"active"}', TWO_ACTIVE))
    desk = Desk(ledger, ACCEPTED)
    desk.bring()

    first, second = desk.read()[0].orders
    assert [coding.code for coding in first.codes] == ["LIPID", "LIPID_PANEL"]
    assert (second.codes[0].code, b"|LIPID^Lipid panel^L^LIPID_PANEL^^WHOOP" in desk.lab.brought[0][1]) == ("CBC", True)
    result = (
        f"MSH|^~\\&|EXLAB||T||20260302||ORU^R01|7|P|2.5.1\rPID|1||X-1\rORC|RE|||{REQUISITION}\r"
        "OBR|1||F-1|LIPID^Lipid panel^L|||||||||||||||||||||F\rOBX|1|NM|2085-9^HDL^LN||55|mg/dL|||||F\r"
    )
    outcome = Pipeline(site_tables("example")).translate(result.encode(), correlation=ledger.correlation())
    assert [sent.service_request_id for sent in outcome.submissions] == [TEST]


def test_panel_that_the_lab_has_no_code_for_is_not_ordered(ledger: Ledger) -> None:
    """Nothing of the requisition is: a person sees why, and a row for it is all that it takes."""
    take(ledger, DOCUMENT.replace(b"LIPID_PANEL", b"HEART"))
    desk = Desk(ledger, ACCEPTED)

    assert (desk.bring(), desk.bring()) == (Brought(troubles=("unmapped-panel",)), Brought())
    (row,) = ledger.requisitions().rows()
    assert (row.held, row.held_about, row.ordered_at) == ("unmapped-panel", ("HEART",), "")

    tables = site_tables("example")
    mended = structs.replace(tables, order_codes={**tables.order_codes, "HEART": Coding("L", "HRT")})
    again = LabDesk(ledger, desk.lab, LabSettings(), Pipeline(mended))
    assert asyncio.run(again.bring_due()) == Brought(orders=1)
    (row,) = ledger.requisitions().rows()
    assert (row.held, row.held_about, bool(row.ordered_at)) == ("", (), True)


@pytest.mark.parametrize("confirms", [True, False], ids=["confirms", "by-hand"])
def test_order_that_was_held_is_confirmed_when_the_lab_has_it(ledger: Ledger, *, confirms: bool) -> None:
    """Not before, since nobody had accepted it; and once."""
    take(ledger)
    desk = LabDesk(ledger, ScriptedLab(ACCEPTED), LabSettings(), Pipeline(site_tables("example")), confirms=confirms)

    asyncio.run(desk.bring_due())

    assert ledger.count(WHOOP) == ({"queued": 1} if confirms else {})
    assert ledger.requisitions().confirm(REQUISITION) == int(not confirms)


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
    ("kind", "said", "state", "answer"),
    [
        pytest.param("order-activated", night(), "noted", "not-finished", id="a-study-that-goes-on"),
        pytest.param("study-finished", night("-1"), "failed", "implausible", id="fewer-than-none"),
        pytest.param("study-finished", night("1E+400000000"), "failed", "implausible", id="faster-than-breath"),
        pytest.param("study-finished", " ", "failed", "study-without-nights", id="no-night"),
    ],
)
def test_event_that_gives_no_report_is_settled(ledger: Ledger, kind: str, said: str, state: str, answer: str) -> None:
    """A person sees what was made of it."""
    order(ledger)
    tell(ledger, kind, said)

    assert Desk(ledger).bring() == Brought(troubles=(answer,) if state == "failed" else ())
    assert settled(ledger) == [(state, answer)]


def test_study_without_a_reference_is_not_waited_for(ledger: Ledger) -> None:
    """No order will ever be known for it."""
    tell(ledger, "study-finished", reference="")

    assert Desk(ledger).bring() == Brought(troubles=("no-order",))
    assert settled(ledger) == [("failed", "no-order")]


def test_study_whose_order_comes_late_is_reported_then(tmp_path: Path) -> None:
    """An event before its order is known waits for it; about a day, and then a person has to look."""
    clock = Clock()
    with Ledger.open(tmp_path / "late.db", clock=clock) as ledger:
        tell(ledger, "study-finished")
        tell(ledger, "study-finished", reference="NOBODY-1")
        desk = Desk(ledger, ACCEPTED)
        assert (desk.bring().troubles, settled(ledger)[0]) == (("no-order", "no-order"), ("waiting", "no-order"))

        order(ledger)
        for _ in range(ORDER_TRIES):
            clock.move(LONGEST_S)
            desk.bring()

        assert settled(ledger) == [("done", "AA"), ("failed", "no-order")]
        assert len(desk.lab.brought) == 1


@pytest.mark.parametrize(
    ("form", "status", "letters"),
    [
        pytest.param("hl7v2", "C", ["F", "C", "F"], id="hl7v2"),
        pytest.param("fhir", "corrected", ["final", "corrected", "final"], id="fhir"),
    ],
)
def test_study_that_finishes_another_way_is_corrected(
    ledger: Ledger, form: str, status: str, letters: list[str]
) -> None:
    """The second report says what it corrects, and is no second final one; told again it gives nothing."""
    order(ledger)
    desk = Desk(ledger, ACCEPTED, ACCEPTED, settings=LabSettings(format=form))
    tell(ledger, "study-finished", night("7.10"))
    desk.bring()
    for body in (night("8.40"), night("8.4"), night("7.1"), night("8.40")):
        tell(ledger, "study-finished", body)
    desk.bring()

    first, second = (message.reports[0] for message in desk.read())
    assert (first.status, second.status) == ("F" if form == "hl7v2" else "final", status)
    assert [seen.status for seen in second.observations] == letters
    assert second.observations[1].value == Numeric("8.40")
    assert settled(ledger) == [("done", "AA"), ("done", "AA"), *[("noted", "study-repeated")] * 2]
    assert desk.lab.brought[0][0] != desk.lab.brought[1][0]


def test_corrected_study_is_corrected_at_whoop(ledger: Ledger) -> None:
    """Where a site maps the vendor's names, the lab's report goes on, and says of each value what it is."""
    rows = "ACURABLE,AHI3,AHI,AHI_3,numeric,/h,/h,/h,no,0,200,no,yes,7.1 /h,7.1 /h\n" + "".join(
        f"ACURABLE,{code},,{code},text,,,,no,,,no,yes,x,x\n" for code in ("ATTEMPT_STATUS", "SEVERITY")
    )
    header = packaged_files()["whoop/observations.csv"].partition(b"\n")[0].decode()
    names = "system,code,display,whoop_code,kind,wire_unit,unit,unit_sent,dimensionless,min,max,negative,confirmed,"
    site = {
        "whoop/observations.csv": f"{names}example_in,example_out\n{rows}".encode(),
        "units/spellings.csv": b"spelling,ucum\n/h,/h\n",
    }
    assert set(names.strip(",").split(",")) <= set(header.split(","))
    correlation = Correlation([CorrelationRow("x:2", "DEMO-SLEEP-1", TEST, key_type="placer")])
    order(ledger)
    desk = Desk(ledger, ACCEPTED, ACCEPTED)
    for ahi in ("7.10", "8.40"):
        tell(ledger, "study-finished", night(ahi))
        desk.bring()

    pipeline = Pipeline(load_tables(packaged_files(), site, "acme"))
    outcomes = [pipeline.translate(message, correlation=correlation) for _, message in desk.lab.brought]
    assert [sent.body["status"] for each in outcomes for sent in each.submissions] == ["final", "corrected"]
    assert [(seen["code"], seen["status"]) for seen in outcomes[1].submissions[0].body["observations"]] == [
        ("ATTEMPT_STATUS", "final"), ("AHI_3", "corrected"), ("SEVERITY", "final"),
    ]  # fmt: skip


def test_older_state_of_a_study_gives_nothing(ledger: Ledger) -> None:
    """Events come out of order: fewer nights than the lab has, or a night that was not yet recorded."""
    order(ledger)
    desk = Desk(ledger, ACCEPTED)
    tell(ledger, "study-finished", night(), night("9", 2))
    desk.bring()
    tell(ledger, "study-finished", night())
    tell(ledger, "study-finished", night(), night("0", 2, "PENDING"))

    assert (desk.bring(), settled(ledger)[1:]) == (Brought(), [("noted", "study-older")] * 2)


def test_study_that_contradicts_itself_waits_for_a_person(ledger: Ledger) -> None:
    """Newer in one night and older in another: nobody can tell, so nothing is sent."""
    order(ledger)
    desk = Desk(ledger, ACCEPTED)
    tell(ledger, "study-finished", night(), night("9", 2))
    desk.bring()
    tell(ledger, "study-finished", night("8"), night("0", 2, "PENDING"))

    assert desk.bring() == Brought(troubles=("study-contradicts",))
    assert settled(ledger)[1] == ("failed", "study-contradicts")


@pytest.mark.parametrize(
    ("receipt", "statuses"),
    [
        pytest.param(Receipt("not-sent", "connect-error"), ["C"], id="nobody-knows-what-a-try-did"),
        pytest.param(Receipt("unknown", "read-timeout"), ["F", "C"], id="the-lab-may-have-it"),
        pytest.param(Receipt("refused", "AR"), ["F", "F"], id="the-lab-has-not-got-it"),
    ],
)
def test_state_that_was_overtaken_is_not_brought_late(ledger: Ledger, receipt: Receipt, statuses: list[str]) -> None:
    """While the lab was away another state came: it gets the newest alone, as a correction if it may have the first."""
    order(ledger)
    desk = Desk(ledger, receipt, ACCEPTED)
    tell(ledger, "study-finished", night("7"))
    desk.bring()
    tell(ledger, "study-finished", night("8"))
    desk.bring()

    assert [message.reports[0].status for message in desk.read()][-1] == statuses[-1]
    assert settled(ledger)[1] == ("done", "AA")


def test_state_that_was_overtaken_before_it_was_brought_is_final(ledger: Ledger) -> None:
    """The lab never had another one."""
    order(ledger)
    tell(ledger, "study-finished", night("7"))
    tell(ledger, "study-finished", night("8"))
    desk = Desk(ledger, ACCEPTED)

    assert (desk.bring(), settled(ledger)) == (Brought(reports=1), [("noted", "study-superseded"), ("done", "AA")])
    assert [message.reports[0].status for message in desk.read()] == ["F"]


def test_correction_of_what_is_pruned_is_no_second_final(tmp_path: Path) -> None:
    """That the lab was told is known when nobody knows any more what."""
    clock = Clock()
    with Ledger.open(tmp_path / "old.db", clock=clock) as ledger:
        desk = Desk(ledger, ACCEPTED, ACCEPTED)
        order(ledger)
        tell(ledger, "study-finished", night("7"))
        desk.bring()
        claim = ledger.claim(ACURABLE)
        assert claim is not None
        ledger.settle(claim, Settlement("accepted", "201"))
        clock.move(100)
        ledger.storage().prune(50, lambda _done, _all: None)
        raw = ORDER_FILE.read_bytes().replace(b"|DEMO-O1|", b"|DEMO-O2|")
        ledger.accept([Arrival(Pipeline(site_tables("example")).translate(raw), raw, "example")], POLICIES)
        tell(ledger, "study-finished", night("8"))
        desk.bring()

    assert [message.reports[0].status for message in desk.read()] == ["F", "C"]


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


@pytest.mark.parametrize(
    ("deed", "brought", "state"),
    [
        pytest.param("resend", Brought(reports=1), ("done", "AA"), id="the-lab-has-it-not"),
        pytest.param("accept", Brought(), ("done", "by-hand"), id="the-lab-has-it"),
        pytest.param("drop", Brought(), ("failed", "by-hand"), id="given-up"),
    ],
)
def test_person_decides_about_a_report_that_the_lab_may_have(
    ledger: Ledger, deed: str, brought: Brought, state: tuple[str, str]
) -> None:
    """A report that the lab did not acknowledge is not brought twice either."""
    order(ledger)
    tell(ledger, "study-finished")
    Desk(ledger, Receipt("unknown", "disconnected")).bring()
    before = Desk(ledger).bring()

    ledger.lab().decide(["lab:1"], Decision(deed, "Example", "asked the lab"), rehearses=False)

    assert (before, Desk(ledger, ACCEPTED).bring()) == (Brought(), brought)
    assert settled(ledger) == [state]


def test_report_to_a_lab_that_knows_copies_is_brought_again(tmp_path: Path) -> None:
    """Nobody has to decide."""
    now = 1_000.0
    with Ledger.open(tmp_path / "lab.db", clock=lambda: now) as ledger:
        order(ledger)
        tell(ledger, "study-finished")
        desk = Desk(ledger, Receipt("unknown", "read-timeout"), ACCEPTED, tells_copies_apart=True)
        first = desk.bring()
        now += AGAIN_S + 1

        assert (first, desk.bring()) == (Brought(troubles=("read-timeout",)), Brought(reports=1))


def test_report_that_the_lab_refused_may_be_asked_for_again(ledger: Ledger) -> None:
    """By the decision, or by its event."""
    order(ledger)
    tell(ledger, "study-finished")
    Desk(ledger, Receipt("refused", "AR")).bring()
    event = ledger.events().rows(ACURABLE)[0]

    ledger.events().again(ACURABLE, [event.id])

    assert Desk(ledger, ACCEPTED).bring() == Brought(reports=1)
    assert ledger.lab().undecided(["rejected"]) == []


def test_way_to_the_lab_is_what_the_settings_name(tmp_path: Path) -> None:
    """A folder, or a receiver that is reached when there is something to say."""

    async def ways() -> list[type]:
        found = []
        for to in (str(tmp_path), "mllp://127.0.0.1:2575"):
            async with open_lab(LabSettings(to=to), ".hl7") as lab:
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
