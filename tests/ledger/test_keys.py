"""The key of a site: read exactly, shown never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import ConfigError
from translator.ledger.keys import BrokenSealError, Seal, parse_key
from translator.site_key import new_key


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("hunter2", id="a-password"),
        pytest.param("translator-key-1:AAAA", id="too-short"),
        pytest.param("translator-key-1:" + "!" * 44, id="no-base64"),
        pytest.param("A" * 43 + "=", id="without-its-mark"),
    ],
)
def test_key_that_is_none_is_refused_without_being_shown(text: str) -> None:
    """What was taken for a key may be another secret."""
    with pytest.raises(ConfigError) as caught:
        parse_key(text)

    assert not text or text not in str(caught.value)


def test_key_does_not_show_itself() -> None:
    """Neither repr nor str holds the secret."""
    text = new_key()

    assert text.removeprefix("translator-key-1:") not in f"{parse_key(text)!r} {parse_key(text)}"


@given(st.binary(max_size=200))
def test_seal_opens_what_it_closed(data: bytes) -> None:
    """Any bytes come back, and never stand in the sealed form."""
    seal = Seal(bytes(32))

    assert seal.open(seal.close(data, "a"), "a") == data


@pytest.mark.parametrize(
    ("sealed", "purpose"),
    [
        pytest.param(lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), "a", id="a-bit-changed"),
        pytest.param(lambda sealed: sealed, "b", id="moved-to-another-column"),
        pytest.param(lambda sealed: sealed[:5], "a", id="cut-short"),
        pytest.param(lambda _sealed: b"", "a", id="nothing-left"),
    ],
)
def test_seal_that_was_broken_does_not_open(sealed: object, purpose: str) -> None:
    """AES-GCM notices every change."""
    seal = Seal(bytes(32))
    assert callable(sealed)

    with pytest.raises(BrokenSealError):
        seal.open(sealed(seal.close(b"text", "a")), purpose)
