"""
Parse XML into a plain tree that knows where in the bytes each element stands, and refuse what XML can do besides.

A document type is refused whole: FHIR has none, and without one there are no entities that could grow or reach out.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from msgspec import Struct

_DEEPEST = 200
_SEPARATOR = "\n"
# Attribute values may hold `>`.
_TAG = re.compile(rb"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""")


class MalformedXmlError(ValueError):
    """The bytes are no XML that is read; `code` is a row of `reasons.csv`, the text has the place and no content."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Element(Struct):
    """
    One element: its namespace, name, attributes without namespaces, and children.

    Units: `start` and `end` are bytes of the document, from the `<` of its start tag to behind its end tag.
    """

    namespace: str
    name: str
    attributes: dict[str, str]
    children: list[Element]
    start: int
    end: int = 0


def parse_xml(raw: bytes) -> Element:
    """
    Parse one XML document.

    Raises: MalformedXmlError with line and column.
    """
    return _Building(raw).root()


class _Building:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._open = [Element("", "", {}, [], 0)]
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def root(self) -> Element:
        try:
            self._parser.Parse(self._raw, True)  # noqa: FBT003 - its parameters have no names
        except expat.ExpatError as fault:
            text = f"line {fault.lineno} column {fault.offset + 1}: {expat.ErrorString(fault.code)}"
            raise MalformedXmlError("malformed", text) from None
        except (LookupError, ValueError) as fault:
            if isinstance(fault, MalformedXmlError):
                raise
            raise MalformedXmlError("malformed", "the encoding that the document declares is not known") from None
        return self._open[0].children[0]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise MalformedXmlError("malformed", "nested too deeply")
        namespace, _, name = tag.rpartition(_SEPARATOR)
        element = Element(namespace, name, attributes, [], self._parser.CurrentByteIndex)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        begin = self._end_of_tag(element.start)
        is_empty = self._raw[begin - 2 : begin] == b"/>"
        element.end = begin if is_empty else self._end_of_tag(self._parser.CurrentByteIndex)

    def _end_of_tag(self, start: int) -> int:
        # The parser has seen the tag, so it is there, in an encoding that has ASCII in it.
        return next(_TAG.finditer(self._raw, start)).end()

    def _doctype(self, *_declared: object) -> None:
        text = f"line {self._parser.CurrentLineNumber}: a document type stands in the document"
        raise MalformedXmlError("xml-doctype", text)
