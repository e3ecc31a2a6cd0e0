"""Say how one destination is served, and how far that is."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from translator.ledger import UNLIMITED, RateBudget
from translator.transmit.attempt_spans import UNTOLD, AttemptSpans
from translator.transmit.client import Client
from translator.transmit.token import TokenKeeper


class Progress(Struct, frozen=True):
    """How far delivery is; `queued` includes what is under way."""

    delivered: int = 0
    rejected: int = 0
    unknown: int = 0
    retried: int = 0
    queued: int = 0


class Route(Struct, frozen=True):
    """
    How one destination is served.

    Shape: `responses` is the vendor's response table; one call at a time per client. `budget` is the rate that it
    grants; `resends` says that what is unknown is sent again. `spans` are told of each attempt.
    Units: `call_s` is how long one call lasts at most, in seconds.
    """

    destination: str
    clients: tuple[Client, ...]
    tokens: TokenKeeper
    responses: Mapping[str, str]
    budget: RateBudget = UNLIMITED
    resends: bool = False
    call_s: float = 0.0
    spans: AttemptSpans = UNTOLD
