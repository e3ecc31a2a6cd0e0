"""OBX-5 is read by its type, and a form that is not provably one number never becomes one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LOINC, SYSTEMS
from translator.read.er7 import Delimiters, Unescape
from translator.read.value import ValueReader
from translator.record.number_form import number_form
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)

TYPES = (
    *("NM", "SN", "ST", "TX", "FT", "VR", "CE", "CWE", "CNE", "CF", "IS", "ID", "NR"),
    *("ED", "RP", "DT", "TM", "TS", "DTM", "DR", "CQ"),
)
NOT_NUMERIC = Unusable("value-not-numeric")
REPEATED = Unusable("value-repeated")


def reader(delimiters: Delimiters | None = None) -> ValueReader:
    """Make a reader of values for a message with these delimiters."""
    declared = delimiters or Delimiters()
    return ValueReader(declared, Unescape(declared), SYSTEMS)


def number(lexical: str) -> Numeric:
    """Make the value of one plain number."""
    return Numeric(lexical)


@pytest.mark.parametrize(
    ("value_type", "field", "expected"),
    [
        pytest.param("NM", "5.40", number("5.40"), id="number"),
        pytest.param("NM", " 5.4 ", number("5.4"), id="number-in-spaces"),
        pytest.param("NM", r"\H\5.6\N\ ", number("5.6"), id="highlighted-number"),
        pytest.param("NM", "<0.1", Limit("<", "0.1"), id="limit-in-a-number"),
        pytest.param("NM", "1:160", Ratio("1", ":", "160"), id="titre-in-a-number"),
        pytest.param("NM", "5.6 H", Text("5.6 H"), id="number-with-a-flag"),
        pytest.param("NM", r"\Z3E\5.6", Unusable("local-escape"), id="number-after-a-local-escape"),
        pytest.param("SN", r"^1^:^160\Z3E\ ", Unusable("local-escape"), id="titre-before-a-local-escape"),
        pytest.param("ST", r"\Z3E\5.6", Text("5.6", prose=True), id="string-after-a-local-escape"),
        pytest.param("CE", r"POS^a\Z3E\b", Coded((Coding("", "POS", "ab"),), "ab"), id="answer-with-a-local-escape"),
        pytest.param("ST", r"C:\Zebra\x", Text(r"C:\Zebra\x"), id="path-that-looks-like-one"),
        pytest.param("NM", "1e3", Text("1e3"), id="exponent"),
        pytest.param("NM", "5.4^mg", Text("5.4^mg"), id="number-with-a-component"),
        pytest.param("NM", r"5\.br\6", Text("5\n6"), id="number-over-two-lines"),
        pytest.param("NM", "4.1~4.3", REPEATED, id="two-numbers"),
        pytest.param("NM", r"\H\\N\ ", Absent(), id="nothing-but-highlighting"),
        pytest.param("SN", "^50", number("50"), id="structured-number"),
        pytest.param("SN", "=^50", number("50"), id="structured-equal"),
        pytest.param("SN", ">^100", Limit(">", "100"), id="structured-limit"),
        pytest.param("SN", ">=^1", Limit(">=", "1"), id="structured-limit-two-characters"),
        pytest.param("SN", "\u2265^1", Limit(">=", "1"), id="structured-limit-one-sign"),
        pytest.param("SN", r"\T\lt;^1", NOT_NUMERIC, id="structured-unknown-comparator"),
        pytest.param("SN", "<>^1", NOT_NUMERIC, id="structured-unequal"),
        pytest.param("SN", "^1^:^160", Ratio("1", ":", "160"), id="structured-titre"),
        pytest.param("SN", "^1^/^2", Ratio("1", "/", "2"), id="structured-ratio"),
        pytest.param("SN", "^2^-^5", Range("2", "5"), id="structured-range"),
        pytest.param("SN", "=^2^-^5", Range("2", "5"), id="structured-range-with-equal"),
        pytest.param("SN", "^2^+", Text("2+"), id="structured-plus"),
        pytest.param("SN", "^2^+^3", NOT_NUMERIC, id="structured-plus-with-a-second"),
        pytest.param("SN", "^2^*^3", NOT_NUMERIC, id="structured-unknown-separator"),
        pytest.param("SN", "^2^^3", NOT_NUMERIC, id="structured-without-separator"),
        pytest.param("SN", "^2^-", NOT_NUMERIC, id="structured-range-without-end"),
        pytest.param("SN", ">^1^:^160", Ratio("1", ":", "160", ">"), id="structured-titre-with-comparator"),
        pytest.param("SN", "\u2264^1^:^160", Ratio("1", ":", "160", "<="), id="structured-titre-with-one-sign"),
        pytest.param("SN", "~=^1^:^160", REPEATED, id="structured-titre-repeated"),
        pytest.param("SN", "about^1^:^160", NOT_NUMERIC, id="structured-titre-with-a-word"),
        pytest.param("SN", "<^2^-^5", NOT_NUMERIC, id="structured-range-with-comparator"),
        pytest.param("SN", ">^2^+", NOT_NUMERIC, id="structured-plus-with-comparator"),
        pytest.param("NM", ">= 1 : 160", Ratio("1", ":", "160", ">="), id="titre-with-comparator-in-a-number"),
        pytest.param("SN", "<^", NOT_NUMERIC, id="structured-comparator-alone"),
        pytest.param("SN", ">100", NOT_NUMERIC, id="structured-in-one-component"),
        pytest.param("SN", "^QNS", Text("QNS", prose=True), id="structured-word"),
        pytest.param("SN", "Not done^", Text("Not done", prose=True), id="structured-word-in-the-first-component"),
        pytest.param("SN", "<^QNS", NOT_NUMERIC, id="structured-word-behind-a-comparator"),
        pytest.param("SN", "LT", NOT_NUMERIC, id="structured-comparator-word-alone"),
        pytest.param("SN", "^5 H", NOT_NUMERIC, id="structured-number-with-a-letter"),
        pytest.param("SN", "^--", NOT_NUMERIC, id="structured-signs"),
        pytest.param("NR", "QNS", Text("QNS", prose=True), id="numeric-range-word"),
        pytest.param("SN", "^1_000", NOT_NUMERIC, id="structured-no-number"),
        pytest.param("SN", "^1^-^2^3", NOT_NUMERIC, id="structured-fifth-component"),
        pytest.param("SN", "^1~^2", REPEATED, id="structured-repeated"),
        pytest.param("ST", "5.40", Text("5.40"), id="string-that-looks-like-a-number"),
        pytest.param("ST", r"\E\ a\T\b ", Text(r"\ a&b"), id="string-with-escapes"),
        pytest.param("TX", "one~two ~three", Text("one\ntwo\nthree", prose=True), id="text-of-several-lines"),
        pytest.param("FT", r"one\.br\two", Text("one\ntwo", prose=True), id="formatted-text"),
        pytest.param("TX", "~ ~", Absent(), id="text-of-blank-lines"),
        pytest.param("VR", "1^2", Range("1", "2"), id="value-range"),
        pytest.param("VR", "1-2", Text("1-2"), id="value-range-in-one-component"),
        pytest.param("VR", "^", Absent(), id="value-range-of-nothing"),
        pytest.param("VR", "1^high", NOT_NUMERIC, id="value-range-of-words"),
        pytest.param("VR", "1^2^3", NOT_NUMERIC, id="value-range-of-three"),
        pytest.param("VR", "1^2~3^4", REPEATED, id="value-range-repeated"),
        pytest.param("CWE", "POS^Positive^L~^Weak~", Text("Positive\nWeak"), id="coded-answers-with-words"),
        pytest.param("CWE", "POS^Positive^L~NEG^^L", REPEATED, id="coded-answers-one-without-words"),
        pytest.param("NR", "2^5", Range("2", "5"), id="numeric-range"),
        pytest.param("NR", " 2 ^ 5 ", Range("2", "5"), id="numeric-range-in-spaces"),
        pytest.param("NR", "2", NOT_NUMERIC, id="numeric-range-without-end"),
        pytest.param("NR", "^5", NOT_NUMERIC, id="numeric-range-without-start"),
        pytest.param("NR", "2^5^7", NOT_NUMERIC, id="numeric-range-of-three"),
        pytest.param("NR", r"2\S\5", NOT_NUMERIC, id="numeric-range-with-an-escaped-delimiter"),
        pytest.param("ED", "^application^pdf^Base64^JVBE", Document("embedded"), id="embedded-document"),
        pytest.param("RP", "http://lab.example/1.pdf", Document("referenced"), id="referenced-document"),
        pytest.param("TS", "20240501", Unusable("value-type-held"), id="time"),
        pytest.param("CQ", "5^mg", Unusable("value-type-held"), id="quantity"),
        pytest.param("XAD", "1 Main St", Unusable("value-type-refused", refused=True), id="address"),
        pytest.param("nm", "5", Unusable("value-type-refused", refused=True), id="type-in-lower-case"),
        pytest.param("", "5.4", Unusable("value-type-missing"), id="no-type"),
        pytest.param('""', "5.4", Unusable("value-type-missing"), id="null-type"),
    ],
)
def test_value_is_read_by_its_type(value_type: str, field: str, expected: Value) -> None:
    """Each type of HL7 table 0125 has its reading."""
    assert reader()(value_type, field) == expected


@pytest.mark.parametrize("value_type", [*TYPES, "", "XAD"])
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("", Absent(), id="empty"),
        pytest.param("  ", Absent(), id="blank"),
        pytest.param('""', Cleared(), id="null"),
        pytest.param(' "" ', Cleared(), id="null-in-spaces"),
    ],
)
def test_empty_and_null_mean_the_same_in_every_type(value_type: str, field: str, expected: Value) -> None:
    """Nothing sent is absent, and two quotes delete, whatever the type."""
    assert reader()(value_type, field) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("POS^Positive^L", Coded((Coding("L", "POS", "Positive"),), "Positive"), id="one-coding"),
        pytest.param(
            "1-8^A^LN^POS^Positive^L",
            Coded((Coding(LOINC, "1-8", "A"), Coding("L", "POS", "Positive")), "A"),
            id="two-codings",
        ),
        pytest.param("^Positive", Coded((), "Positive"), id="text-only"),
        pytest.param("POS", Coded((Coding("", "POS"),), ""), id="code-only"),
        pytest.param("POS^^L^^Alternate", Coded((Coding("L", "POS"),), "Alternate"), id="second-text"),
        pytest.param(
            "POS^Positive^L^^^^^^seen\\T\\said",
            Coded((Coding("L", "POS", "Positive"),), "seen&said"),
            id="original-text",
        ),
        pytest.param("^^L", Absent(), id="system-only"),
        pytest.param("POS~NEG", REPEATED, id="repeated"),
    ],
)
@pytest.mark.parametrize("value_type", ["CE", "CWE", "CNE", "CF", "IS", "ID"])
def test_coded_answer_keeps_every_coding(value_type: str, field: str, expected: Value) -> None:
    """Codings stand in order; the original text counts before the texts of the codes."""
    assert reader()(value_type, field) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("718-7^Hb^LN", (Coding(LOINC, "718-7", "Hb"),), id="loinc"),
        pytest.param("HB^Hb^L^718-7^^LN", (Coding("L", "HB", "Hb"), Coding(LOINC, "718-7")), id="loinc-second"),
        pytest.param(
            "HB^^L^^^^^^^718-7^Hb^LN", (Coding("L", "HB"), Coding(LOINC, "718-7", "Hb")), id="loinc-in-the-third"
        ),
        pytest.param("718-7" + "^" * 13 + "2.16.840.1.113883.6.1", (Coding(LOINC, "718-7"),), id="oid-of-the-first"),
        pytest.param(
            "^^^718-7" + "^" * 13 + "2.16.840.1.113883.6.1", (Coding(LOINC, "718-7"),), id="oid-of-the-second"
        ),
        pytest.param(
            "^" * 9 + "718-7" + "^" * 10 + "2.16.840.1.113883.6.1", (Coding(LOINC, "718-7"),), id="oid-of-the-third"
        ),
        pytest.param("718-7^^L" + "^" * 11 + "1.2.3", (Coding("L", "718-7"),), id="name-counts-before-oid"),
        pytest.param(r"A\S\B^x\F\y^99LAB", (Coding("99LAB", "A^B", "x|y"),), id="escapes"),
        pytest.param(" HB ^ Hb ^ L ", (Coding("L", "HB", "Hb"),), id="spaces"),
        pytest.param("^only text^L", (), id="no-code"),
        pytest.param(
            "HB" + "^x" * 40, (Coding("x", "HB", "x"), Coding("x", "x", "x"), Coding("x", "x", "x")), id="long"
        ),
    ],
)
def test_codings_are_the_three_triplets(field: str, expected: tuple[Coding, ...]) -> None:
    """All triplets are offered, with the canonical system where the name is known."""
    assert reader().codings(field) == expected


def test_remembered_codes_are_bounded_and_right() -> None:
    """However many codes a message has, each is read as itself."""
    read = reader()

    found = [read.codings(f"C{number}^^L") for number in (*range(10_000), 1)]

    assert found == [(Coding("L", f"C{number}"),) for number in (*range(10_000), 1)]
    assert len(read._codings) <= 4096


def test_answers_are_not_remembered() -> None:
    """What is remembered holds no answer of a patient."""
    read = reader()

    read("CWE", "POS^Positive^L")

    assert not read._codings


def test_message_without_repetition_separator_repeats_nothing() -> None:
    """Where MSH-2 declares no repetition separator, a tilde is a character."""
    value = reader(Delimiters("|", "^", "\0", "", ""))

    assert value("NM", "5.4") == number("5.4")
    assert value("ST", "a~b") == Text("a~b")


@given(value_type=st.sampled_from(TYPES), field=st.text(alphabet='0159.+-<>=:/^~\\& ETX"aé'))
@settings(max_examples=400, deadline=None)
def test_any_field_has_a_value(value_type: str, field: str) -> None:
    """No field is an error, and a number that is read is written in the field, character by character."""
    value = reader()(value_type, field)

    assert not isinstance(value, Numeric | Limit) or value.lexical in field


@given(whole=st.integers(0, 9999), places=st.integers(0, 3), sign=st.sampled_from(["", "-", "+"]))
def test_same_number_has_the_same_value_in_number_and_structured_number(whole: int, places: int, sign: str) -> None:
    """NM and SN agree on what a number is."""
    lexical = f"{sign}{Decimal(whole).scaleb(-places):f}"

    assert reader()("NM", lexical) == reader()("SN", f"^{lexical}") == number(lexical)


@pytest.mark.parametrize(
    ("value_type", "field", "expected"),
    [
        pytest.param("NM", "1.204,5", Numeric("1.204,5", "1204.5"), id="number"),
        pytest.param("NM", "5.6", Text("5.6"), id="number-of-another-sender"),
        pytest.param("SN", "^5,6", Numeric("5,6", "5.6"), id="structured"),
        pytest.param("SN", "<^5,6", Limit("<", "5.6"), id="structured-limit"),
        pytest.param("SN", "^1^:^1.280", Ratio("1", ":", "1280"), id="structured-titre"),
        pytest.param("SN", "^0,5^-^1,5", Range("0.5", "1.5"), id="structured-range"),
        pytest.param("SN", "^0,5^-^1.5", NOT_NUMERIC, id="structured-range-mixed"),
        pytest.param("SN", "^2^+", Text("2+"), id="structured-plus"),
        pytest.param("NR", "0,5^1,5", Range("0.5", "1.5"), id="range"),
        pytest.param("NR", "0,5^1.5", NOT_NUMERIC, id="range-mixed"),
    ],
)
def test_number_is_read_in_the_form_that_the_site_declares(value_type: str, field: str, expected: Value) -> None:
    """A decimal comma is read where it is the sender's habit, and a point that is not is no number."""
    declared = Delimiters()
    read = ValueReader(declared, Unescape(declared), SYSTEMS, number_form(",", "."))

    assert read(value_type, field) == expected


@pytest.mark.parametrize(
    ("field", "unit", "expected"),
    [
        pytest.param("5.4^mmol/L", "", (number("5.4"), "mmol/L"), id="number-and-unit"),
        pytest.param("5.4^mmol/L&millimole&UCUM", "", (number("5.4"), "mmol/L"), id="coded-unit"),
        pytest.param("5.4^&millimole", "", (number("5.4"), "millimole"), id="unit-by-name"),
        pytest.param(r"5.4^10\S\9/L", "", (number("5.4"), "10^9/L"), id="escaped-unit"),
        pytest.param("5.4", "mmol/L", (number("5.4"), "mmol/L"), id="unit-in-its-own-field"),
        pytest.param("5.4^mmol/L", "mmol/L", (number("5.4"), "mmol/L"), id="unit-twice"),
        pytest.param("5.4^mmol/L", "mg/dL", (Unusable("unit-contradicts"), "mg/dL"), id="two-units"),
        pytest.param("5.4^mmol/L^x", "", (NOT_NUMERIC, ""), id="third-component"),
        pytest.param("5.4^mmol/L~5.5^mmol/L", "", (REPEATED, ""), id="repeated"),
        pytest.param("^mmol/L", "", (Absent(), "mmol/L"), id="unit-alone"),
        pytest.param("", "mg/dL", (Absent(), "mg/dL"), id="nothing"),
        pytest.param('""', "mg/dL", (Cleared(), "mg/dL"), id="hl7-null"),
    ],
)
def test_composite_quantity_is_read_where_the_site_says_so(field: str, unit: str, expected: tuple[Value, str]) -> None:
    """CQ is one number and its unit, and nothing is chosen between two units."""
    declared = Delimiters()
    read = ValueReader(declared, Unescape(declared), SYSTEMS, composite_quantity=True)

    assert read.composite(field, unit) == expected


def test_composite_quantity_without_subcomponents_has_a_plain_unit() -> None:
    """A message that declares no subcomponent separator cannot split its unit."""
    declared = Delimiters(subcomponent="")
    read = ValueReader(declared, Unescape(declared), SYSTEMS, composite_quantity=True)

    assert read.composite("5.4^mmol/L", "") == (number("5.4"), "mmol/L")


def test_composite_quantity_is_held_otherwise() -> None:
    """Nobody has said that this sender means a quantity."""
    assert reader().composite("5.4^mmol/L", "") == (Unusable("value-type-held"), "")
