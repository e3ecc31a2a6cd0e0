"""Ask the ledger for `why` and `where`: about one of its messages, or beside an answer about a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from translator.cli.inputs import STDIN
from translator.cli.ledger_place import existing
from translator.cli.options import Flags
from translator.cli.output import say
from translator.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from translator.ledger_provenance import LedgerProvenances
    from translator.provenance import Provenance

_NUMBER = re.compile(r"[0-9]{1,18}")
_MOST_NAMED = 20


def number_in(path: str, chosen: dict[str, Any], flags: Flags) -> int | None:
    """
    Tell the number of the message of the ledger that is meant, where what is named is no file.

    Shape: a number (a file called so is written `./12`), a control id, a service request, or a number of an order that
    leads to one.
    Raises: click.UsageError where there are flags with it that only a file has; ConfigError where the ledger has
    several such messages, or none.
    """
    if _NUMBER.fullmatch(path):
        number = int(path)
    elif path == STDIN or os.path.lexists(path) or (found := _find(path, flags)) is None:
        return None
    else:
        number = found
    if any(value is not None for value in chosen.values()):
        raise click.UsageError(
            f"{path} is a message of the ledger; --message, --member and --correlation are about files (./{path})"
        )
    return number


def _find(words: str, flags: Flags) -> int | None:
    """
    Look for the one message that words name.

    Absent: None where there is no ledger to look in.
    Raises: ConfigError where there are several, or none.
    """
    try:
        existing(flags.settings())
    except ConfigError:
        if flags.ledger is not None:
            raise
        return None
    with ledger_messages(flags) as messages:
        numbers = messages.find(words)
    if not numbers:
        raise ConfigError(
            f"{words}: there is no such file or folder, and the ledger has no message with this control id, and none"
            " about this service request or order"
        )
    if len(numbers) > 1:
        shown = ", ".join(map(str, sorted(numbers)[:_MOST_NAMED]))
        more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
        raise ConfigError(
            f"{words}: the ledger has {len(numbers)} such messages; ask about one by its number: {shown}{more}"
        )
    return numbers[0]


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
