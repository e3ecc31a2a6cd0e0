"""Keys of invented sites, as secrets that a test hands over."""

from __future__ import annotations

from translator.secrets import Secret
from translator.site_key import new_key


def secret_key() -> Secret:
    """Make the key of a site."""
    return Secret("", new_key())
