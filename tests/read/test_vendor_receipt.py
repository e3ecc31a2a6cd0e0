"""The codes of an answer are found under the names that the layout gives them, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.vendor_receipt import activation_codes

NAMES = ("activationCode", "codes")


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        pytest.param(b'{"data":{"attributes":{"activationCode":"A-1"}}}', ("A-1",), id="json-api"),
        pytest.param(b'{"activationCode":" A-1 "}', ("A-1",), id="at-the-top"),
        pytest.param(b'{"data":{"codes":["A-1","B-2","A-1"]}}', ("A-1", "B-2"), id="a-list-each-once"),
        pytest.param(b'{"data":[{"activationCode":"A-1"},{"activationCode":"B-2"}]}', ("A-1", "B-2"), id="several"),
        pytest.param(b'{"activation":"A-1"}', (), id="another-name"),
        pytest.param(b'{"activationCode":7}', (), id="no-text"),
        pytest.param(b'{"activationCode":""}', (), id="empty"),
        pytest.param(b'{"activationCode":"A\\n1"}', (), id="a-line-break"),
        pytest.param(b'{"activationCode":"' + b"A" * 5000 + b'"}', (), id="without-an-end"),
        pytest.param(b"<html>", (), id="no-json"),
        pytest.param(b"", (), id="no-body"),
    ],
)
def test_codes_are_found_by_name(raw: bytes, codes: tuple[str, ...]) -> None:
    """Wherever they stand; what is no code is none."""
    assert activation_codes(raw, NAMES) == codes


@given(st.binary(max_size=200))
def test_any_answer_gives_codes_or_none(raw: bytes) -> None:
    """P7: whatever the vendor answers, there is no exception."""
    assert isinstance(activation_codes(raw, NAMES), tuple)
