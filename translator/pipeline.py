"""
Turn bytes and tables into outcomes: detect, read, translate, as one pure function per message and per stream.

Same bytes, same tables and same correlation give the same payload bytes; any bytes give an outcome.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import structs

from translator.read.batch import BatchCount
from translator.read.detect import detect
from translator.read.export_bundle import bundle_lines
from translator.read.fhir import SERVICE_REQUEST_SYSTEM, FhirReader
from translator.read.fhir_xml import xml_to_json
from translator.read.grammar import Grammars
from translator.read.hl7v2 import read_message, read_single
from translator.read.lexicon import Lexicon
from translator.read.ndjson import split_documents, split_lines, tell_ndjson
from translator.read.orm import ORDER_EVENTS
from translator.read.resource_head import read_head
from translator.read.wire import LARGEST_MESSAGE, Piece, split_stream
from translator.read.xml_tree import MalformedXmlError
from translator.record.lazy import Lazy
from translator.record.number_form import number_form
from translator.record.outcome import FILE_SCHEMA, Diagnostic, Outcome, Source
from translator.record.places import NOTES
from translator.record.report import Finding, Message, Report
from translator.translate.acurable import AcurableTranslator
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import CONTROLS, StatusRow, Tables
from translator.translate.whoop import Translation, WhoopTranslator

Translated: TypeAlias = tuple[bytes, Outcome]
# Sees the bytes of each message, what was read of it, and its outcome.
Watch: TypeAlias = Callable[[bytes, Message, Outcome], None]

_DOCUMENTS = frozenset({"fhir", "fhir-xml"})
_CONTENT = frozenset({"MSH", "stray"})
# Enough for three letters of UTF-32.
_TELLING_BYTES = 16
_WIDE = ("charset-wide", "the bytes are UTF-16 or UTF-32")
_FLAWS = {
    "too-large": f"above {LARGEST_MESSAGE >> 20} MiB; only what lies below it is counted",
    "truncated": "the MLLP frame is begun and never ended",
}
OF_THE_STREAM = frozenset(_FLAWS)
"""What a stream says about a message, and its bytes alone do not: reading them again would not show it."""

_OBX_LINE = re.compile(rb"(?:\A|[\r\n])[ \t]*OBX[^A-Za-z0-9\s]")


class Pipeline:
    """
    Carry messages from bytes to outcomes by one set of tables.

    It keeps no message: what it remembers are look-ups of codes and units, bounded. `watch` sees every message that is
    translated, as it was read.
    """

    def __init__(self, tables: Tables, watch: Watch | None = None) -> None:
        self.tables = tables
        self._watch = watch
        self.lexicon = _lexicon(tables)
        systems = frozenset(tables.site.service_request_systems or (SERVICE_REQUEST_SYSTEM,))
        self._fhir = FhirReader(self.lexicon, systems)
        self._grammars = Grammars(self.lexicon)
        self._whoop = WhoopTranslator(tables)
        self._acurable = AcurableTranslator(tables)

    def translate(
        self,
        raw: bytes,
        *,
        file: str = "",
        index: int = 0,
        correlation: Lookup = no_correlation,
        doubts: tuple[Finding, ...] = (),
    ) -> Outcome:
        """
        Translate exactly one message or one FHIR document; several in one are refused, none is passed over.

        Shape: `doubts` are what others know against the message; they hold it whole.
        """
        message = self.read(raw)
        if doubts:
            message = structs.replace(message, held=(*doubts, *message.held))
        return self._outcome(raw, message, file, index, correlation)

    def read(self, raw: bytes) -> Message:
        """Read one message or one FHIR document into the record, as `translate` does."""
        found = detect(raw)
        if found in _DOCUMENTS:
            return self._read_document(raw, found)
        if found == "wide":
            return Message("", refused=Finding(_WIDE[0], "", _WIDE[1]))
        single = read_single(raw, self.lexicon, self._grammars)
        if single is not None:
            return single
        pieces = [piece for piece in split_stream([raw]) if piece.kind in _CONTENT]
        if not pieces:
            return Message("", refused=Finding("empty-input", "", "there is nothing to read"))
        read = [self._read(piece) for piece in pieces]
        return read[0] if len(read) == 1 else _several(read, pieces)

    def stream(
        self, chunks: Iterable[bytes], *, file: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[Translated]:
        """
        Translate every message of a stream, each with the bytes that it was made from.

        Shape: HL7 v2 with any envelopes and framing, in memory for one message; or FHIR documents that fit into memory.
        """
        chunks = iter(chunks)
        head = _head(chunks)
        found = detect(head)
        if not found:
            yield b"", file_finding(file, "empty-input", "there is nothing in this file")
        elif found == "wide":
            yield b"", file_finding(file, *_WIDE)
        elif found in _DOCUMENTS:
            yield from self._documents(itertools.chain((head,), chunks), file, correlation)
        else:
            yield from self._pieces(split_stream(itertools.chain((head,), chunks)), file, correlation)

    def too_large(self, raw: bytes, *, file: str, index: int) -> Translated:
        """Refuse a document for its size, keeping its beginning."""
        kept = raw[:LARGEST_MESSAGE]
        message = Message("fhir", refused=_flaw("too-large", 1))
        return kept, self._outcome(kept, message, file, index, no_correlation)

    def _read_document(self, raw: bytes, form: str) -> Message:
        json = raw
        if form == "fhir-xml":
            try:
                json = xml_to_json(raw)
            except MalformedXmlError as fault:
                return Message("fhir", refused=Finding(fault.code, "", str(fault)))
        message = self._fhir.read(json)
        if form == "fhir" and message.refused is not None and message.refused.code == "malformed":
            return self._several_lines(raw) or message
        return message

    def _several_lines(self, raw: bytes) -> Message | None:
        """Refuse NDJSON where one document belongs; its observations are read, so that each is accounted for."""
        is_export, chunks = tell_ndjson(iter([raw]))
        if not is_export:
            return None
        lines = [line.raw for line in split_lines(chunks) if read_head(line.raw) is not None]
        text = f"there are {len(lines)} resources, each on a line, in these bytes; one is taken at a time"
        message = self._fhir.read(bundle_lines(lines).raw)
        return structs.replace(message, type="", refused=Finding("several-messages", "", text), held=())

    def _documents(self, chunks: Iterable[bytes], file: str, correlation: Lookup) -> Iterator[Translated]:
        raw = bytearray()
        for chunk in chunks:
            raw += chunk
            if len(raw) > LARGEST_MESSAGE:
                yield self.too_large(bytes(raw), file=file, index=0)
                return
        whole = bytes(raw)
        message = self.read(whole)
        # Only what cannot be read as one document is looked at again.
        is_malformed = message.refused is not None and message.refused.code == "malformed"
        documents = [document for _, document in split_documents(whole)] if is_malformed else []
        if not documents:
            yield whole, self._outcome(whole, message, file, 0, correlation)
        for index, document in enumerate(documents):
            yield document, self.translate(document, file=file, index=index, correlation=correlation)

    def _pieces(self, pieces: Iterable[Piece], file: str, correlation: Lookup) -> Iterator[Translated]:
        batch = BatchCount()
        index = 0
        silent = True
        for piece in pieces:
            silent = silent and piece.kind not in _CONTENT
            if piece.kind == "MSH" or has_observations(piece):
                yield piece.raw, self._outcome(piece.raw, self._read(piece), file, index, correlation)
                index += 1
            elif piece.kind == "stray":
                yield piece.raw, file_finding(file, "malformed", f"line {piece.line}: this belongs to no message")
            if found := batch.see(piece):
                yield b"", file_finding(file, found.code, found.text)
        if found := batch.end():
            yield b"", file_finding(file, found.code, found.text)
        if silent:
            yield b"", file_finding(file, "empty-input", "there is no message in this file")

    def _read(self, piece: Piece) -> Message:
        """Read a piece; what was cut off is never taken for whole."""
        message = read_message(piece.raw, self.lexicon, piece.line, self._grammars)
        if not piece.flaw or message.refused:
            return message
        found = _flaw(piece.flaw, piece.line)
        if piece.flaw == "too-large":
            return structs.replace(message, refused=found, held=())
        return structs.replace(message, held=(found, *message.held))

    def _outcome(self, raw: bytes, message: Message, file: str, index: int, correlation: Lookup) -> Outcome:
        is_order = bool(message.orders) or message.type in ORDER_EVENTS
        translation = self._acurable.translate(message) if is_order else self._whoop.translate(message, correlation)
        outcome = Outcome(
            Lazy(lambda: (_source(raw, message, file, index),)),
            _state(translation),
            self.tables.sha256,
            tuple(translation.submissions),
            tuple(translation.entries),
            translation.diagnostics,
            accounts=tuple(translation.accounts),
        )
        if self._watch is not None:
            self._watch(raw, message, outcome)
        return outcome


def _lexicon(tables: Tables) -> Lexicon:
    site = tables.site
    return Lexicon(
        tables.charsets,
        tables.systems,
        tables.message_types,
        default_charset=site.default_charset,
        accept_blank_processing_id=site.accept_blank_processing_id,
        numbers=number_form(site.decimal_mark, site.group_mark),
        composite_quantity=site.composite_quantity,
        order_notes=NOTES in site.places,
        fhir_version=site.fhir_version,
        controls={name: _controls(rows) for name, rows in tables.order_controls.items()},
    )


def _controls(rows: Mapping[str, StatusRow]) -> dict[str, str]:
    """Give what each word of an order asks for, of those that ask for anything."""
    return {code: row.action for code, row in rows.items() if row.action in CONTROLS}


def _head(chunks: Iterator[bytes]) -> bytes:
    """Take as many chunks as tell the format, however small they are."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head.strip()) > _TELLING_BYTES:
            break
    return head


def _source(raw: bytes, message: Message, file: str, index: int) -> Source:
    digest = hashlib.sha256(raw).hexdigest()
    return Source(index, file, message.format, message.type, message.control_id, digest)


def _state(translation: Translation) -> str:
    """Sum up: refused if wholly refused, else translated, held or ignored, whichever comes first."""
    states = translation.states
    if translation.submissions:
        return "translated"
    if states == {"refused"}:
        return "refused"
    return "held" if states & {"held", "refused"} else "ignored"


def has_observations(piece: Piece) -> bool:
    """Tell a stray piece that holds OBX lines, which must be accounted for."""
    return piece.kind == "stray" and bool(_OBX_LINE.search(piece.raw))


def _several(read: list[Message], pieces: list[Piece]) -> Message:
    """Refuse what is more than one message; its observations are numbered through, so that each is accounted for."""
    count = sum(piece.kind == "MSH" for piece in pieces)
    if count > 1:
        refused = Finding("several-messages", "", f"there are {count} messages in these bytes; one is taken at a time")
    else:
        refused = Finding("malformed", "", "there are lines that belong to no message")
    observations = (
        observation for message in read for report in message.reports for observation in report.observations
    )
    renumbered = (structs.replace(each, at=f"OBX[{number}]") for number, each in enumerate(observations, start=1))
    orders = (order for message in read for order in message.orders)
    numbered = (structs.replace(each, at=f"ORC[{number}]") for number, each in enumerate(orders, start=1))
    reports = (Report("", observations=tuple(renumbered)),)
    return Message("hl7v2", reports=reports, refused=refused, orders=tuple(numbered))


def _flaw(code: str, line: int) -> Finding:
    return Finding(code, "", f"line {line}: {_FLAWS[code]}")


def file_finding(file: str, code: str, text: str) -> Outcome:
    """Say what is wrong with a file as a whole, or with a part of it that is no message."""
    return Outcome(Source(0, file), "refused", diagnostics=(Diagnostic(code, "error", "", text),), schema=FILE_SCHEMA)
