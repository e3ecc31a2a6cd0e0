"""Find the bytes of a position in a message of any format that is read."""

from __future__ import annotations

from translator.read import locate, locate_json, locate_xml
from translator.read.detect import detect
from translator.read.lexicon import Lexicon
from translator.read.span import Span

_HEAD = 64


def locate_any(raw: bytes, position: str, source_format: str, lexicon: Lexicon) -> Span:
    """
    Find a position: of HL7 v2 as HL7 writes it, of FHIR as a FHIRPath.

    Raises: NoSuchPositionError where it is none, or nothing stands there.
    """
    if source_format != "fhir":
        return locate.locate(raw, position, lexicon)
    if detect(raw[:_HEAD]) == "fhir-xml":
        return locate_xml.locate(raw, position)
    return locate_json.locate(raw, position)
