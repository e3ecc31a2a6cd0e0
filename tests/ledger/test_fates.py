"""`why` and `where` through the ledger: what was sent, by which tables, every call, and what replaced what."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from tests.lab_messages import CHOLESTEROL, HDL, LOCAL, Obx, oru, service_request
from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from tests.ledger.labs import SiteLab
from translator import Translator, review
from translator.config import load_settings
from translator.delivery import policies
from translator.errors import ConfigError, LedgerError
from translator.ledger import Arrival, Decision, DestinationPolicy, Ledger, Settlement
from translator.ledger_provenance import LedgerFate, LedgerProvenance, LedgerProvenances
from translator.mapping_files import mappings_folder
from translator.provenance import Provenances
from translator.record.correlation import CorrelationRow
from translator.record.outcome import OrderPayload

LDL_ROW = "L,ZZ9,13457-7,LDL cholesterol,,,112 mg/dL,112 mg/dL,\n"
HDL_ROW = "L,ZZ9,2085-9,HDL cholesterol,,,112 mg/dL,112 mg/dL,\n"
OTHER_ROW = "L,ZZ8,13457-7,LDL cholesterol,,,112 mg/dL,112 mg/dL,\n"
RELEASE = Decision("release", "somebody", "row added")
FIRST = oru([Obx(HDL, "55"), Obx(LOCAL, "112")])


@pytest.fixture
def lab(ledger: Ledger, tmp_path: Path) -> SiteLab:
    """Give a laboratory with no rows of its own."""
    return SiteLab(ledger, tmp_path)


def ask(lab: SiteLab) -> LedgerProvenances:
    """Ask by the tables of now."""
    return LedgerProvenances(lab.ledger, lab.settings)


def fate(told: LedgerProvenance) -> LedgerFate:
    """Take the only fate."""
    (found,) = told.ledger
    return found


def steps(told: LedgerProvenance) -> list[str]:
    """Name the operations of the only origin."""
    (origin,) = told.origins
    return [step.name for step in origin.steps]


def test_field_leads_back_to_bytes_and_forward_to_the_answer(lab: SiteLab, clock: Clock) -> None:
    """One answer has the bytes, the row, each operation, and each call with what the vendor said."""
    raw = oru([Obx(CHOLESTEROL, "4.78", "mmol/L")])
    lab.take(raw)
    lab.deliver([("retry", "503")])
    clock.move(3600)
    lab.deliver()

    told = ask(lab).why(1, "0.0.value_numeric")

    (origin,) = told.origins
    assert origin.place is not None
    assert raw[origin.place.start : origin.place.end] == b"4.78"
    assert (told.value, told.state, told.tables_sha256) == (184.8, "delivered", lab.engine.tables.sha256)
    assert "conversion" in steps(told)
    (sent,) = fate(told).submissions
    assert [(one.outcome, one.answer) for one in sent.attempts] == [("retry", "503"), ("accepted", "201")]
    assert (sent.state, sent.position, fate(told).today) == ("delivered", 1, None)
    assert [entry.at for entry in fate(told).entries] == ["OBX[1]"]


def test_position_leads_forward_to_its_fate(lab: SiteLab) -> None:
    """What is held has its reason, and no call."""
    lab.take(FIRST)

    told = ask(lab).where(1, "OBX[2]-5")

    (origin,) = told.origins
    assert origin.place is not None
    assert (origin.place.text, origin.entry and origin.entry.reason) == ("112", "unmapped-code")
    assert (fate(told).submissions, [entry.state for entry in fate(told).entries]) == ((), ["held"])


def test_correction_and_what_it_replaces_name_each_other(lab: SiteLab) -> None:
    """Both versions and the exact repeat are told, with what became of each."""
    corrected = oru([Obx(HDL, "61", status="C")], control_id="M2", at="20260301120000", status="C")
    lab.take(FIRST)
    lab.deliver()
    lab.take(corrected, oru([Obx(HDL, "61", status="C")], control_id="M3", at="20260301120000", status="C"))
    lab.deliver()

    first, second, repeat = (fate(ask(lab).where(number, "OBX[1]")) for number in (1, 2, 3))

    assert (first.replaces, first.replaced_by) == ("", "2:OBX[1]")
    assert (second.replaces, second.replaced_by) == ("1:OBX[1]", "")
    assert (repeat.repeats, repeat.submissions) == ("2:OBX[1]", ())
    assert [(one.id, one.value, one.state, one.is_asked) for one in second.versions] == [
        ("1:OBX[1]", "55", "delivered", False),
        ("2:OBX[1]", "61", "delivered", True),
        ("3:OBX[1]", "61", "duplicate", False),
    ]


def test_superseded_names_what_came_in_its_place(lab: SiteLab) -> None:
    """What was never sent, since something newer says all of it, leads to that."""
    lab.take(FIRST)
    claim = lab.ledger.claim("whoop")
    for number, value in (("M2", "61"), ("M3", "62")):
        lab.take(oru([Obx(HDL, value, status="C")], control_id=number, at=f"202603011{number[1]}0000", status="C"))

    told = fate(ask(lab).where(2, "OBX[1]"))

    assert claim is not None
    assert [one.state for one in told.submissions] == ["superseded"]
    assert (told.replaces, told.replaced_by) == ("1:OBX[1]", "3:OBX[1]")


def test_released_entry_was_sent_by_the_tables_of_then(lab: SiteLab) -> None:
    """The tables by which it was freed are told, not those by which its message came; and who freed it."""
    lab.take(FIRST)
    came = lab.engine.tables.sha256
    lab.map(LDL_ROW)
    review.release(lab.ledger, lab.settings, lab.ledger.desk().held(), RELEASE, rehearses=False)
    lab.deliver()

    told = ask(lab).why(1, "1.0.code")

    (sent,) = fate(told).submissions
    assert (told.value, sent.submission, sent.tables_sha256) == ("LDL", 1, lab.engine.tables.sha256)
    assert (fate(told).tables_sha256, fate(told).today) == (came, None)
    assert [(one.deed, one.by, one.reason) for one in fate(told).decisions] == [("release", "somebody", "row added")]


def test_other_tables_do_not_pretend_to_have_decided(lab: SiteLab) -> None:
    """What was sent stays what it was; what the tables of now would make of it stands apart, with both hashes."""
    lab.map(LDL_ROW)
    then = lab.engine.tables.sha256
    lab.take(FIRST)
    lab.deliver()
    lab.map(HDL_ROW)

    told = ask(lab).why(1, "0.1.code")
    status = ask(lab).why(1, "submissions[0].status")

    assert (told.value, told.tables_sha256) == ("LDL", then)
    assert steps(told) == ["read", "payload", "fate"]
    today = fate(told).today
    assert today is not None
    assert (today.tables_sha256, today.tables_sha256 == then) == (lab.engine.tables.sha256, False)
    assert [step.reason for origin in today.origins if (step := origin.entry)] == ["ambiguous-repeat"]
    assert (status.value, steps(status)) == ("final", [])


def test_status_that_the_lane_decided_says_so(lab: SiteLab) -> None:
    """A second part of a report is sent with the status that both make."""
    lab.map(LDL_ROW)
    lab.take(oru([Obx(HDL, "55")]))
    lab.deliver()
    lab.take(oru([Obx(HDL, "61", status="F")], control_id="M2", at="20260301120000"))
    held = lab.ledger.desk().held()
    review.release(lab.ledger, lab.settings, held, RELEASE, accepted=("silent-change",), rehearses=False)

    told = ask(lab).why(2, "submissions[0].status")

    (origin,) = told.origins
    assert told.value == "corrected"
    assert "decides with it" in origin.steps[-1].text


def test_position_outside_every_result_tells_of_the_whole_message(lab: SiteLab) -> None:
    """The order number reaches the lane, and everything of the message is told."""
    lab.take(FIRST)
    lab.deliver()

    told = ask(lab).where(1, "ORC[1]-2")

    assert told.origins[0].fields == ("submissions[0].service_request_id",)
    assert [entry.state for entry in fate(told).entries] == ["delivered", "held"]
    assert [one.state for one in fate(told).statuses] == ["delivered"]


def test_pruned_message_has_lost_its_bytes_and_says_so(lab: SiteLab, clock: Clock) -> None:
    """Entry, calls and neighbours are still told; values are not, and nothing is invented."""
    lab.take(oru([Obx(HDL, "55")]))
    lab.deliver()
    clock.move(1000)
    lab.take(oru([Obx(HDL, "61", status="C")], control_id="M2", at="20260301120000", status="C"))
    lab.deliver()
    lab.ledger.storage().prune(500, lambda _done, _total: None)

    by_field, by_place = ask(lab).why(1, "0.0"), ask(lab).where(1, "OBX[1]-5")
    newer = fate(ask(lab).where(2, "OBX[1]"))

    assert (by_field.value, by_field.origins[0].place) == (None, None)
    assert by_field.origins[0].entry == by_place.origins[0].entry
    for told in (fate(by_field), fate(by_place)):
        assert told.pruned_at
        assert [one.attempts[0].answer for one in told.submissions] == ["201"]
        assert [(one.id, one.value) for one in told.versions] == [("1:OBX[1]", ""), ("2:OBX[1]", "61")]
    assert newer.replaces == "1:OBX[1]"
    with pytest.raises(ConfigError, match="values of message 1 are gone, and it has no entry"):
        ask(lab).where(1, "PID-5")
    with pytest.raises(ConfigError, match="values of message 1 are gone, and no such result"):
        ask(lab).why(1, "0.7")


def test_erased_person_leaves_the_account_only(lab: SiteLab) -> None:
    """The fate is told, and nothing of whom it is about."""
    lab.take(oru([Obx(HDL, "55")]))
    lab.deliver()
    lab.ledger.storage().erase("EX-1001")

    told = ask(lab).where(1, "OBX[1]")

    assert [entry.state for entry in fate(told).entries] == ["delivered"]
    written = msgspec.json.encode(told)
    assert not [word for word in (b"EX-1001", b"Avery", service_request(1).encode()) if word in written]


def test_encrypted_ledger_answers_with_its_key(place: str, tmp_path: Path) -> None:
    """What is sealed is opened, and versions find each other by their hashes."""
    key = secret_key()
    with Ledger.open(place, key=key) as ledger:
        lab = SiteLab(ledger, tmp_path)
        lab.take(FIRST)
        lab.deliver()
        lab.take(oru([Obx(HDL, "61", status="C")], control_id="M2", at="20260301120000", status="C"))

        told = ask(lab).why(1, "0.0")

    assert (told.value, told.source.file, fate(told).replaced_by) == (55, "day.hl7", "2:OBX[1]")


def test_file_is_found_by_its_bytes(lab: SiteLab) -> None:
    """Beside today's answer stands what became of each message with these bytes, by the tables of then."""
    lab.take(FIRST)
    lab.deliver()
    lab.take(FIRST)
    then = lab.engine.tables.sha256
    lab.map(LDL_ROW)
    tables = lab.engine.tables

    told = ask(lab).beside(Provenances(tables, [FIRST], file="again.hl7").where("OBX[2]"))
    unknown = ask(lab).beside(Provenances(tables, [oru([Obx(HDL, "56")])]).where("OBX[1]"))

    assert (told.state, told.tables_sha256) == ("translated", tables.sha256)
    assert [(one.message, one.tables_sha256, one.same_bytes) for one in told.ledger] == [
        (1, then, (2,)),
        (2, then, (1,)),
    ]
    assert [one.entries[0].state for one in told.ledger] == ["held", "duplicate"]
    assert unknown.ledger == ()


@pytest.mark.parametrize(
    ("number", "field", "error", "said"),
    [
        pytest.param(9, "0.0", LedgerError, "has no message 9", id="no-message"),
        pytest.param(1, "0.7", ConfigError, "there is 1 observation", id="no-field"),
        pytest.param(1, "3.0", ConfigError, "there is 1 submission", id="no-submission"),
    ],
)
def test_what_is_not_there_is_named(lab: SiteLab, number: int, field: str, error: type[Exception], said: str) -> None:
    """The error says what there is."""
    lab.take(FIRST)

    with pytest.raises(error, match=said):
        ask(lab).why(number, field)


ORDER_FIXTURE = Path(__file__).parents[2] / "fixtures" / "orders" / "a-new-order-is-sent" / "order.hl7"
SITE = {"acurable": DestinationPolicy(loopback=True)}


def ordered(ledger: Ledger, site: str = "example") -> LedgerProvenances:
    """Take an order in by the tables of a site."""
    raw = ORDER_FIXTURE.read_bytes()
    ledger.accept([Arrival(Translator.load(site).translate(raw, name="o.hl7"), raw, site)], SITE)
    return LedgerProvenances(ledger, load_settings(None, {"site": site, "ledger": "lab.db"}))


def test_order_leads_back_and_forward(ledger: Ledger) -> None:
    """A field of its body has its bytes, and the order its calls."""
    questions = ordered(ledger)
    claim = ledger.claim("acurable")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201", location="/orders/1"))

    field, order = questions.why(1, "shippingAddress.county"), questions.where(1, "ORC[1]-2")

    (origin,) = field.origins
    assert origin.place is not None
    assert (field.value, origin.place.text) == ("Oxfordshire", "Oxfordshire")
    assert "submissions[0].body.data.attributes.reference" in order.origins[0].fields
    for told in (fate(field), fate(order)):
        assert [(one.kind, one.attempts[0].answer) for one in told.submissions] == [("order", "201")]
        assert [entry.at for entry in told.entries] == ["ORC[1]"]


def test_order_of_other_tables_has_no_steps(ledger: Ledger, tmp_path: Path) -> None:
    """What was ordered is told as it was sent; the layout of now explains nothing of it."""
    site = tmp_path / "clinic"
    shutil.copytree(mappings_folder() / "sites" / "example", site)
    questions = ordered(ledger, str(site))
    with (site / "site.toml").open("a", encoding="utf-8") as table:
        table.write("\n# another revision\n")

    field, order = questions.why(1, "shippingAddress.county"), questions.where(1, "ORC[1]")

    assert (field.value, field.origins[0].steps) == ("Oxfordshire", ())
    assert order.origins[0].steps == ()
    today = fate(order).today
    assert today is not None
    assert (today.state, today.tables_sha256 == order.tables_sha256) == ("translated", False)


def test_call_that_a_person_made_has_no_bytes(ledger: Ledger) -> None:
    """A cancellation by hand was made of no message; its fate is told all the same."""
    questions = ordered(ledger)
    claim = ledger.claim("acurable")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201", location="/orders/1"))
    with ledger.desk().session(rehearses=False) as session:
        session.cancel_order("ORD-1", OrderPayload({"data": {"type": "orders"}}), Decision("cancel", "somebody"))

    told = questions.why(1, "submissions[1].body.data.type")

    assert (told.value, told.origins) == ("orders", ())
    assert [(one.kind, one.state) for one in fate(told).submissions] == [("order-update", "queued")]


def test_what_was_taken_again_leads_to_what_was_sent(lab: SiteLab) -> None:
    """Held, then sent by its re-send under a new row: from the first one finds the one that the vendor has."""
    lab.take(FIRST)
    lab.map(LDL_ROW)
    lab.take(FIRST)
    lab.deliver()

    first, second = (fate(ask(lab).where(number, "OBX[2]")) for number in (1, 2))

    assert (first.entries[0].reason, first.replaced_by) == ("taken-again", "2:OBX[2]")
    assert [(one.id, one.state) for one in first.versions] == [("1:OBX[2]", "duplicate"), ("2:OBX[2]", "delivered")]
    assert [one.id for one in second.versions] == ["1:OBX[2]", "2:OBX[2]"]


def test_what_waits_with_another_message_leads_there(lab: SiteLab) -> None:
    """A re-send of what is held waits with the first, which is named."""
    lab.take(FIRST)
    lab.take(FIRST)

    told = fate(ask(lab).where(2, "OBX[2]"))

    assert (told.entries[0].reason, told.repeats) == ("held-before", "1:OBX[2]")


def test_message_without_an_order_leads_to_the_one_that_has_it(lab: SiteLab) -> None:
    """Held because nobody knew its order: once the same bytes come when it is known, they are found."""
    raw = oru([Obx(HDL, "55")], request="A-77")
    lab.take(raw)
    lab.ledger.correlate([CorrelationRow("orders.csv:2", "A-77", service_request(1))])
    outcome = lab.engine.translate(raw, correlation=lab.ledger.correlation())
    lab.ledger.accept([Arrival(outcome, raw)], policies(lab.settings, lab.engine.tables))

    told = fate(ask(lab).where(1, "OBX[1]"))

    assert (told.entries[0].reason, told.same_bytes, told.replaced_by) == ("taken-again", (2,), "2:OBX[1]")
