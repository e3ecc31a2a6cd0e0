"""Lines become a Bundle byte for byte, and every byte of it leads back to its line."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.export_bundle import bundle_lines, is_beside_reports
from translator.read.fhir_json import parse

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text(), _JSON)))
def test_bundle_holds_the_lines_as_they_are(nodes: list[dict[str, object]]) -> None:
    """What is read of the Bundle is what is read of the lines."""
    lines = [json.dumps(node).encode() for node in nodes]

    bundle = bundle_lines(lines)

    assert [entry["resource"] for entry in parse(bundle.raw)["entry"]] == nodes
    assert [bundle.raw[begin : begin + len(line)] for begin, line in zip(bundle.begins, lines, strict=True)] == lines


def test_digits_stay_as_they_are() -> None:
    """A number of an export keeps its noughts."""
    bundle = bundle_lines([b'{"valueDecimal": 5.40}'])

    assert parse(bundle.raw)["entry"][0]["resource"]["valueDecimal"].as_tuple() == Decimal("5.40").as_tuple()


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param("r-1.A", "r-1.A", id="plain"),
        pytest.param('r"', None, id="quote"),
        pytest.param("r_1", None, id="underscore"),
        pytest.param("r" * 65, None, id="too-long"),
        pytest.param("", None, id="none"),
    ],
)
def test_bundle_is_called_as_its_first_resource(identity: str, expected: str | None) -> None:
    """An id that FHIR does not allow is not repeated."""
    bundle = bundle_lines([json.dumps({"resourceType": "DiagnosticReport", "id": identity}).encode()])

    assert parse(bundle.raw).get("id") == expected


@pytest.mark.parametrize("is_beside", [False, True])
def test_mark_stands_in_the_bytes(*, is_beside: bool) -> None:
    """What is read again from the bytes alone is told the same."""
    bundle = bundle_lines([b'{"resourceType": "Observation"}'], beside_reports=is_beside)

    assert is_beside_reports(parse(bundle.raw)) is is_beside
