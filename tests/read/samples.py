"""What the tests of the readers share: a small lexicon, and synthetic messages and documents of invented people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from translator.read.lexicon import Lexicon

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SYSTEMS = {"LN": LOINC, "2.16.840.1.113883.6.1": LOINC, LOINC: LOINC, "urn:oid:2.16.840.1.113883.6.1": LOINC}
CHARSETS = {
    "ASCII": "ascii",
    "8859/1": "iso8859_1",
    "8859/15": "iso8859_15",
    "UNICODE UTF-8": "utf_8",
    "UNICODE UTF-16": "utf_16",
    "UNICODE": "",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR87": "iso2022_jp",
}
LEXICON = Lexicon(CHARSETS, SYSTEMS, {"ORU^R01": "", "ORU": "", "OML^O21": "order-message"})


def header(delimiters: str = "|^~\\&", charset: str = "", processing: str = "P", event: str = "ORU^R01") -> str:
    """Write an MSH segment; `event` is in default delimiters."""
    separator, component = delimiters[0], delimiters[1]
    fields = [""] * 17
    fields[1:4] = ["LAB", "NORTH", "HUB"]
    fields[5] = "20240501101500"
    fields[7] = event.replace("^", component)
    fields[8:11] = ["C-1", processing, "2.5.1"]
    fields[16] = charset
    return "MSH" + delimiters + separator + separator.join(fields[1:])


def message(*segments: str, charset: str = "", codec: str = "ascii", first: str | None = None) -> bytes:
    """Put segments below a header, each with its carriage return."""
    lines = [header(charset=charset) if first is None else first, *segments]
    return "".join(line + "\r" for line in lines).encode(codec)


def report(*observations: dict[str, Any], **elements: Any) -> bytes:
    """Write a DiagnosticReport that contains its observations and refers to each."""
    contained = [{"resourceType": "Observation", "id": f"o{n}", **node} for n, node in enumerate(observations)]
    results = [{"reference": f"#o{n}"} for n in range(len(observations))]
    root = {"resourceType": "DiagnosticReport", "status": "final", "contained": contained, "result": results}
    return json.dumps(root | elements).encode()


def bundle(*resources: dict[str, Any], kind: str = "collection", **elements: Any) -> bytes:
    """Write a Bundle; a resource that holds `fullUrl` or `request` gives them to its entry."""
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries(resources))} | elements).encode()


def entries(resources: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Wrap resources as entries of a Bundle."""
    for resource in resources:
        outside = {key: value for key, value in resource.items() if key in {"fullUrl", "request"}}
        yield {"resource": {key: value for key, value in resource.items() if key not in outside}, **outside}


@contextmanager
def cpu_seconds(limit: float) -> Iterator[None]:
    """Fail where the block takes more processor time: what is linear stays far below, what is quadratic far above."""
    started = time.process_time()
    yield
    assert time.process_time() - started < limit
