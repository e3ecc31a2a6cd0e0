"""Where archives lie: folders of this machine and a real object storage."""

from __future__ import annotations

import pytest

from tests.object_storage import BUCKET, ObjectStorage
from translator.bulk.places import (
    Stored,
    as_path,
    check_url,
    find_stored,
    is_taken,
    is_url,
    make_folder,
    move,
    open_output,
    remove,
)
from translator.errors import ConfigError

AT = f"s3://{BUCKET}"


def put(place: str, raw: bytes = b"x") -> None:
    """Write a file, with the folders above it."""
    make_folder(place.rpartition("/")[0])
    with open_output(place) as stream:
        stream.write(raw)


def read(place: str) -> bytes:
    """Read a file."""
    with Stored("name", place).open() as stream:
        return stream.read()


def test_what_is_written_is_read(place: str) -> None:
    """A file in a folder that was not there is written and read."""
    put(f"{place}/a/b c+%20.hl7", b"MSH")

    assert read(f"{place}/a/b c+%20.hl7") == b"MSH"


def test_large_file_is_read_from_anywhere(place: str) -> None:
    """An archive is read from its end as well, without being held in memory."""
    put(f"{place}/large.zip", bytes(range(256)) * 4096)

    with Stored("large.zip", f"{place}/large.zip", 1 << 40).open() as stream:
        assert (stream.seekable(), stream.seek(-3, 2), stream.read()) == (True, (1 << 20) - 3, b"\xfd\xfe\xff")
        assert (stream.seek(0), stream.read(2), stream.tell()) == (0, b"\x00\x01", 2)


def test_file_is_moved_over_another(place: str) -> None:
    """The last name of a file takes the place of what had it."""
    put(f"{place}/a", b"new")
    put(f"{place}/b", b"old")

    move(f"{place}/a", f"{place}/b")

    assert (read(f"{place}/b"), is_taken(f"{place}/a")) == (b"new", False)


def test_folder_is_removed_with_all_in_it(place: str) -> None:
    """What was not finished leaves nothing behind; what is not there is gone already."""
    put(f"{place}/out/a/b")
    put(f"{place}/out/c")

    remove(f"{place}/out")
    remove(f"{place}/out")

    assert not is_taken(f"{place}/out")


def test_place_is_taken_by_a_file_or_a_full_folder(place: str) -> None:
    """An empty folder may be filled."""
    put(f"{place}/file")
    put(f"{place}/full/file")

    assert [is_taken(f"{place}/{name}") for name in ("file", "full", "new")] == [True, True, False]


def test_missing_file_is_told_as_the_system_does(place: str) -> None:
    """Whatever a storage's library says, a person reads what is wrong."""
    with pytest.raises(OSError, match="No such file") as caught, Stored("x", f"{place}/x").open() as stream:
        stream.read()

    assert caught.value.strerror == "No such file or directory"


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_objects_are_listed_as_a_folder_is_walked(place: str) -> None:
    """Files come before the folders beside them, each sorted; what is hidden stays out."""
    for name in ("b.hl7", "a/z.hl7", "a.hl7", "a-b/y.hl7", ".hidden", "a/.git/x", "c d.hl7"):
        put(f"{place}/in/{name}")

    found = find_stored(f"{place}/in/")

    assert [each.name for each in found] == ["a.hl7", "b.hl7", "c d.hl7", "a/z.hl7", "a-b/y.hl7"]
    assert found[3] == Stored("a/z.hl7", f"{place}/in/a/z.hl7", 1)
    assert [each.name for each in find_stored(f"{place}/in/a.hl7")] == ["a.hl7"]


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_url_where_nothing_is_stops_everything(place: str) -> None:
    """As a path does where nothing is."""
    with pytest.raises(ConfigError, match="there is no such file or folder"):
        find_stored(f"{place}/nothing/")


@pytest.mark.parametrize(
    ("name", "value", "bucket", "said"),
    [
        pytest.param("AWS_ACCESS_KEY_ID", "STRANGER", "lab", "ACCESS_DENIED; look at AWS_ACCESS_KEY_ID", id="stranger"),
        pytest.param(
            "AWS_ENDPOINT_URL", "http://127.0.0.1:9", "away", "NETWORK_CONNECTION; look at AWS_ENDPOINT_URL", id="away"
        ),
    ],
)
def test_storage_that_says_no_is_told_without_who_asked(
    object_storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch, name: str, value: str, bucket: str, said: str
) -> None:
    """What it says is repeated, and what to look at."""
    for key, held in {**object_storage.environment, name: value}.items():
        monkeypatch.setenv(key, held)

    with pytest.raises(ConfigError, match=rf"cannot be (read|reached): the storage says {said}") as caught:
        find_stored(f"s3://{bucket}/refused/")

    secrets = (object_storage.environment["AWS_SECRET_ACCESS_KEY"], "STRANGER", "INVENTED")
    assert not any(secret in str(caught.value) for secret in secrets)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("s3://key:secret@lab/in", "a URL holds no credentials", id="credentials"),
        pytest.param("ftp://lab/in", "ftp: is no storage that is read", id="scheme"),
        pytest.param("gs://lab/in", "gs: is no storage that is read", id="untested"),
        pytest.param("s3:///in", "names no bucket", id="no-bucket"),
    ],
)
def test_other_urls_are_refused(url: str, said: str) -> None:
    """A secret in a URL would stand in every list of processes, and is not repeated."""
    with pytest.raises(ConfigError, match=said) as caught:
        check_url(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        pytest.param("file:///srv/a%20b", "/srv/a b", id="file-url"),
        pytest.param("a/b", "a/b", id="path"),
        pytest.param("s3://a/b", "s3://a/b", id="storage"),
    ],
)
def test_url_of_a_file_is_its_path(place: str, path: str) -> None:
    """A URL of this machine is read as a path is."""
    assert (as_path(place), is_url(path)) == (path, path.startswith("s3"))
