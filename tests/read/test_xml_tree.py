"""XML is parsed with the place of every element, and whatever could grow or reach out is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.xml_tree import Element, MalformedXmlError, parse_xml

BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><b>&b;</b>'
OUTSIDE = b'<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><b>&a;</b>'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(BOMB, "xml-doctype", id="entities-that-grow"),
        pytest.param(OUTSIDE, "xml-doctype", id="entity-from-a-file"),
        pytest.param(b'<!DOCTYPE b SYSTEM "http://example.invalid/b.dtd"><b/>', "xml-doctype", id="type-from-outside"),
        pytest.param(b"<!DOCTYPE b><b/>", "xml-doctype", id="type-that-does-nothing"),
        pytest.param(b"<b>&a;</b>", "malformed", id="unknown-entity"),
        pytest.param(b"<b>", "malformed", id="cut-off"),
        pytest.param(b"<b/><c/>", "malformed", id="two-documents"),
        pytest.param(b"", "malformed", id="nothing"),
        pytest.param(b'<b a="\xff"/>', "malformed", id="no-utf8"),
        pytest.param(b'<?xml version="1.0" encoding="moon"?><b/>', "malformed", id="unknown-encoding"),
        pytest.param(b"<b>" * 100_000, "malformed", id="deep"),
    ],
)
def test_what_is_not_plain_xml_is_refused(raw: bytes, code: str) -> None:
    """The text has a place and nothing of the content."""
    with pytest.raises(MalformedXmlError) as caught:
        parse_xml(raw)

    assert caught.value.code == code
    assert "passwd" not in str(caught.value)


def test_elements_know_their_place() -> None:
    """The bytes of an element begin with its tag and end with it, whether it has an end tag or not."""
    raw = "\ufeff<a xmlns='u'>é<b x='>'/ ><c y = \"1\" ></c >\n<d\n/></a>".replace("/ >", "/>").encode()

    root = parse_xml(raw)

    assert [raw[each.start : each.end] for each in root.children] == [b"<b x='>'/>", b'<c y = "1" ></c >', b"<d\n/>"]
    assert raw[root.start : root.end] == raw.removeprefix(b"\xef\xbb\xbf")
    assert (root.namespace, root.name, root.children[0].attributes) == ("u", "a", {"x": ">"})


@pytest.mark.parametrize(
    "encoding", [pytest.param(name, id=name) for name in ("utf-8", "iso-8859-1", "us-ascii", "windows-1252")]
)
def test_declared_encoding_is_used(encoding: str) -> None:
    """What the declaration names is how the bytes are read."""
    text = "x" if encoding == "us-ascii" else "é"

    root = parse_xml(f'<?xml version="1.0" encoding="{encoding}"?><a v="{text}"/>'.encode(encoding))

    assert root.attributes == {"v": text}


@given(st.binary() | st.text(alphabet="<>/ab\"'=& !-[]?").map(str.encode))
def test_any_bytes_are_a_tree_or_a_finding(raw: bytes) -> None:
    """No other exception leaves the parser."""
    try:
        root = parse_xml(raw)
    except MalformedXmlError:
        return
    assert isinstance(root, Element)
