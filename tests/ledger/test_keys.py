"""The key of a site: made once, read exactly, shown never."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import ConfigError
from translator.ledger.keys import BrokenSealError, Seal, parse_key
from translator.site_key import new_key, write_key


def test_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The file that `key create` writes gives the key again."""
    made = write_key(tmp_path / "ledger.key")

    assert parse_key((tmp_path / "ledger.key").read_text(encoding="utf-8")).id == parse_key(made).id


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Nobody else may read it."""
    write_key(tmp_path / "ledger.key")

    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600


def test_key_is_never_overwritten(tmp_path: Path) -> None:
    """A second `key create` with the same path would lose a ledger."""
    first = write_key(tmp_path / "ledger.key")

    with pytest.raises(ConfigError, match="there is a file already"):
        write_key(tmp_path / "ledger.key")

    assert parse_key((tmp_path / "ledger.key").read_text(encoding="utf-8")).id == parse_key(first).id


def test_key_in_a_missing_folder_says_so(tmp_path: Path) -> None:
    """The system's own word says why it cannot be written."""
    with pytest.raises(ConfigError, match="cannot be written"):
        write_key(tmp_path / "nowhere" / "ledger.key")


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
