"""
Read one HL7 v2 message: charset, delimiters, header, then the segments by the state machine of `walk`.

Whatever is wrong with the message as a whole, every OBX in it still gets its place, so that nothing is unaccounted for.
"""

from __future__ import annotations

import re
from functools import lru_cache

from translator.read.charset import Decoded, decode
from translator.read.continuation import JOINED, join_continued
from translator.read.doubts import Doubts
from translator.read.er7 import SEGMENT_NAME, Delimiters, read_delimiters
from translator.read.grammar import Grammar, Grammars
from translator.read.lexicon import Lexicon
from translator.read.orm import ORDER_EVENTS
from translator.read.wire import ENVELOPES, LARGEST_MESSAGE
from translator.record.report import Finding, Form, Message, Observation, Report
from translator.record.values import Absent

_BOM = b"\xef\xbb\xbf"
_FREQUENT = frozenset({"OBX", "OBR", "ORC", "NTE", "SPM", "PID", "PV1"})
# In whatever charset a byte order mark before it was read.
_START = re.compile("|".join(("MSH", *ENVELOPES)))
# The sender's application and facility: they choose the site.
_ROUTED_BY = (3, 4)
_LINE_END = re.compile(r"\r\n|\n")
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(MSH[^\r\n]*)")


def read_message(raw: bytes, lexicon: Lexicon, first_line: int = 1, grammars: Grammars | None = None) -> Message:
    """
    Turn the bytes of one message into a record.

    Shape: MLLP framing and envelopes are already off. `first_line` numbers lines in findings. `grammars` are kept by
    a caller that reads many messages.
    Absent: no MSH gives a refused message.
    Source: HL7 v2.9 chapter 2 (control), chapter 7 (observation reporting).
    """
    decoded = decode(raw, charset_of(raw, lexicon), lexicon.charsets)
    lines = _lines(decoded)
    return _read(decoded, lines, _odd(lines), grammars or Grammars(lexicon), first_line)


def read_single(raw: bytes, lexicon: Lexicon, grammars: Grammars) -> Message | None:
    """
    Read bytes that are one message and nothing else, without cutting them first.

    Absent: None where more may be in them, so that one must look more closely.
    """
    # MLLP's bytes, the end-of-file mark of DOS, and padding.
    is_framed = b"\x0b" in raw or b"\x1c" in raw or b"\x1a" in raw or b"\x00" in raw
    if is_framed or len(raw) > LARGEST_MESSAGE or not raw.startswith(b"MSH"):
        return None
    decoded = decode(raw, charset_of(raw, lexicon), lexicon.charsets)
    lines = _lines(decoded)
    odd = _odd(lines)
    if odd and any(_START.search(line) for line in lines[1:] if line[:3] not in _FREQUENT):
        return None
    return _read(decoded, lines, odd, grammars, 1)


def _lines(decoded: Decoded) -> list[str]:
    text = _LINE_END.sub("\r", decoded.text) if "\n" in decoded.text else decoded.text
    return text.lstrip("\ufeff\x0b \t\r").rstrip("\r").split("\r")


def _odd(lines: list[str]) -> set[str]:
    """Give how those lines begin that are none of the usual segments; most messages have none."""
    return {line[:4] for line in lines[1:]} - usual_beginnings(lines[0][3:4])


@lru_cache(maxsize=64)
def usual_beginnings(separator: str) -> frozenset[str]:
    """Give how the lines of the usual segments begin."""
    return frozenset(name + separator for name in _FREQUENT)


def _read(decoded: Decoded, lines: list[str], odd: set[str], grammars: Grammars, first_line: int) -> Message:
    has_header = lines[0].startswith("MSH")
    delimiters = read_delimiters(lines[0]) if has_header else None
    if delimiters is None:
        return _malformed(lines, has_header=has_header)
    segments, findings = _segments(lines, delimiters.field, first_line) if odd else (lines, ())
    if odd and any(start.startswith("ADD") for start in odd):
        segments, joined = join_continued(segments, delimiters.field)
        findings += joined
    return _message(decoded, segments, findings, delimiters, grammars.grammar(delimiters, decoded.codec))


def _message(
    decoded: Decoded, segments: list[str], findings: tuple[Finding, ...], delimiters: Delimiters, grammar: Grammar
) -> Message:
    fields = grammar.headers.fields(segments[0])
    header = grammar.headers.read(fields)
    doubts = Doubts(decoded, delimiters.escape)
    time, control_id = grammar.headers.first(fields[7]), grammar.headers.first(fields[10])
    groups = grammar.results.read(segments, time, doubts, layout=header.event, placed=header.unplaced is None)
    held, remarks = header.held, groups.findings
    if findings:
        remarks = (*(finding for finding in findings if finding.code == JOINED), *remarks)
        held = (*(finding for finding in findings if finding.code != JOINED), *held)
    if decoded.problem:
        held += (Finding(decoded.problem, "MSH-18", "the bytes cannot be read as declared"),)
    if not doubts.is_certain:
        held += doubts.held("MSH", fields, _ROUTED_BY)
    return Message(
        "hl7v2",
        header.type,
        header.version,
        grammar.unescape(control_id),
        header.sender,
        groups.reports,
        header.refused,
        header.unplaced,
        () if header.refused else held + groups.held,
        remarks,
        grammar.orders.read(segments, time, doubts) if header.event in ORDER_EVENTS else (),
    )


def charset_of(raw: bytes, lexicon: Lexicon) -> str:
    """Give the charset that a message declares; one that declares none is in the site's default, if there is one."""
    return declared_charset(raw) or ("" if raw.startswith(_BOM) else lexicon.default_charset)


def declared_charset(raw: bytes) -> str:
    """Give the first repetition of MSH-18, read before the charset is known: names of charsets are ASCII."""
    begin = _HEADER.match(raw)
    if begin is None:
        return ""
    head = begin[1].decode("latin-1")
    delimiters = read_delimiters(head)
    if delimiters is None:
        return ""
    fields = head.split(delimiters.field)
    return fields[17].split(delimiters.repetition)[0].strip() if len(fields) > 17 else ""


def _malformed(lines: list[str], *, has_header: bool) -> Message:
    text = "MSH-1 and MSH-2 declare no usable delimiters" if has_header else "there is no MSH segment"
    count = sum(line.lstrip().startswith("OBX") and not line.lstrip()[3:4].isalnum() for line in lines)
    orphans = tuple(Observation(f"OBX[{number}]", Form(), Absent()) for number in range(1, count + 1))
    return Message("hl7v2", reports=(Report("", observations=orphans),), refused=Finding("malformed", "MSH", text))


def _segments(lines: list[str], separator: str, first_line: int) -> tuple[list[str], tuple[Finding, ...]]:
    """
    Keep what are segments; say where a line is none.

    A line that starts with no segment name is the rest of a value that held a raw line break: which value, and what
    it said, cannot be known any more.
    """
    segments, broken = [], []
    for number, line in enumerate(lines, first_line):
        # Nearly every line; the rest is looked at closely.
        if line[:3] in _FREQUENT and line[3:4] == separator:
            segments.append(line)
            continue
        segment = line.lstrip()
        is_named = is_segment(segment, separator)
        if is_named:
            segments.append(segment)
        if segment and (segment != line or not is_named):
            broken.append(number)
    if not broken:
        return segments, ()
    return segments, (Finding("raw-line-break", "", f"line {broken[0]} does not start with a segment name"),)


def is_segment(line: str, separator: str) -> bool:
    """Tell a line that starts with a segment name; indentation is already off."""
    return bool(SEGMENT_NAME.match(line)) and line[3:4] in {separator, ""}
