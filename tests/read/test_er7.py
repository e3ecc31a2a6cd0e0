"""Delimiters come from each message's own header, and escapes are undone in one pass or left as they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.read.samples import cpu_seconds
from translator.read.er7 import Delimiters, Unescape, read_delimiters

DEFAULT = Delimiters()
BY_THE_BOOK = str.maketrans({c: f"\\{letter}\\" for c, letter in zip("\\|^&~", "EFSTR", strict=True)})


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("MSH|^~\\&|LAB", Delimiters("|", "^", "~", "\\", "&"), id="usual"),
        pytest.param("MSH|^~\\&#|LAB", Delimiters("|", "^", "~", "\\", "&", "#"), id="with-truncation"),
        pytest.param("MSH*:+!%*LAB", Delimiters("*", ":", "+", "!", "%"), id="other-characters"),
        pytest.param("BHS|^~\\&|LAB", Delimiters(), id="batch-header"),
        pytest.param("MSH|^~\\&", Delimiters(), id="nothing-after-msh-2"),
        pytest.param("MSH|^~\\|LAB", Delimiters("|", "^", "~", "\\", ""), id="without-subcomponent"),
        pytest.param("MSH|^~|LAB", Delimiters("|", "^", "~", "", ""), id="without-escape"),
        pytest.param("MSH|^|LAB", Delimiters("|", "^", "\0", "", ""), id="component-only"),
    ],
)
def test_delimiters_are_those_of_the_header(start: str, expected: Delimiters) -> None:
    """MSH-1 and MSH-2 name the delimiters by position; what is left out is not used."""
    assert read_delimiters(start) == expected


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("", id="nothing"),
        pytest.param("MSH|", id="breaks-off-after-msh-1"),
        pytest.param("MSH||LAB", id="empty-msh-2"),
        pytest.param("MSH|^^\\&|LAB", id="component-is-repetition"),
        pytest.param("MSH^^~\\&^LAB", id="separator-is-component"),
        pytest.param("MSH|^~\\&#$|LAB", id="six-characters"),
        pytest.param("MSH|^~A&|LAB", id="letter"),
        pytest.param("MSH|^~1&|LAB", id="digit"),
        pytest.param("MSH|^~ &|LAB", id="space"),
        pytest.param("MSH\t^~\\&\tLAB", id="tab"),
    ],
)
def test_unusable_delimiters_are_none(start: str) -> None:
    """A delimiter that is missing, stands for two things or could be data is no delimiter."""
    assert read_delimiters(start) is None


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        pytest.param(r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f", id="delimiters"),
        pytest.param(r"\P\1", "#1", id="truncation-by-default"),
        pytest.param(r"\H\5.6\N\ high", "5.6 high", id="highlight"),
        pytest.param(r"one\.br\two", "one\ntwo", id="line-break"),
        pytest.param(r"one\.sp\two\.sp3\three\.sp+2\four", "one\ntwo\nthree\nfour", id="vertical-space"),
        pytest.param(r"\.ce\Title", "\nTitle", id="centred"),
        pytest.param(r"\.fi\a\.nf\b\.in+4\c\.ti-2\d", "abcd", id="layout"),
        pytest.param(r"5\.sk1\6", "5 6", id="a-skip-joins-no-digits"),
        pytest.param(r"\X41\\X4243\\X0d0A\\X0D\.", "ABC\n\n.", id="hexadecimal"),
        pytest.param(r"a\Z12\b", "ab", id="local-sequence"),
        pytest.param(r"\E\F\E\ ", r"\F\ ", id="no-second-pass"),
        pytest.param(r"\E\X41\E\ ", r"\X41\ ", id="no-second-pass-of-hexadecimal"),
        pytest.param("plain", "plain", id="no-escape"),
    ],
)
def test_escape_gives_what_was_meant(sent: str, meant: str) -> None:
    """Each sequence of 2.7 becomes its character, a line break or nothing."""
    assert Unescape(DEFAULT)(sent) == meant


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\\", id="one-backslash"),
        pytest.param("\\\\\\", id="backslashes"),
        pytest.param(r"C:\lab\data", id="windows-path"),
        pytest.param(r"C:\Lab\data", id="windows-path-upper-case"),
        pytest.param(r"C:\Zebra\print", id="windows-path-like-a-local-sequence"),
        pytest.param(r"\Z\ ", id="local-sequence-of-nothing"),
        pytest.param(r"{\rtf1\ansi}", id="rich-text"),
        pytest.param(r"\Q\ ", id="unknown-letter"),
        pytest.param(r"\f\ ", id="lower-case"),
        pytest.param(r"\FF\ ", id="two-letters"),
        pytest.param(r"\X\ ", id="no-digits"),
        pytest.param(r"\X4\ ", id="odd-digits"),
        pytest.param(r"\X4G\ ", id="no-hexadecimal"),
        pytest.param(r"\XB5\ ", id="byte-outside-the-charset"),
        pytest.param(r"\.special\ ", id="no-layout-command"),
        pytest.param(r"\.br", id="never-closed"),
        pytest.param(r"\C2842\\M2842\ ", id="charset-switch"),
    ],
)
def test_what_is_no_escape_stays(text: str) -> None:
    """A lone escape character and what follows it survive verbatim."""
    assert Unescape(DEFAULT)(text) == text


def test_an_escape_after_a_lone_backslash_is_undone() -> None:
    """What is no escape takes nothing of the escape behind it."""
    assert Unescape(DEFAULT)(r"C:\Lab \F\ D") == r"C:\Lab | D"


def test_hexadecimal_is_in_the_charset_of_the_message() -> None:
    """The bytes of a hexadecimal escape mean what the message's other bytes mean."""
    assert Unescape(DEFAULT, "utf_8")(r"\XC2B5\g/L") == "\u00b5g/L"


def test_message_without_escape_character_has_no_escapes() -> None:
    """Where MSH-2 declares no escape character, nothing is one."""
    assert Unescape(Delimiters("|", "^", "~", "", ""))(r"\F\ ") == r"\F\ "


def test_escape_of_an_undeclared_delimiter_stays() -> None:
    """A sequence that stands for a character that the message does not have loses nothing."""
    assert Unescape(Delimiters("|", "^", "~", "\\", ""))(r"a\T\b") == r"a\T\b"


def test_escape_character_may_be_one_of_a_pattern() -> None:
    """Characters that mean something in a pattern mean themselves here."""
    unescape = Unescape(Delimiters("|", "^", "~", "]", "-"))

    assert unescape("a]F]b]T]c]Z0a]d") == "a|b-cd"


@given(text=st.text(alphabet="AFSTREPHNXZ0914.brspk|^~\\& \n+-"))
@settings(max_examples=300, deadline=None)
def test_unescape_takes_any_text(text: str) -> None:
    """Any text has a reading, and text without the escape character is its own."""
    read = Unescape(DEFAULT)(text)

    assert read == text if "\\" not in text else isinstance(read, str)


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r")))
@settings(max_examples=200, deadline=None)
def test_escaped_text_reads_back(text: str) -> None:
    """What a sender escapes by the book comes back as it was."""
    assert Unescape(DEFAULT)(text.translate(BY_THE_BOOK)) == text


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("\\", id="backslashes"),
        pytest.param("\\X41", id="unclosed-hexadecimal"),
        pytest.param("\\Z" + "0a" * 255, id="unclosed-local"),
        pytest.param("\\.sp+1", id="unclosed-layout"),
    ],
)
def test_a_megabyte_of_broken_escapes_costs_little(unit: str) -> None:
    """No text makes the reader go over it again and again."""
    text = "\\X" + unit * (1_000_000 // len(unit))

    with cpu_seconds(5):
        read = Unescape(DEFAULT)(text)

    assert len(read) <= len(text)
