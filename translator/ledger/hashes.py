"""
Replace a value by a keyed hash, so that two can be compared, or one found, without keeping either. (pure)

The key is the ledger's own and never changes, so what was hashed years ago is still recognised.
"""

from __future__ import annotations

import hmac
import re

_HEX_DIGITS = 40
_HASH = re.compile(f"[0-9a-f]{{{_HEX_DIGITS}}}")


def is_hash(text: str) -> bool:
    """Tell a hash from the texts that we hash, none of which looks like one."""
    return _HASH.fullmatch(text) is not None


class KeyedHash:
    """Hash text under one key; equal text of one kind gives an equal hash, and an empty text none."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __call__(self, kind: str, text: str) -> str:
        """Give the hash of a text; texts of different kinds (`patient`, `key`) never compare equal."""
        if not text:
            return ""
        return hmac.digest(self._secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256").hex()[
            :_HEX_DIGITS
        ]
