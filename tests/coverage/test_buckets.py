"""A bucket holds its number, and tells no more than its first digit and its size."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.coverage.buckets import bucket_of


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4))
def test_number_lies_in_its_bucket(number: Decimal) -> None:
    """Each number is between the ends of its bucket."""
    bucket = bucket_of(number)

    assert min(bucket.low, bucket.high) <= number <= max(bucket.low, bucket.high)


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        pytest.param("47.2", "40", "50", id="tens"),
        pytest.param("0.0312", "0.03", "0.04", id="hundredths"),
        pytest.param("-95", "-90", "-100", id="negative"),
        pytest.param("0.00", "0", "0", id="nought"),
    ],
)
def test_bucket_has_round_ends(number: str, low: str, high: str) -> None:
    """Numbers of one first digit and size share a bucket."""
    bucket = bucket_of(Decimal(number))

    assert (bucket.low, bucket.high) == (Decimal(low), Decimal(high))
