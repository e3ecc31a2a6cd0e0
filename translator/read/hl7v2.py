"""
Read one HL7 v2 message: header, charset, delimiters, then the segments by the state machine of `oru`.

Whatever is wrong with the message as a whole, every OBX in it still gets its place, so that nothing is unaccounted for.
"""

from __future__ import annotations

import re

from msgspec import Struct

from translator.read.charset import Decoded, decode
from translator.read.er7 import SEGMENT_NAME, Delimiters, Unescape, read_delimiters
from translator.read.lexicon import Lexicon
from translator.read.oru import OruReader
from translator.read.value import ValueReader
from translator.record.report import Finding, Message, Observation, Report
from translator.record.values import Absent

_BOM = b"\xef\xbb\xbf"
_VERSION = re.compile(r"2(?:\.[0-9]+)*")
_NOT_PRODUCTION = frozenset("TD")
_LINE_END = re.compile(r"\r\n|\n")
_ANY_LINE_END = re.compile(rb"[\r\n]")


class _Header(Struct, frozen=True, gc=False):
    delimiters: Delimiters
    fields: tuple[str, ...]

    def field(self, number: int) -> str:
        """MSH-n as HL7 counts: MSH-1 is the separator itself."""
        return self.fields[number - 1] if number <= len(self.fields) else ""

    def first(self, number: int, component: int = 1) -> str:
        """One component of MSH-n, first repetition."""
        repetition = self.field(number).split(self.delimiters.repetition)[0]
        parts = repetition.split(self.delimiters.component)
        return parts[component - 1].strip() if component <= len(parts) else ""


def read_message(raw: bytes, lexicon: Lexicon, first_line: int = 1) -> Message:
    """
    Turn the bytes of one message into a record.

    Shape: MLLP framing and envelopes are already off. `first_line` numbers lines in findings.
    Absent: no MSH gives a refused message.
    Source: HL7 v2.9 chapter 2 (control), chapter 7 (observation reporting).
    """
    decoded = decode(raw, _declared_charset(raw), lexicon.charsets)
    text = _LINE_END.sub("\r", decoded.text) if "\n" in decoded.text else decoded.text
    lines = text.lstrip("\ufeff\x0b \t\r").split("\r")
    delimiters = read_delimiters(lines[0]) if lines[0].startswith("MSH") else None
    if delimiters is None:
        return _malformed(lines, has_header=lines[0].startswith("MSH"))
    header = _Header(delimiters, (delimiters.field, *lines[0].split(delimiters.field)[1:]))
    segments, findings = _segments(lines, delimiters.field, first_line)
    return _Reading(header, decoded, segments, findings, lexicon).message()


def _declared_charset(raw: bytes) -> str:
    """Give the first repetition of MSH-18, read before the charset is known: names of charsets are ASCII."""
    head = _ANY_LINE_END.split(raw.removeprefix(_BOM).lstrip(), maxsplit=1)[0].decode("latin-1")
    delimiters = read_delimiters(head)
    if not head.startswith("MSH") or delimiters is None:
        return ""
    fields = head.split(delimiters.field)
    return fields[17].split(delimiters.repetition)[0].strip() if len(fields) > 17 else ""


def _malformed(lines: list[str], *, has_header: bool) -> Message:
    text = "MSH-1 and MSH-2 declare no usable delimiters" if has_header else "there is no MSH segment"
    count = sum(line.lstrip().startswith("OBX") and not line.lstrip()[3:4].isalnum() for line in lines)
    orphans = tuple(Observation(f"OBX[{number}]", (), Absent()) for number in range(1, count + 1))
    return Message("hl7v2", reports=(Report("", observations=orphans),), refused=Finding("malformed", "MSH", text))


def _segments(lines: list[str], separator: str, first_line: int) -> tuple[list[str], tuple[Finding, ...]]:
    """
    Keep what are segments; say where a line is none.

    A line that starts with no segment name is the rest of a value that held a raw line break: which value, and what
    it said, cannot be known any more.
    """
    segments, broken = [], []
    for number, line in enumerate(lines, first_line):
        segment = line.lstrip()
        is_named = bool(SEGMENT_NAME.match(segment)) and segment[3:4] in {separator, ""}
        if is_named:
            segments.append(segment)
        if segment and (segment != line or not is_named):
            broken.append(number)
    if not broken:
        return segments, ()
    return segments, (Finding("raw-line-break", "", f"line {broken[0]} does not start with a segment name"),)


class _Reading:
    def __init__(
        self,
        header: _Header,
        decoded: Decoded,
        segments: list[str],
        findings: tuple[Finding, ...],
        lexicon: Lexicon,
    ) -> None:
        self._header = header
        self._decoded = decoded
        self._segments = segments
        self._held = findings
        self._lexicon = lexicon

    def message(self) -> Message:
        header, delimiters = self._header, self._header.delimiters
        unescape = Unescape(delimiters, self._decoded.codec)
        values = ValueReader(delimiters, unescape, self._lexicon.systems)
        sender = "/".join(filter(None, (header.first(3), header.first(4))))
        reader = OruReader(delimiters, unescape, values, undeclared=self._decoded.undeclared)
        groups = reader.read(self._segments, header.first(7))
        refused = self._refused()
        return Message(
            "hl7v2",
            type="^".join(filter(None, (header.first(9, 1), header.first(9, 2)))),
            version=header.first(12),
            control_id=header.first(10),
            sender=sender,
            reports=groups.reports,
            refused=refused,
            held=() if refused else (*self._held, *self._charset(), *self._processing_id(), *groups.held),
            findings=groups.findings,
        )

    def _refused(self) -> Finding | None:
        header = self._header
        if header.first(11) in _NOT_PRODUCTION:
            return Finding("not-production", "MSH-11.1", "the sender marks this message as training or debugging")
        event = f"{header.first(9, 1)}^{header.first(9, 2)}" if header.first(9, 2) else header.first(9, 1)
        reason = self._lexicon.message_types.get(event, "message-type")
        if reason:
            return Finding(reason, "MSH-9", "messages of this type carry no result for us")
        if header.first(12) and not _VERSION.fullmatch(header.first(12)):
            return Finding("version-not-read", "MSH-12", "versions 2.1 to 2.9 are read")
        return None

    def _charset(self) -> tuple[Finding, ...]:
        problem = self._decoded.problem
        return (Finding(problem, "MSH-18", "the bytes cannot be read as declared"),) if problem else ()

    def _processing_id(self) -> tuple[Finding, ...]:
        if self._header.first(11) == "P":
            return ()
        return (Finding("processing-id-missing", "MSH-11.1", "the sender does not say that this is production"),)
