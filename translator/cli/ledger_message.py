"""Ask the ledger for `why` and `where`: about one of its messages, or beside an answer about a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from translator.cli.ledger_place import existing
from translator.cli.options import Flags
from translator.cli.output import say
from translator.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from translator.ledger_provenance import LedgerProvenances
    from translator.provenance import Provenance

_NUMBER = re.compile(r"[0-9]{1,18}")


def number_in(path: str, chosen: dict[str, Any]) -> int | None:
    """
    Tell the number of a message of the ledger from the name of a file, which is written `./12` if it is a number.

    Raises: click.UsageError where there are flags with it that only a file has.
    """
    if not _NUMBER.fullmatch(path):
        return None
    if any(value is not None for value in chosen.values()):
        raise click.UsageError(
            f"{path} is a message of the ledger; --message, --member and --correlation are about files (./{path})"
        )
    return int(path)


@contextmanager
def ledger_messages(flags: Flags) -> Iterator[LedgerProvenances]:
    """
    Open the ledger to ask about its messages.

    Raises: ConfigError where there is none.
    """
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger_provenance import LedgerProvenances  # noqa: PLC0415 - the same

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        yield LedgerProvenances(ledger, settings)


def beside_ledger(told: Provenance, flags: Flags) -> Provenance:
    """Put what the ledger knows beside an answer about a file, where there is a ledger; it need not be there."""
    try:
        existing(flags.settings())
    except ConfigError:
        if flags.ledger is not None:
            raise
        return told
    try:
        with ledger_messages(flags) as messages:
            joined = messages.beside(told)
    except (ConfigError, LedgerError) as error:
        if flags.ledger is not None:
            raise
        say(f"the ledger was not asked: {error}")
        return told
    if not joined.ledger:
        say("the ledger has no message with these bytes")
    return joined
