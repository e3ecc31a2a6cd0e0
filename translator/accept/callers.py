"""
Say whether a caller without a signature is believed: by a token that it brings, by where it calls from. (pure)

Source: acurable.md section 6: how Acurable's calls are authenticated stands behind the end of the text that we have. So
both are off unless the site sets them, and which of them the vendor can do has to be asked of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

_BEARER = "bearer"


class Callers(Struct, frozen=True):
    """
    Whom an address believes.

    Shape: `token` comes as `Authorization: Bearer TOKEN`, or as the first part of the path. `networks` are those that
    may call, such as `203.0.113.0/24`.
    Absent: an empty token asks for none, and without networks anybody may call.
    """

    token: str = ""
    networks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Callers(...)"

    def refusal(self, address: str, authorization: str, in_path: str) -> int:
        """Give the status that refuses a call: 403 for its network, 401 for its token; 0 where it is believed."""
        if self.networks and not is_within(address, self.networks):
            return 403
        scheme, _, brought = authorization.strip().partition(" ")
        bearer = brought.strip() if scheme.lower() == _BEARER else ""
        # Both are compared whatever the first one says, so that the time tells nothing.
        is_known = [_same(self.token, each) for each in (bearer, in_path)]
        # A first part of the path that nobody set is another address, not a greeting.
        return 0 if any(is_known) or not (self.token or in_path) else 401


def is_within(address: str, allowed: Sequence[str]) -> bool:
    """Tell whether an address is one of these, or in a network of these; whatever is no address is in none."""
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    known: list[IPv4Network | IPv6Network] = [ip_network(each) for each in allowed]
    seen = getattr(caller, "ipv4_mapped", None) or caller
    return any(seen.version == each.version and seen in each for each in known)


def _same(ours: str, theirs: str) -> bool:
    matches = hmac.compare_digest(ours.encode(), theirs.encode(errors="replace"))
    return matches and bool(ours)
