r"""
Write ER7 text: escape what HL7 reserves, and put components, repetitions and fields together.

Delimiters are always `|^~\&` and the charset UTF-8. A value that looks like HL7 null (`""`, a request to delete) is
escaped, so that it stays a value.

Source: HL7 v2.9 2.5, 2.7, 2A.3.20 (EI), 2A.3.13 (CE), table 0396.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from translator.record.report import Identifier
from translator.record.values import Coding

NULL = '""'
_ESCAPES = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\", "\n": "\\.br\\"}
_RESERVED = re.compile(r"[|^&~\\\n]|[\x00-\x09\x0b-\x1f\x7f\x85]")
_LINE_END = re.compile(r"\r\n?")
# The names of table 0396 for the systems that have one; any other system is written as it stands.
_SYSTEM_NAMES = {"http://loinc.org": "LN", "http://snomed.info/sct": "SCT", "http://unitsofmeasure.org": "UCUM"}
# CE, of HL7 v2.5.1, has a code and an alternate.
_CODINGS = 2


def escape(text: str) -> str:
    """Escape one text, so that reading gives it back; other line ends become line feeds."""
    if text == NULL:
        return '\\X22\\"'
    return _RESERVED.sub(_escaped, _LINE_END.sub("\n", text))


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return _ESCAPES.get(character) or f"\\X{character.encode().hex().upper()}\\"


def components(*texts: str) -> str:
    """Put texts together as components, without empty ones at the end."""
    return "^".join(map(escape, texts)).rstrip("^")


def repetitions(fields: Sequence[str]) -> str:
    """Put fields together as repetitions, without those that say nothing."""
    return "~".join(filter(None, fields))


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Write one segment from its fields by number, without empty ones at the end; texts are escaped already."""
    numbered = [fields.get(number, "") for number in range(1, max(fields, default=0) + 1)]
    return "|".join([name, *numbered]).rstrip("|")


def entity(identifier: Identifier) -> str:
    """Write an identifier as EI."""
    return components(identifier.value, identifier.namespace, identifier.universal_id)


def coded(codings: Sequence[Coding]) -> str:
    """Write the first two codings as CE: the code and its alternate."""
    triplets = [(coding.code, coding.text, system_name(coding.system)) for coding in codings[:_CODINGS]]
    return components(*(part for triplet in triplets for part in triplet))


def system_name(system: str) -> str:
    """Give the name of a coding system in HL7, where table 0396 has one."""
    return _SYSTEM_NAMES.get(system, system)
