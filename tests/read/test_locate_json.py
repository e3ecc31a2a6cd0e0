"""A FHIRPath leads to its bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.locate_json import locate
from translator.read.span import NoSuchPositionError

RAW = r"""
{"resourceType": "Bundle",
 "note": "a \"quoted\" {word] é",
 "entry": [
  {"resource": {"status": "final", "valueSetName": "v", "valueQuantity": {"value": 5.40, "unit": "mmol/L"}}},
  {"resource": {"valueString": "a\tb", "empty": [], "none": {}, "flag": true , "subject": {"id": "x"}}}
 ]}
""".encode()


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        pytest.param("Bundle.resourceType", "Bundle", 2, id="first-member"),
        pytest.param("Bundle.note", r"a \"quoted\" {word] é", 3, id="quotes-and-brackets-in-a-string"),
        pytest.param("Bundle.entry[0].resource.value.value", "5.40", 5, id="number-under-value-x"),
        pytest.param("Bundle.entry[0].resource.valueQuantity.unit", "mmol/L", 5, id="value-by-its-own-name"),
        pytest.param("Bundle.entry[1].resource.value", r"a\tb", 6, id="escapes-as-sent"),
        pytest.param("Bundle.entry[1].resource.flag", "true", 6, id="literal"),
        pytest.param("Bundle.entry[1].resource.empty", "[]", 6, id="empty-list"),
        pytest.param("Bundle.entry[1].resource.subject[0].id", "x", 6, id="object-where-a-list-belongs"),
    ],
)
def test_path_leads_to_its_text(path: str, text: str, line: int) -> None:
    """The span of a string leaves its quotes out."""
    span = locate(RAW, path)

    assert (RAW[span.start : span.end].decode(), span.text, span.line) == (text, text, line)
    assert span.source[span.column :].startswith(text)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without-mark", "with-byte-order-mark"])
def test_first_word_is_the_document(mark: bytes) -> None:
    """The resource type alone names the whole; a byte order mark stands before it."""
    span = locate(mark + b'{"id": 1}', "Bundle")

    assert (span.start, span.text, span.column) == (len(mark), '{"id": 1}', 0)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("Bundle.entry[2]", r"there is no `\[2\]` in `Bundle.entry`", id="index-too-high"),
        pytest.param("Bundle.entry[0].resource.code", "there is no `.code`", id="no-such-member"),
        pytest.param("Bundle.entry[1].resource.none.x", "there is no `.x`", id="member-of-an-empty-object"),
        pytest.param("Bundle.entry[1].resource.empty[0]", "there is no", id="item-of-an-empty-list"),
        pytest.param("Bundle.entry[1].resource.subject[1]", "there is no", id="second-of-one"),
        pytest.param("Bundle.note.x", "there is no `.x`", id="member-of-a-string"),
        pytest.param("Bundle.note[0]", "there is no", id="item-of-a-string"),
        pytest.param("Bundle..entry", "is no position", id="two-dots"),
        pytest.param("[0]", "is no position", id="no-first-word"),
        pytest.param("", "is no position", id="nothing"),
    ],
)
def test_path_that_leads_nowhere_is_named(path: str, said: str) -> None:
    """The error says which step fails."""
    with pytest.raises(NoSuchPositionError, match=said):
        locate(RAW, path)


def test_document_that_is_no_json_has_no_positions() -> None:
    """What the reader refuses is not searched."""
    with pytest.raises(NoSuchPositionError, match="cannot be read as FHIR JSON"):
        locate(b'{"a": ', "Bundle.a")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_every_value_is_found(value: object, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever stands at a path is what its bytes say."""
    raw = json.dumps({"v": value}, indent=indent, ensure_ascii=ascii_only).encode()

    def check(path: str, expected: object) -> None:
        span = locate(raw, path)
        quotes = isinstance(expected, str)
        assert json.loads(raw[span.start - quotes : span.end + quotes]) == expected
        parts = expected.items() if isinstance(expected, dict) else ()
        for key, inner in parts:
            check(f"{path}.{key}", inner)
        for index, inner in enumerate(expected if isinstance(expected, list) else ()):
            check(f"{path}[{index}]", inner)

    check("Root.v", value)
