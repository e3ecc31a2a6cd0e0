"""Find the ledger that a command works on."""

from __future__ import annotations

from pathlib import Path

from translator.config import Settings
from translator.errors import ConfigError


def existing(settings: Settings) -> str:
    """
    Give the ledger's place; looking into a ledger does not create one.

    Raises: ConfigError where there is none.
    """
    path = Path(settings.ledger)
    # A file without a byte is what is left of a ledger that was cut off, or of one that was never made.
    if "://" not in settings.ledger and (not path.exists() or (path.is_file() and not path.stat().st_size)):
        raise ConfigError(
            f"{settings.ledger}: there is no ledger here; `translator submit` creates one, --ledger names another"
        )
    return settings.ledger
