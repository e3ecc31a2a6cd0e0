"""FHIR XML becomes the JSON that says the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from translator.read.fhir_xml import xml_to_json
from translator.read.xml_tree import MalformedXmlError

NAMESPACE = 'xmlns="http://hl7.org/fhir"'


def converted(inside: str, kind: str = "Observation") -> Any:
    """Convert a resource and give what it holds."""
    node = json.loads(xml_to_json(f"<{kind} {NAMESPACE}>{inside}</{kind}>".encode()), parse_float=str)
    assert node.pop("resourceType") == kind
    return node


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        pytest.param('<status value="final"/>', {"status": "final"}, id="text"),
        pytest.param(
            '<valueQuantity><value value="5.40"/></valueQuantity>', {"valueQuantity": {"value": "5.40"}}, id="decimal"
        ),
        pytest.param(
            '<valueQuantity><value value="&lt;5"/></valueQuantity>', {"valueQuantity": {"value": "<5"}}, id="no-decimal"
        ),
        pytest.param('<valueInteger value="3"/>', {"valueInteger": 3}, id="integer"),
        pytest.param('<valueInteger value="3.0"/>', {"valueInteger": "3.0"}, id="no-integer"),
        pytest.param('<valueBoolean value="false"/>', {"valueBoolean": False}, id="boolean"),
        pytest.param('<valueBoolean value="no"/>', {"valueBoolean": "no"}, id="no-boolean"),
        pytest.param('<valueString value="5.40"/>', {"valueString": "5.40"}, id="digits-that-are-text"),
        pytest.param(
            '<category><text value="a"/></category>', {"category": [{"text": "a"}]}, id="one-of-what-may-repeat"
        ),
        pytest.param(
            '<component><code><text value="a"/></code></component><component id="c"/>',
            {"component": [{"code": {"text": "a"}}, {"id": "c"}]},
            id="several",
        ),
        pytest.param('<status value="a"/><status value="b"/>', {"status": ["a", "b"]}, id="twice-against-the-rule"),
        pytest.param("<valueQuantity/>", {"valueQuantity": {}}, id="empty-object"),
        pytest.param("<status/>", {}, id="empty-value"),
        pytest.param(
            '<status value="a"><extension url="u"><valueCode value="b"/></extension></status>',
            {"status": "a", "_status": {"extension": [{"url": "u", "valueCode": "b"}]}},
            id="extension-of-a-value",
        ),
        pytest.param(
            '<issued><extension url="u"/></issued>', {"_issued": {"extension": [{"url": "u"}]}}, id="extension-alone"
        ),
        pytest.param(
            '<contained><Patient><id value="p"/></Patient></contained>',
            {"contained": [{"resourceType": "Patient", "id": "p"}]},
            id="contained-resource",
        ),
        pytest.param("<contained/>", {"contained": [{}]}, id="contained-nothing"),
        pytest.param(
            '<related value="1"/><comment><x value="2"/></comment>',
            {"related": "1", "comment": {"x": "2"}},
            id="elements-of-another-version",
        ),
        pytest.param(
            '<a:x xmlns:a="http://example.org" value="1"/>text<!-- note --><?do it?>', {}, id="what-is-no-fhir"
        ),
        pytest.param(
            '<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Name</p></div></text>',
            {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">(not kept)</div>'}},
            id="narrative",
        ),
    ],
)
def test_element_is_what_json_says(inside: str, expected: dict[str, Any]) -> None:
    """What repeats is a list, numbers keep their digits, and what is no number is text."""
    assert converted(inside) == expected


def test_values_and_extensions_stay_together() -> None:
    """In a list of values, what is said of one stands at its place."""
    inside = '<name><given value="A"/><given><extension url="u"/></given><given value="C" id="c"/></name>'

    assert converted(inside, "Patient") == {
        "name": [{"given": ["A", None, "C"], "_given": [None, {"extension": [{"url": "u"}]}, {"id": "c"}]}]
    }


def test_resource_that_r4b_does_not_have_is_converted() -> None:
    """Nothing is known to repeat; the name and what is inside are there."""
    inside = '<entry><resource><Moon><a value="1"/><a value="2"/></Moon></resource></entry>'

    assert converted(inside, "Bundle")["entry"] == [{"resource": {"resourceType": "Moon", "a": ["1", "2"]}}]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"<Bundle/>", id="no-namespace"),
        pytest.param(b'<ORU_R01 xmlns="urn:hl7-org:v2xml"/>', id="hl7-v2-in-xml"),
        pytest.param(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>', id="cda"),
    ],
)
def test_other_xml_is_malformed(raw: bytes) -> None:
    """XML that is no FHIR is told as such."""
    with pytest.raises(MalformedXmlError, match="is no FHIR"):
        xml_to_json(raw)
