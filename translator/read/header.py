"""
Read MSH: what the sender says of the message as a whole, and whether it may be read at all.

All but the time and the control id is the same in thousands of messages of one feed, so it is worked out once.

Source: HL7 v2.9 2.14.9 (MSH).
"""

from __future__ import annotations

import re

from msgspec import Struct

from translator.read.continuation import CONTINUED
from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.lexicon import Lexicon
from translator.record.report import Finding

_VERSION = re.compile(r"2(?:\.[0-9]+)*")
_NOT_PRODUCTION = frozenset("TD")
# Nobody can have placed these orders before the message: only a correlation can know them.
_UNPLACED = frozenset({"ORU^R30", "ORU^R31"})
_MEMO_SIZE = 256
_FIELDS = 18


class Header(Struct, frozen=True, gc=False):
    """
    What MSH says beside its time and its control id.

    Shape: `event` is `ORU^R01` as the structure names it, where the sender leaves it out of `type`; `sender` is
    application and facility. `refused`, `unplaced` and `held` as in `Message`.
    """

    type: str
    event: str
    version: str
    sender: str
    refused: Finding | None
    unplaced: Finding | None
    held: tuple[Finding, ...]


class HeaderReader:
    """Read the headers of messages with the same delimiters and charset."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape, lexicon: Lexicon) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._lexicon = lexicon
        self._known: dict[tuple[str, ...], Header] = {}

    def fields(self, line: str) -> list[str]:
        """Split MSH as HL7 counts: MSH-1 is the separator itself."""
        fields = ["MSH", *line.split(self._delimiters.field)]
        fields[1] = self._delimiters.field
        return fields if len(fields) > _FIELDS else [*fields, *[""] * (_FIELDS + 1 - len(fields))]

    def read(self, fields: list[str]) -> Header:
        """Read what is the same in many messages."""
        key = (fields[3], fields[4], fields[9], fields[11], fields[12], fields[14])
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MEMO_SIZE:
                self._known.clear()
            found = self._known[key] = self._header(fields)
        return found

    def first(self, field: str, component: int = 1) -> str:
        """One component of a field's first repetition."""
        parts = field.split(self._delimiters.repetition, 1)[0].split(self._delimiters.component)
        return parts[component - 1].strip() if component <= len(parts) else ""

    def _header(self, fields: list[str]) -> Header:
        event = self._event(fields[9])
        unusable = self._by_type(event)
        unplaced = unusable if event in _UNPLACED else None
        return Header(
            "^".join(filter(None, (self.first(fields[9], 1), self.first(fields[9], 2)))),
            event,
            self.first(fields[12]),
            "/".join(filter(None, (self._unescape(self.first(fields[number])) for number in (3, 4)))),
            self._refused(fields, None if unplaced else unusable),
            unplaced,
            (*self._processing_id(fields[11]), *self._continued(fields[14])),
        )

    def _event(self, field: str) -> str:
        """Give MSH-9 as `ORU^R01`; the structure names the event where the sender leaves it out."""
        code, event, structure = (self.first(field, component) for component in (1, 2, 3))
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

    def _refused(self, fields: list[str], unusable: Finding | None) -> Finding | None:
        if self.first(fields[11]) in _NOT_PRODUCTION:
            return Finding("not-production", "MSH-11.1", "the sender marks this message as training or debugging")
        if unusable:
            return unusable
        version = self.first(fields[12])
        if version and not _VERSION.fullmatch(version):
            return Finding("version-not-read", "MSH-12", "versions 2.1 to 2.9 are read")
        return None

    def _processing_id(self, field: str) -> tuple[Finding, ...]:
        sent = self.first(field)
        if sent == "P" or (not sent and self._lexicon.accept_blank_processing_id):
            return ()
        return (Finding("processing-id-missing", "MSH-11.1", "the sender does not say that this is production"),)

    def _continued(self, field: str) -> tuple[Finding, ...]:
        """MSH-14 is filled only where the message goes on with another one."""
        if self.first(field) in {"", NULL}:
            return ()
        return (Finding(CONTINUED, "MSH-14", "the message goes on with one that came before"),)
