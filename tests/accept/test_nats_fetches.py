"""How many messages are fetched at a time, so that a broker never has more on its way than a client can take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from translator.accept.nats_fetches import ROOM, following

SIZES = st.integers(0, 64 << 20)


def test_small_messages_are_soon_fetched_by_hundreds() -> None:
    """After eight times, as many as there may be."""
    batches = [1]
    while batches[-1] < 256:
        batches.append(following(batches[-1], 256, 5_000))

    assert batches == [1, 2, 4, 8, 16, 32, 64, 128, 256]


@given(st.integers(1, 4096), st.integers(1, 4096), SIZES)
def test_messages_of_the_same_size_fit(batch: int, most: int, largest: int) -> None:
    """One is always fetched, however large; never more than may be, nor more than twice as many as before."""
    found = following(batch, most, largest)

    assert 1 <= found <= max(1, min(most, 2 * batch))
    assert found == 1 or found * largest <= ROOM
