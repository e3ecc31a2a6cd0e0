"""
Answer a message: which acknowledgements its sender asked for, by which codes, and where the errors are. (pure)

Theory of operation: in original mode (MSH-15 and MSH-16 empty) there is one answer. In enhanced mode there is one that
we have the message (MSH-15) and one that says what we make of it (MSH-16). The second is known as soon as the first,
since what is kept is decided in the same transaction; so it follows at once, on the same connection, and only where the
first did not refuse already. What is held waits for us, not for the sender: it is accepted.

Everything that is repeated of the message is repeated as it was sent, in its delimiters and its charset.

Source: HL7 v2.9 2.9.2 (original mode), 2.9.3 (enhanced mode), tables 0008, 0155, 0357, 0516; before 2.5
ERR by 2.4 2.16.5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from translator.accept.ack_header import AckHeader
from translator.read.er7 import Delimiters
from translator.record.outcome import Diagnostic

KEPT, CONTENT, NOT_OURS, AWAY = "kept", "content", "not-ours", "away"
"""We have it; we refuse what it says; it is no HL7 or not for us; it could not be kept and should come again."""

# By what became of the message: the code of the application (original mode, MSH-16), and that of acceptance (MSH-15).
# AE says that the content is wrong. What is not the content's fault is AR in original mode; in enhanced mode CR speaks
# of MSH-9, MSH-11 and MSH-12 alone, and anything else is CE.
_CODES = {KEPT: ("AA", "CA"), CONTENT: ("AE", "CE"), NOT_OURS: ("AR", "CR"), AWAY: ("AR", "CE")}
_GOOD = frozenset({"AA", "CA"})
# Table 0155: whether a condition asks for an answer, by whether this is a good one. Any other word asks for all.
_ASKED = {"AL": {True, False}, "NE": set(), "": set(), "ER": {False}, "SU": {True}}
_ALWAYS = {True, False}

# Table 0357, by the reason, else by the field, else by the last word of the reason.
_BY_REASON = {
    "malformed": "100",
    "several-messages": "100",
    "message-type-missing": "101",
    "value-type-refused": "102",
    "not-a-date": "102",
    "not-a-uuid": "102",
}
_BY_FIELD = {"MSH-9": "200", "MSH-11": "202", "MSH-12": "203"}
_MISSING, _EVENT, _INTERNAL = "101", "201", "207"
_CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "207": "Application internal error",
}
# Of these some events are read, so another one is not an unknown type.
_TYPES = frozenset({"ORU", "ORM", "OML", "OMG"})
# A message that is refused for one of these is no HL7, or is not meant for us.
_HEADER = frozenset({"MSH", *_BY_FIELD})

_PLACE = re.compile(r"(?P<segment>[A-Z][A-Z0-9]{2})(?:\[(?P<number>\d+)\])?(?:-(?P<field>\d+)(?:\.(?P<part>\d+))?)?")
_VERSION = re.compile(r"2\.(\d+)")
_LOCATED_SINCE = 5
_MOST_ERRORS = 10


class Verdict(Struct, frozen=True):
    """
    What became of a message, as far as an answer tells it.

    Shape: `number` is the ledger's, 0 where nothing was kept; `diagnostics` say what is wrong with it.
    Units: `at` in seconds since 1970: when it was received.
    """

    became: str
    at: float
    number: int = 0
    diagnostics: Sequence[Diagnostic] = ()


class Answer(NamedTuple):
    """One acknowledgement: its code (MSA-1) and its bytes."""

    code: str
    raw: bytes


def refusal(diagnostics: Sequence[Diagnostic]) -> str:
    """Tell of a refused message whether its content is refused, or whether it is no HL7 or not meant for us."""
    errors = _errors(diagnostics)
    return NOT_OURS if any(_field(one.at) in _HEADER for one in errors) else CONTENT


def acknowledge(header: AckHeader | None, verdict: Verdict) -> tuple[Answer, ...]:
    """
    Write the answers to a message, in their order: none, one or two.

    Absent: without a header the answer has neither addressee nor the number of what it speaks of.
    """
    asked = header or AckHeader()
    application, accept = _CODES[verdict.became]
    if not (asked.accept_when or asked.application_when):
        return (_written(asked, application, verdict),)
    codes = [accept] if _asks(asked.accept_when, accept) else []
    # Who was told that we have not taken it needs no second word.
    if (not codes or accept in _GOOD) and _asks(asked.application_when, application):
        codes.append(application)
    return tuple(_written(asked, code, verdict) for code in codes)


def _asks(condition: str, code: str) -> bool:
    return (code in _GOOD) in _ASKED.get(condition, _ALWAYS)


def _written(asked: AckHeader, code: str, verdict: Verdict) -> Answer:
    errors = () if code in _GOOD else _errors(verdict.diagnostics)[:_MOST_ERRORS]
    is_located = _tells_places(asked.version)
    told = "" if is_located or not errors else errors[0].code
    segments = [_msh(asked, code, verdict), _joined(asked, ["MSA", code, asked.control_id, told])]
    segments += [_err(asked, one, verdict, is_located=is_located) for one in errors]
    text = "".join(f"{segment}\r" for segment in segments)
    # Our own texts are ASCII, and theirs came in this very charset; whatever is neither must not stop an answer.
    return Answer(code, text.encode(asked.codec, "replace"))


def _msh(asked: AckHeader, code: str, verdict: Verdict) -> str:
    fields = asked.fields
    event = asked.component(9, 2)
    kind = asked.delimiters.component.join(("ACK", event, "ACK")) if event else "ACK"
    # The same for the same message, so that it is answered the second time byte by byte as the first time.
    number = f"{verdict.number or f'N{verdict.at * 1_000_000:.0f}'}{code[0]}"
    sender, receiver = fields[3:5], fields[5:7]
    values = ["MSH", fields[2], *receiver, *sender, _moment(verdict.at), "", kind, number, *fields[11:13]]
    return _joined(asked, [*values, *[""] * 5, fields[18]])


def _err(asked: AckHeader, error: Diagnostic, verdict: Verdict, *, is_located: bool) -> str:
    condition = _condition(asked, error)
    text = _CONDITIONS[condition]
    marks = asked.delimiters
    place = _location(error.at)
    if not is_located:
        # ELD, which HL7 had before ERL: segment, its number, field, and the code in subcomponents.
        code = marks.subcomponent.join((condition, text, "HL70357"))
        return _joined(asked, ["ERR", marks.component.join((*(*place, "", "", "")[:3], code))])
    fields = [
        "",
        marks.component.join(place),
        marks.component.join((condition, text, "HL70357")),
        "F" if verdict.became == AWAY else "E",
        marks.component.join((error.code, error.code, "L")),
        "",
        "",
        _escaped(error.text, marks),
    ]
    return _joined(asked, ["ERR", *fields])


def _condition(asked: AckHeader, error: Diagnostic) -> str:
    """Give the row of table 0357 that an error of ours is."""
    found = _BY_REASON.get(error.code) or _BY_FIELD.get(_field(error.at))
    if found == _BY_FIELD["MSH-9"] and asked.component(9, 1) in _TYPES:
        return _EVENT
    return found or (_MISSING if error.code.endswith("-missing") else _INTERNAL)


def _errors(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [one for one in diagnostics if one.severity == "error"]


def _field(at: str) -> str:
    return at.partition(".")[0]


def _location(at: str) -> tuple[str, ...]:
    """Give `OBX[3]-5.1` as ERL has it: segment, its number, field, repetition, component."""
    found = _PLACE.fullmatch(at)
    if found is None:
        return ()
    place = (found["segment"], found["number"] or "1", found["field"] or "")
    return (*place, "1", found["part"]) if found["part"] else place if place[2] else place[:2]


def _tells_places(version: str) -> bool:
    """Tell whether ERR has a field for the place, as it has since 2.5; what names no version gets the newer form."""
    found = _VERSION.match(version)
    return found is None or int(found[1]) >= _LOCATED_SINCE


def _moment(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y%m%d%H%M%S}.{moment.microsecond // 1000:03}+0000"


def _joined(asked: AckHeader, values: Sequence[str]) -> str:
    separator = asked.delimiters.field
    return separator.join(values).rstrip(separator)


def _escaped(text: str, marks: Delimiters) -> str:
    """Escape a text of ours; without an escape character what means something is left out."""
    reserved = {
        marks.escape: "E",
        marks.field: "F",
        marks.component: "S",
        marks.repetition: "R",
        marks.subcomponent: "T",
        marks.truncation: "P",
        "\r": ".br",
        "\n": ".br",
    }
    return "".join(
        (f"{marks.escape}{reserved[letter]}{marks.escape}" if marks.escape else " ") if letter in reserved else letter
        for letter in text
    )
