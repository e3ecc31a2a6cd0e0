"""
Put segments together to one message of HL7 v2.5.1, and have hl7apy hold it against the definitions.

Theory of operation: the text is ours, since hl7apy takes some escapes for text (a line break, a hexadecimal one). What
is written is parsed into hl7apy's tree in the groups that we name, and goes out only where the tree is valid.

Source: HL7 v2.5.1 2.15.9 (MSH).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from translator.errors import WriteError
from translator.write.er7 import components, escape, segment
from translator.write.times import dtm

VERSION = "2.5.1"
CHARSET = "UNICODE UTF-8"


class Letterhead(Struct, frozen=True):
    """
    Who writes to whom, when, and under which number.

    Shape: `sender` and `receiver` are application and facility; `time` is an HL7 DTM or a FHIR
    instant; `control_id` is MSH-10.
    """

    sender: tuple[str, str]
    receiver: tuple[str, str]
    time: str
    control_id: str
    processing_id: str = "P"


class Group(Struct, frozen=True):
    """A group of segments as HL7 names it, without the name of the structure: `ORDER`, `OBSERVATION`."""

    name: str
    parts: tuple[Part, ...]


Part: TypeAlias = str | Group


def assemble(head: Letterhead, code: str, event: str, parts: tuple[Part, ...]) -> bytes:
    """
    Write one message.

    Raises:
        WriteError: the message would not be one of its type, such as an order without a code.
    """
    structure = f"{code}_{event}"
    header = _header(head, components(code, event, structure))
    _check(structure, header, parts)
    return "".join(f"{line}\r" for line in [header, *_lines(parts)]).encode()


def _header(head: Letterhead, kind: str) -> str:
    application, facility = map(escape, head.sender)
    receiver, place = map(escape, head.receiver)
    # MSH-1 is the separator itself, so that every other field is one place further left.
    fields = {2: application, 3: facility, 4: receiver, 5: place, 6: escape(dtm(head.time)), 8: kind}
    fields |= {9: escape(head.control_id), 10: head.processing_id, 11: VERSION, 17: CHARSET}
    return segment("MSH", {1: "^~\\&", **fields})


def _lines(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Group):
            yield from _lines(part.parts)
        else:
            yield part


def _check(structure: str, header: str, parts: tuple[Part, ...]) -> None:
    from hl7apy.core import Message  # noqa: PLC0415 - only writing needs it
    from hl7apy.exceptions import HL7apyException  # noqa: PLC0415 - as above

    message = Message(structure, version=VERSION)
    message.msh = header
    try:
        _fill(message, structure, parts)
        message.validate()
    except HL7apyException as error:
        # hl7apy's own text may hold a value.
        raise WriteError(f"this is no {structure} of HL7 v{VERSION}: {type(error).__name__}") from None


def _fill(parent: Any, structure: str, parts: tuple[Part, ...]) -> None:
    from hl7apy.parser import parse_segment  # noqa: PLC0415 - as above

    for part in parts:
        if isinstance(part, Group):
            _fill(parent.add_group(f"{structure}_{part.name}"), structure, part.parts)
        else:
            parent.add(parse_segment(part, VERSION, parent.encoding_chars))
