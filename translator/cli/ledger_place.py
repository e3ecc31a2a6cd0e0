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
    if "://" not in settings.ledger and not Path(settings.ledger).exists():
        raise ConfigError(
            f"{settings.ledger}: there is no ledger here; `translator submit` creates one, --ledger names another"
        )
    return settings.ledger
