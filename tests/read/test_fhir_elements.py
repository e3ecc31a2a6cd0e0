"""The names of a resource's elements say, before any is read, how it is to be read."""

from __future__ import annotations

from translator.read.fhir_elements import ElementMemo


def test_names_are_looked_at_once() -> None:
    """Two resources with elements of the same names share what these say."""
    memo = ElementMemo()

    first, second = (memo.look({"code": number, "valueInteger": number}) for number in (1, 2))

    assert first is second
    assert memo.remembered == 1


def test_memo_is_bounded() -> None:
    """However many names of elements a feed has, only so many are kept."""
    memo = ElementMemo()

    for number in range(5_000):
        memo.look({f"name{number}": 1})

    assert 0 < memo.remembered <= 4096


def test_text_too_long_for_a_name_is_not_kept() -> None:
    """A key of such a length is no name of an element, and may be anything."""
    memo = ElementMemo()

    found = memo.look({"x" * 100: 1, "valueString": "a"})

    assert found.value == "valueString"
    assert memo.remembered == 0
