"""A FHIRPath leads to the same value in XML as in JSON."""

from __future__ import annotations

import pytest

from translator.read.locate_xml import locate
from translator.read.span import NoSuchPositionError

DOCUMENT = b"""<?xml version="1.0"?>
<Bundle xmlns="http://hl7.org/fhir">
  <entry><resource><DiagnosticReport><status value = 'final'/></DiagnosticReport></resource></entry>
  <entry><fullUrl value="urn:x"/><resource><Observation>
    <valueQuantity><value value="5.40"/><unit value="mg/dL &gt; x"/></valueQuantity>
    <component id="c"><valueString value=""/></component><component><code/></component>
  </Observation></resource></entry>
</Bundle>
"""


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        pytest.param("Bundle.entry[0].resource.status", "final", 3, id="single-quotes"),
        pytest.param("Bundle.entry[1].resource.value.value", "5.40", 5, id="any-value"),
        pytest.param("Bundle.entry[1].resource.valueQuantity.unit", "mg/dL &gt; x", 5, id="escape-as-sent"),
        pytest.param("Bundle.entry[1].fullUrl", "urn:x", 4, id="beside-the-resource"),
        pytest.param("Bundle.entry[1].resource.component[0].valueString", "", 6, id="empty-value"),
        pytest.param("Bundle.entry[1].resource.component[1]", "<component><code/></component>", 6, id="element"),
        pytest.param("Bundle.entry[1].resource.component[1].code[0]", "<code/>", 6, id="first-of-one"),
    ],
)
def test_path_leads_to_its_bytes(path: str, text: str, line: int) -> None:
    """A primitive value is what stands in its quotes, anything else its whole element."""
    span = locate(DOCUMENT, path)

    assert (span.text, span.line, DOCUMENT[span.start : span.end]) == (text, line, text.encode())
    assert span.source[span.column :].startswith(text)


@pytest.mark.parametrize(
    ("raw", "path", "said"),
    [
        pytest.param(DOCUMENT, "Bundle.entry[2]", r"there is no `\[2\]` in `Bundle.entry`", id="too-high"),
        pytest.param(DOCUMENT, "Bundle.total", "there is no `.total` in `Bundle`", id="no-such-element"),
        pytest.param(DOCUMENT, "OBX[1]-5", "is no position", id="not-a-path"),
        pytest.param(b"<Bundle", "Bundle.type", "cannot be read as FHIR XML", id="no-xml"),
    ],
)
def test_path_that_leads_nowhere_is_told(raw: bytes, path: str, said: str) -> None:
    """The error says how far the path leads."""
    with pytest.raises(NoSuchPositionError, match=said):
        locate(raw, path)
