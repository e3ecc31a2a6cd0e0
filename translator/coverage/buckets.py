"""
Sort numbers into buckets by their first digit and their size, so that a spread can be told and no value is kept.

A bucket is `4e1` for 40 up to 50. Buckets are as wide as a tenth to a whole of what is in them: enough to tell
millimoles from milligrams, and too wide to tell one patient from another.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Bucket(NamedTuple):
    """Numbers with one sign, first digit and size; nought has a bucket of its own."""

    sign: int
    digit: int
    exponent: int

    @property
    def low(self) -> Decimal:
        """The end that is nearer to nought."""
        return self.sign * Decimal(self.digit).scaleb(self.exponent)

    @property
    def high(self) -> Decimal:
        """The end that is farther from nought; it belongs to the next bucket."""
        return self.sign * Decimal(self.digit + 1 if self.digit else 0).scaleb(self.exponent)


def bucket_of(number: Decimal) -> Bucket:
    """Find the bucket of a number."""
    if not number:
        return Bucket(1, 0, 0)
    return Bucket(-1 if number < 0 else 1, number.as_tuple().digits[0], number.adjusted())
