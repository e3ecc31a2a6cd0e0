"""A short key stands for one service request, and a slip of the finger never makes another key of it."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from translator.translate.order_key import ALPHABET, LENGTH, is_order_key, order_key

REQUESTS = st.uuids().map(str)
PLACES = st.integers(0, LENGTH - 1)


@given(REQUESTS)
def test_key_is_short_and_checks_itself(request_id: str) -> None:
    """Twelve characters, the same every time, in either case."""
    key = order_key(request_id)

    assert (len(key), set(key) <= set(ALPHABET)) == (LENGTH, True)
    assert is_order_key(key)
    assert is_order_key(key.lower())
    assert order_key(request_id.upper()) == key


@given(REQUESTS, PLACES, st.sampled_from(ALPHABET))
def test_wrong_character_is_noticed(request_id: str, place: int, character: str) -> None:
    """One wrong character is no key any more."""
    key = order_key(request_id)
    assume(key[place] != character)

    assert not is_order_key(key[:place] + character + key[place + 1 :])


@given(REQUESTS, PLACES, PLACES)
def test_swap_is_noticed(request_id: str, one: int, other: int) -> None:
    """Two characters that changed places are no key any more."""
    characters = list(order_key(request_id))
    assume(characters[one] != characters[other])
    characters[one], characters[other] = characters[other], characters[one]

    assert not is_order_key("".join(characters))


@given(st.text(max_size=LENGTH + 1))
def test_other_texts_are_no_keys(text: str) -> None:
    """A key has its length and its alphabet."""
    assume(len(text) != LENGTH or not set(text.upper()) <= set(ALPHABET))

    assert not is_order_key(text)


def test_keys_of_many_requests_differ() -> None:
    """A hundred thousand service requests have as many keys."""
    assert len({order_key(f"{number:08x}-0000-4000-8000-000000000000") for number in range(100_000)}) == 100_000
