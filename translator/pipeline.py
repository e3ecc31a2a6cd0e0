"""
Turn bytes and tables into outcomes: detect, read, translate, as one pure function per message and per stream.

Same bytes, same tables and same correlation give the same payload bytes; any bytes give an outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import structs

from translator.portions import (
    CONTENT,
    DOCUMENTS,
    WIDE,
    ExportPortion,
    FilePortion,
    MessagePortion,
    Portion,
    TooLargePortion,
    cut_portions,
    file_finding,
)
from translator.read.detect import detect
from translator.read.export_bundle import bundle_lines
from translator.read.fhir import SERVICE_REQUEST_SYSTEM, FhirReader
from translator.read.fhir_json import DuplicateKeyError, MalformedJsonError, parse
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
from translator.record.outcome import Outcome, Source
from translator.record.places import NOTES
from translator.record.report import Finding, Message, Report
from translator.translate.acurable import AcurableTranslator
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import CONTROLS, StatusRow, Tables
from translator.translate.whoop import Translation, WhoopTranslator

Translated: TypeAlias = tuple[bytes, Outcome]
# Sees the bytes of each message, what was read of it, and its outcome.
Watch: TypeAlias = Callable[[bytes, Message, Outcome], None]

_UNSOUND = frozenset({"duplicate-key", "malformed"})
_FLAWS = {
    "too-large": f"above {LARGEST_MESSAGE >> 20} MiB; only what lies below it is counted",
    "truncated": "the MLLP frame is begun and never ended",
}
OF_THE_STREAM = frozenset(_FLAWS)
"""What a stream says about a message, and its bytes alone do not: reading them again would not show it."""


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
        if found in DOCUMENTS:
            return self._read_document(raw, found)
        if found == "wide":
            return Message("", refused=Finding(WIDE[0], "", WIDE[1]))
        single = read_single(raw, self.lexicon, self._grammars)
        if single is not None:
            return single
        pieces = [piece for piece in split_stream([raw]) if piece.kind in CONTENT]
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
        for portion in cut_portions(chunks, file):
            yield from self.translate_portion(portion, correlation)

    def translate_portion(self, portion: Portion, correlation: Lookup = no_correlation) -> Iterator[Translated]:
        """Translate one portion of a stream or of an export; it needs nothing of the others."""
        match portion:
            case MessagePortion(file, index, piece):
                yield piece.raw, self._outcome(piece.raw, self._read(piece), file, index, correlation)
            case FilePortion(file, raw):
                yield from self._documents(raw, file, correlation)
            case ExportPortion(file, index, raw):
                outcome = self.translate(raw, file=file, index=index, correlation=correlation)
                yield raw, outcome
                if any(said.code in _UNSOUND for said in outcome.diagnostics):
                    yield from _unsound_lines(portion)
            case TooLargePortion(file, index, raw):
                message = Message("fhir", refused=_flaw("too-large", 1))
                yield raw, self._outcome(raw, message, file, index, no_correlation)
            case _:
                yield portion.raw, portion.outcome

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

    def _documents(self, raw: bytes, file: str, correlation: Lookup) -> Iterator[Translated]:
        message = self.read(raw)
        # Only what cannot be read as one document is looked at again.
        is_malformed = message.refused is not None and message.refused.code == "malformed"
        documents = [document for _, document in split_documents(raw)] if is_malformed else []
        if not documents:
            yield raw, self._outcome(raw, message, file, 0, correlation)
        for index, document in enumerate(documents):
            yield document, self.translate(document, file=file, index=index, correlation=correlation)

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


def _unsound_lines(portion: ExportPortion) -> Iterator[Translated]:
    """Name the lines for which a message was refused: some faults are found only where a line is read whole."""
    for begin, end, file, number in portion.lines:
        try:
            parse(portion.raw[begin:end])
        except MalformedJsonError as fault:
            code = "duplicate-key" if isinstance(fault, DuplicateKeyError) else "malformed"
            yield b"", file_finding(file, code, f"line {number}: {str(fault).removeprefix('line 1 ')}")
