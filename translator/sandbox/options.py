"""Hold what the operator of a sandbox chooses; whatever is left out is invented or as documented. (pure)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

LOOPBACK = "127.0.0.1"


class Options(Struct, frozen=True, kw_only=True):
    """
    The choices.

    Shape: port 0 takes a free one; `rate_limit` makes the documented limits real.
    Absent: credentials that are not given are invented; without `webhook_url` no webhook is sent.
    """

    host: str = LOOPBACK
    port: int = 0
    accept_any: bool = False
    token_seconds: int = 3600
    rate_limit: bool = False
    rate_limit_per_minute: int = 100
    rate_limit_window_seconds: int = 60
    webhook_url: str | None = None
    webhook_retry_seconds: float = 1.0
    client_id: str | None = None
    client_secret: str | None = None
    webhook_secret: str | None = None
    acurable_webhook_url: str | None = None
    acurable_client_id: str | None = None
    acurable_client_secret: str | None = None


def choose_options(given: Mapping[str, Any]) -> Options:
    """Read flags as given; a limit of one's own is meant to be enforced."""
    limit = given["rate_limit_per_minute"]
    enforced = given["rate_limit"] or limit is not None
    return Options(
        **{**given, "rate_limit": enforced, "rate_limit_per_minute": limit or Options().rate_limit_per_minute}
    )
