"""
Say of a unit what it measures and how large it is, by its parts: `ug/dL` is mass, 10^-5 of g/L. (pure)

Only for checks of the tables: what is translated goes by listed rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

ARBITRARY = "units"
"""What an international unit measures; it is another quantity for each substance."""


class Size(NamedTuple):
    """What a unit measures, and which power of ten of the base unit per litre it is."""

    of: str
    power: int


_BASES: Mapping[str, str] = {"g": "mass", "mol": "moles", "eq": "moles", "[IU]": ARBITRARY, "U": "enzyme units"}
_PREFIXES: Mapping[str, int] = {"": 0, "k": 3, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
_PER_VOLUME = re.compile(
    rf"(?:(?P<prefix>[kdcmunpf]?)(?P<base>{'|'.join(map(re.escape, _BASES))})"
    r"|(?:10\*(?P<power>[0-9]{1,2}))?)"
    r"/(?P<volume>[dcmunpf]?)L"
)
_FRACTIONS: Mapping[str, Size] = {"L/L": Size("fraction", 0), "%": Size("fraction", -2)}


def size_of(unit: str) -> Size | None:
    """
    Give the size of an amount or a count per volume, or of a fraction.

    Absent: None for any other unit.
    """
    if unit in _FRACTIONS:
        return _FRACTIONS[unit]
    parts = _PER_VOLUME.fullmatch(unit)
    if parts is None:
        return None
    per_litre = -_PREFIXES[parts["volume"]]
    if parts["base"]:
        return Size(_BASES[parts["base"]], _PREFIXES[parts["prefix"]] + per_litre)
    return Size("count", int(parts["power"] or 0) + per_litre)
