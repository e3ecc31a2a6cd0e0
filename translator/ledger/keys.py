"""
Read and use the key that a site keeps outside the ledger; `translator.site_key` makes one.

The site's key seals nothing but the ledger's own data keys, so that it can be changed in one transaction.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os

from translator.errors import ConfigError, LedgerError
from translator.site_key import KEY_BYTES, KEY_MARK

NONCE_BYTES = 12


class BrokenSealError(LedgerError):
    """Sealed bytes do not open: they were changed, or another key sealed them."""


class Seal:
    """Encrypt and decrypt under one key with AES-256-GCM; `purpose` binds what is sealed to its column."""

    def __init__(self, secret: bytes) -> None:
        # Tens of milliseconds that a ledger without a key need not pay.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        self._cipher = AESGCM(secret)

    def close(self, data: bytes, purpose: str) -> bytes:
        """Encrypt; the random nonce comes first."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """
        Decrypt.

        Raises: BrokenSealError where a byte was changed, or another key or purpose sealed it.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise BrokenSealError("a sealed part of the ledger does not open; run `translator ledger verify`") from None


class SiteKey:
    """The key of a site; `id` names it without telling anything of it, and neither repr nor str shows it."""

    def __init__(self, secret: bytes) -> None:
        self.seal = Seal(secret)
        self.id = hashlib.sha256(b"translator key id\0" + secret).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"SiteKey({self.id})"


def parse_key(text: str) -> SiteKey:
    """
    Read the text of a key.

    Raises: ConfigError where it is none; the text is not repeated.
    """
    try:
        secret = base64.b64decode(text.strip().removeprefix(KEY_MARK), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.strip().startswith(KEY_MARK) or len(secret) != KEY_BYTES:
        raise ConfigError(
            "the ledger's key is not the text of a key; `translator ledger key create PATH` makes one, "
            "and `ledger_key` says where it is"
        )
    return SiteKey(secret)
