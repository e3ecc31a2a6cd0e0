"""A file is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from translator.errors import ConfigError
from translator.whole_file import write_whole


def test_new_bytes_stand_in_the_place_of_the_old(tmp_path: Path) -> None:
    """The file has the new bytes, and nothing else is left in the folder."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    write_whole(path, b"new\n")

    assert path.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_rights_of_the_file_stay(tmp_path: Path) -> None:
    """A table that a group may write stays one; a new file has the rights of any new file."""
    path, fresh, usual = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"
    path.touch()
    path.chmod(0o664)
    usual.touch()

    write_whole(path, b"x")
    write_whole(fresh, b"x")

    assert path.stat().st_mode & 0o777 == 0o664
    assert fresh.stat().st_mode == usual.stat().st_mode


def test_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    """The file that cannot be replaced is named, and nothing is left behind."""
    path = tmp_path / "a.csv"
    (path / "inner").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"a\.csv: cannot be written"):
        write_whole(path, b"x")

    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The text names the file that was to be written."""
    with pytest.raises(ConfigError, match=r"b\.csv: cannot be written"):
        write_whole(tmp_path / "a" / "b.csv", b"x")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A file in a folder in which we may not write; of root's, only those of the kernel are such."""
    if os.geteuid() == 0:
        yield Path("/proc/sys/kernel/ostype")
        return
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    tmp_path.chmod(0o500)
    yield path
    tmp_path.chmod(0o700)


def test_folder_that_nobody_may_write_to_leaves_the_old_bytes(closed: Path) -> None:
    """Where there is no room for the new file, the old one stays."""
    before = closed.read_bytes()

    with pytest.raises(ConfigError, match="cannot be written"):
        write_whole(closed, b"new")

    assert closed.read_bytes() == before


def test_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is written, as an editor does it."""
    target = tmp_path / "shared.csv"
    target.write_bytes(b"old")
    link = tmp_path / "mine.csv"
    link.symlink_to(target)

    write_whole(link, b"new")

    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")
