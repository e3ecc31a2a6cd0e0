"""What a feed says again and again is worked out once, and never keeps what is a person's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.read.samples import LOINC, SYSTEMS
from translator.read.fhir_bundle import Resource
from translator.read.fhir_elements import elements_of
from translator.read.fhir_observation import ObservationReader
from translator.record.report import Observation


def read(reader: ObservationReader, **elements: Any) -> Observation:
    """Read one Observation."""
    (found,) = reader.read(Resource("Observation", elements, "Observation", elements_of(tuple(elements))))
    return found


def coded(code: str = "2093-3", **coding: Any) -> dict[str, Any]:
    """Write the code of a test."""
    return {"coding": [{"system": LOINC, "code": code, **coding}]}


def test_observations_of_one_form_share_their_codes() -> None:
    """The second one is not worked out again, whatever its value is."""
    reader = ObservationReader(SYSTEMS)
    first, second = (
        read(reader, status="final", code=coded(), valueQuantity={"value": value, "unit": "mg/dL"}) for value in (5, 6)
    )

    assert first.form is second.form
    assert reader.remembered == 1
    assert (second.unit, second.status) == ("mg/dL", "final")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        pytest.param({"status": "amended"}, ("2093-3", "mg/dL", "amended"), id="status"),
        pytest.param({"code": coded("2085-9")}, ("2085-9", "mg/dL", "final"), id="code"),
        pytest.param({"valueQuantity": {"value": 5, "unit": "g/L"}}, ("2093-3", "g/L", "final"), id="unit"),
        pytest.param({"valueQuantity": [5]}, ("2093-3", "", "final"), id="quantity-in-a-list"),
        pytest.param({"status": ["final"]}, ("2093-3", "mg/dL", ""), id="status-in-a-list"),
        pytest.param({"code": "2093-3"}, ("", "mg/dL", "final"), id="code-as-text"),
        pytest.param(
            {"valueQuantity": {}, "valueRange": {"low": {"unit": "g/L"}}}, ("2093-3", "g/L", "final"), id="range"
        ),
    ],
)
def test_another_form_is_worked_out_anew(elements: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Nothing that differs is taken for the same."""
    reader = ObservationReader(SYSTEMS)
    plain: dict[str, Any] = {"status": "final", "code": coded(), "valueQuantity": {"value": 5, "unit": "mg/dL"}}
    read(reader, **plain)

    found = [read(reader, **{**plain, **elements}) for _ in range(2)]

    assert [("".join(code.code for code in each.codes), each.unit, each.status) for each in found] == [expected] * 2


def test_memo_is_bounded() -> None:
    """However many codes a feed has, only so many are kept."""
    reader = ObservationReader(SYSTEMS)

    for number in range(5_000):
        read(reader, code=coded(str(number)))

    assert 0 < reader.remembered <= 4096


def test_what_is_longer_than_words_of_a_feed_is_not_kept() -> None:
    """A text of such a length is no code."""
    reader = ObservationReader(SYSTEMS)

    (found,) = read(reader, code=coded(display="x" * 3_000)).codes

    assert (found.system, found.code) == (LOINC, "2093-3")
    assert reader.remembered == 0


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(Decimal("5.0"), "5.0", id="number-before-text"),
        pytest.param("5.0", Decimal("5.0"), id="text-before-number"),
    ],
)
def test_number_and_text_of_the_same_letters_are_not_taken_for_each_other(first: object, then: object) -> None:
    """A code is a text; what an earlier message wrote changes nothing."""
    reader = ObservationReader(SYSTEMS)
    read(reader, code={"coding": [{"system": LOINC, "code": first}]})

    found = read(reader, code={"coding": [{"system": LOINC, "code": then}]})

    assert [code.code for code in found.codes] == ([then] if isinstance(then, str) else [])
