"""Open the one message that `why` and `where` are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from translator.cli.correlations import read_correlation
from translator.cli.inputs import Input, Unread, find_inputs
from translator.cli.options import Flags
from translator.errors import ConfigError
from translator.record.correlation import Correlation

if TYPE_CHECKING:
    from translator.archives import Member
    from translator.engine import Translator
    from translator.provenance import Provenances

_CHUNK_BYTES = 1 << 20


def message_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose one message and say what is known of its orders."""
    options = (
        click.option("--message", "index", type=click.IntRange(min=0), help="Which message, counted from 0."),
        click.option("--member", metavar="NAME", help="Which file of an archive, or of an NDJSON export."),
        click.option(
            "--correlation", metavar="FILE", help="CSV that says which order belongs to which service request."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def open_message(
    path: str, flags: Flags, *, index: int | None, member: str | None, correlation: str | None
) -> Provenances:
    """
    Read one message of a file, of a file in an archive, or of a folder with an NDJSON export, and translate it.

    Raises: ConfigError where there is no such file or message.
    """
    from translator.archives import open_members  # noqa: PLC0415 - the readers and tables, which --help does not need
    from translator.engine import Translator  # noqa: PLC0415 - the same
    from translator.provenance import Provenances  # noqa: PLC0415 - the same

    inputs = find_inputs((path,), Unread())
    site = flags.settings().site
    known = Correlation(read_correlation(correlation), PurePath(site).name)
    engine = Translator.load(site or None)
    if len(inputs) != 1:
        return _of_export(engine, path, inputs, known, index=index, member=member)
    source, tables = inputs[0], engine.tables
    try:
        with source.open() as stream:
            # Held by name: a member can be read only as long as the walk through its archive goes on.
            members = open_members(source.name, stream)
            chosen = _choose(members, source.name, member)
            return Provenances(tables, _chunks(chosen), file=chosen.name, index=index, correlation=known)
    except OSError as error:
        raise ConfigError(f"{source.name}: cannot be read: {error.strerror or type(error).__name__}") from None


def _of_export(
    engine: Translator, path: str, inputs: list[Input], known: Correlation, *, index: int | None, member: str | None
) -> Provenances:
    """Ask about a message of a folder of NDJSON files: of the one that is named."""
    from translator.feed import open_export  # noqa: PLC0415 - the readers and tables, which --help does not need
    from translator.provenance import Provenances  # noqa: PLC0415 - the same

    if member is None:
        raise ConfigError(f"{path}: holds {len(inputs)} files; name one, or one of an NDJSON export with --member")
    try:
        with open_export([(item.name, item.open) for item in inputs]) as export:
            return Provenances.of_export(engine.tables, export, file=member, index=index, correlation=known)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or type(error).__name__}") from None


def _choose(members: Iterator[Member], archive: str, wanted: str | None) -> Member:
    """Take the one file of an archive that is wanted; a file that is no archive is its own only member."""
    for member in members:
        if wanted is None and member.name != archive:
            raise ConfigError(f"{archive}: is an archive; name one of its files with --member")
        if wanted is None or member.name in {wanted, f"{archive}/{wanted}"}:
            return member
    raise ConfigError(f"{archive}: there is no such file in this archive" if wanted else f"{archive}: is empty")


def _chunks(member: Member) -> Iterator[bytes]:
    if member.stream is None:
        raise ConfigError(f"{member.name}: cannot be read; `translator translate` says why")
    stream: BinaryIO = member.stream
    return iter(lambda: stream.read(_CHUNK_BYTES), b"")
