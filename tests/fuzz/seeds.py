"""Where mutated inputs come from: our fixtures, invented messages, and the corpus of real messages where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.lab_messages import CHOLESTEROL, HDL, TSH, Obx, oru
from translator import Translator

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
