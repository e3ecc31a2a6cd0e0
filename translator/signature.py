"""
Sign a partner webhook, and verify such a signature. (pure)

Source: WHOOP, handle webhooks: `WHOOP-Signed` is the lower-case hex HMAC-SHA256 of the raw body, keyed with the
signing secret. No time is signed, so a signature gives no protection against replay.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

SIGNATURE_HEADER = "WHOOP-Signed"


def sign(secret: str, body: bytes) -> str:
    """Sign the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(secret: str, body: bytes, signature: str | None) -> bool:
    """
    Tell whether the signature belongs to the body, in constant time.

    Absent: no header, or one of any other length or alphabet, is simply wrong. So is every signature without a secret.
    """
    matches = hmac.compare_digest(sign(secret, body).encode(), (signature or "").encode(errors="replace"))
    return matches and bool(secret)


def event_body(event_type: str, resource_id: str) -> bytes:
    """Write the body of an event exactly as it is signed and sent."""
    return msgspec.json.encode({"event_type": event_type, "resource_id": resource_id})
