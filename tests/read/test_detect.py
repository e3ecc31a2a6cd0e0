"""The first bytes say what a stream is; everything that is not JSON is left to the HL7 reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.detect import detect


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"\xef\xbb\xbf \r\n\t", "", id="blank"),
        pytest.param(b'{"resourceType"', "fhir", id="object"),
        pytest.param(b"[1]", "fhir", id="array"),
        pytest.param(b'\xef\xbb\xbf\r\n {"a"', "fhir", id="object-after-byte-order-mark"),
        pytest.param(b"MSH|^~\\&|", "hl7v2", id="message"),
        pytest.param(b"\x0bMSH|^~\\&|", "hl7v2", id="mllp"),
        pytest.param(b"FHS|^~\\&|", "hl7v2", id="batch"),
        pytest.param(b"<Bundle>", "fhir-xml", id="xml"),
        pytest.param(b"\xef\xbb\xbf\r\n<?xml", "fhir-xml", id="xml-after-byte-order-mark"),
        pytest.param(b"PID|1", "hl7v2", id="anything-else"),
    ],
)
def test_format_is_what_the_first_bytes_announce(head: bytes, expected: str) -> None:
    """A brace or bracket announces FHIR in JSON, an angle FHIR in XML, nothing announces nothing."""
    assert detect(head) == expected


@given(head=st.binary(max_size=12))
def test_any_bytes_have_a_format_or_are_blank(head: bytes) -> None:
    """Only blank bytes have no format."""
    assert (detect(head) == "") == (not head.removeprefix(b"\xef\xbb\xbf").strip())
