"""
Turn bytes and tables into outcomes: detect, read, translate, as one pure function per message and per stream.

Same bytes, same tables and same correlation give the same payload bytes; any bytes give an outcome.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import structs

from translator.read.detect import detect
from translator.read.fhir import read_document
from translator.read.hl7v2 import read_message
from translator.read.lexicon import Lexicon
from translator.read.wire import Piece, split_stream
from translator.record.outcome import FILE_SCHEMA, Diagnostic, Outcome, Source
from translator.record.report import Finding, Message, Report
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import Tables
from translator.translate.whoop import Translation, WhoopTranslator

Translated: TypeAlias = tuple[bytes, Outcome]

_CONTENT = frozenset({"MSH", "stray"})
_BOM_BYTES = 3
_TRAILERS = {"BTS": "MSH", "FTS": "BHS"}


class Pipeline:
    """
    Carry messages from bytes to outcomes by one set of tables.

    It keeps no message: what it remembers are look-ups of codes and units, bounded.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._lexicon = Lexicon(tables.charsets, tables.systems, tables.message_types)
        self._whoop = WhoopTranslator(tables)

    def translate(self, raw: bytes, *, file: str = "", index: int = 0, correlation: Lookup = no_correlation) -> Outcome:
        """Translate exactly one message or one FHIR document; several in one are refused, none is passed over."""
        if detect(raw) == "fhir":
            return self._outcome(raw, read_document(raw, self._lexicon), file, index, correlation)
        pieces = [piece for piece in split_stream([raw]) if piece.kind in _CONTENT]
        if not pieces:
            nothing = Message("", refused=Finding("empty-input", "", "there is nothing to read"))
            return self._outcome(raw, nothing, file, index, correlation)
        read = [read_message(piece.raw, self._lexicon, piece.line) for piece in pieces]
        return self._outcome(raw, read[0] if len(read) == 1 else _several(read, pieces), file, index, correlation)

    def stream(
        self, chunks: Iterable[bytes], *, file: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[Translated]:
        """
        Translate every message of a stream, each with the bytes that it was made from.

        Shape: HL7 v2 with any envelopes and framing, in memory for one message; or one FHIR document.
        """
        chunks = iter(chunks)
        head = _head(chunks)
        found = detect(head)
        if not found:
            yield b"", _file_line(file, "empty-input", "there is nothing in this file")
        elif found == "fhir":
            raw = head + b"".join(chunks)
            yield raw, self.translate(raw, file=file, correlation=correlation)
        else:
            yield from self._pieces(split_stream(itertools.chain((head,), chunks)), file, correlation)

    def _pieces(self, pieces: Iterable[Piece], file: str, correlation: Lookup) -> Iterator[Translated]:
        count = dict.fromkeys(_TRAILERS.values(), 0)
        index = 0
        silent = True
        for piece in pieces:
            silent = silent and piece.kind not in _CONTENT
            if piece.kind in count:
                count[piece.kind] += 1
            if piece.kind == "MSH" or _has_observations(piece):
                read = read_message(piece.raw, self._lexicon, piece.line)
                yield piece.raw, self._outcome(piece.raw, read, file, index, correlation)
                index += 1
            elif piece.kind == "stray":
                yield piece.raw, _file_line(file, "malformed", f"line {piece.line}: this belongs to no message")
            elif piece.kind in _TRAILERS:
                counted = _TRAILERS[piece.kind]
                if line := _wrong_count(piece, count[counted], file):
                    yield b"", line
                count[counted] = 0
        if silent:
            yield b"", _file_line(file, "empty-input", "there is no message in this file")

    def _outcome(self, raw: bytes, message: Message, file: str, index: int, correlation: Lookup) -> Outcome:
        translation = self._whoop.translate(message, correlation)
        digest = hashlib.sha256(raw).hexdigest()
        return Outcome(
            Source(index, file, message.format, message.type, message.control_id, digest),
            _state(translation),
            self.tables.sha256,
            tuple(translation.submissions),
            tuple(translation.entries),
            tuple(translation.diagnostics),
        )


def _head(chunks: Iterator[bytes]) -> bytes:
    """Take as many chunks as tell the format: a byte order mark may come in three of them."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head.strip()) > _BOM_BYTES:
            break
    return head


def _state(translation: Translation) -> str:
    """Sum up: refused if wholly refused, else translated, held or ignored, whichever comes first."""
    states = translation.states
    if states == {"refused"}:
        return "refused"
    if translation.submissions:
        return "translated"
    return "held" if states & {"held", "refused"} else "ignored"


def _has_observations(piece: Piece) -> bool:
    return piece.kind == "stray" and any(line.lstrip().startswith(b"OBX|") for line in piece.raw.splitlines())


def _several(read: list[Message], pieces: list[Piece]) -> Message:
    """Refuse what is more than one message; its observations are numbered through, so that each is accounted for."""
    count = sum(piece.kind == "MSH" for piece in pieces)
    if count > 1:
        refused = Finding("several-messages", "", f"there are {count} messages in these bytes; use translate_stream")
    else:
        refused = Finding("malformed", "", "there are lines that belong to no message")
    observations = (
        observation for message in read for report in message.reports for observation in report.observations
    )
    renumbered = (structs.replace(each, at=f"OBX[{number}]") for number, each in enumerate(observations, start=1))
    return Message("hl7v2", reports=(Report("", observations=tuple(renumbered)),), refused=refused)


def _wrong_count(piece: Piece, counted: int, file: str) -> Outcome | None:
    """Compare BTS-1 or FTS-1 with what was there; an envelope without a count claims nothing."""
    header = piece.raw.decode("latin-1")
    fields = header.split("\r")[0].split("\n")[0].split(header[3])
    claimed = fields[1].strip() if len(fields) > 1 else ""
    if not claimed or claimed == str(counted):
        return None
    if claimed.isascii() and claimed.isdigit() and int(claimed) == counted:
        return None
    return _file_line(
        file, "batch-count", f"line {piece.line}: {piece.kind}-1 does not match the {counted} that were read"
    )


def _file_line(file: str, code: str, text: str) -> Outcome:
    return Outcome(Source(0, file), "refused", diagnostics=(Diagnostic(code, "error", "", text),), schema=FILE_SCHEMA)
