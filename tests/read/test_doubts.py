"""Text that nobody can be sure of holds where it is read, and is remarked on where it is not."""

from __future__ import annotations

import pytest

from translator.read.charset import Decoded
from translator.read.doubts import Doubts
from translator.record.report import Finding


def doubts(text: str, *, undeclared: bool = False, escape: str = "\\") -> Doubts:
    """Judge one message of this text."""
    return Doubts(Decoded(text, "latin-1", undeclared), escape)


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Name what is found and where."""
    return [(finding.code, finding.at) for finding in findings]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        pytest.param(r"\C2842\ ", "charset-switch", id="single-byte-switch"),
        pytest.param(r"a\M2442\b", "charset-switch", id="multi-byte-switch"),
        pytest.param(r"\M244242\ ", "charset-switch", id="multi-byte-switch-of-three"),
        pytest.param("\x1b$B%F\x1b(B", "charset-switch", id="raw-shift"),
        pytest.param("\u00c2\u00b5mol/L", "mojibake", id="micro-sign-twice-encoded"),
        pytest.param("\u00ce\u00bcmol/L", "mojibake", id="greek-mu-twice-encoded"),
        pytest.param("M\u00c3\u00bcller", "mojibake", id="umlaut-twice-encoded"),
        pytest.param("10\u00c2\u00b2", "mojibake", id="power-twice-encoded"),
        pytest.param("\u00e2\u2030\u00a4 5", "mojibake", id="sign-twice-encoded-by-windows"),
    ],
)
def test_doubtful_field_is_held_by_its_reason(field: str, code: str) -> None:
    """A field that is read is held under the name of what is wrong with it."""
    text = f"MSH|^~\\&\rOBX|1|ST|X||{field}"

    assert codes(doubts(text).held("OBX[1]", text.split("\r")[1].split("|"), (3, 5, 99))) == [(code, "OBX[1]-5")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain", id="ascii"),
        pytest.param("\u00b5mol/L \u2264 5 \u00e9 \u00c2ge \u00c3o", id="accents"),
        pytest.param(r"C:\Central\Main", id="windows-path"),
        pytest.param(r"\C28\ \M28\ ", id="too-short-for-a-switch"),
        pytest.param(r"\CXYZW\ ", id="no-hexadecimal"),
    ],
)
def test_plain_text_is_beyond_doubt(text: str) -> None:
    """What only looks alike is let through."""
    assert doubts(text).held("OBX[1]", ["", text], (1,)) == ()
    assert doubts(text).remarks([text]) == ()


def test_message_beyond_doubt_is_told() -> None:
    """A caller may skip the fields of a message that has nothing doubtful in it."""
    assert doubts("plain").is_certain
    assert not doubts("\u00b5", undeclared=True).is_certain


def test_undeclared_bytes_hold_before_anything_else() -> None:
    """A field gets one finding, the first that applies."""
    text = r"\C2842\ " + "\u00c2\u00b5"

    assert codes(doubts(text, undeclared=True).held("OBX[1]", ["", text], (1,))) == [("undeclared-bytes", "OBX[1]-1")]


@pytest.mark.parametrize("problem", ["charset-unknown", "charset-mismatch"])
def test_text_that_could_not_be_decoded_is_named_so(problem: str) -> None:
    """Bytes that we read as Latin-1 for want of better are no mojibake of the sender."""
    text = "\u00c2\u00b5mol/L"
    found = Doubts(Decoded(text, "latin-1", problem=problem), "\\")

    assert codes(found.held("OBX[1]", ["", text, "plain"], (1, 2))) == [(problem, "OBX[1]-1")]


def test_doubtful_text_that_is_not_read_is_remarked_on_once() -> None:
    """Segments are named by kind, and each reason once."""
    segments = ["NTE|1||\\C2842\\", "NTE|2||\\C2842\\", "PID|1", "ZZZ|\\Z1a2B\\", "NTE|3||\\Z00\\"]

    found = doubts("\r".join(segments)).remarks(segments)

    assert codes(found) == [("charset-switch", "NTE"), ("local-escape", "ZZZ"), ("local-escape", "NTE")]


def test_local_escape_holds_nothing() -> None:
    """What the sender alone understands is left out, and said."""
    text = "5\\Z1A\\"

    assert doubts(text).held("OBX[1]", ["", text], (1,)) == ()
    assert codes(doubts(text).remarks([text])) == [("local-escape", text[:3])]


def test_message_without_escape_character_switches_nothing() -> None:
    """Where no escape character is declared, only a raw shift changes the charset."""
    text = r"\C2842\ "

    assert doubts(text, escape="").is_certain
    assert codes(doubts(text + "\x1b", escape="").held("A", ["\x1b"], (0,))) == [("charset-switch", "A-0")]


def test_escape_character_may_be_one_of_a_pattern() -> None:
    """Characters that mean something in a pattern mean themselves here."""
    text = "]C2842]"

    assert codes(doubts(text, escape="]").held("A", [text], (0,))) == [("charset-switch", "A-0")]
