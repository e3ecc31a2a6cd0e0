"""Real messages, where they are at hand: each is read, and every observation in it has one place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.read.samples import LEXICON
from translator.read.fhir import read_document
from translator.read.hl7v2 import read_message
from translator.read.wire import split_stream

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
MESSAGES = sorted((CORPUS / "hl7v2").glob("*"))
DOCUMENTS = sorted((CORPUS / "fhir").glob("*.json"))

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real messages is not here")


def test_every_observation_of_every_message_has_one_place() -> None:
    """As many observations are read as lines begin with OBX."""
    wrong = []
    for path in MESSAGES:
        for piece in split_stream([path.read_bytes()]):
            reports = read_message(piece.raw, LEXICON).reports
            found = sorted(int(seen.at[4:-1]) for report in reports for seen in report.observations)
            written = len(re.findall(rb"(?:^|[\r\n])[ \t]*OBX(?=[^A-Za-z0-9]|$)", piece.raw))
            if found != list(range(1, written + 1)):
                wrong.append((path.name, piece.line, len(found), written))

    assert wrong == []


def observations(node: Any) -> Iterator[None]:
    """Give one for each Observation resource, and one for each of its components, wherever it stands."""
    if isinstance(node, list):
        for item in node:
            yield from observations(item)
    elif isinstance(node, dict):
        if node.get("resourceType") == "Observation":
            yield from [None] * (1 + len(node.get("component", [])))
        for item in node.values():
            yield from observations(item)


def test_every_observation_of_every_document_has_one_place() -> None:
    """As many observations are read as resources and components are in the JSON."""
    wrong = []
    for path in DOCUMENTS:
        raw = path.read_bytes()
        message = read_document(raw, LEXICON)
        # Some files are lists or wrappers of resources, and no documents.
        if not message.type:
            continue
        places = [seen.at for report in message.reports for seen in report.observations if ".hasMember[" not in seen.at]
        written = sum(1 for _ in observations(json.loads(raw)))
        if len(places) != written or len(set(places)) != written:
            wrong.append((path.name, len(places), written))

    assert wrong == []
