"""A file in the lab's folder is whole, and is there once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from translator.errors import ConfigError
from translator.transmit.file_drop import FileDrop
from translator.transmit.lab import Receipt


def bring(folder: Path, message: bytes, control_id: str = "C-1") -> Receipt:
    """Bring one message to a folder."""
    return asyncio.run(FileDrop(folder).bring(message, control_id))


def test_message_is_a_file_under_its_number(tmp_path: Path) -> None:
    """Nothing else is left in the folder."""
    receipt = bring(tmp_path, b"MSH|1\r")

    assert receipt == Receipt("accepted", "written")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"C-1.hl7": b"MSH|1\r"}


def test_same_message_twice_is_one_file(tmp_path: Path) -> None:
    """A second try after a crash does no harm."""
    bring(tmp_path, b"MSH|1\r")

    assert bring(tmp_path, b"MSH|1\r") == Receipt("accepted", "already-there")


def test_other_message_of_the_same_number_is_refused(tmp_path: Path) -> None:
    """Nothing that the lab has not read yet is overwritten."""
    bring(tmp_path, b"MSH|1\r")

    receipt = bring(tmp_path, b"MSH|2\r")

    assert receipt == Receipt("refused", "conflict")
    assert (tmp_path / "C-1.hl7").read_bytes() == b"MSH|1\r"


@pytest.mark.parametrize("control_id", ["../out", "", ".hidden", "a/b", "x" * 65])
def test_number_that_is_no_name_is_refused(tmp_path: Path, control_id: str) -> None:
    """A number never leads out of the folder."""
    assert bring(tmp_path, b"MSH|1\r", control_id) == Receipt("refused", "control-id")
    assert not list(tmp_path.iterdir())


def test_folder_that_is_gone_has_not_got_it(tmp_path: Path) -> None:
    """The message can be brought again."""
    folder = tmp_path / "lab"
    folder.mkdir()
    drop = FileDrop(folder)
    folder.rmdir()

    assert asyncio.run(drop.bring(b"MSH|1\r", "C-1")) == Receipt("not-sent", "disk-error")


def test_folder_has_to_be_there(tmp_path: Path) -> None:
    """A misspelt folder is found at the start."""
    with pytest.raises(ConfigError):
        FileDrop(tmp_path / "nowhere")
