"""
Make the short key that stands for a service request where a lab's order number is too short for a UUID. (pure)

Twelve characters, without `I L O U Z`, that can be read aloud and typed: eleven are drawn from the UUID, the last one
checks them. The alphabet has 31 characters, which is a prime, so that the check finds every wrong character and every
swap of two. Two UUIDs share a key once in 10^16; the ledger then finds two service requests, and the report is held.
"""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
LENGTH = 12

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_BASE = len(ALPHABET)


def order_key(service_request_id: str) -> str:
    """Give the key of a service request, the same one every time."""
    number = int.from_bytes(hashlib.sha256(service_request_id.lower().encode()).digest())
    drawn = ""
    for _ in range(LENGTH - 1):
        number, value = divmod(number, _BASE)
        drawn += ALPHABET[value]
    return drawn + ALPHABET[_check_value(drawn)]


def is_order_key(text: str) -> bool:
    """Tell a key whose check character fits; lower case is accepted."""
    key = text.upper()
    if len(key) != LENGTH or any(character not in _VALUE for character in key):
        return False
    return ALPHABET[_check_value(key[:-1])] == key[-1]


def _check_value(drawn: str) -> int:
    # Each place has a weight of its own below the prime; the check character has the weight -1.
    return sum(weight * _VALUE[character] for weight, character in enumerate(drawn, start=1)) % _BASE
