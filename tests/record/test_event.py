"""What an event of a study says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from translator.record.event import Night, StudyEvent


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        pytest.param((), True, id="none"),
        pytest.param(("0", "14.2"), True, id="as people have them"),
        pytest.param(("1000",), True, id="the most"),
        pytest.param(("1000.1",), False, id="faster than breath"),
        pytest.param(("12", "-1"), False, id="below zero"),
    ],
)
def test_index_is_a_number_of_events_an_hour(indexes: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001 - a table of cases
    """One index that cannot be makes the whole event implausible."""
    nights = tuple(Night(number, indexes={"AHI4": Decimal(index)}) for number, index in enumerate(indexes))

    assert StudyEvent("study.completed", nights=nights).is_plausible is expected
