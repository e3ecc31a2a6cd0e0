"""What becomes of an order: what it is refused, held or ignored for, and what is sent of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from translator.mapping_files import site_tables
from translator.record.order import Address, Answer, Order, OrderPatient, Organisation, PersonName
from translator.record.outcome import Diagnostic, Entry
from translator.record.report import Finding, Form, Identifier, Message, Observation, Report
from translator.record.values import Absent, Coding
from translator.translate.acurable import AcurableTranslator, cancellation
from translator.translate.order_layout import ListedOrganisation
from translator.translate.tables import Tables
from translator.translate.whoop import Translation

TABLES = site_tables("example")
PATIENT = OrderPatient(
    (Identifier(), Identifier("900001")),
    PersonName("Example", ("Test",)),
    "1980-01-01",
    "F",
    "test@example.org",
    "07700900123",
    "01865960001",
    Address(("1 Sample Street",), "Oxford", "Oxfordshire", "", "OX1 1AA"),
)
ORDER = Order("ORC[1]", "create", "NW", Identifier("ORD-1"), codes=(Coding("L", "HSAT"),), patient=PATIENT)


def with_layout(**settings: Any) -> Tables:
    """Give the example's tables with other settings of the layout."""
    return structs.replace(TABLES, order_layout=structs.replace(TABLES.order_layout, **settings))


def translate(*orders: Order, tables: Tables = TABLES, **message: Any) -> Translation:
    """Translate a message of orders."""
    return AcurableTranslator(tables).translate(Message("hl7v2", "ORM^O01", orders=orders, **message))


def attributes(tables: Tables = TABLES, **order: Any) -> dict[str, Any]:
    """Give what is sent of one order."""
    (sent,) = translate(structs.replace(ORDER, **order), tables=tables).submissions
    found: dict[str, Any] = sent.body["data"]["attributes"]
    return found


def fate(order: Order, tables: Tables = TABLES) -> tuple[str, str]:
    """Give what becomes of one order."""
    (entry,) = translate(order, tables=tables).entries
    return entry.state, entry.reason


def patient(**parts: Any) -> Order:
    """Give an order for a patient with other particulars."""
    return structs.replace(ORDER, patient=structs.replace(PATIENT, **parts))


def test_submission_says_what_the_lane_needs() -> None:
    """Its lane is the order's number; the patient, the time and what is unconfirmed go with it."""
    (sent,) = translate(structs.replace(ORDER, times=("soon", "20260105102000+0100"))).submissions

    assert (sent.destination, sent.kind, sent.service_request_id) == ("acurable", "order", "ORD-1")
    assert sent.patient == ("900001", "19800101")
    assert sent.ordered_at == "20260105092000.000000"
    assert sent.unconfirmed == ("layout",)
    assert (sent.payload.status, sent.payload.observations) == ("", ())


def test_confirmed_layout_leaves_nothing_unconfirmed() -> None:
    """A site that has compared the layout may send to Acurable itself."""
    result = translate(ORDER, tables=with_layout(confirmed=True))

    assert result.submissions[0].unconfirmed == ()
    assert list(result.diagnostics) == []


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        pytest.param({"email": "nobody"}, "email-missing", id="email-without-at"),
        pytest.param({"email": "@example.org"}, "email-missing", id="email-of-nobody"),
        pytest.param({"mobile": "12345"}, "phone-missing", id="five-digits"),
        pytest.param({"birth_date": "1980-13-01"}, "birth-date-missing", id="thirteenth-month"),
        pytest.param({"birth_date": "1980-1-1"}, "birth-date-missing", id="short-date"),
        pytest.param({"birth_date": "19800101"}, "birth-date-missing", id="date-without-hyphens"),
        pytest.param({"references": (Identifier("ORD-1"),)}, "patient-reference-is-order", id="number-of-the-order"),
        pytest.param({"address": Address()}, "address-line-missing", id="no-address"),
    ],
)
def test_what_an_order_lacks_refuses_it(parts: dict[str, Any], reason: str) -> None:
    """A value that cannot be one is as good as none."""
    assert fate(patient(**parts)) == ("refused", reason)


@pytest.mark.parametrize(
    ("telephones", "number"),
    [
        pytest.param(("mobile",), "07700900123", id="mobile"),
        pytest.param(("telephone", "mobile"), "01865960001", id="as-the-site-ranks"),
        pytest.param(("unmarked", "mobile"), "07700900123", id="one-that-there-is-not"),
    ],
)
def test_site_says_which_telephone_counts(telephones: tuple[str, ...], number: str) -> None:
    """A telephone that nobody marked as mobile counts only where the site says so."""
    assert attributes(with_layout(telephones=telephones))["patient"]["mobileTelephone"] == number


@pytest.mark.parametrize(
    ("named", "known_as", "reference"),
    [
        pytest.param(Organisation(), (), "A", id="none-named"),
        pytest.param(Organisation("second clinic"), (), "B", id="by-name"),
        pytest.param(Organisation("", "B"), (), "B", id="by-reference"),
        pytest.param(Organisation("Ward 2"), ("Ward 2",), "B", id="as-the-site-knows-it"),
        pytest.param(Organisation("", "7", ("B",)), (), "B", id="by-another-reference"),
    ],
)
def test_organisation_is_the_one_that_the_order_names(
    named: Organisation, known_as: tuple[str, ...], reference: str
) -> None:
    """An order that names none is for the first one."""
    listed = (ListedOrganisation("First Clinic", "A"), ListedOrganisation("Second Clinic", "B", known_as))

    assert attributes(with_layout(organisations=listed), organisation=named)["organisation"]["reference"] == reference


@pytest.mark.parametrize(
    ("named", "listed"),
    [
        pytest.param(Organisation(), (), id="site-lists-none"),
        pytest.param(Organisation("Other"), (ListedOrganisation("First", "A"),), id="another"),
        pytest.param(
            Organisation("First", "B"),
            (ListedOrganisation("First", "A"), ListedOrganisation("Second", "B")),
            id="name-of-one-and-reference-of-another",
        ),
    ],
)
def test_unknown_organisation_refuses(named: Organisation, listed: tuple[ListedOrganisation, ...]) -> None:
    """An order never goes to a clinic that it does not name."""
    order = structs.replace(ORDER, organisation=named)

    assert fate(order, with_layout(organisations=listed)) == ("refused", "organisation-unknown")


@pytest.mark.parametrize(
    ("answers", "phone"),
    [
        pytest.param((), False, id="nobody-asked"),
        pytest.param((Answer((Coding("L", "PHONE"),), "yes"),), True, id="asked-and-needed"),
        pytest.param((Answer((Coding("", "PHONE"),), "Y"),), True, id="code-without-a-system"),
        pytest.param((Answer((Coding("L", "PHONE"),), "no"),), False, id="asked-and-not-needed"),
        pytest.param((Answer((Coding("L", "OTHER"),), "yes"),), False, id="another-question"),
        pytest.param(
            (Answer((Coding("L", "PHONE"),), "N"), Answer((Coding("L", "PHONE"),), "Y")), False, id="said-both-ways"
        ),
        pytest.param((Answer((Coding("L", "PHONE"),), ""), Answer((Coding("L", "PHONE"),), "Y")), True, id="said-once"),
    ],
)
def test_phone_is_required_only_where_the_form_says_so(answers: tuple[Answer, ...], phone: bool) -> None:  # noqa: FBT001 - a case
    """It never defaults to true."""
    assert attributes(answers=answers)["study"]["requiresPhone"] is phone


def test_telephone_that_nobody_marked_is_taken_with_a_remark() -> None:
    """Most senders of telephones mark none; that it may be a landline is said."""
    translation = translate(patient(mobile="", telephone="", unmarked="07700 900123"))

    assert translation.submissions[0].body["data"]["attributes"]["patient"]["mobileTelephone"] == "07700 900123"
    assert "phone-unmarked" in [remark.code for remark in translation.said if isinstance(remark, Diagnostic)]


def test_ways_to_reach_a_patient_are_sent_without_their_scheme() -> None:
    """FHIR lets a ContactPoint be a URL."""
    (sent,) = translate(patient(mobile="tel:+447700900123", email="mailto:test@example.org")).submissions

    found = sent.body["data"]["attributes"]["patient"]
    assert (found["mobileTelephone"], found["email"]) == ("+447700900123", "test@example.org")


def test_line_break_parts_lines_of_an_address() -> None:
    """Some senders put the whole address into one line."""
    found = attributes(patient=structs.replace(PATIENT, address=Address(("1 A St\n\n Flat 2 ",), "X", "Y", "", "Z")))

    assert found["shippingAddress"]["lines"] == ["1 A St", "Flat 2"]


def test_order_that_a_newer_version_replaces_is_ignored() -> None:
    """The newer one stands beside it."""
    assert fate(Order("Bundle.entry[1].resource", is_replaced=True)) == ("ignored", "superseded")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"control": "cancel", "sent_control": "CA", "codes": ()}, id="cancellation-of-who-knows-what"),
        pytest.param({"control": "update", "sent_control": "XO", "patient": OrderPatient()}, id="change-that-lacks"),
    ],
)
def test_change_is_held_for_the_layout_before_anything_else(change: dict[str, Any]) -> None:
    """While nobody knows how a change is written, nobody knows what it needs."""
    assert fate(structs.replace(ORDER, **change)) == ("held", "layout-unconfirmed")


def test_cancellation_that_says_not_of_what_is_held() -> None:
    """A study is cancelled by another call than an order."""
    cancelled = structs.replace(ORDER, control="cancel", sent_control="CA", codes=())

    assert fate(cancelled, with_layout(confirmed=True)) == ("held", "unmapped-order")


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        pytest.param("2085-9", Entry("Bundle.entry[3].resource", "held", "result-out-of-place"), id="mapped"),
        pytest.param("29463-7", Entry("Bundle.entry[3].resource", "ignored", "not-a-result-position"), id="other"),
    ],
)
def test_observation_that_no_order_names_is_accounted_for(code: str, entry: Entry) -> None:
    """A mapped code may be a result; any other is none of ours."""
    answered = structs.replace(ORDER, answers=(Answer(at="Bundle.entry[2].resource"),))
    seen = tuple(
        Observation(f"Bundle.entry[{number}].resource", Form((Coding("http://loinc.org", code),)), Absent())
        for number in (2, 3)
    )
    found = AcurableTranslator(TABLES).translate(
        Message(
            "fhir", orders=(structs.replace(answered, sent_control="active"),), reports=(Report("", observations=seen),)
        )
    )

    assert found.entries[1:] == [Entry("Bundle.entry[2].resource", "ignored", "ask-at-order-entry"), entry]


def test_emit_on_is_sent_where_the_site_sets_it() -> None:
    """Without it the organisation's own setting counts."""
    assert "emitOn" not in attributes()
    assert attributes(with_layout(emit_on="reviewed"))["emitOn"] == "reviewed"


def test_every_field_can_be_laid_out() -> None:
    """An integrator may use sensors as flags, and a name in its parts."""
    names = ("study.neck_sensor", "study.oximeter", "patient.given", "patient.family", "address.country")
    body = {"data": {"attributes": {name: f"{{{name}?}}" for name in names}}}

    assert attributes(with_layout(bodies={"order": body})) == {
        "study.neck_sensor": True,
        "study.oximeter": False,
        "patient.given": "Test",
        "patient.family": "Example",
    }


def test_layout_without_a_study_asks_for_no_sensor() -> None:
    """A change of the address needs nothing of the study."""
    order = structs.replace(ORDER, sent_control="XO", codes=(Coding("L", "HSATOX"),))

    assert fate(order, with_layout(confirmed=True)) == ("translated", "")


def test_doubt_about_the_message_holds_every_order() -> None:
    """What only tells news stays ignored."""
    news = structs.replace(ORDER, at="ORC[2]", sent_control="SC")
    result = translate(ORDER, news, held=(Finding("truncated", "", "cut"),), findings=(Finding("mojibake", "PID"),))

    assert [(entry.state, entry.reason) for entry in result.entries] == [
        ("held", "truncated"),
        ("ignored", "order-news"),
    ]
    assert [found.code for found in result.diagnostics] == ["mojibake", "truncated"]


def test_doubt_about_an_order_holds_it() -> None:
    """The first doubt is the reason; all are said."""
    doubtful = structs.replace(ORDER, findings=(Finding("order-several-tests", "ORC[1]"), Finding("mojibake", "PID-5")))
    result = translate(doubtful)

    assert result.entries == [Entry("ORC[1]", "held", "order-several-tests")]
    assert [found.code for found in result.diagnostics] == ["order-several-tests", "mojibake"]


@pytest.mark.parametrize("word", ["QQ", "nw"])
def test_word_without_a_row_is_held(word: str) -> None:
    """Nobody guesses what an order asks for."""
    assert fate(structs.replace(ORDER, sent_control=word)) == ("held", "order-control-undecided")


def test_refused_message_refuses_orders_and_answers() -> None:
    """Every order and every observation beside one is accounted for."""
    reports = (Report("", observations=(Observation("OBX[1]", Form(), Absent()),)),)
    result = translate(ORDER, reports=reports, refused=Finding("not-production", "MSH-11.1"))

    assert {(entry.at, entry.state, entry.reason) for entry in result.entries} == {
        ("ORC[1]", "refused", "not-production"),
        ("OBX[1]", "refused", "not-production"),
    }
    assert result.states == {"refused"}


def test_message_that_orders_nothing_is_held() -> None:
    """A message that is there to order and does not was written by mistake."""
    result = translate()

    assert [found.code for found in result.diagnostics] == ["no-orders"]
    assert result.states == {"held"}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        pytest.param("order", "order-update", id="order"),
        pytest.param("order-update", "order-update", id="changed-order"),
        pytest.param("study", "study-cancel", id="study"),
    ],
)
def test_cancellation_of_what_was_sent_is_made(kind: str, sent: str) -> None:
    """A person may cancel without a message of the laboratory."""
    made = cancellation("ORD-1", kind, with_layout(confirmed=True))

    assert made is not None
    assert (made.kind, made.service_request_id) == (sent, "ORD-1")
    assert made.body["data"]["attributes"] == {"status": "cancelled"}


@pytest.mark.parametrize(
    ("kind", "confirmed"),
    [pytest.param("referral", True, id="referral"), pytest.param("order", False, id="layout-unconfirmed")],
)
def test_what_cannot_be_cancelled_is_not(kind: str, confirmed: bool) -> None:  # noqa: FBT001 - a case
    """Nothing is sent on a guess."""
    assert cancellation("ORD-1", kind, with_layout(confirmed=confirmed)) is None
