"""JSON is parsed so that nothing in it is altered, and what cannot be kept is refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import cpu_seconds
from translator.read.fhir_json import DuplicateKeyError, MalformedJsonError, obj, objects, parse, parse_slowly, text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b'{"a": 5.40}', {"a": Decimal("5.40")}, id="trailing-zero"),
        pytest.param(b'{"a": 1e400}', {"a": Decimal("1E+400")}, id="larger-than-a-double"),
        pytest.param(b'{"a": 0.1234567890123456789}', {"a": Decimal("0.1234567890123456789")}, id="many-digits"),
        pytest.param(b'{"a": -0}', {"a": 0}, id="minus-zero"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="byte-order-mark"),
        pytest.param('{"a": "\u00b5"}'.encode(), {"a": "\u00b5"}, id="utf-8"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, id="surrogate-pair"),
        pytest.param(b'{"a": "\\\\ud800"}', {"a": "\\ud800"}, id="escaped-backslash-and-no-surrogate"),
        pytest.param(b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200), id="nested-as-deep-as-allowed"),
        pytest.param(
            b"[" * 200 + b"1" + b"]" * 200, json.loads("[" * 200 + "1" + "]" * 200), id="as-deep-with-a-value"
        ),
        pytest.param(b"null", None, id="no-object"),
    ],
)
def test_json_keeps_what_is_written(raw: bytes, expected: object) -> None:
    """Digits, characters and structure come as they stand."""
    found = parse(raw)

    assert found == expected
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "line 1 column 1: Expecting value", id="nothing"),
        pytest.param(b'{"a":\n 1,}', "line 2 column", id="comma-before-the-end"),
        pytest.param(b'{"a": 01}', "line 1 column", id="leading-zero"),
        pytest.param(b'{"a": 1} x', "line 1 column 10: Extra data", id="text-behind"),
        pytest.param(b'{"a": "\n"}', "line 1 column", id="raw-line-break-in-a-string"),
        pytest.param(b'{"a": NaN}', "NaN", id="not-a-number"),
        pytest.param(b'{"a": -Infinity}', "NaN", id="infinity"),
        pytest.param(b'{"a": "\xb5"}', "byte 7 is no UTF-8", id="latin-1"),
        pytest.param('{"a": 1}'.encode("utf-16"), "byte 0 is no UTF-8", id="utf-16"),
        pytest.param(b"[" * 201 + b"]" * 201, "nested too deeply", id="one-level-too-deep"),
        pytest.param(b'{"a":' * 300 + b"1" + b"}" * 300, "nested too deeply", id="objects-too-deep"),
        pytest.param(b"[" * 1_000_000, "nested too deeply", id="a-megabyte-of-brackets"),
        pytest.param(b'{"a": ' + b"1" * 5000 + b"}", "a number is too long", id="integer-of-5000-digits"),
        pytest.param(b'{"a": 1e99999999999999999999}', "a number is too long", id="exponent-without-bound"),
        pytest.param(b'{"a": "\\ud800"}', "lone surrogate", id="lone-surrogate"),
        pytest.param(b'{"a": "\\uDFFF"}', "lone surrogate", id="lone-low-surrogate"),
        pytest.param(b'{"a": "\\ud83d\\ud83d"}', "lone surrogate", id="two-high-surrogates"),
        pytest.param(b'{"\\udc00": 1}', "lone surrogate", id="lone-surrogate-in-a-key"),
        pytest.param(b'{"a": "\\\\\\ud800"}', "lone surrogate", id="lone-surrogate-behind-a-backslash"),
    ],
)
def test_what_cannot_be_kept_is_malformed(raw: bytes, message: str) -> None:
    """The error has the place, and nothing of the content."""
    with pytest.raises(MalformedJsonError, match=message):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"a": 1, "a": 1}', id="same-value"),
        pytest.param(b'{"a": 1, "b": {"c": [1, {"d": 1, "e": 2, "d": 3}]}}', id="deep-inside"),
        pytest.param(b'{"a": 1, "\\u0061": 2}', id="written-with-an-escape"),
    ],
)
def test_a_key_that_stands_twice_is_refused(raw: bytes) -> None:
    """Nobody can know which of the two is meant, at any depth."""
    with pytest.raises(DuplicateKeyError):
        parse(raw)


SPACES = st.sampled_from(["", "", " ", "\n ", "\t"])
NAMES = st.sampled_from(["a", "b", "c", "quote", "\u00b5"])
TEXTS = st.sampled_from(["", "a", '\\"', "\\\\", '\\\\\\"', '"a":1', "{[", "\\u0022", "\u00b5", "\\n"])
SCALARS = TEXTS.map(lambda text: '"' + text.replace('"a":1', '\\"a\\":1') + '"') | st.sampled_from(
    ["0", "-0", "5.40", "1e5", "1E+5", "-0.0", "18446744073709551616", "true", "null"]
)


@st.composite
def objects_as_sent(draw: st.DrawFn, depth: int = 3) -> tuple[str, bool]:
    """Write an object the way that any sender might, and say whether a key of it, or within it, stands twice."""
    names = draw(st.lists(NAMES, max_size=4))
    twice = len(set(names)) < len(names)
    members = []
    for name in names:
        key = "".join(f"\\u{ord(letter):04x}" if draw(st.booleans()) else letter for letter in name)
        value, inner = draw(values_as_sent(depth - 1))
        members.append(f'{draw(SPACES)}"{key}"{draw(SPACES)}:{draw(SPACES)}{value}{draw(SPACES)}')
        twice = twice or inner
    return "{" + ",".join(members) + "}", twice


@st.composite
def values_as_sent(draw: st.DrawFn, depth: int) -> tuple[str, bool]:
    """Write any value, with lists of objects in it."""
    kind = draw(st.sampled_from(["scalar", "object", "list"])) if depth else "scalar"
    if kind == "scalar":
        return draw(SCALARS), False
    if kind == "object":
        return draw(objects_as_sent(depth))
    items = draw(st.lists(values_as_sent(depth - 1), max_size=3))
    return "[" + ",".join(written for written, _ in items) + "]", any(twice for _, twice in items)


@given(sent=objects_as_sent())
@settings(max_examples=500, deadline=None)
def test_key_that_stands_twice_is_always_found_and_no_other(sent: tuple[str, bool]) -> None:
    """However it is written, and at any depth; what it says does not matter."""
    written, twice = sent

    try:
        found = parse(written.encode())
    except DuplicateKeyError:
        assert twice
    else:
        assert not twice
        assert found == json.loads(written, parse_float=Decimal)


@given(digits=st.from_regex(r"-?(0|[1-9][0-9]{0,20})\.[0-9]{1,20}", fullmatch=True))
@settings(deadline=None)
def test_decimals_keep_their_digits(digits: str) -> None:
    """A decimal has the digits that were written, however many."""
    found = parse(b'{"a": [' + digits.encode() + b"]}")["a"][0]

    assert isinstance(found, Decimal)
    assert f"{found:f}" == digits


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(node=JSON, ascii_only=st.booleans())
@settings(deadline=None)
def test_written_json_reads_back(node: object, *, ascii_only: bool) -> None:
    """What a sender writes comes back, escaped or not."""
    assert parse(json.dumps(node, ensure_ascii=ascii_only).encode()) == node


@given(node=JSON, ascii_only=st.booleans())
@settings(deadline=None)
def test_both_parsers_read_the_same(node: object, *, ascii_only: bool) -> None:
    """What the fast one leaves to the other one is read no differently."""
    raw = json.dumps(node, ensure_ascii=ascii_only).encode()

    assert parse_slowly(raw) == parse(raw)


@given(raw=st.binary(max_size=20) | st.text(alphabet='{}[]",:\\ud8c019eE+-. aNtru', max_size=24).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_parsed_or_malformed(raw: bytes) -> None:
    """There is no third way, and what is parsed can be written again."""
    try:
        found = parse(raw)
    except MalformedJsonError:
        return
    assert json.dumps(found, default=str, ensure_ascii=False).encode()


NODE = {"text": " a ", "number": 1, "object": {"b": 1}, "list": [{"c": 1}, "d", {"e": 1}], "null": None}


def test_navigation_gives_what_has_the_right_shape() -> None:
    """A string is trimmed, an object is itself, the objects of a list keep their indexes."""
    assert text(NODE, "text") == "a"
    assert obj(NODE, "object") == {"b": 1}
    assert list(objects(NODE, "list")) == [(0, {"c": 1}), (2, {"e": 1})]


def test_object_where_a_list_belongs_is_a_list_of_one() -> None:
    """What a converter from XML writes without brackets is not passed over."""
    assert list(objects(NODE, "object")) == [(0, {"b": 1})]


@pytest.mark.parametrize("key", ["number", "null", "missing"])
def test_navigation_passes_over_what_has_the_wrong_shape(key: str) -> None:
    """Nothing is an error."""
    assert (text(NODE, key), obj(NODE, key), list(objects(NODE, key))) == ("", {}, [])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"a": "' + b"\\\\" * 500_000 + b'"}', id="backslashes"),
        pytest.param(b'{"a": "' + b"\\ud83d\\ude00" * 80_000 + b'"}', id="surrogate-pairs"),
        pytest.param(b'{"a": 1.' + b"1" * 1_000_000 + b"}", id="digits"),
        pytest.param(b'{"a": [' + b",".join([b"[" * 150 + b"]" * 150] * 3_000) + b"]}", id="deep-and-wide"),
    ],
)
def test_cost_grows_with_the_document_and_no_faster(raw: bytes) -> None:
    """No megabyte takes more than a moment."""
    with cpu_seconds(5):
        assert parse(raw)
