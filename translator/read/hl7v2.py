"""
Read one HL7 v2 message: header, charset, delimiters, then the segments by the state machine of `oru`.

Whatever is wrong with the message as a whole, every OBX in it still gets its place, so that nothing is unaccounted for.
"""

from __future__ import annotations

import re

from msgspec import Struct

from translator.read.charset import Decoded, decode
from translator.read.continuation import CONTINUED, join_continued
from translator.read.doubts import Doubts
from translator.read.er7 import NULL, SEGMENT_NAME, Delimiters, read_delimiters
from translator.read.grammar import Grammar, Grammars
from translator.read.lexicon import Lexicon
from translator.read.oru import OruReader
from translator.record.report import Finding, Message, Observation, Report
from translator.record.values import Absent

_BOM = b"\xef\xbb\xbf"
_VERSION = re.compile(r"2(?:\.[0-9]+)*")
_FREQUENT = frozenset({"OBX", "OBR", "ORC", "NTE", "SPM"})
_NOT_PRODUCTION = frozenset("TD")
# Nobody can have placed these orders before the message: only a correlation can know them.
_UNPLACED = frozenset({"ORU^R30", "ORU^R31"})
# The sender's application and facility: they choose the site.
_ROUTED_BY = (3, 4)
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
        field = self.field(number)
        if self.delimiters.component not in field and self.delimiters.repetition not in field:
            return field.strip() if component == 1 else ""
        parts = field.split(self.delimiters.repetition, 1)[0].split(self.delimiters.component)
        return parts[component - 1].strip() if component <= len(parts) else ""


def read_message(raw: bytes, lexicon: Lexicon, first_line: int = 1, grammars: Grammars | None = None) -> Message:
    """
    Turn the bytes of one message into a record.

    Shape: MLLP framing and envelopes are already off. `first_line` numbers lines in findings. `grammars` are kept by
    a caller that reads many messages.
    Absent: no MSH gives a refused message.
    Source: HL7 v2.9 chapter 2 (control), chapter 7 (observation reporting).
    """
    grammars = grammars or Grammars(lexicon)
    decoded = decode(raw, charset_of(raw, lexicon), lexicon.charsets)
    text = _LINE_END.sub("\r", decoded.text) if "\n" in decoded.text else decoded.text
    lines = text.lstrip("\ufeff\x0b \t\r").split("\r")
    delimiters = grammars.delimiters(lines[0]) if lines[0].startswith("MSH") else None
    if delimiters is None:
        return _malformed(lines, has_header=lines[0].startswith("MSH"))
    header = _Header(delimiters, (delimiters.field, *lines[0].split(delimiters.field)[1:]))
    segments, findings = _segments(lines, delimiters.field, first_line)
    if "\rADD" in text:
        segments, joined = join_continued(segments, delimiters.field)
        findings += joined
    grammar = grammars.grammar(delimiters, decoded.codec)
    return _Reading(header, decoded, segments, findings, lexicon, grammar).message()


def charset_of(raw: bytes, lexicon: Lexicon) -> str:
    """Give the charset that a message declares; one that declares none is in the site's default, if there is one."""
    return declared_charset(raw) or ("" if raw.startswith(_BOM) else lexicon.default_charset)


def declared_charset(raw: bytes) -> str:
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


class _Reading:
    def __init__(
        self,
        header: _Header,
        decoded: Decoded,
        segments: list[str],
        findings: tuple[Finding, ...],
        lexicon: Lexicon,
        grammar: Grammar,
    ) -> None:
        self._header = header
        self._decoded = decoded
        self._segments = segments
        self._held = [finding for finding in findings if finding.code != "segment-continued"]
        self._remarks = [finding for finding in findings if finding.code == "segment-continued"]
        self._lexicon = lexicon
        self._grammar = grammar

    def message(self) -> Message:
        header, delimiters = self._header, self._header.delimiters
        grammar = self._grammar
        unescape = grammar.unescape
        doubts = Doubts(self._decoded, delimiters.escape)
        sender = "/".join(filter(None, (unescape(header.first(3)), unescape(header.first(4)))))
        reader = OruReader(delimiters, unescape, grammar.values, grammar.numbers, doubts=doubts)
        routed = doubts.held("MSH", ["", *header.fields], _ROUTED_BY)
        event = self._event()
        unusable = self._by_type(event)
        unplaced = unusable if event in _UNPLACED else None
        groups = reader.read(self._segments, header.first(7), layout=event, placed=unplaced is None)
        refused = self._refused(None if unplaced else unusable)
        return Message(
            "hl7v2",
            type="^".join(filter(None, (header.first(9, 1), header.first(9, 2)))),
            version=header.first(12),
            control_id=unescape(header.first(10)),
            sender=sender,
            reports=groups.reports,
            refused=refused,
            unplaced=unplaced,
            held=()
            if refused
            else (*self._held, *self._charset(), *self._processing_id(), *self._continued(), *routed, *groups.held),
            findings=(*self._remarks, *groups.findings),
        )

    def _event(self) -> str:
        """Give MSH-9 as `ORU^R01`; the structure names the event where the sender leaves it out."""
        code, event, structure = (self._header.first(9, component) for component in (1, 2, 3))
        if not event and structure.startswith(f"{code}_"):
            event = structure.removeprefix(f"{code}_")
        return f"{code}^{event}" if event else code

    def _by_type(self, event: str) -> Finding | None:
        if not event:
            return Finding("message-type-missing", "MSH-9", "the sender does not say what this message is")
        reason = self._lexicon.message_types.get(event, "message-type")
        if event in _UNPLACED and reason:
            return Finding(reason, "MSH-9", "nobody has placed this order before, and the correlation does not know it")
        return Finding(reason, "MSH-9", "messages of this type are not read") if reason else None

    def _refused(self, unusable: Finding | None) -> Finding | None:
        header = self._header
        if header.first(11) in _NOT_PRODUCTION:
            return Finding("not-production", "MSH-11.1", "the sender marks this message as training or debugging")
        if unusable:
            return unusable
        if header.first(12) and not _VERSION.fullmatch(header.first(12)):
            return Finding("version-not-read", "MSH-12", "versions 2.1 to 2.9 are read")
        return None

    def _continued(self) -> tuple[Finding, ...]:
        """MSH-14 is filled only where the message goes on with another one."""
        if self._header.first(14) in {"", NULL}:
            return ()
        return (Finding(CONTINUED, "MSH-14", "the message goes on with one that came before"),)

    def _charset(self) -> tuple[Finding, ...]:
        problem = self._decoded.problem
        return (Finding(problem, "MSH-18", "the bytes cannot be read as declared"),) if problem else ()

    def _processing_id(self) -> tuple[Finding, ...]:
        sent = self._header.first(11)
        if sent == "P" or (not sent and self._lexicon.accept_blank_processing_id):
            return ()
        return (Finding("processing-id-missing", "MSH-11.1", "the sender does not say that this is production"),)
