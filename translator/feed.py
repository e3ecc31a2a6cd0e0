"""
Translate what was named, file by file: messages, documents, archives of them, and FHIR exports over several files.

A file of NDJSON waits until all files are read, because what its reports refer to may lie in any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import BinaryIO, TypeAlias

from translator.archives import DEFAULT_LIMITS, Limits, Member, open_members
from translator.engine import Translator
from translator.errors import ConfigError
from translator.exports import Export, Reopen
from translator.portions import FindingPortion, Portion, cut_portions
from translator.read.ndjson import tell_ndjson
from translator.record.outcome import Outcome
from translator.translate.service_request import Lookup, no_correlation

Source: TypeAlias = tuple[str, Callable[[], AbstractContextManager[BinaryIO]]]
Translated: TypeAlias = tuple[bytes, Outcome]
# Gets the name of a file that cannot be read, and what the system said.
Unreadable: TypeAlias = Callable[[str, OSError], None]

_CHUNK = 1 << 20
_BATCH_BYTES = 1 << 20


def translate_files(
    engine: Translator,
    sources: Iterable[Source],
    unreadable: Unreadable,
    *,
    correlation: Lookup = no_correlation,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Translated]:
    """
    Translate files in order, and every file inside archives; then the exports among them, together.

    Shape: each outcome with the bytes that it was made from; what is wrong with a file or a member is one outcome with
    schema `translator.file/1`. A file that the system cannot read is told to `unreadable`, and the others go on.
    """
    for portion in read_portions(sources, unreadable, limits):
        yield from engine.translate_portion(portion, correlation=correlation)


def read_portions(
    sources: Iterable[Source], unreadable: Unreadable, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Portion]:
    """Cut files into what can be translated by itself, in the order of `translate_files`; no tables are needed."""
    name = ""
    with Export() as export:
        for name, reopen in sources:
            yield from readable(read_file(export, name, reopen, limits), name, unreadable)
        yield from readable(export.portions(), name, unreadable)


def read_file(export: Export, name: str, reopen: Reopen, limits: Limits = DEFAULT_LIMITS) -> Iterator[Portion]:
    """
    Cut one file, and every file inside it where it is an archive; what is NDJSON is added to the export.

    Raises: OSError where it cannot be read.
    """
    with reopen() as stream:
        is_lasting = stream.seekable()
        for member in open_members(name, stream, limits):
            again = reopen if is_lasting and member.is_file else None
            yield from _member(export, member, again)


def readable(portions: Iterable[Portion], name: str, unreadable: Unreadable) -> Iterator[Portion]:
    """Give portions as far as the system can read them, and tell where it cannot."""
    try:
        yield from portions
    except BrokenPipeError:
        raise
    except OSError as error:
        unreadable(name, error)


def holds_export(name: str, reopen: Reopen) -> bool:
    """
    Tell whether a file is NDJSON, or an archive with such a file in it, which other files may refer to.

    Raises: OSError where it cannot be read.
    """
    with reopen() as stream:
        return any(member.stream is not None and _chunks(member)[0] for member in open_members(name, stream))


def in_batches(portions: Iterable[Portion], most: int, most_bytes: int = _BATCH_BYTES) -> Iterator[tuple[Portion, ...]]:
    """
    Gather portions to hand them to another process: enough to be worth the way, few enough to be held in memory.

    Shape: `most` portions in a batch; fewer where they are large, and one is never parted.
    """
    batch: list[Portion] = []
    size = 0
    for portion in portions:
        batch.append(portion)
        size += len(portion.raw)
        if len(batch) >= most or size >= most_bytes:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def open_export(sources: Iterable[Source]) -> Export:
    """
    Read the files of an export through, to ask about its messages.

    Raises: ConfigError where one of the files is no NDJSON, OSError where it cannot be read.
    """
    with ExitStack() as stack:
        export = stack.enter_context(Export())
        for name, reopen in sources:
            with reopen() as stream:
                is_lasting = stream.seekable()
                for member in open_members(name, stream):
                    is_export, chunks = _chunks(member)
                    if not is_export:
                        raise ConfigError(f"{member.name}: is no NDJSON; name one file")
                    for _ in export.add(member.name, chunks, reopen if is_lasting and member.is_file else None):
                        pass
        stack.pop_all()
    return export


def _member(export: Export, member: Member, reopen: Reopen | None) -> Iterator[Portion]:
    if member.fault is not None:
        yield FindingPortion(b"", member.fault)
        return
    is_export, chunks = _chunks(member)
    yield from export.add(member.name, chunks, reopen) if is_export else cut_portions(chunks, member.name)


def _chunks(member: Member) -> tuple[bool, Iterator[bytes]]:
    """Tell whether a member is NDJSON, and give its bytes; one that cannot be read has none."""
    stream = member.stream
    return tell_ndjson(iter(lambda: stream.read(_CHUNK), b"") if stream else iter(()), member.name)
