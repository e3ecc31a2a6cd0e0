"""
Cut a stream into portions, each of which can be translated by itself, wherever and whenever (pure).

What needs the whole stream is told here: which message of the file it is, and what its envelopes claim. What needs the
tables is left to the pipeline.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from translator.read.batch import BatchCount
from translator.read.detect import detect
from translator.read.wire import LARGEST_MESSAGE, Piece, split_stream
from translator.record.outcome import FILE_SCHEMA, Diagnostic, Outcome, Source

DOCUMENTS = frozenset({"fhir", "fhir-xml"})
CONTENT = frozenset({"MSH", "stray"})
WIDE = ("charset-wide", "the bytes are UTF-16 or UTF-32")
# Enough for three letters of UTF-32.
_TELLING_BYTES = 16
_OBX_LINE = re.compile(rb"(?:\A|[\r\n])[ \t]*OBX[^A-Za-z0-9\s]")


class MessagePortion(Struct, frozen=True, gc=False):
    """One HL7 v2 message of a stream, the `index`-th of its file."""

    file: str
    index: int
    piece: Piece

    @property
    def raw(self) -> bytes:
        """The bytes of the message."""
        return self.piece.raw


class FilePortion(Struct, frozen=True, gc=False):
    """A whole file of FHIR; only reading it tells whether it holds one document or several."""

    file: str
    raw: bytes


class TooLargePortion(Struct, frozen=True, gc=False):
    """The beginning of a document that is larger than any message may be."""

    file: str
    index: int
    raw: bytes


class ExportPortion(Struct, frozen=True, gc=False):
    """
    One message of an export.

    Shape: `lines` are the lines that it was put together from: where each begins and ends in `raw`, its file, and its
    number there.
    """

    file: str
    index: int
    raw: bytes
    lines: tuple[tuple[int, int, str, int], ...]


class FindingPortion(Struct, frozen=True, gc=False):
    """What is wrong with a file, or with bytes of it that belong to no message; there is nothing to translate."""

    raw: bytes
    outcome: Outcome


Portion: TypeAlias = MessagePortion | FilePortion | TooLargePortion | ExportPortion | FindingPortion


def cut_portions(chunks: Iterable[bytes], file: str) -> Iterator[Portion]:
    """
    Cut a stream that is no NDJSON.

    Shape: HL7 v2 with any envelopes and framing, in memory for one message; or FHIR documents that fit into memory.
    """
    chunks = iter(chunks)
    head = _head(chunks)
    found = detect(head)
    if not found:
        yield _found(file, "empty-input", "there is nothing in this file")
    elif found == "wide":
        yield _found(file, *WIDE)
    elif found in DOCUMENTS:
        yield _document(itertools.chain((head,), chunks), file)
    else:
        yield from _messages(split_stream(itertools.chain((head,), chunks)), file)


def has_observations(piece: Piece) -> bool:
    """Tell a stray piece that holds OBX lines, which must be accounted for."""
    return piece.kind == "stray" and bool(_OBX_LINE.search(piece.raw))


def file_finding(file: str, code: str, text: str) -> Outcome:
    """Say what is wrong with a file as a whole, or with a part of it that is no message."""
    return Outcome(Source(0, file), "refused", diagnostics=(Diagnostic(code, "error", "", text),), schema=FILE_SCHEMA)


def _found(file: str, code: str, text: str, raw: bytes = b"") -> FindingPortion:
    return FindingPortion(raw, file_finding(file, code, text))


def _head(chunks: Iterator[bytes]) -> bytes:
    """Take as many chunks as tell the format, however small they are."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head.strip()) > _TELLING_BYTES:
            break
    return head


def _document(chunks: Iterable[bytes], file: str) -> Portion:
    raw = bytearray()
    for chunk in chunks:
        raw += chunk
        if len(raw) > LARGEST_MESSAGE:
            return TooLargePortion(file, 0, bytes(raw[:LARGEST_MESSAGE]))
    return FilePortion(file, bytes(raw))


def _messages(pieces: Iterable[Piece], file: str) -> Iterator[Portion]:
    batch = BatchCount()
    index = 0
    silent = True
    for piece in pieces:
        silent = silent and piece.kind not in CONTENT
        if piece.kind == "MSH" or has_observations(piece):
            yield MessagePortion(file, index, piece)
            index += 1
        elif piece.kind == "stray":
            yield _found(file, "malformed", f"line {piece.line}: this belongs to no message", piece.raw)
        if found := batch.see(piece):
            yield _found(file, found.code, found.text)
    if found := batch.end():
        yield _found(file, found.code, found.text)
    if silent:
        yield _found(file, "empty-input", "there is no message in this file")
