"""Find the one message of a file or of an export that a person asks about, and where its bytes come from."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct, structs

from translator.errors import ConfigError
from translator.exports import Assembled, Export
from translator.pipeline import Pipeline
from translator.portions import has_observations
from translator.read.detect import detect
from translator.read.ndjson import split_documents, tell_ndjson
from translator.read.span import NoSuchPositionError, Place, Span, in_file
from translator.read.wire import split_stream
from translator.record.outcome import SCHEMA, Outcome
from translator.translate.service_request import Lookup


class Stretch(Struct, frozen=True):
    """
    Some bytes of a message that stand together in a file.

    Units: `begin` and `end` count bytes of the message; `offset` is the place of the first of them in `file`, whose
    line is `line`, counted from 1.
    """

    begin: int
    end: int
    file: str
    offset: int
    line: int


class ChosenMessage(Struct, frozen=True):
    """One message: its bytes, what became of it, and the files that the bytes come from."""

    raw: bytes
    outcome: Outcome
    stretches: tuple[Stretch, ...]

    def place(self, position: str, span: Span) -> Place:
        """
        Turn a span of the message into a place of its file.

        Raises: NoSuchPositionError for what joins the lines of an export, which stands in no file.
        """
        begins = [stretch.begin for stretch in self.stretches]
        found = self.stretches[max(bisect_right(begins, span.start) - 1, 0)]
        if not found.begin <= span.start <= span.end <= found.end:
            raise NoSuchPositionError(f"{position}: stands on no line of the export; ask for one of its resources")
        if found.begin:
            span = _within(self.raw[found.begin : found.end], span, found.begin)
        place = in_file(position, span, found.offset, found.line)
        return structs.replace(place, file=found.file if found.file != self.outcome.source.file else "")


def choose_message(
    pipeline: Pipeline, chunks: Iterable[bytes], file: str, index: int | None, correlation: Lookup
) -> ChosenMessage:
    """
    Find one message of a file.

    Raises: ConfigError where there is none, or where there are several and none is named.
    """
    is_export, whole = tell_ndjson(iter(chunks), file)
    if not is_export:
        return _one(_messages(pipeline, whole, file, correlation), index)
    with Export() as export:
        for _ in export.add(file, whole):
            pass
        return choose_of_export(pipeline, export, file, index, correlation)


def choose_of_export(
    pipeline: Pipeline, export: Export, file: str, index: int | None, correlation: Lookup
) -> ChosenMessage:
    """
    Find one message of an export: the one with an index among those of a file.

    Raises: ConfigError where there is none, or where there are several and none is named.
    """

    def translated(found: Assembled) -> ChosenMessage:
        outcome = pipeline.translate(found.bundle.raw, file=found.file, index=found.index, correlation=correlation)
        return ChosenMessage(found.bundle.raw, outcome, tuple(_stretches(export, found)))

    wanted = (found for found in export.messages() if found.file == file)
    return translated(_one(wanted, index))


_Message = TypeVar("_Message")


def _one(messages: Iterator[_Message], index: int | None) -> _Message:
    chosen = list(itertools.islice(messages, index or 0, (index or 0) + 2))
    if not chosen:
        raise ConfigError(f"there is no message {index} in this file" if index else "there is no message in this file")
    if len(chosen) > 1 and index is None:
        raise ConfigError("this file has several messages; name one with --message, counted from 0")
    return chosen[0]


def _messages(pipeline: Pipeline, chunks: Iterable[bytes], file: str, correlation: Lookup) -> Iterator[ChosenMessage]:
    ours, theirs = itertools.tee(chunks)
    translated = (
        (raw, outcome)
        for raw, outcome in pipeline.stream(theirs, file=file, correlation=correlation)
        if outcome.schema == SCHEMA
    )
    for (raw, outcome), (offset, line) in zip(translated, _places(ours), strict=False):
        yield ChosenMessage(raw, outcome, (Stretch(0, len(raw), file, offset, line),))


def _places(chunks: Iterator[bytes]) -> Iterator[tuple[int, int]]:
    """Give the offset and the line at which each message of a file begins."""
    head = next(chunks, b"")
    whole = itertools.chain((head,), chunks)
    if detect(head) == "fhir":
        raw = b"".join(whole)
        for offset, _ in split_documents(raw):
            yield offset, raw.count(b"\n", 0, offset) + 1
    else:
        for piece in split_stream(whole):
            if piece.kind == "MSH" or has_observations(piece):
                yield piece.offset, piece.line
    yield 0, 1


def _stretches(export: Export, found: Assembled) -> Iterator[Stretch]:
    for begin, line in zip(found.bundle.begins, found.lines, strict=True):
        file, offset, size, number = export.origin(line)
        yield Stretch(begin, begin + size, file, offset, number)


def _within(line: bytes, span: Span, begin: int) -> Span:
    """Count a span from the beginning of its own line of the export, of which there is only one."""
    before = line[: span.start - begin].decode()
    return Span(span.start - begin, span.end - begin, 1, span.text, line.decode(), len(before))
