"""Where mutated inputs come from: our fixtures, invented messages, and the corpus of real messages where it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.lab_messages import CHOLESTEROL, HDL, TSH, Obx, oru, service_request
from translator import Translator
from translator.read.fhir import SERVICE_REQUEST_SYSTEM

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
# What is larger costs time and reaches no other line of code: repeated observations, embedded documents.
LONGEST_BYTES = 16_384

_MSH = re.compile(rb"MSH(.)[^\r\n]*")

ORDINARY = oru([Obx(CHOLESTEROL, "185"), Obx(HDL, "<5", type="SN"), Obx(TSH, "2.1", "uIU/mL")])


def seeds() -> list[bytes]:
    """Give every seed, in an order that does not depend on the machine; test messages stand as production, too."""
    files = [raw for raw in _files() if len(raw) <= LONGEST_BYTES]
    return [ORDINARY, *files, *(changed for raw in files if (changed := production(raw)) != raw)]


def fhir_seeds() -> list[bytes]:
    """Give every FHIR document in JSON, large ones with fewer entries, and each once more as ordered and in earnest."""
    files = [*sorted((REPOSITORY / "fixtures").glob("*/*/*.json")), *sorted((CORPUS / "fhir").glob("*.json"))]
    documents = [small(path.read_bytes()) for path in files if path.stem != "expected"]
    return [*documents, *(changed for raw in documents if (changed := ordered(raw)) != raw)]


def small(raw: bytes) -> bytes:
    """Leave out the last entries of what is large."""
    if len(raw) <= LONGEST_BYTES:
        return raw
    try:
        document = json.loads(raw)
    except ValueError:
        return raw[:LONGEST_BYTES]
    entries = document.get("entry", []) if isinstance(document, dict) else []
    while entries and len(raw) > LONGEST_BYTES:
        del entries[-max(1, len(entries) // 4) :]
        raw = json.dumps(document).encode()
    return raw[:LONGEST_BYTES]


def ordered(raw: bytes) -> bytes:
    """Give every report a service request of WHOOP's, and take away the mark of test data."""
    try:
        document = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(document, dict):
        return raw
    document.pop("meta", None)
    entries = document.get("entry", [])
    for node in (document, *(entry.get("resource", {}) for entry in entries)):
        if node.get("resourceType") == "DiagnosticReport":
            node.pop("meta", None)
            node["basedOn"] = [{"identifier": {"system": SERVICE_REQUEST_SYSTEM, "value": service_request(1)}}]
    return json.dumps(document).encode()


def production(raw: bytes) -> bytes:
    """Say production in every MSH-11."""

    def say(header: re.Match[bytes]) -> bytes:
        fields = header[0].split(header[1])
        fields[10:11] = [b"P"] if len(fields) > 10 else []
        return header[1].join(fields)

    return _MSH.sub(say, raw)


def engines() -> list[Translator]:
    """Give an engine as it is packaged, and one of a site that opts into everything."""
    return [Translator.load(), Translator.load(str(Path(__file__).parent / "open_site"))]


def _files() -> Iterator[bytes]:
    for path in sorted((REPOSITORY / "fixtures").glob("*/*/message.*")):
        yield path.read_bytes()
    for folder in ("hl7v2", "orders", "fhir"):
        for path in sorted((CORPUS / folder).glob("*")):
            yield path.read_bytes()
