"""
Put the lines of an export that belong together into one Bundle, as bytes, and find the way back to each line.

The lines are copied as they are, so that not a digit of a number changes; entries have no fullUrl, as the lines have
none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from translator.read.fhir_json import Node, obj, objects, text
from translator.read.resource_head import read_head

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
# Our own mark, so that the bytes alone say that there were reports beside these Observations.
_SYSTEM, _BESIDE = "urn:translator:export", "beside-reports"
_BEFORE, _BETWEEN, _AFTER = b'{"resource":', b"},\n", b"}\n]}"


class ExportBundle(Struct, frozen=True):
    """
    One Bundle of several lines.

    Shape: `begins` gives the offset of each line's bytes in `raw`, in the order of the lines.
    """

    raw: bytes
    begins: tuple[int, ...]


def bundle_lines(lines: Iterable[bytes], *, beside_reports: bool = False) -> ExportBundle:
    """
    Put whole resources into a Bundle of type collection, whose id is that of the first of them.

    Shape: `beside_reports` marks Observations that no report of their export refers to.
    """
    lines = list(lines)
    head = read_head(lines[0]) if lines else None
    identity = f'"id":"{head.id}",' if head is not None and _ID.fullmatch(head.id) else ""
    mark = f'"meta":{{"tag":[{{"system":"{_SYSTEM}","code":"{_BESIDE}"}}]}},' if beside_reports else ""
    parts = [f'{{"resourceType":"Bundle",{identity}{mark}"type":"collection","entry":[\n'.encode()]
    begins: list[int] = []
    size = len(parts[0])
    for line in lines:
        before = _BETWEEN + _BEFORE if begins else _BEFORE
        begins.append(size + len(before))
        size += len(before) + len(line)
        parts += (before, line)
    return ExportBundle(b"".join((*parts, _AFTER if begins else b"]}")), tuple(begins))


def is_beside_reports(bundle: Node) -> bool:
    """Tell a Bundle of Observations that come from an export with reports, none of which refers to them."""
    tags = (tag for _, tag in objects(obj(bundle, "meta"), "tag"))
    return any((text(tag, "system"), text(tag, "code")) == (_SYSTEM, _BESIDE) for tag in tags)
