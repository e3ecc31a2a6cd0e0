"""Keys of invented sites, as secrets that a test hands over."""

from __future__ import annotations

from translator.ledger.keys import new_key
from translator.secrets import Secret


def secret_key() -> Secret:
    """Make the key of a site."""
    return Secret("", new_key())
