"""The MLLP port takes messages in fast enough, each on disk before its acknowledgement."""

from __future__ import annotations

import pytest

from benchmarks.mllp import measure
from tests.ledger.keys import secret_key


def test_measured_messages_are_all_accepted() -> None:
    """Each message of the senders is kept, and the figures speak of them."""
    found = measure(messages=100, window=2)

    assert (found.messages, found.accepted) == (100, 100)
    assert found.per_second > 0
    assert 0 < found.p50_ms <= found.p99_ms


@pytest.mark.bench
@pytest.mark.parametrize("sealed", [pytest.param(False, id="open"), pytest.param(True, id="sealed")])
def test_messages_are_acknowledged_fast_enough(sealed: bool) -> None:  # noqa: FBT001 - a table of cases
    """At least 800 durable acknowledgements a second over 8 connections that each wait for theirs; the best of five."""
    key = secret_key() if sealed else None

    assert max(measure(key=key, seed=seed).per_second for seed in range(5)) >= 800
