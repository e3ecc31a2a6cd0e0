"""Each part of an observation has its position in either format."""

from __future__ import annotations

import pytest

from translator.record.field_positions import field_at

COMPONENT = "Bundle.entry[3].resource.component[1]"


@pytest.mark.parametrize(
    ("at", "part", "position"),
    [
        pytest.param("OBX[4]", "value", "OBX[4]-5", id="hl7-value"),
        pytest.param("OBX[4]", "status", "OBX[4]-11", id="hl7-status"),
        pytest.param("Bundle.entry[3].resource", "unit", "Bundle.entry[3].resource.value.unit", id="fhir-unit"),
        pytest.param(COMPONENT, "code", f"{COMPONENT}.code", id="component-code"),
        pytest.param(
            COMPONENT, "status", "Bundle.entry[3].resource.status", id="component-has-the-status-of-the-whole"
        ),
    ],
)
def test_part_is_named_in_the_way_of_its_format(at: str, part: str, position: str) -> None:
    """HL7 counts fields, FHIR names them."""
    assert field_at(at, part) == position
