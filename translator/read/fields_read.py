"""
Say which fields of HL7 v2 messages are read, so that what nobody reads can be shown.

A field is read where what stands in it can change what becomes of a message, for the vendor or in the account that is
kept of it. Whether a field is filled may be looked at without its being read: an OBX that is empty behind its value
goes on with the one before. The tables below are proved by tests, field by field.

Source: HL7 v2.9 chapters 2, 4 and 7.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from translator.record.places import PARENT_PLACES, PLACES

Fields: TypeAlias = Mapping[str, frozenset[int]]

_HEADER = frozenset({1, 2, 3, 4, 7, 9, 10, 11, 12, 14, 18})
# A segment without fields counts by its position alone: it says what the segments behind it are.
_RESULTS: Fields = {
    "MSH": _HEADER,
    "PID": frozenset({3, 7}),
    "PV1": frozenset(),
    "ORC": frozenset({2, 3, 4, 8, 33}),
    "OBR": frozenset({2, 3, 4, 11, 15, 22, 24, 25, 26, 29, 53, 54}),
    "OBX": frozenset({2, 3, 4, 5, 6, 8, 11, 29, 32}),
    "SPM": frozenset({2, 4}),
    "DEV": frozenset(),
    "SAC": frozenset(),
    "DSC": frozenset({1}),
}
_ORDERS: Fields = {
    "MSH": _HEADER,
    "PID": frozenset({3, 5, 7, 8, 11, 13, 14, 40}),
    "ORC": frozenset({1, 2, 3, 4, 9, 21}),
    "OBR": frozenset({2, 3, 4}),
    "OBX": frozenset({3, 5, 11}),
    "DSC": frozenset({1}),
}


def fields_read(*, orders: bool = False, listed: Collection[str] = ()) -> Fields:
    """
    Give the fields that are read, by segment; a segment that is missing is never looked at.

    Shape: `orders` tells of messages that order, rather than report; `listed` are the places of order numbers that the
    site lists, which are read beside the others.
    """
    if orders:
        return _ORDERS
    found = dict(_RESULTS)
    for place in (*PLACES, *PARENT_PLACES):
        if place.name in listed or place.name.partition(".")[0] in listed:
            found[place.segment] = found.get(place.segment, frozenset()) | {place.field}
    return found
