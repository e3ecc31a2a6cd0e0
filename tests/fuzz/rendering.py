"""
Write one message in many ways: delimiters, charset, line ends, framing and envelope are the sender's choice.

A message is plain data here, with nothing escaped: segments of fields of repetitions of components.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, TSH, service_request

Field: TypeAlias = list[list[str]]
Segment: TypeAlias = tuple[str, dict[int, Field]]
Message: TypeAlias = list[Segment]

# Charsets that have every letter of LETTERS; the first component is what MSH-18 says.
CHARSETS = {"UNICODE UTF-8": "utf-8", "8859/1": "latin-1", "8859/15": "iso8859-15", "GB 18030-2000": "gb18030"}
LETTERS = "Az09 .<-/:|^~\\&#$%µé"
# Letters that no delimiter of QUIET ever is, for messages without an escape character.
QUIET = "!*;@+"


class Rendering(NamedTuple):
    """One way to write: `delimiters` are MSH-1 and MSH-2; `ends` are taken in turn; `hexadecimal` escapes more."""

    delimiters: str = "|^~\\&"
    charset: str = "UNICODE UTF-8"
    ends: tuple[str, ...] = ("\r",)
    byte_order_mark: bool = False
    hexadecimal: bool = False
    framed: bool = False
    last_end: bool = True


PLAIN = Rendering()


def render(message: Message, way: Rendering) -> bytes:
    """Write the message."""
    codec = CHARSETS[way.charset]
    lines = [_segment(name, fields, way) for name, fields in message]
    ends = [way.ends[number % len(way.ends)] for number in range(len(lines))]
    if not way.last_end:
        ends[-1] = ""
    raw = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode(codec)
    if way.byte_order_mark and codec == "utf-8":
        raw = b"\xef\xbb\xbf" + raw
    return b"\x0b" + raw + b"\x1c\r" if way.framed else raw


def _segment(name: str, fields: dict[int, Field], way: Rendering) -> str:
    separator = way.delimiters[0]
    if name == "MSH":
        # Escapes belong to text (2.7); the header's identifiers are none.
        way = way._replace(hexadecimal=False)
    written = [_field(fields.get(number, []), way) for number in range(1, max(fields) + 1)]
    if name == "MSH":
        written[:2] = [way.delimiters[1:]]
        written[16] = way.charset
    return separator.join([name, *written])


def _field(field: Field, way: Rendering) -> str:
    component, repetition = way.delimiters[1], way.delimiters[2]
    return repetition.join(component.join(_escaped(text, way) for text in components) for components in field)


def _escaped(text: str, way: Rendering) -> str:
    names = dict(zip(way.delimiters, "FSRETP", strict=False))
    escape = way.delimiters[3:4]
    # HL7 null is a sign and no text: escaped, it would be two quotation marks.
    if not escape or text == '""':
        return text
    written = []
    for letter in text:
        if letter == "\n":
            written.append(f"{escape}.br{escape}")
        elif letter in names:
            written.append(f"{escape}{names[letter]}{escape}")
        elif way.hexadecimal and not letter.isalnum():
            written.append(f"{escape}X{letter.encode(CHARSETS[way.charset]).hex()}{escape}")
        else:
            written.append(letter)
    return "".join(written)


_TEXT = st.text(LETTERS, min_size=1, max_size=6).map(str.strip).filter(bool)
_NUMBERS = ["185", "5.40", "<5", "1,5", "", '""', " 92 "]
_STRUCTURED = [["<", "0.5"], ["", "1", ":", "160"], ["", "2", "-", "5"]]
_VALUES: st.SearchStrategy[tuple[str, Field]] = st.one_of(
    st.tuples(st.just("NM"), st.sampled_from([[[text]] for text in _NUMBERS])),
    st.tuples(st.just("SN"), st.sampled_from([[components] for components in _STRUCTURED])),
    st.tuples(st.just("ST"), _TEXT.map(lambda text: [[text]])),
    st.tuples(st.just("TX"), st.lists(_TEXT.map(lambda text: [f"{text}\nz"]), min_size=1, max_size=3)),
    st.tuples(st.just("CWE"), st.lists(_TEXT, min_size=2, max_size=6).map(lambda parts: [parts])),
)
_NUMBER: tuple[str, Field] = ("NM", [["92"]])
_BLOOD_GROUP: tuple[str, Field] = ("CWE", [["278149003", "A Rh(D) positive", "SCT"]])
_CODES = st.sampled_from([CHOLESTEROL, HDL, GLUCOSE, TSH, LOCAL, "882-1^ABO^LN", "1^x^L^2093-3^Cholesterol^LN"])
_UNITS = st.sampled_from(["mg/dL", "µg/dL", "g/L", "mIU/L", "", '""'])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Draw a result message: one patient, one or two orders; in every other one all is well, and it is sent."""
    well = draw(st.booleans())
    patient: dict[int, Field] = {1: [["1"]], 3: [[draw(_TEXT), "", "", "EX"]], 7: [["19840312"]]}
    message: Message = [("MSH", _header(draw, well=well)), ("PID", patient)]
    for order in range(draw(st.integers(1, 2))):
        filler, group = [[draw(_TEXT), draw(_TEXT)]], [[draw(_TEXT), "EX"]]
        request = [[service_request(draw(st.integers(1, 2)))]]
        message.append(("ORC", {1: [["RE"]], 2: request, 3: filler, 4: group}))
        status = [["F" if well else draw(st.sampled_from("FCPX"))]]
        panel = [["24331-1", draw(_TEXT), "LN"]]
        message.append(
            ("OBR", {1: [[str(order)]], 2: request, 3: filler, 4: panel, 22: [["20260301101000"]], 25: status})
        )
        if well:
            message.append(_segment_of(_BLOOD_GROUP, "882-1^ABO^LN", "", "F", str(order)))
        message += [_observation(draw, well=well) for _ in range(draw(st.integers(0, 4)))]
    return message


def _header(draw: st.DrawFn, *, well: bool) -> dict[int, Field]:
    names = {3: [[draw(_TEXT)]], 4: [["NORTH"]], 7: [["20260301101500"]], 9: [["ORU", "R01"]], 10: [[draw(_TEXT)]]}
    return names | {11: [["P" if well else draw(st.sampled_from("PPPT"))]], 12: [["2.5.1"]], 18: [[]]}


def _observation(draw: st.DrawFn, *, well: bool) -> Segment:
    status = "F" if well else draw(st.sampled_from("FFFFCPXNU"))
    value = _NUMBER if well else draw(_VALUES)
    return _segment_of(value, draw(_CODES), draw(_UNITS), status, draw(st.sampled_from(["", "1", "2"])))


def _segment_of(value: tuple[str, Field], code: str, unit: str, status: str, sub_id: str) -> Segment:
    fields: dict[int, Field] = {1: [["1"]], 2: [[value[0]]], 3: [code.split("^")], 4: [[sub_id]], 5: value[1]}
    return "OBX", fields | {6: [[unit]], 11: [[status]]}


def quiet(message: Message) -> Message:
    """Take line breaks out: without an escape character nobody can write them."""

    def flat(field: Field) -> Field:
        return [[text.replace("\n", " ") for text in components] for components in field]

    return [(name, {number: flat(field) for number, field in fields.items()}) for name, fields in message]


@st.composite
def renderings(draw: st.DrawFn) -> Rendering:
    """Draw a way to write that has an escape character."""
    others = draw(st.permutations("|^~\\&#$%!*"))
    length = draw(st.sampled_from([4, 5, 5, 5, 6]))
    delimiters = draw(st.sampled_from(["|^~\\&", "|^~\\&#", "|^~\\", "".join(others[:length])]))
    ends: Sequence[str] = draw(st.lists(st.sampled_from(["\r", "\n", "\r\n", "\r\n\r\n"]), min_size=1, max_size=4))
    charset = draw(st.sampled_from(sorted(CHARSETS)))
    flags = [draw(st.booleans()) for _ in range(4)]
    return Rendering(delimiters, charset, tuple(ends), *flags)


@st.composite
def quiet_renderings(draw: st.DrawFn) -> Rendering:
    """Draw a way to write without an escape character: delimiters are never in the text."""
    way = draw(renderings())
    return way._replace(delimiters="".join(draw(st.permutations(QUIET))[:3]))
