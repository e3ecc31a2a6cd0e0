"""PATH on the command line: files, folders and stdin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from translator.cli.inputs import Unread, find_inputs
from translator.errors import ConfigError


def _fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_folder_is_read_whole_in_order_without_hidden_files(tmp_path: Path) -> None:
    """A folder gives its files and its folders' files, sorted; what is hidden stays out."""
    _fill(tmp_path, "b.hl7", "a.hl7", "sub/c.hl7", ".hidden", ".git/d", "sub/.e")

    names = [item.name for item in find_inputs([str(tmp_path)], Unread())]

    assert names == ["a.hl7", "b.hl7", "sub/c.hl7"]


def test_file_is_called_by_its_name(tmp_path: Path) -> None:
    """A file that is named is read, hidden or not, and called by its own name."""
    _fill(tmp_path, ".odd.hl7")

    (item,) = find_inputs([str(tmp_path / ".odd.hl7")], Unread())

    with item.open() as stream:
        assert (item.name, stream.read()) == (".odd.hl7", b".odd.hl7")


def test_paths_keep_their_order(tmp_path: Path) -> None:
    """Paths are read in the order in which they are named."""
    _fill(tmp_path, "b", "a")

    names = [item.name for item in find_inputs([str(tmp_path / "b"), "-", str(tmp_path / "a")], Unread())]

    assert names == ["b", "-", "a"]


def test_empty_folder_gives_nothing(tmp_path: Path) -> None:
    """A folder without files is no error here; the verb says that there is nothing to do."""
    assert find_inputs([str(tmp_path)], Unread()) == []


def test_missing_paths_are_named_all_at_once(tmp_path: Path) -> None:
    """Nothing is read when a path does not exist, and every such path is named."""
    with pytest.raises(ConfigError) as caught:
        find_inputs([str(tmp_path / "x"), str(tmp_path), str(tmp_path / "y")], Unread())

    assert len(str(caught.value).splitlines()) == 2


def test_stdin_is_read_once() -> None:
    """Stdin cannot be named twice."""
    with pytest.raises(ConfigError, match="only once"):
        find_inputs(["-", "-"], Unread())


def test_unread_file_is_named_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is named on stderr."""
    unread = Unread()

    unread.note("a.hl7", PermissionError(13, "Permission denied"))

    assert unread.count == 1
    assert capsys.readouterr().err == "a.hl7: cannot be read: Permission denied\n"


@pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")
def test_name_in_odd_bytes_can_be_written(tmp_path: Path) -> None:
    """A file whose name is in no charset is read, and called by a name that JSON can hold."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/na\xffme.hl7")).write_bytes(b"MSH")

    (item,) = find_inputs([str(tmp_path)], Unread())

    with item.open() as stream:
        assert (item.name, stream.read()) == ("na\ufffdme.hl7", b"MSH")


def test_what_a_folder_cannot_give_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link that leads nowhere, a link to a folder and what is no file are passed over, and never in silence."""
    _fill(tmp_path, "in/a.hl7", "elsewhere/b.hl7")
    (tmp_path / "in/gone.hl7").symlink_to("nowhere")
    (tmp_path / "in/2024").symlink_to("../elsewhere")
    os.mkfifo(tmp_path / "in/pipe")
    unread = Unread()

    names = [item.name for item in find_inputs([str(tmp_path / "in")], unread)]

    assert (names, unread.count) == (["a.hl7"], 3)
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "2024: cannot be read: a link to a folder is not followed; name it as a path of its own",
        "gone.hl7: cannot be read: No such file or directory",
        "pipe: cannot be read: this is no file",
    ]


def test_file_that_a_link_leads_to_is_read(tmp_path: Path) -> None:
    """A link to a file is as good as the file."""
    _fill(tmp_path, "elsewhere/b.hl7")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/b.hl7").symlink_to("../elsewhere/b.hl7")

    assert [item.name for item in find_inputs([str(tmp_path / "in")], Unread())] == ["b.hl7"]
