"""Signatures are WHOOP's, and nothing else passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.signature import event_body, sign, verify

SECRET = "test-signing-secret"
BODY = b'{"event_type":"lab_requisition.created","resource_id":"e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"}'
SIGNATURE = "9aae5cc3c8e596e5a41dcb288aa330a4326f7628a5d16b1dfa194378ed16100d"


def test_signature_is_the_reference_one() -> None:
    """The published scheme gives the reference signature."""
    assert sign(SECRET, BODY) == SIGNATURE


def test_event_body_is_written_as_signed() -> None:
    """An event is written in the vendor's order and without blanks."""
    assert event_body("lab_requisition.created", "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3") == BODY


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="absent"),
        pytest.param("", id="empty"),
        pytest.param(SIGNATURE[:-1], id="too-short"),
        pytest.param(SIGNATURE.upper(), id="upper-case"),
        pytest.param("0" * 64, id="wrong"),
        pytest.param("\u00e9" * 64, id="not-ascii"),
        pytest.param("\ud800", id="lone-surrogate"),
    ],
)
def test_wrong_signature_is_simply_wrong(signature: str | None) -> None:
    """No header can make the check raise or pass."""
    assert not verify(SECRET, BODY, signature)


@given(body=st.binary(), other=st.binary())
def test_signature_belongs_to_one_body(body: bytes, other: bytes) -> None:
    """A signature verifies its own body and no other."""
    signature = sign(SECRET, body)

    assert verify(SECRET, body, signature)
    assert verify(SECRET, other, signature) == (body == other)


@given(body=st.binary())
def test_nothing_is_signed_without_a_secret(body: bytes) -> None:
    """Who has set no secret believes nobody, not even who signs with none."""
    assert not verify("", body, sign("", body))
