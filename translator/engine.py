"""Offer the pipeline as a library: load tables once, translate bytes as often as you like."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import nullcontext
from typing import BinaryIO

from translator.exports import Export
from translator.pipeline import Pipeline, Watch
from translator.portions import Portion
from translator.read.ndjson import tell_ndjson
from translator.record.outcome import Outcome
from translator.record.report import Finding
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import Tables

_CHUNK_BYTES = 1 << 20


class Translator:
    """
    Translate lab messages to vendor payloads.

    Shape: bytes in, Outcome out; no I/O while translating, no logging, no global state. One object may serve many
    threads and can be pickled to other processes. `watch` sees every message that is translated, as it was read; it
    stays behind when the translator is pickled.
    """

    def __init__(self, tables: Tables, watch: Watch | None = None) -> None:
        self._pipeline = Pipeline(tables, watch)

    @classmethod
    def load(cls, site: str | None = None) -> Translator:
        """
        Read the packaged tables, or those with a site's rows over them.

        Shape: `site` is a folder, or the name of a packaged site.
        Raises: TableError with every fault and its place; ConfigError for a site that is not there.
        """
        from translator.mapping_files import packaged_tables, site_tables  # noqa: PLC0415 - reading disks is not the engine's

        return cls(site_tables(site) if site else packaged_tables())

    @property
    def tables(self) -> Tables:
        """The tables that decide."""
        return self._pipeline.tables

    def translate(
        self,
        raw: bytes,
        *,
        name: str = "",
        index: int = 0,
        correlation: Lookup = no_correlation,
        doubts: tuple[Finding, ...] = (),
    ) -> Outcome:
        """
        Translate one message or one FHIR document.

        Shape: `name` and `index` say of which file it is, and the how many-th in it. `doubts` are what the caller knows
        against the message; they hold it whole.
        Absent: never raises on bad input; a refused outcome says what is wrong.
        """
        return self._pipeline.translate(raw, file=name, index=index, correlation=correlation, doubts=doubts)

    def translate_stream(
        self, file: BinaryIO, *, name: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[Outcome]:
        """
        Translate every message of a file: batches, concatenations, MLLP framing, FHIR NDJSON, or one FHIR document.

        Shape: one Outcome per message in order; findings about the file itself have schema `translator.file/1`. NDJSON
        is read twice, so its file must not move meanwhile.
        """
        return (outcome for _, outcome in self.translate_pieces(file, name=name, correlation=correlation))

    def translate_pieces(
        self, file: BinaryIO, *, name: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[tuple[bytes, Outcome]]:
        """Translate a file like `translate_stream`, giving with each outcome the bytes that it was made from."""
        begin = file.tell() if file.seekable() else None
        is_export, chunks = tell_ndjson(iter(lambda: file.read(_CHUNK_BYTES), b""), name)
        if not is_export:
            yield from self._pipeline.stream(chunks, file=name, correlation=correlation)
            return
        with Export() as export:
            reopen = None if begin is None else lambda: nullcontext(file)
            for portion in itertools.chain(export.add(name, chunks, reopen, begin or 0), export.portions()):
                yield from self._pipeline.translate_portion(portion, correlation)

    def translate_portion(
        self, portion: Portion, *, correlation: Lookup = no_correlation
    ) -> Iterator[tuple[bytes, Outcome]]:
        """Translate one portion of a file (feed.py cuts them), giving with each outcome the bytes it was made from."""
        return self._pipeline.translate_portion(portion, correlation)

    def __reduce__(self) -> tuple[type[Translator], tuple[Tables]]:
        return type(self), (self.tables,)
