"""Who sent a message, read from its MSH alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.sender import Sender, read_sender


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        pytest.param(b"MSH|^~\\&|LAB|HOSP|T|F|2026\rPID|1", Sender("LAB", "HOSP"), id="plain"),
        pytest.param(b"\x0bMSH|^~\\&|LAB|HOSP\r", Sender("LAB", "HOSP"), id="in-an-mllp-frame"),
        pytest.param(b"\xef\xbb\xbfMSH|^~\\&|LAB|HOSP\n", Sender("LAB", "HOSP"), id="behind-a-bom"),
        pytest.param(b"MSH|^~\\&| LAB ^1.2.3^ISO~B|HOSP^4^ISO\r", Sender("LAB", "HOSP"), id="hd-with-universal-id"),
        pytest.param(b"MSH*:~\\&*LAB:1*HOSP\r", Sender("LAB", "HOSP"), id="other-delimiters"),
        pytest.param(b"MSH|^~\\&|A\\T\\B|\r", Sender("A&B"), id="escaped"),
        pytest.param("MSH|^~\\&|LÄB|K\r".encode(), Sender("LÄB", "K"), id="utf-8"),
        pytest.param("MSH|^~\\&|LÄB|K\r".encode("latin-1"), Sender("LÄB", "K"), id="latin-1"),
        pytest.param(b"MSH|^~\\&\r", Sender(), id="nothing-said"),
        pytest.param(b"MSHabc\r", Sender(), id="no-delimiters"),
        pytest.param(b'{"resourceType": "Bundle"}', Sender(), id="fhir"),
        pytest.param(b"", Sender(), id="nothing"),
    ],
)
def test_sender_is_application_and_facility(raw: bytes, sender: Sender) -> None:
    """MSH-3.1 and MSH-4.1 say who sent a message."""
    assert read_sender(raw) == sender


@given(st.binary(max_size=200))
def test_any_bytes_have_a_sender(tail: bytes) -> None:
    """Nothing that a sender writes stops the choice of its tables."""
    assert isinstance(read_sender(b"MSH|^~\\&" + tail), Sender)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        pytest.param("LAB", True, id="application"),
        pytest.param("LAB|HOSP", True, id="both"),
        pytest.param("LAB|", True, id="any-facility"),
        pytest.param("LAB|OTHER", False, id="other-facility"),
        pytest.param("lab", False, id="other-case"),
        pytest.param("|HOSP", False, id="facility-alone"),
    ],
)
def test_setting_names_an_application_or_one_facility_of_it(name: str, named: bool) -> None:  # noqa: FBT001 - a column of the table
    """A facility narrows; without one every facility of the application is meant."""
    assert Sender("LAB", "HOSP").is_named_by(name) is named
