"""What is read in one go comes to the same as what is parsed as a tree, and nothing is passed over on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import LEXICON, LOINC, UCUM, bundle
from translator.read.fhir import FhirReader
from translator.read.fhir_bundle import Document
from translator.read.fhir_elements import ElementMemo
from translator.read.fhir_json import parse
from translator.read.fhir_observation import ObservationReader
from translator.read.fhir_plain import PlainReader
from translator.record.report import Message

BASE = "https://lab.example/fhir"
QUANTITY = {"value": 5, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}


def reader() -> PlainReader:
    """Give a reader that knows nothing yet."""
    memo = ElementMemo()
    return PlainReader(ObservationReader(LEXICON.systems, memo), LEXICON.systems, memo)


def observation(name: str, **elements: Any) -> dict[str, Any]:
    """Write an Observation of an invented test, with what a feed says beside its value."""
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"lastUpdated": "2026-03-01T09:55:00Z"},
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": "2093-3"}]},
        "subject": {"reference": "Patient/p"},
        "referenceRange": [{"low": {"value": 1}, "high": {"value": 9}}],
        **elements,
    }


def document(*observations: dict[str, Any], **elements: Any) -> bytes:
    """Write a Bundle without white space: a report of these Observations, and its patient."""
    results = [{"reference": f"Observation/{each['id']}"} for each in observations]
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "result": results}
    resources = [report, *observations, PATIENT]
    urls = [{**each, "fullUrl": f"{BASE}/{each['resourceType']}/{each.get('id', '')}"} for each in resources]
    return msgspec.json.format(bundle(*urls, **elements), indent=-1)


STANDARD = document(observation("1", valueQuantity=QUANTITY), observation("2", valueString="POS"))


def both(raw: bytes) -> tuple[Message, Message]:
    """Read a document in one go, and as a tree."""
    plain = reader().read(raw)
    assert plain is not None
    whole = FhirReader(LEXICON)
    return whole.read_document(plain), whole.read_document(Document(parse(raw)))


@pytest.mark.parametrize(
    "elements",
    [
        pytest.param({"valueQuantity": QUANTITY}, id="quantity"),
        pytest.param({"valueQuantity": {"value": 5.4}}, id="quantity-without-unit"),
        pytest.param({"valueQuantity": {"value": -3}}, id="below-nought"),
        pytest.param({"valueQuantity": {**QUANTITY, "comparator": "<"}}, id="limit"),
        pytest.param({"valueQuantity": {**QUANTITY, "comparator": "about"}}, id="unknown-comparator"),
        pytest.param({"valueQuantity": QUANTITY, "interpretation": [{"coding": [{"code": ">"}]}]}, id="off-the-scale"),
        pytest.param({"valueString": " POS "}, id="text"),
        pytest.param({"valueString": "   "}, id="blank-text"),
        pytest.param({"valueCodeableConcept": {"coding": [{"system": "LN", "code": "LA1"}]}}, id="coded"),
        pytest.param({"valueCodeableConcept": {}}, id="coded-without-code"),
        pytest.param({"valueString": "a", "subject": {"reference": "Patient/q"}}, id="another-person"),
        pytest.param({"valueString": "a", "subject": {"display": "A. Sample"}}, id="person-by-name"),
        pytest.param({"valueString": "a", "note": [{"text": "\u00b5"}], "extension": []}, id="remarks"),
        pytest.param({"valueString": "a", "meta": {"profile": ["http://example.org/x"]}}, id="profile"),
        pytest.param(
            {"valueString": "a", "meta": {"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/x"]}},
            id="old-version",
        ),
        pytest.param({"valueString": "a", "code": None, "status": " final "}, id="no-code"),
    ],
)
def test_plain_observation_reads_as_in_any_document(elements: dict[str, Any]) -> None:
    """Form, value, person and version are those that the tree gives."""
    raw = document(observation("1", valueQuantity=QUANTITY), observation("2", **elements))

    plain, whole = both(raw)

    assert plain == whole


@pytest.mark.parametrize("digits", ["0", "5.40", "0.0000001", "123456789012345", "-0.0", "10.0"])
def test_number_keeps_its_digits(digits: str) -> None:
    """Not one is added or lost."""
    plain, whole = both(STANDARD.replace(b'"value":5,', b'"value":%s,' % digits.encode()))

    assert plain.reports[0].observations[0].value == whole.reports[0].observations[0].value


@pytest.mark.parametrize(
    "elements",
    [
        pytest.param({"link": [{"relation": "next"}]}, id="next-page"),
        pytest.param({"meta": {"tag": [{"code": "HTEST"}]}}, id="test-data"),
        pytest.param({"timestamp": "2026-03-01T10:00:00Z", "id": "b", "total": 4}, id="more-about-the-bundle"),
        pytest.param({"type": "subscription-notification"}, id="notification"),
    ],
)
def test_bundle_reads_as_in_any_document(elements: dict[str, Any]) -> None:
    """What it says of itself refuses or holds it all the same."""
    plain, whole = both(document(observation("1", valueString="a"), **elements))

    assert plain == whole


def test_entries_of_other_kinds_read_as_in_any_document() -> None:
    """An entry without a resource keeps its number; how one was found is proved and not read."""
    extra = [{}, {"search": {"mode": "match"}, "resource": {"resourceType": "Organization", "id": "o"}}]
    root = json.loads(STANDARD)
    root["entry"] = [*extra, *root["entry"], {"resource": {"resourceType": "Specimen"}}]

    plain, whole = both(msgspec.json.encode(root))

    assert plain == whole
    assert plain.reports[0].at == "Bundle.entry[2].resource"


def test_answers_to_the_order_form_are_no_results() -> None:
    """The report says so, and each of its plain Observations is told apart."""
    plain, whole = both(STANDARD.replace(b'"id":"r",', b'"id":"r","code":{"coding":[{"code":"68991-9"}]},'))

    assert plain == whole
    assert [seen.place for seen in plain.reports[0].observations] == ["order-form"] * 2


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(b'"id":"r","modifierExtension":[{"url":"x"}],', id="turned-by-its-report"),
        pytest.param(b'"id":"r","language":"en",', id="as-it-stands"),
    ],
)
@pytest.mark.parametrize("result", [b"Observation/2", b"Observation/3"])
def test_plain_observation_is_read_alone_as_in_any_document(report: bytes, result: bytes) -> None:
    """Whether its report turns its meaning, or no report has it at all."""
    raw = STANDARD.replace(b'"id":"r",', report).replace(b'"reference":"Observation/2"', b'"reference":"%s"' % result)

    plain, whole = both(raw)

    assert plain == whole


def test_path_is_right_in_a_large_bundle() -> None:
    """Places beyond those that are written beforehand are counted on."""
    plain, whole = both(document(*(observation(str(number), valueString="a") for number in range(300))))

    assert plain == whole


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda root: json.dumps(root).encode(), id="spaces"),
        pytest.param(lambda root: json.dumps(root, indent=2).encode(), id="lines"),
        pytest.param(lambda root: json.dumps(root, indent=2).encode("utf-8-sig"), id="byte-order-mark"),
    ],
)
def test_white_space_means_nothing(write: Callable[[Any], bytes]) -> None:
    """A document that is written for people is read in one go, too."""
    spaced = reader().read(write(json.loads(STANDARD)))

    assert spaced is not None
    assert FhirReader(LEXICON).read_document(spaced) == both(STANDARD)[1]


@pytest.mark.parametrize(
    "elements",
    [
        pytest.param({}, id="no-value"),
        pytest.param({"valueQuantity": QUANTITY, "valueString": "a"}, id="two-values"),
        pytest.param({"valueQuantity": QUANTITY, "valueCodeableConcept": {}}, id="quantity-and-code"),
        pytest.param({"valueString": "a", "valueCodeableConcept": {}}, id="text-and-code"),
        pytest.param({"valueRange": {"low": {"value": 1}}}, id="range"),
        pytest.param({"valueQuantity": {"unit": "mg/dL"}}, id="no-number"),
        pytest.param({"valueQuantity": {"value": "5"}}, id="number-as-text"),
        pytest.param({"valueQuantity": {"value": {"a": 5}}}, id="object-as-number"),
        pytest.param({"valueQuantity": {"value": 12345678901234567}}, id="too-many-digits"),
        pytest.param({"valueQuantity": {"value": 5, "extension": []}}, id="extended-quantity"),
        pytest.param({"valueQuantity": QUANTITY, "dataAbsentReason": {}}, id="reason-for-no-value"),
        pytest.param({"valueQuantity": QUANTITY, "hasMember": []}, id="members"),
        pytest.param({"valueQuantity": QUANTITY, "component": []}, id="components"),
        pytest.param({"valueQuantity": QUANTITY, "basedOn": []}, id="order"),
        pytest.param({"valueQuantity": QUANTITY, "specimen": {}}, id="specimen"),
        pytest.param({"valueQuantity": QUANTITY, "contained": []}, id="contained"),
        pytest.param({"valueQuantity": QUANTITY, "modifierExtension": []}, id="modifier"),
        pytest.param({"valueQuantity": QUANTITY, "implicitRules": ""}, id="rules"),
        pytest.param({"valueQuantity": QUANTITY, "meta": {"security": []}}, id="label"),
        pytest.param({"valueQuantity": QUANTITY, "category": {"text": "a"}}, id="category-of-an-old-version"),
        pytest.param({"valueQuantity": QUANTITY, "issued": ""}, id="empty-element"),
        pytest.param({"valueQuantity": QUANTITY, "status": ["final"]}, id="status-in-a-list"),
        pytest.param({"valueQuantity": QUANTITY, "resourceType": "Basic"}, id="another-resource"),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_tree(elements: dict[str, Any]) -> None:
    """An element that leads elsewhere, or turns or doubts a value, is never passed over."""
    raw = document(observation("1", valueQuantity=QUANTITY), observation("2", **elements))

    assert reader().read(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"resourceType":"DiagnosticReport"}', id="bare-report"),
        pytest.param(STANDARD.replace(b'"collection"', b'"history"'), id="history"),
        pytest.param(b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}', id="no-report"),
        pytest.param(STANDARD.replace(b'"fullUrl"', b'"request":{"method":"DELETE"},"fullUrl"', 1), id="request"),
        pytest.param(STANDARD.replace(b"POS", b"\xb5"), id="latin-1"),
        pytest.param(STANDARD.replace(b"POS", b"\\u0050OS"), id="escape"),
        pytest.param(STANDARD.replace(b"POS", b"\\ud800"), id="half-a-character"),
        pytest.param(STANDARD.replace(b'"value":5,', b'"value":NaN,'), id="not-a-number"),
        pytest.param(STANDARD.replace(b'"value":5,', b'"value":1e2,'), id="exponent"),
        pytest.param(STANDARD.replace(b'"value":5,', b'"value":1e-3,'), id="small-exponent"),
        pytest.param(STANDARD.replace(b'"value":5,', b'"value":-0,'), id="minus-nought"),
        pytest.param(STANDARD[:-1], id="no-end"),
        pytest.param(STANDARD + b"x", id="text-behind"),
        pytest.param(STANDARD.replace(b'"code":"laboratory"', b'"a":' + b"[" * 10**5 + b"]" * 10**5), id="bottomless"),
    ],
)
def test_what_is_no_sound_bundle_of_results_is_left_to_the_tree(raw: bytes) -> None:
    """The parser of whole documents reads it, or says what is wrong."""
    assert reader().read(raw) is None


def objects(node: object) -> list[dict[str, Any]]:
    """Give every object of a document, at any depth."""
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return ([node] if isinstance(node, dict) else []) + [each for part in inner for each in objects(part)]


ROOT = json.loads(document(observation("1", valueQuantity=QUANTITY, note=[{"text": "a"}]), id="b"))


@pytest.mark.parametrize("known", [pytest.param(False, id="new-words"), pytest.param(True, id="known-words")])
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_key_that_stands_twice_is_never_passed_over(*, known: bool, data: st.DataObject) -> None:
    """At any depth, whichever of the two comes first, and however often the rest has been seen."""
    plain = reader()
    if known:
        plain.read(msgspec.json.encode(ROOT))
    root = json.loads(json.dumps(ROOT))
    node = data.draw(st.sampled_from([each for each in objects(root) if each]))
    key = data.draw(st.sampled_from(sorted(node)))
    value = data.draw(st.sampled_from([node[key], "", 1, None, "x" * 9, []]))
    places = data.draw(st.permutations(["#twice", key]))
    items = {**node, "#twice": value}
    node.clear()
    node.update({name: items[name] for name in [places[0], *(each for each in items if each not in places), places[1]]})

    found = plain.read(msgspec.json.encode(root).replace(b'"#twice"', json.dumps(key).encode()))

    assert found is None


@pytest.mark.parametrize("levels", [pytest.param(190, id="within-the-bound"), pytest.param(300, id="beyond")])
def test_what_is_too_deep_is_never_passed_over(levels: int) -> None:
    """The bound of the tree holds for what nobody reads, too."""
    deep = STANDARD.replace(b'"code":"laboratory"', b'"code":' + b"[" * levels + b"]" * levels)

    assert (reader().read(deep) is None) is (levels > 200)


def test_one_level_too_deep_is_refused() -> None:
    """Root, entries, entry, resource and the element's list, object, list and object come before the brackets."""
    raw = STANDARD.replace(b'"code":"laboratory"', b'"code":' + b"[" * 193 + b"]" * 193, 1)

    assert FhirReader(LEXICON).read(raw).refused is not None
    assert FhirReader(LEXICON).read(raw.replace(b"[]", b"", 1)).refused is None


def test_words_are_kept_and_bounded() -> None:
    """However many codes and ranges a feed has, only so many are kept, and a value or a person never."""
    plain = reader()

    for first in range(0, 5_000, 500):
        codes = ({"coding": [{"system": LOINC, "code": str(first + number)}]} for number in range(500))
        ranges = ([{"low": {"value": first + number}}] for number in range(500))
        found = zip(codes, ranges, strict=True)
        plain.read(document(*(observation("1", valueString="a", code=code, referenceRange=low) for code, low in found)))

    assert 0 < plain.remembered <= 2 * (4_096 + 500)


def test_values_and_persons_are_not_kept() -> None:
    """A second document that differs in these alone adds nothing."""
    plain = reader()
    plain.read(STANDARD)
    before = plain.remembered

    again = plain.read(STANDARD.replace(b"POS", b"NEG").replace(b"Patient/p", b"Patient/q").replace(b":5,", b":6,"))

    assert again is not None
    assert plain.remembered == before


def test_what_is_longer_than_words_of_a_feed_is_not_kept() -> None:
    """A text of such a length is no code and no range."""
    plain = reader()
    plain.read(STANDARD)
    before = plain.remembered
    long = observation("1", valueString="a", code={"text": "x" * 3_000}, referenceRange=[{"text": "x" * 3_000}])

    assert plain.read(document(long)) is not None
    assert plain.remembered == before


LETTERS = st.characters(codec="utf-8") | st.sampled_from('\x00\x08\n\x1f\x7f"\\/\u2028\ud7ff\U0001f600')


@given(text=st.text(LETTERS, max_size=8), ascii_only=st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_text_is_written_longer_than_it_was_sent(text: str, *, ascii_only: bool) -> None:
    """The proof rests on it: what is missing is never made up for by a text that grew."""
    shortest = "".join(letter if letter >= " " and letter not in '"\\' else json.dumps(letter)[1:-1] for letter in text)

    for sent in (f'"{shortest}"'.encode(), json.dumps(text, ensure_ascii=ascii_only).encode()):
        assert len(msgspec.json.encode(msgspec.json.decode(sent))) <= len(sent)
