"""
Name what is compared on FHIR: the plain reference, the engine, and those that parse a bundle and go no further.

The reference needs orjson, which the product does not; without it there is nothing to compare with.
"""

from __future__ import annotations

import json
from importlib import import_module

from msgspec import Struct

from benchmarks.candidates import ENGINE, OUTCOME, REFERENCE, Candidate, Peer, payloads
from benchmarks.fhir_reference import FhirPlainReader
from translator import Translator
from translator.translate.tables import Tables

FHIR_RESOURCES = "fhir.resources"
_PARSE_ONLY = "parse only"


class Size(Struct, frozen=True):
    """How many results a bundle has, and how many bundles are enough to time slow readers, too."""

    name: str
    results: int
    bundles: int


SIZES = (Size("small", 5, 20), Size("standard", 25, 20), Size("large", 200, 2))


def fhir_candidates(tables: Tables) -> tuple[list[Candidate], list[Peer]]:
    """Give every candidate that can run here, the reference first, and what is not installed."""
    try:
        orjson = import_module("orjson")
    except ModuleNotFoundError:
        return [], [Peer("orjson", "orjson", _PARSE_ONLY, ("orjson",), lambda module: module.loads)]
    engine = Translator(tables)
    found = [
        Candidate(REFERENCE, "bytes to payload bytes", FhirPlainReader(tables, orjson)),
        Candidate(ENGINE, "bytes to payload bytes, with entries", lambda raw: payloads(engine, raw)),
        Candidate(OUTCOME, "bytes to the whole outcome as JSON", lambda raw: engine.translate(raw).json),
        Candidate("orjson", _PARSE_ONLY, orjson.loads),
        Candidate("json of Python", _PARSE_ONLY, json.loads),
    ]
    bundle = import_module("fhir.resources.R4B.bundle").Bundle
    found.append(Candidate(FHIR_RESOURCES, "parse and validate only", bundle.model_validate_json))
    return found, []
