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
from translator.read.ndjson import tell_ndjson
from translator.record.outcome import Outcome
from translator.translate.service_request import Lookup, no_correlation

Source: TypeAlias = tuple[str, Callable[[], AbstractContextManager[BinaryIO]]]
Translated: TypeAlias = tuple[bytes, Outcome]
# Gets the name of a file that cannot be read, and what the system said.
Unreadable: TypeAlias = Callable[[str, OSError], None]

_CHUNK = 1 << 20


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
    name = ""
    with engine.export() as export:
        for name, reopen in sources:
            try:
                with reopen() as stream:
                    is_lasting = stream.seekable()
                    for member in open_members(name, stream, limits):
                        again = reopen if is_lasting and member.is_file else None
                        yield from _member(engine, export, member, again, correlation)
            except BrokenPipeError:
                raise
            except OSError as error:
                unreadable(name, error)
        try:
            yield from export.translate(correlation)
        except BrokenPipeError:
            raise
        except OSError as error:
            unreadable(name, error)


def open_export(engine: Translator, sources: Iterable[Source]) -> Export:
    """
    Read the files of an export through, to ask about its messages.

    Raises: ConfigError where one of the files is no NDJSON, OSError where it cannot be read.
    """
    with ExitStack() as stack:
        export = stack.enter_context(engine.export())
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


def _member(
    engine: Translator, export: Export, member: Member, reopen: Reopen | None, correlation: Lookup
) -> Iterator[Translated]:
    if member.fault is not None:
        yield b"", member.fault
        return
    is_export, chunks = _chunks(member)
    if is_export:
        for found in export.add(member.name, chunks, reopen):
            yield b"", found
    else:
        yield from engine.translate_chunks(chunks, name=member.name, correlation=correlation)


def _chunks(member: Member) -> tuple[bool, Iterator[bytes]]:
    """Tell whether a member is NDJSON, and give its bytes; one that cannot be read has none."""
    stream = member.stream
    return tell_ndjson(iter(lambda: stream.read(_CHUNK), b"") if stream else iter(()), member.name)
