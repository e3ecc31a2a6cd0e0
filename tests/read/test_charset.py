"""Bytes are read in the charset that the message declares, strictly, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.read.samples import CHARSETS
from translator.read.charset import Decoded, decode

START = "MSH|^~\\&|LAB\rOBX|1|ST|X||"
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        pytest.param("ASCII", "ascii", "plain", id="ascii"),
        pytest.param("8859/1", "iso8859_1", "\u00b5g/L", id="latin-1"),
        pytest.param("8859/15", "iso8859_15", "5 \u20ac", id="latin-9"),
        pytest.param("UNICODE UTF-8", "utf_8", "\u00b5g/L \u6f22 \U0001f600", id="utf-8"),
        pytest.param("GB 18030-2000", "gb18030", "\u6f22\u5b57|^~\\", id="chinese"),
        pytest.param("BIG-5", "big5", "\u529f\u80fd", id="second-bytes-that-look-like-delimiters"),
        pytest.param("KS X 1001", "euc_kr", "\ud55c\uad6d", id="korean"),
        pytest.param("ISO IR87", "iso2022_jp", "\u65e5\u672c\u8a9e", id="seven-bit-japanese"),
    ],
)
def test_declared_charset_is_obeyed(declared: str, codec: str, text: str) -> None:
    """Every charset of the table gives the text that was written in it."""
    raw = (START + text).encode(codec)

    assert decode(raw, declared, CHARSETS) == Decoded(START + text, codec)


@pytest.mark.parametrize(
    ("raw", "declared", "problem"),
    [
        pytest.param(b"MSH|\xb5", "UNICODE UTF-8", "charset-mismatch", id="latin-1-in-utf-8"),
        pytest.param(b"MSH|\xc2\xb5", "ASCII", "charset-mismatch", id="high-bytes-in-ascii"),
        pytest.param(b"MSH|\xb5|x", "UNICODE UTF-16", "charset-mismatch", id="wide-charset-of-even-length"),
        pytest.param(b"MSH|\xb5|", "UNICODE UTF-16", "charset-mismatch", id="wide-charset-of-odd-length"),
        pytest.param(b"MSH|\x1b$Bx|", "ISO IR87", "charset-mismatch", id="half-a-character"),
        pytest.param(BOM + b"MSH|\xc2\xb5", "8859/1", "charset-mismatch", id="byte-order-mark-against-latin-1"),
        pytest.param(BOM + b"MSH|\xb5", "", "charset-mismatch", id="byte-order-mark-and-no-utf-8"),
        pytest.param(b"MSH|x", "UNICODE", "charset-unknown", id="which-encoding-is-not-said"),
        pytest.param(b"MSH|x", "EBCDIC", "charset-unknown", id="not-in-the-table"),
    ],
)
def test_what_cannot_be_read_as_declared_is_a_problem(raw: bytes, declared: str, problem: str) -> None:
    """The text still comes, byte for byte, so that every observation gets its place."""
    text = raw.removeprefix(BOM).decode("latin-1")

    assert decode(raw, declared, CHARSETS) == Decoded(text, "latin-1", problem=problem)


@pytest.mark.parametrize(
    ("raw", "undeclared"),
    [
        pytest.param(b"MSH|plain", False, id="ascii"),
        pytest.param(b"MSH|\x1b$B", False, id="escape-byte"),
        pytest.param(b"MSH|\xb5g", True, id="latin-1"),
        pytest.param(b"MSH|\xc2\xb5g", True, id="utf-8"),
    ],
)
def test_undeclared_high_bytes_are_marked(raw: bytes, *, undeclared: bool) -> None:
    """Where MSH-18 is blank nothing is guessed: bytes come one to one and the text is marked."""
    assert decode(raw, "", CHARSETS) == Decoded(raw.decode("latin-1"), "ascii", undeclared=undeclared)


def test_byte_order_mark_declares_utf_8() -> None:
    """A byte order mark is a declaration and no text."""
    assert decode(BOM + "MSH|\u00b5".encode(), "", CHARSETS) == Decoded("MSH|\u00b5", "utf_8")


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n"], ids=["cr", "lf", "crlf"])
def test_open_shift_ends_with_its_segment(line_end: str) -> None:
    """A shift of ISO 2022 that is never taken back takes no later segment with it."""
    raw = f"MSH|{line_end}OBX|\x1b$BF|K\\{line_end}OBX|2".encode()

    assert decode(raw, "ISO IR87", CHARSETS).text.endswith(f"{line_end}OBX|2")


@pytest.mark.parametrize("raw", [b"\x1b\xb2", b"\x1b$BF|K\\\xff"], ids=["behind-escape", "behind-a-shift"])
def test_eight_bits_are_in_no_charset_of_seven(raw: bytes) -> None:
    """ISO 2022 shifts within seven bits; a byte above them is of another charset, whatever the codec makes of it."""
    assert decode(b"MSH|" + raw, "ISO IR87", CHARSETS).problem


@given(raw=st.binary(max_size=40), declared=st.sampled_from(["", "unheard of", *CHARSETS]))
@example(raw=b"\x1b\xb2", declared="ISO IR87")
def test_any_bytes_have_a_text(raw: bytes, declared: str) -> None:
    """Bytes that are not in the charset are marked; nothing is an error and nothing is replaced by a question mark."""
    decoded = decode(b"MSH|" + raw, declared, CHARSETS)

    assert decoded.text.startswith("MSH|")
    assert decoded.problem or decoded.text.encode(decoded.codec if not decoded.undeclared else "latin-1")


@given(
    text=st.text(st.characters(codec="iso8859_15"), max_size=30), declared=st.sampled_from(["8859/15", "UNICODE UTF-8"])
)
def test_text_in_its_charset_reads_back(text: str, declared: str) -> None:
    """What was encoded as declared comes back as it was."""
    raw = ("MSH|" + text).encode(CHARSETS[declared])

    assert decode(raw, declared, CHARSETS) == Decoded("MSH|" + text, CHARSETS[declared])
