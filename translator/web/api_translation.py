"""
Translate what a caller sends as the command line does, to the same bytes. (pure)

Nothing is kept, and no order number is looked up: a report finds its service request by what stands in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from translator.pipeline import OF_THE_STREAM
from translator.record.outcome import FILE_SCHEMA, Outcome
from translator.record.report import Finding
from translator.sites import Sites


def translate_one(sites: Sites, site: str, raw: bytes) -> bytes:
    """
    Translate one message to its outcome as JSON.

    Shape: `site` is the intake's own, empty where the sender decides.
    """
    return sites.choose(raw, site).translate(raw).json


def translate_every(sites: Sites, site: str, raw: bytes) -> bytes:
    """Translate every message of a body to one line of JSON each."""
    return b"".join(outcome.json + b"\n" for outcome in _outcomes(sites, site, raw))


def _outcomes(sites: Sites, site: str, raw: bytes) -> Iterator[Outcome]:
    engine = sites.choose(b"", site).engine
    for piece, outcome in engine.translate_pieces(io.BytesIO(raw)):
        if site or sites.is_single or outcome.schema == FILE_SCHEMA:
            yield outcome
            continue
        # What the stream says of a piece, its bytes alone do not.
        flaws = tuple(Finding(one.code, one.at, one.text) for one in outcome.diagnostics if one.code in OF_THE_STREAM)
        yield sites.choose(piece).translate(piece, index=outcome.source.index, doubts=flaws)
