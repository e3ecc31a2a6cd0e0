"""The key of a site: made once, for its owner, and never again under the same name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from translator.errors import ConfigError
from translator.ledger.keys import parse_key
from translator.site_key import write_key


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
