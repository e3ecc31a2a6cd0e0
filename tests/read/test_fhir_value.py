"""value[x] becomes a value of the record; a comparator, a unit or a decimal is never lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LOINC, SYSTEMS, UCUM
from translator.read.fhir_elements import read_value
from translator.read.fhir_json import Node, parse
from translator.read.fhir_value import codings, identifier, lexical, unit_of
from translator.record.report import Identifier
from translator.record.values import Absent, Coded, Coding, Limit, Numeric, Range, Ratio, Text, Unusable, Value

NOT_NUMERIC = Unusable("value-not-numeric")
TOO_PRECISE = Unusable("value-too-precise")
HELD = Unusable("value-type-held")
REFUSED = Unusable("value-type-refused", refused=True)
CONTRADICTION = Unusable("value-contradicts-status")
WHY = '{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "error"}]}'
ABSENT_REASON = {"coding": [{"code": "not-performed"}]}


def node(written: str) -> Node:
    """Parse an Observation as a sender writes it."""
    found: Node = parse(written.encode())
    return found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param('{"valueQuantity": {"value": 5.40}}', Numeric("5.40"), id="quantity"),
        pytest.param('{"valueQuantity": {"value": 5}}', Numeric("5"), id="whole-quantity"),
        pytest.param('{"valueQuantity": {"value": -0.0}}', Numeric("-0.0"), id="minus-zero"),
        pytest.param('{"valueQuantity": {"value": 0.0000001}}', Numeric("0.0000001"), id="small-quantity"),
        pytest.param('{"valueQuantity": {"value": 1e-3}}', Numeric("0.001"), id="small-exponent"),
        pytest.param('{"valueQuantity": {"value": 1e3}}', NOT_NUMERIC, id="large-exponent"),
        pytest.param('{"valueQuantity": {"value": 1e400}}', NOT_NUMERIC, id="larger-than-a-double"),
        pytest.param('{"valueQuantity": {"value": 1e-99999999}}', NOT_NUMERIC, id="smaller-than-anything"),
        pytest.param('{"valueQuantity": {"value": 12345678901234567}}', Numeric("12345678901234567"), id="over-16"),
        pytest.param('{"valueQuantity": {"value": 1.%s}}' % ("0" * 31), TOO_PRECISE, id="longer-than-any-double"),
        pytest.param('{"valueQuantity": {"value": "5.4"}}', NOT_NUMERIC, id="number-as-text"),
        pytest.param('{"valueQuantity": {"value": true}}', NOT_NUMERIC, id="boolean-in-a-quantity"),
        pytest.param('{"valueQuantity": {"unit": "mg/dL"}}', NOT_NUMERIC, id="quantity-without-value"),
        pytest.param('{"valueQuantity": 5.4}', NOT_NUMERIC, id="quantity-as-number"),
        pytest.param('{"valueQuantity": null}', NOT_NUMERIC, id="quantity-null"),
        pytest.param('{"valueQuantity": {"value": 5.0, "comparator": "<"}}', Limit("<", "5.0"), id="limit"),
        pytest.param('{"valueQuantity": {"value": 5, "comparator": "ad"}}', NOT_NUMERIC, id="sufficient-to-achieve"),
        pytest.param('{"valueQuantity": {"value": 5, "comparator": ["<"]}}', NOT_NUMERIC, id="comparator-in-a-list"),
        pytest.param('{"valueQuantity": {"value": 5, "comparator": ""}}', NOT_NUMERIC, id="comparator-empty"),
        pytest.param('{"valueQuantity": {"value": 5, "comparator": null}}', NOT_NUMERIC, id="comparator-null"),
        pytest.param('{"valueQuantity": {"value": 5, "comparator": "lt"}}', NOT_NUMERIC, id="comparator-of-hl7-v2"),
        pytest.param('{"valueQuantity": {"value": 5, "_comparator": {}}}', NOT_NUMERIC, id="comparator-not-said"),
        pytest.param('{"valueQuantity": {"value": 5, "_value": {"id": "x"}}}', Numeric("5"), id="number-with-a-name"),
        pytest.param(
            '{"valueQuantity": {"value": 5, "_value": {"id": "x"}, "_comparator": {}}}', NOT_NUMERIC, id="both-beside"
        ),
        pytest.param(
            '{"valueQuantity": {"value": 5, "comparator": "<", "_value": {"id": "x"}}}',
            Limit("<", "5"),
            id="limit-with-a-name",
        ),
        pytest.param(f'{{"valueQuantity": {{"_value": {WHY}}}}}', Absent("data-absent"), id="number-that-says-why"),
        pytest.param(f'{{"valueQuantity": {{"value": 5, "_value": {WHY}}}}}', CONTRADICTION, id="number-and-why-not"),
        pytest.param(f'{{"_valueString": {WHY}}}', Absent("data-absent"), id="text-that-says-why"),
        pytest.param(f'{{"valueCodeableConcept": {WHY}}}', Absent("data-absent"), id="concept-that-says-why"),
        pytest.param('{"valueInteger": 5}', Numeric("5"), id="integer"),
        pytest.param('{"valueInteger": 5.0}', NOT_NUMERIC, id="decimal-as-integer"),
        pytest.param('{"valueInteger": "5"}', NOT_NUMERIC, id="text-as-integer"),
        pytest.param('{"valueInteger": true}', NOT_NUMERIC, id="boolean-as-integer"),
        pytest.param('{"valueString": " 5.4 "}', Text("5.4"), id="string"),
        pytest.param('{"valueString": " "}', Absent(), id="blank-string"),
        pytest.param('{"valueString": 5.4}', NOT_NUMERIC, id="number-as-string"),
        pytest.param(
            '{"valueCodeableConcept": {"coding": [{"system": "LN", "code": "LA1-1", "display": "Pos"}]}}',
            Coded((Coding(LOINC, "LA1-1", "Pos"),), "Pos"),
            id="coded",
        ),
        pytest.param(
            '{"valueCodeableConcept": {"text": "seen", "coding": [{"code": "P", "display": "Pos"}]}}',
            Coded((Coding("", "P", "Pos"),), "seen"),
            id="coded-with-text",
        ),
        pytest.param('{"valueCodeableConcept": {"text": "seen"}}', Coded((), "seen"), id="concept-of-text"),
        pytest.param('{"valueCodeableConcept": {}}', Absent(), id="empty-concept"),
        pytest.param('{"valueCodeableConcept": "Pos"}', NOT_NUMERIC, id="text-as-concept"),
        pytest.param(
            '{"valueRange": {"low": {"value": 2.0, "unit": "g/L"}, "high": {"value": 5, "unit": "g/L"}}}',
            Range("2.0", "5"),
            id="range",
        ),
        pytest.param('{"valueRange": {"low": {"value": 2}}}', NOT_NUMERIC, id="range-without-end"),
        pytest.param('{"valueRange": {"high": {"value": 2}}}', NOT_NUMERIC, id="range-without-start"),
        pytest.param(
            '{"valueRange": {"low": {"value": 2, "unit": "g/L"}, "high": {"value": 5, "unit": "g/dL"}}}',
            NOT_NUMERIC,
            id="range-of-two-units",
        ),
        pytest.param(
            '{"valueRange": {"low": {"value": 2, "unit": "g/L"}, "high": {"value": 5}}}',
            NOT_NUMERIC,
            id="range-with-one-unit-left-out",
        ),
        pytest.param(
            '{"valueRange": {"low": {"value": 2, "comparator": "<"}, "high": {"value": 5}}}',
            NOT_NUMERIC,
            id="range-with-comparator",
        ),
        pytest.param('{"valueRange": [2, 5]}', NOT_NUMERIC, id="range-as-list"),
        pytest.param(
            '{"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}',
            Ratio("1", ":", "160"),
            id="titre",
        ),
        pytest.param(
            '{"valueRatio": {"numerator": {"value": 1, "unit": "1"}, "denominator": {"value": 160}}}',
            Ratio("1", ":", "160"),
            id="titre-with-unity",
        ),
        pytest.param(
            '{"valueRatio": {"numerator": {"value": 5, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}}',
            NOT_NUMERIC,
            id="concentration-as-ratio",
        ),
        pytest.param('{"valueRatio": {"numerator": {"value": 1}}}', NOT_NUMERIC, id="ratio-without-denominator"),
        pytest.param('{"valueBoolean": true}', Coded((Coding("", "true"),)), id="boolean"),
        pytest.param('{"valueBoolean": "true"}', NOT_NUMERIC, id="boolean-as-text"),
        pytest.param(
            '{"valueQuantity": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}}',
            Absent("data-absent"),
            id="quantity-that-says-why-it-is-none",
        ),
        pytest.param('{"valueDateTime": "2024-05-01"}', HELD, id="date"),
        pytest.param('{"valuePeriod": {}}', HELD, id="period"),
        pytest.param('{"valueTime": "10:00:00"}', HELD, id="time"),
        pytest.param('{"valueSampledData": {}}', REFUSED, id="sampled-data"),
        pytest.param('{"valueAttachment": {}}', REFUSED, id="attachment"),
        pytest.param('{"valueReference": {}}', REFUSED, id="reference"),
        pytest.param('{"valueWhatever": 1}', REFUSED, id="unheard-of"),
        pytest.param("{}", Absent(), id="nothing"),
        pytest.param('{"_valueString": {"extension": []}}', Absent(), id="extension-of-a-value-only"),
        pytest.param('{"valueSet": "http://example.org"}', Absent(), id="no-value-element"),
        pytest.param('{"dataAbsentReason": {"text": "x"}}', Absent("data-absent"), id="absent-with-reason"),
        pytest.param('{"dataAbsentReason": {}}', Absent(), id="absent-with-empty-reason"),
        pytest.param('{"dataAbsentReason": "x"}', Absent(), id="absent-with-a-reason-of-another-shape"),
        pytest.param('{"valueString": "x", "dataAbsentReason": "x"}', CONTRADICTION, id="value-beside-such-a-reason"),
        pytest.param(
            '{"valueString": "x", "dataAbsentReason": {"text": "x"}}',
            Unusable("value-contradicts-status"),
            id="value-beside-absent-reason",
        ),
        pytest.param('{"valueString": "x", "valueInteger": 5}', Unusable("value-contradicts-status"), id="two-values"),
    ],
)
def test_value_is_read_by_its_element(written: str, expected: Value) -> None:
    """Each value[x] has its reading; what is no plain number stays none."""
    assert read_value(node(written), SYSTEMS) == expected


@pytest.mark.parametrize(
    ("codes", "value", "expected"),
    [
        pytest.param(["<"], {"valueInteger": 5}, Limit("<", "5"), id="below-the-scale"),
        pytest.param([">", "H"], {"valueInteger": 5}, Limit(">", "5"), id="above-the-scale"),
        pytest.param(["<", ">"], {"valueInteger": 5}, NOT_NUMERIC, id="both"),
        pytest.param(["H"], {"valueInteger": 5}, Numeric("5"), id="high"),
        pytest.param(["H", "HU"], {"valueInteger": 5}, Numeric("5"), id="high-in-two-words"),
        pytest.param([" < "], {"valueInteger": 5}, Limit("<", "5"), id="mark-among-spaces"),
        pytest.param(["<"], {"valueString": "low"}, Text("low"), id="text"),
        pytest.param(["<"], {"valueString": "5.0"}, Limit("<", "5.0"), id="number-as-text"),
        pytest.param(["<"], {"valueString": "5,0"}, Unusable("value-ambiguous"), id="text-that-may-be-a-number"),
        pytest.param(["<"], {"valueString": "<5"}, Limit("<", "5"), id="limit-as-text"),
        pytest.param(["<"], {"valueString": "1:160"}, Ratio("1", ":", "160", "<"), id="titre-as-text"),
        pytest.param(["<"], {"valueQuantity": {"value": 5, "comparator": "<="}}, Limit("<=", "5"), id="limit"),
    ],
)
def test_interpretation_off_the_scale_makes_a_limit(codes: list[str], value: dict[str, Any], expected: Value) -> None:
    """A number that is the end of the scale is a limit and no measurement."""
    interpretation = [{"coding": [{"code": code}]} for code in codes]

    assert read_value({**value, "interpretation": interpretation}, {}) == expected


def test_interpretation_in_words_makes_a_limit_too() -> None:
    """The words of the mark are the mark."""
    assert read_value({"valueInteger": 5, "interpretation": [{"text": "<"}]}, {}) == Limit("<", "5")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({}, ("", ""), id="no-value"),
        pytest.param({"valueQuantity": {"value": 1}}, ("", ""), id="none"),
        pytest.param({"valueQuantity": {"unit": "mg/dl"}}, ("mg/dl", ""), id="text"),
        pytest.param(
            {"valueQuantity": {"unit": "milligram", "code": "mg/dL", "system": UCUM}}, ("mg/dL", UCUM), id="ucum"
        ),
        pytest.param({"valueQuantity": {"unit": "mg/dL", "system": UCUM}}, ("mg/dL", UCUM), id="ucum-without-code"),
        pytest.param(
            {"valueQuantity": {"unit": "mmol/L", "code": "mg/dL", "system": "UCUM"}}, ("mg/dL", UCUM), id="ucum-by-name"
        ),
        pytest.param(
            {"valueQuantity": {"unit": "mg/dL", "code": "MGDL", "system": "urn:x"}}, ("mg/dL", "urn:x"), id="local-code"
        ),
        pytest.param({"valueQuantity": "mg/dL"}, ("", ""), id="no-object"),
        pytest.param({"valueRange": {"low": {"unit": "g/L"}}}, ("g/L", ""), id="range"),
        pytest.param({"valueRatio": {"numerator": {"unit": "1"}}}, ("", ""), id="ratio"),
    ],
)
def test_unit_is_the_ucum_code_before_the_text(value: dict[str, Any], expected: tuple[str, str]) -> None:
    """The human text counts only where there is no UCUM code."""
    assert unit_of(value, {"UCUM": UCUM}) == expected


def test_codings_are_those_with_a_code() -> None:
    """Systems become the canonical URI, unknown ones stay, and a coding without a code is none."""
    concept = {
        "coding": [
            {"system": "urn:oid:2.16.840.1.113883.6.1", "code": " 718-7 ", "display": "Hb"},
            {"system": "http://lab.example/codes", "code": "HB"},
            {"system": LOINC},
            {"code": 718},
            "718-7",
        ]
    }

    assert codings(concept, SYSTEMS) == (Coding(LOINC, "718-7", "Hb"), Coding("http://lab.example/codes", "HB"))


def test_identifier_is_value_and_system() -> None:
    """An identifier without them is empty."""
    assert identifier({"value": " A1 ", "system": "urn:x"}) == Identifier("A1", "urn:x")
    assert identifier({"value": 5}) == Identifier()


@pytest.mark.parametrize("value", [True, None, "5", 5.5, [5]], ids=["boolean", "null", "text", "double", "list"])
def test_what_is_no_json_number_has_no_digits(value: object) -> None:
    """Only integers and Decimals are numbers."""
    assert lexical(value) == ""


@given(digits=st.from_regex(r"-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,8})?", fullmatch=True).filter(lambda text: text != "-0"))
@settings(deadline=None)
def test_quantity_keeps_its_digits(digits: str) -> None:
    """A quantity has the digits that were written, none more and none fewer."""
    found = read_value(node(f'{{"valueQuantity": {{"value": {digits}}}}}'), {})

    assert found == Numeric(digits)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["<", "5", "mg", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "comparator", "low", "coding", "code", "text"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
ELEMENTS = st.sampled_from(
    [
        *("valueQuantity", "valueInteger", "valueString", "valueCodeableConcept", "valueRange", "valueRatio"),
        *("valueBoolean", "valueAttachment", "dataAbsentReason", "interpretation", "code"),
    ]
)


@given(element=st.dictionaries(ELEMENTS, ANYTHING, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_shape_has_a_value(element: dict[str, Any]) -> None:
    """Whatever stands where, nothing is an error, and a comparator never becomes a number."""
    value = read_value(element, SYSTEMS)
    unit_of(element, SYSTEMS)

    assert not isinstance(value, Numeric) or "comparator" not in element.get("valueQuantity", ())


def test_absent_reason_is_a_code_of_the_table() -> None:
    """The sender's reason is not repeated: it may be free text."""
    assert read_value({"dataAbsentReason": ABSENT_REASON}, {}) == Absent("data-absent")
