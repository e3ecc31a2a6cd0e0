"""
Compare an HL7 v2 message with the definitions of its own version, as hl7apy carries them. (pure)

Theory of operation: hl7apy's own parser regroups segments by guessing (a message of 2.4 with SPM becomes two patients)
and writes values into its messages. So its definitions are used and its parser is not: the order of segments is
matched by a set of states, as a regular expression would be, and fields are compared one by one. A finding has a path
and names the rule, never what was sent. Findings hold nothing: what is sent is decided by the tables alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import structs

from translator.conformance_fhir import check_fhir
from translator.read.charset import decode
from translator.read.er7 import NULL, SEGMENT_NAME, Delimiters, read_delimiters
from translator.read.hl7v2 import declared_charset
from translator.record.outcome import FILE_SCHEMA, Diagnostic, Outcome
from translator.segment_order import SegmentOrder
from translator.translate.tables import Tables

# A definition of hl7apy: kind, children, datatype, name, table, length; a child is name, definition, (min, max), class.
Definition: TypeAlias = Any

_FRAMING = " \t\x0b\x1c"
_LINE_END = re.compile(r"\r\n|\r|\n")
# What the characters of a simple type may be; the other types take any text.
_FORMS = {
    "NM": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"),
    "SI": re.compile(r"[0-9]+"),
    "DT": re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}"),
    "TM": re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?"),
    "DTM": re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?"),
}
_BY_VALUE_TYPE = "varies"
_CODED_BY_HL7 = "ID"
# Tables that every sender may add to: identifier types, kinds of universal ids, coding systems, countries.
_OPEN_TABLES = frozenset({"HL70203", "HL70301", "HL70396", "HL70399"})
# hl7apy's copy lacks types that the same version defines.
_VALUE_TYPES = "HL70125"
_ANY_NUMBER = -1
# The separators are no fields that could be compared; what the standard requires only at times is not asked for.
_NO_FIELDS = frozenset({"MSH_1", "MSH_2"})
_CONDITIONAL = frozenset({"OBX_2", "OBX_4"})
_SIMPLE = frozenset({*_FORMS, "FT", "ID", "IS", "ST", "TX"})
_ONCE = ("the field is withdrawn in this version", "the field may not repeat")


def with_conformance(raw: bytes, outcome: Outcome, tables: Tables) -> Outcome:
    """Add to an outcome what the comparison finds; its state stays what the tables made it."""
    if outcome.schema == FILE_SCHEMA:
        return outcome
    if outcome.source.format == "hl7v2":
        found = check_conformance(raw, tables)
    elif outcome.source.format == "fhir":
        found = check_fhir(raw, tables.site.fhir_version)
    else:
        found = (_unchecked("error", "", "only HL7 v2 messages and FHIR documents are compared"),)
    return structs.replace(outcome, diagnostics=(*outcome.diagnostics, *found))


def check_conformance(raw: bytes, tables: Tables) -> tuple[Diagnostic, ...]:
    """
    Compare one message with its version: segments and their order, what must be there, repetitions, types, tables.

    Shape: diagnostics `not-conformant`, in order of the message, a warning where a code is not in its table;
    `conformance-unchecked` where there is no definition to compare with.
    Absent: what is no HL7 v2 message gives nothing; its outcome says so already.
    Source: HL7 v2.1 to v2.8.2, as in hl7apy.
    """
    text = decode(raw, declared_charset(raw), tables.charsets).text
    lines = (line.strip(_FRAMING) for line in _LINE_END.split(text))
    segments = [line for line in lines if SEGMENT_NAME.match(line)]
    delimiters = read_delimiters(segments[0]) if segments and segments[0].startswith("MSH") else None
    if delimiters is None:
        return ()
    return tuple(_Message(segments, delimiters).findings())


class _Message:
    def __init__(self, segments: list[str], delimiters: Delimiters) -> None:
        self._delimiters = delimiters
        self._segments = [self._fields(segment) for segment in segments]
        header = self._segments[0]
        self._version = self._component(header, 12, 1)
        code, event, structure = (self._component(header, 9, number) for number in (1, 2, 3))
        self._structure = structure or f"{code}_{event}"

    def findings(self) -> Iterator[Diagnostic]:
        from hl7apy import SUPPORTED_LIBRARIES  # noqa: PLC0415 - only --strict needs it

        if self._version not in SUPPORTED_LIBRARIES:
            yield _unchecked("error", "MSH-12", "there are no definitions of this version, only of 2.1 to 2.8.2")
            return
        named = [*self._named()]
        structure = _definition(self._structure, "Message", self._version)
        if structure is None:
            yield _unchecked(
                "warning", "MSH-9", "this version does not define the message; its fields are compared alone"
            )
        else:
            order = SegmentOrder(structure).findings((at, fields[0]) for at, fields in named)
            yield from (_error(at, text) for at, text in order)
        for at, fields in named:
            if not fields[0].startswith("Z"):
                yield from self._segment(at, fields)

    def _fields(self, segment: str) -> list[str]:
        separator = self._delimiters.field
        name, *fields = segment.split(separator)
        return [name, separator, *fields] if name == "MSH" else [name, *fields]

    def _component(self, fields: list[str], number: int, component: int) -> str:
        parts = fields[number].split(self._delimiters.component) if number < len(fields) else []
        return parts[component - 1].strip() if component <= len(parts) else ""

    def _named(self) -> Iterator[tuple[str, list[str]]]:
        """Number the segments of one name where there are several, as outcomes do with OBR and OBX."""
        count: Counter[str] = Counter()
        repeated = Counter(fields[0] for fields in self._segments)
        for fields in self._segments:
            name = fields[0]
            count[name] += 1
            always = name in {"OBR", "OBX"}
            yield (f"{name}[{count[name]}]" if always or repeated[name] > 1 else name), fields

    def _segment(self, at: str, fields: list[str]) -> Iterator[Diagnostic]:
        definition = _definition(fields[0], "Segment", self._version)
        if definition is None:
            yield _error(at, "this version has no such segment")
            return
        known = {_number(child): child for child in definition[1] if child[0] not in _NO_FIELDS}
        last = max(known)
        if any(fields[last + 1 :]):
            yield _error(f"{at}-{last + 1}", f"in this version the segment has {last} fields")
        for number, child in known.items():
            sent = fields[number] if number < len(fields) else ""
            yield from self._field(f"{at}-{number}", sent, child, fields)

    def _field(self, at: str, sent: str, child: Definition, fields: list[str]) -> Iterator[Diagnostic]:
        name, definition, (least, most), _ = child
        if not sent.strip():
            if least and name not in _CONDITIONAL:
                yield _error(at, "the field is required")
            return
        repetitions = sent.split(self._delimiters.repetition)
        if len(repetitions) > most != _ANY_NUMBER:
            yield _error(at, f"the field may stand {most} times at most" if most > 1 else _ONCE[most])
        if definition[2] == _BY_VALUE_TYPE:
            definition = self._by_value_type(self._component(fields, 2, 1))
        separators = (self._delimiters.component, self._delimiters.subcomponent)
        for repetition in repetitions if definition else ():
            yield from _compare(at, repetition, definition, separators, self._version)

    def _by_value_type(self, name: str) -> Definition:
        """Define OBX-5 by OBX-2; a type that nobody knows is told there, and defines nothing."""
        parts = _definition(name, "Datatypes_Structs", self._version)
        if parts:
            return "sequence", parts, name, "", None, _ANY_NUMBER
        return ("leaf", None, name, "", None, _ANY_NUMBER) if name in _SIMPLE else None


def _compare(
    at: str, sent: str, definition: Definition, separators: tuple[str, ...], version: str
) -> Iterator[Diagnostic]:
    """Compare a field, a component or a subcomponent; `separators` are those that may still divide it."""
    kind, children, datatype, _, table, _ = definition
    own, *inner = separators or ("",)
    parts = sent.split(own) if own else [sent]
    if kind != "sequence":
        if len(parts) > 1:
            yield _error(at, f"the type {datatype} has no parts")
        elif sent.strip() and sent != NULL:
            yield from _compare_value(at, sent.strip(), datatype, table, version)
        return
    if any(parts[len(children) :]):
        yield _error(at, f"the type {datatype} has {len(children)} parts")
    for number, (_, child, (least, _), _) in ((_number(each), each) for each in children):
        part = parts[number - 1] if number <= len(parts) else ""
        if part.strip():
            yield from _compare(f"{at}.{number}", part, child, tuple(inner), version)
        elif least and sent != NULL:
            yield _error(f"{at}.{number}", "the part is required")


def _number(child: Definition) -> int:
    """Take the number from the name (`OBR_22`): some definitions leave numbers out."""
    return int(child[0].rpartition("_")[2])


def _compare_value(at: str, sent: str, datatype: str, table: str | None, version: str) -> Iterator[Diagnostic]:
    form = _FORMS.get(datatype)
    if form is not None and not form.fullmatch(sent):
        yield _error(at, f"not in the form of {datatype}")
    if table is None or datatype != _CODED_BY_HL7:
        return
    known = _definition(table, "Table", version)
    if known is None or table in _OPEN_TABLES or sent in known[1]:
        return
    if table == _VALUE_TYPES and _definition(sent, "Datatypes_Structs", version):
        return
    yield _warning(at, f"not in table {table.removeprefix('HL7')}")


@lru_cache(maxsize=4096)
def _definition(name: str, kind: str, version: str) -> Definition:
    """
    Look a definition up.

    Absent: None where the version has none of this name.
    """
    from hl7apy import load_reference  # noqa: PLC0415 - only --strict needs it
    from hl7apy.exceptions import ChildNotFound  # noqa: PLC0415

    try:
        return load_reference(name, kind, version)
    except ChildNotFound:
        return None


def _error(at: str, text: str) -> Diagnostic:
    return Diagnostic("not-conformant", "error", at, text)


def _warning(at: str, text: str) -> Diagnostic:
    return Diagnostic("not-conformant", "warning", at, text)


def _unchecked(severity: str, at: str, text: str) -> Diagnostic:
    return Diagnostic("conformance-unchecked", severity, at, text)
