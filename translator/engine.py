"""Offer the pipeline as a library: load tables once, translate bytes as often as you like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from translator.pipeline import Pipeline
from translator.record.outcome import Outcome
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import Tables

_CHUNK_BYTES = 1 << 20


class Translator:
    """
    Translate lab messages to vendor payloads.

    Shape: bytes in, Outcome out; no I/O while translating, no logging, no global state. One object may serve many
    threads and can be pickled to other processes.
    """

    def __init__(self, tables: Tables) -> None:
        self._pipeline = Pipeline(tables)

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

    def translate(self, raw: bytes, *, correlation: Lookup = no_correlation) -> Outcome:
        """
        Translate one message or one FHIR document.

        Absent: never raises on bad input; a refused outcome says what is wrong.
        """
        return self._pipeline.translate(raw, correlation=correlation)

    def translate_stream(
        self, file: BinaryIO, *, name: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[Outcome]:
        """
        Translate every message of a file: batches, concatenations, MLLP framing, or one FHIR document.

        Shape: one Outcome per message in order; findings about the file itself have schema `translator.file/1`.
        """
        return (outcome for _, outcome in self.translate_pieces(file, name=name, correlation=correlation))

    def translate_pieces(
        self, file: BinaryIO, *, name: str = "", correlation: Lookup = no_correlation
    ) -> Iterator[tuple[bytes, Outcome]]:
        """Translate a file like `translate_stream`, giving with each outcome the bytes that it was made from."""
        chunks: Callable[[], bytes] = lambda: file.read(_CHUNK_BYTES)  # noqa: E731
        return self._pipeline.stream(iter(chunks, b""), file=name, correlation=correlation)

    def __reduce__(self) -> tuple[type[Translator], tuple[Tables]]:
        return type(self), (self.tables,)
