"""OBX-5 is read by its type, and a form that is not provably one number never becomes one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LOINC, SYSTEMS
from translator.read.er7 import Delimiters, Unescape
from translator.read.value import ValueReader
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
    return Numeric(Decimal(lexical), lexical)


@pytest.mark.parametrize(
    ("value_type", "field", "expected"),
    [
        pytest.param("NM", "5.40", number("5.40"), id="number"),
        pytest.param("NM", " 5.4 ", number("5.4"), id="number-in-spaces"),
        pytest.param("NM", r"\H\5.6\N\ ", number("5.6"), id="highlighted-number"),
        pytest.param("NM", "<0.1", Limit("<", Decimal("0.1"), "0.1"), id="limit-in-a-number"),
        pytest.param("NM", "1:160", Ratio("1", ":", "160"), id="titre-in-a-number"),
        pytest.param("NM", "5.6 H", Text("5.6 H"), id="number-with-a-flag"),
        pytest.param("NM", "1e3", Text("1e3"), id="exponent"),
        pytest.param("NM", "5.4^mg", Text("5.4^mg"), id="number-with-a-component"),
        pytest.param("NM", r"5\.br\6", Text("5\n6"), id="number-over-two-lines"),
        pytest.param("NM", "4.1~4.3", REPEATED, id="two-numbers"),
        pytest.param("NM", r"\H\\N\ ", Absent(), id="nothing-but-highlighting"),
        pytest.param("SN", "^50", number("50"), id="structured-number"),
        pytest.param("SN", "=^50", number("50"), id="structured-equal"),
        pytest.param("SN", ">^100", Limit(">", Decimal(100), "100"), id="structured-limit"),
        pytest.param("SN", ">=^1", Limit(">=", Decimal(1), "1"), id="structured-limit-two-characters"),
        pytest.param("SN", "\u2265^1", Limit(">=", Decimal(1), "1"), id="structured-limit-one-sign"),
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
        pytest.param("SN", ">^1^:^160", NOT_NUMERIC, id="structured-titre-with-comparator"),
        pytest.param("SN", "<^", NOT_NUMERIC, id="structured-comparator-alone"),
        pytest.param("SN", ">100", NOT_NUMERIC, id="structured-in-one-component"),
        pytest.param("SN", "^1_000", NOT_NUMERIC, id="structured-no-number"),
        pytest.param("SN", "^1^-^2^3", NOT_NUMERIC, id="structured-fifth-component"),
        pytest.param("SN", "^1~^2", REPEATED, id="structured-repeated"),
        pytest.param("ST", "5.40", Text("5.40"), id="string-that-looks-like-a-number"),
        pytest.param("ST", r"\E\ a\T\b ", Text(r"\ a&b"), id="string-with-escapes"),
        pytest.param("TX", "one~two ~three", Text("one\ntwo\nthree"), id="text-of-several-lines"),
        pytest.param("FT", r"one\.br\two", Text("one\ntwo"), id="formatted-text"),
        pytest.param("TX", "~ ~", Absent(), id="text-of-blank-lines"),
        pytest.param("VR", "1^2", Text("1^2"), id="value-range"),
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


def test_message_without_repetition_separator_repeats_nothing() -> None:
    """Where MSH-2 declares no repetition separator, a tilde is a character."""
    value = reader(Delimiters("|", "^", "\0", "", ""))

    assert value("NM", "5.4") == number("5.4")
    assert value("TX", "a~b") == Text("a~b")


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
