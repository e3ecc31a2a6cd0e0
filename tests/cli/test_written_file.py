"""A file that a person named is written whole or not at all, and what must not be overwritten is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from translator.cli.written_file import check_new, write_new, write_over
from translator.errors import ConfigError


def test_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    """The folders above it are made, and nothing else is left there."""
    write_new(tmp_path / "a" / "b.csv", "text\n")

    assert (tmp_path / "a" / "b.csv").read_bytes() == b"text\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.csv"]


def test_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    """Whoever wrote it after the first look does not lose it."""
    path = check_new(tmp_path / "b.csv")
    path.write_bytes(b"theirs")

    with pytest.raises(ConfigError, match="is there already"):
        write_new(path, "ours")

    assert path.read_bytes() == b"theirs"
    assert [each.name for each in tmp_path.iterdir()] == ["b.csv"]


def test_broken_link_is_something(tmp_path: Path) -> None:
    """A link that leads nowhere is not written through."""
    (tmp_path / "b.csv").symlink_to(tmp_path / "nowhere")

    with pytest.raises(ConfigError, match="is there already"):
        check_new(tmp_path / "b.csv")


def test_older_file_is_replaced_whole(tmp_path: Path) -> None:
    """The page of last time makes room for that of this time."""
    (tmp_path / "page.html").write_bytes(b"a longer text than the new one")

    write_over(tmp_path / "page.html", "new")

    assert (tmp_path / "page.html").read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    """What cannot be replaced says why, and leaves nothing behind."""
    (tmp_path / "page.html").mkdir()

    with pytest.raises(ConfigError, match=r"page\.html: cannot be written: "):
        write_over(tmp_path / "page.html", "new")

    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
