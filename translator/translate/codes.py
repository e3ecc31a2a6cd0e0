"""
Find the mapping row of an observation among all the codes that it offers.

Every triplet counts; two that lead to different results are a conflict for a person, never a race.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from translator.record.values import Coding
from translator.translate.tables import ObservationRow

LOINC = "http://loinc.org"
_LOINC_SHAPE = re.compile(r"[0-9]{1,7}-[0-9]")
# Senders put LOINC codes under no system or under `L`; the check digit tells them from a local code by chance.
_NAMELESS = frozenset({"", "L"})


class Match(Struct, frozen=True, gc=False):
    """
    The row that a set of codes leads to.

    Shape: `reason` is empty where there is exactly one meaning; `assumed` tells that a code was taken for LOINC
    although its system does not say so.
    """

    row: ObservationRow | None = None
    reason: str = ""
    assumed: bool = False


def has_check_digit(code: str) -> bool:
    """
    Tell whether a code has LOINC's form and its check digit is right.

    Source: LOINC Users' Guide, mod-10 check digit.
    """
    if not _LOINC_SHAPE.fullmatch(code):
        return False
    digits, check = code.split("-")
    doubled = "".join(str(int(digit) * (2 - at % 2)) for at, digit in enumerate(reversed(digits)))
    return (sum(map(int, doubled)) + int(check)) % 10 == 0


def match_codes(codes: tuple[Coding, ...], rows: Mapping[tuple[str, str], ObservationRow]) -> Match:
    """Look every offered code up and say which row they agree on."""
    found = [match for coding in codes if (match := _match(coding, rows)).row is not None]
    if not found:
        wrong = any(coding.system == LOINC and not has_check_digit(coding.code) for coding in codes)
        return Match(reason="invalid-loinc" if wrong else "unmapped-code")
    for match in found:
        if match.row is not None and match.row.ignore:
            return match
    targets = {match.row.whoop_code for match in found if match.row is not None}
    return found[0] if len(targets) == 1 else Match(reason="conflicting-codes")


def _match(coding: Coding, rows: Mapping[tuple[str, str], ObservationRow]) -> Match:
    row = rows.get((coding.system, coding.code))
    if row is not None or coding.system not in _NAMELESS or not has_check_digit(coding.code):
        return Match(row)
    return Match(rows.get((LOINC, coding.code)), assumed=True)
