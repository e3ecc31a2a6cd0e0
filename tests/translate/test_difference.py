"""What was expected against what came out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.difference import NOTHING, differences, written


@pytest.mark.parametrize(
    ("expected", "got", "lines"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="same"),
        pytest.param({"a": 1}, {"a": 2}, ["a: expected 1, got 2"], id="value"),
        pytest.param({"a": 1}, {}, ["a: expected 1, got nothing"], id="missing"),
        pytest.param({}, {"a": {"b": 1}}, ['a: expected nothing, got {"b":1}'], id="added"),
        pytest.param([1, 2], [1], ["[1]: expected 2, got nothing"], id="shorter-list"),
        pytest.param(
            {"x": [{"code": "A", "v": 1}, {"code": "B", "v": 2}]},
            {"x": [{"code": "B", "v": 3}]},
            ['x[A]: expected {"code":"A","v":1}, got nothing', "x[B].v: expected 2, got 3"],
            id="observations-by-code",
        ),
        pytest.param(
            [{"at": "OBX[1]", "code": "A"}],
            [{"at": "OBX[1]", "code": "B"}],
            ['[OBX[1]].code: expected "A", got "B"'],
            id="at",
        ),
        pytest.param(
            [{"code": "A"}, {"code": "A"}],
            [{"code": "A"}],
            ['[1]: expected {"code":"A"}, got nothing'],
            id="two-names",
        ),
        pytest.param([{"code": 1}], ["x"], ['[0]: expected {"code":1}, got "x"'], id="no-names"),
        pytest.param(Decimal("5.40"), Decimal("5.4"), [], id="zeros-at-the-end"),
        pytest.param(1, Decimal("1.0"), [], id="number"),
        pytest.param(Decimal("5.4"), Decimal("5.5"), [": expected 5.4, got 5.5"], id="other-number"),
        pytest.param("5.4", Decimal("5.4"), [': expected "5.4", got 5.4'], id="text-and-number"),
        pytest.param(1, True, [": expected 1, got true"], id="true-is-no-number"),
        pytest.param("1", 1, [': expected "1", got 1'], id="text-is-no-number"),
        pytest.param({"a": []}, {"a": {}}, ["a: expected [], got {}"], id="list-is-no-object"),
    ],
)
def test_differences_are_told_by_path(expected: Any, got: Any, lines: list[str]) -> None:
    """Each difference is one line: where, what was expected, what came."""
    assert [str(each) for each in differences(expected, got)] == lines


def test_steps_lead_to_the_expected_value() -> None:
    """A name in the path is the number of the item in the expected list; what was not expected has that of its list."""
    expected = {"x": [{"code": "A", "v": 1}]}

    found = list(differences(expected, {"x": [{"code": "C"}, {"code": "A", "v": 2}]}))

    assert [each.steps for each in found] == [("x", 0, "v"), ("x",)]


def test_long_value_is_cut() -> None:
    """A whole observation does not fill the screen."""
    assert len(written("x" * 1000)) < 100
    assert written(NOTHING) == "nothing"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["v", "w"]), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON, other=JSON)
def test_something_differs_exactly_where_json_does(value: Any, other: Any) -> None:
    """No difference is told of a value and itself, and one at least of two that are not the same."""
    same = json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert bool(list(differences(value, other))) is not same
