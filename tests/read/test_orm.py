"""How orders of HL7 v2 are read: what stands under which ORC, and whom it is for."""

from __future__ import annotations

import pytest

from tests.read.samples import LEXICON
from translator.read.hl7v2 import read_message
from translator.record.order import Address, Order, Organisation, PersonName
from translator.record.report import Identifier

HEADER = r"MSH|^~\&|HIS|CLINIC|HUB|HUB|20260105103000||OML^O21^OML_O21|MSG1|P|2.5.1"
PID = "PID|1||900001||Example^Test||19800101"
OBR = "OBR|1|ORD-1||HSAT^^L"


def orders(*segments: str, header: str = HEADER) -> tuple[Order, ...]:
    """Read the orders of a message."""
    return read_message("\r".join((header, *segments)).encode(), LEXICON).orders


def order(*segments: str) -> Order:
    """Read the one order of a message."""
    (found,) = orders(*segments)
    return found


@pytest.mark.parametrize(
    ("segments", "places"),
    [
        pytest.param((PID, "ORC|NW|A", OBR, "ORC|NW|B", OBR), ["ORC[1]", "ORC[2]"], id="each-with-its-test"),
        pytest.param((PID, OBR, OBR), ["OBR[1]", "OBR[2]"], id="tests-alone"),
        pytest.param((PID, "ORC|NW|A", PID, OBR), ["ORC[1]", "OBR[1]"], id="test-of-another-patient"),
        pytest.param((PID, "ORC|CA|A"), ["ORC[1]"], id="order-without-a-test"),
        pytest.param((PID, "OBX|1|ST|A||B"), [], id="answer-to-nothing"),
    ],
)
def test_order_has_one_place(segments: tuple[str, ...], places: list[str]) -> None:
    """Each ORC is an order; so is an OBR that stands under none."""
    assert [found.at for found in orders(*segments)] == places


def test_result_message_has_no_orders() -> None:
    """ORC of a result message names the order that it answers."""
    assert orders(PID, "ORC|RE|A", OBR, header=HEADER.replace("OML^O21^OML_O21", "ORU^R01")) == ()


@pytest.mark.parametrize(
    ("segment", "number"),
    [
        pytest.param("ORC|NW|A^NS^1.2^ISO", Identifier("A", "NS", "1.2"), id="of-the-order"),
        pytest.param('ORC|NW|""', Identifier("ORD-1"), id="of-the-test-where-null"),
        pytest.param("ORC|NW", Identifier("ORD-1"), id="of-the-test-where-blank"),
        pytest.param(r"ORC|NW|A\S\1", Identifier("A^1"), id="escaped"),
    ],
)
def test_placer_number_is_read(segment: str, number: Identifier) -> None:
    """ORC-2 counts before OBR-2, with the namespace that it is unique in."""
    assert order(PID, segment, OBR).placer == number


def test_filler_and_group_numbers_are_read() -> None:
    """OBR-3 stands in for ORC-3."""
    found = order(PID, "ORC|NW|A||G^NS", "OBR|1|A|F")

    assert (found.filler, found.group) == (Identifier("F"), Identifier("G", "NS"))


@pytest.mark.parametrize(
    ("segment", "organisation"),
    [
        pytest.param("ORC|NW|A" + "|" * 19 + "Clinic^^C-1", Organisation("Clinic", "C-1"), id="number-in-the-third"),
        pytest.param(
            "ORC|NW|A" + "|" * 19 + "Clinic^^7^^^^^^^C-1", Organisation("Clinic", "C-1"), id="number-in-the-tenth"
        ),
        pytest.param("ORC|NW|A", Organisation(), id="none"),
        pytest.param("ORC|NW|A" + "|" * 19 + '""', Organisation(), id="null"),
    ],
)
def test_ordering_facility_is_read(segment: str, organisation: Organisation) -> None:
    """ORC-21 names the organisation that orders."""
    assert order(PID, segment, OBR).organisation == organisation


def test_answers_stand_with_their_order() -> None:
    """A code or a text answers; an OBX without a value has none."""
    found = order(PID, "ORC|NW|A", OBR, "OBX|1|CE|Q1^^L||Y^Yes", "OBX|2|CE|Q2^^L||^Perhaps", "OBX|3|ST|Q3^^L")

    assert [(answer.codes[0].code, answer.text, answer.at) for answer in found.answers] == [
        ("Q1", "Y", "OBX[1]"),
        ("Q2", "Perhaps", "OBX[2]"),
    ]


@pytest.mark.parametrize("status", [pytest.param("D", id="deleted"), pytest.param("W", id="of-another-patient"),
                                    pytest.param("X", id="not-to-be-had")])  # fmt: skip
def test_answer_that_was_taken_back_is_none(status: str) -> None:
    """It may not make the vendor send a phone."""
    assert order(PID, "ORC|NW|A", OBR, f"OBX|1|ST|Q1^^L||Y||||||{status}").answers == ()


@pytest.mark.parametrize(
    ("field", "address"),
    [
        pytest.param("1 Sample St^Flat 2^^^OX1", Address(("1 Sample St", "Flat 2"), postcode="OX1"), id="plain"),
        pytest.param("&Sample Street&1^^Oxford", Address(("1 Sample Street",), "Oxford"), id="street-in-pieces"),
        pytest.param("Office^^X^^^^O~Home^^Y^^^^H", Address(("Home",), "Y"), id="home-before-office"),
        pytest.param("Home^^Y^^^^H~Posted^^Z^^^^SH", Address(("Posted",), "Z"), id="shipping-first"),
        pytest.param("Gone^^Y^^^^BA", Address(), id="bad-address"),
        pytest.param("Home^^Y^^^^h", Address(("Home",), "Y"), id="type-in-small-letters"),
        pytest.param("Old^^X^^^^H^^^^^^^20191231~Home^^Y^^^^H", Address(("Home",), "Y"), id="over"),
        pytest.param("Old^^X^^^^H^^^^^20100101&2019~Home^^Y^^^^H", Address(("Home",), "Y"), id="over-by-its-range"),
        pytest.param("Home^^X^^^^H^^^^^^20100101^20260105", Address(("Home",), "X"), id="good-until-today"),
        pytest.param('""', Address(), id="null"),
        pytest.param("^^Troy^OH^1^USA^H^^Miami", Address((), "Troy", "Miami", "OH", "1", "USA"), id="county-and-state"),
    ],
)  # fmt: skip
def test_address_is_the_best_to_post_to(field: str, address: Address) -> None:
    """One address is taken, by its type."""
    assert order(PID + f"||||{field}", "ORC|NW|A").patient.address == address


@pytest.mark.parametrize(
    ("home", "business", "reached"),
    [
        pytest.param("^PRN^CP^^^^07700900123", "", ("07700900123", "", "", ""), id="mobile"),
        pytest.param("^PRN^cp^^^^07700900123", "", ("07700900123", "", "", ""), id="mobile-in-small-letters"),
        pytest.param("07700900123^PRS^PH", "", ("07700900123", "", "", ""), id="personal"),
        pytest.param("^PRN^PH^^44^1865^960001", "", ("", "", "+441865960001", ""), id="landline-in-pieces"),
        pytest.param("(01865) 960001^PRN", "^WPN^CP^^^^1", ("1", "(01865) 960001", "", ""), id="whole-and-at-work"),
        pytest.param("^NET^Internet^a@b.example~^PRN^FX^^^^1", "", ("", "", "", "a@b.example"), id="email-and-no-fax"),
        pytest.param("07700900123^PRN^CP^a@b.example", "", ("07700900123", "", "", "a@b.example"), id="both-in-one"),
        pytest.param("a@b.example", "", ("", "", "", "a@b.example"), id="email-as-a-number"),
        pytest.param("^PRN^CP^^^^^^^^^+447700900123", "", ("+447700900123", "", "", ""), id="unformatted"),
        pytest.param("(07700)900123X12B4Cin the evening^PRN^CP", "", ("(07700)900123", "", "", ""), id="with-a-remark"),
        pytest.param("1^^CP^^^^^^^^^^^20191231~2^^CP", "", ("2", "", "", ""), id="given-up"),
        pytest.param("1^^CP^^^^^^^^^^^20260105", "", ("1", "", "", ""), id="good-until-today"),
        pytest.param("", "|" * 26 + "2^PRN^CP~^NET^^a@b.example", ("2", "", "", "a@b.example"), id="of-later-versions"),
        pytest.param("", "", ("", "", "", ""), id="nothing"),
    ],
)
def test_patient_is_reached_as_the_sender_says(home: str, business: str, reached: tuple[str, ...]) -> None:
    """A number is a mobile one only where it is marked so."""
    patient = order(f"{PID}||||||{home}|{business}", "ORC|NW|A").patient

    assert (patient.mobile, patient.unmarked, patient.telephone, patient.email) == reached


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("19800101", "1980-01-01", id="date"),
        pytest.param("198001010830", "1980-01-01", id="with-hour-and-minute"),
        pytest.param("19800101083000.1234+0100", "1980-01-01", id="with-second-and-zone"),
        pytest.param("1980", "1980", id="year"),
        pytest.param("1980-01-01", "1980-01-01", id="as-fhir-writes-it"),
        pytest.param("19800101 or so", "19800101 or so", id="with-something-else"),
    ],
)
def test_birth_date_is_read_where_it_is_whole(sent: str, read: str) -> None:
    """What is no date stays as it was sent, so that nobody takes it for one."""
    assert order(PID.replace("19800101", sent), "ORC|NW|A").patient.birth_date == read


@pytest.mark.parametrize(
    ("field", "name"),
    [
        pytest.param("Example&van^Test^A^Jr^Dr", PersonName("Example", ("Test", "A"), "Dr", "Jr"), id="all-parts"),
        pytest.param("Maiden^T^^^^^M~Example^T^^^^^L", PersonName("Example", ("T",)), id="legal-name"),
        pytest.param("Maiden^T^^^^^M", PersonName(), id="former-name"),
    ],
)
def test_name_is_the_legal_one(field: str, name: PersonName) -> None:
    """A former name is never used."""
    assert order(PID.replace("Example^Test", field), "ORC|NW|A").patient.name == name


def test_order_without_a_patient_is_for_nobody() -> None:
    """Nothing of a patient is there where there is no PID."""
    found = order("ORC|NW|A").patient

    assert (found.references, found.birth_date, found.sex) == ((), "", "")


def test_identifiers_keep_their_authority() -> None:
    """Every repetition of PID-3 is a reference, where there is one."""
    found = order(PID.replace("900001", "900001^^^CLINIC&1.2^MR~7^^^OTHER"), "ORC|NW|A").patient

    assert found.references == (Identifier("900001", "CLINIC", "1.2"), Identifier("7", "OTHER"))


def test_subcomponents_need_their_delimiter() -> None:
    """Where MSH-2 declares none, an ampersand is a letter."""
    (found,) = orders(PID + "||||A & B^^Oxford", "ORC|NW|A", header=HEADER.replace(r"^~\&", "^~\\"))

    assert found.patient.address.lines == ("A & B",)


def test_doubtful_text_holds_where_it_is_read() -> None:
    """Bytes above 127 in a name, without a declared charset, keep the order from being sent."""
    raw = "\r".join((HEADER, PID.replace("Test", "T\u00e9st"), "ORC|NW|ORD-1", OBR)).encode("latin-1")

    (found,) = read_message(raw, LEXICON).orders

    assert [(finding.code, finding.at) for finding in found.findings] == [("undeclared-bytes", "PID-5")]
