"""Archives are opened by their first bytes; what is damaged, hidden or out of bounds never passes for results."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from functools import partial
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab_messages import HDL, Obx, oru
from translator import Translator
from translator.archives import Limits, Member, open_members
from translator.feed import translate_files

ENGINE = Translator.load()
MESSAGE = oru([Obx(HDL, "55")])
OTHER = oru([Obx(HDL, "61")], control_id="MSG2")
SMALL = Limits(held=4000, total=100_000, ratio=20, harmless=5000, members=5, depth=2)


def tarred(files: dict[str, bytes]) -> bytes:
    """Pack files as tar does."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack members into a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()


def flipped(packed: bytes, at: int) -> bytes:
    """Turn one byte round."""
    return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]


def locked(packed: bytes) -> bytes:
    """Mark the members as encrypted."""
    local, central = packed.index(b"PK\x03\x04") + 6, packed.index(b"PK\x01\x02") + 8
    return flipped_bit(flipped_bit(packed, local), central)


def flipped_bit(packed: bytes, at: int) -> bytes:
    """Turn the lowest bit of one byte round."""
    return packed[:at] + bytes([packed[at] ^ 1]) + packed[at + 1 :]


def link(name: str, target: bytes) -> bytes:
    """Pack a symbolic link beside a message."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
        archive.writestr("a.hl7", MESSAGE)
    return packed.getvalue()


def unreadable(_name: str, error: OSError) -> None:
    """Fail: everything here can be read."""
    raise error


class Pipe(io.RawIOBase):
    """A stream that can be read once, a few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1, /) -> bytes:
        """Give no more than a few bytes at a time."""
        size = min(size, 7) if size >= 0 else 7
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def contents(packed: bytes, limits: Limits = SMALL) -> list[tuple[str, bytes | str]]:
    """Name every member with its content, or with what is wrong with it."""
    found: list[tuple[str, bytes | str]] = []
    for member in open_members("in", io.BytesIO(packed), limits):
        if member.fault is None:
            found.append((member.name, _read(member)))
        else:
            found.append((member.name, member.fault.diagnostics[0].code))
    return found


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        pytest.param(MESSAGE, [("in", MESSAGE)], id="no-archive"),
        pytest.param(b"", [("in", b"")], id="nothing"),
        pytest.param(b"P", [("in", b"P")], id="one-byte"),
        pytest.param(gzip.compress(MESSAGE), [("in", MESSAGE)], id="gzip"),
        pytest.param(gzip.compress(MESSAGE) + gzip.compress(OTHER), [("in", MESSAGE + OTHER)], id="gzip-in-two-parts"),
        pytest.param(
            zipped({"b.hl7": MESSAGE, "inbox/a.hl7": OTHER}),
            [("in/b.hl7", MESSAGE), ("in/inbox/a.hl7", OTHER)],
            id="zip",
        ),
        pytest.param(zipped({"a.hl7": MESSAGE}, zipfile.ZIP_STORED), [("in/a.hl7", MESSAGE)], id="zip-not-packed"),
        pytest.param(zipped({"a.gz": gzip.compress(MESSAGE)}), [("in/a.gz", MESSAGE)], id="gzip-in-a-zip"),
        pytest.param(gzip.compress(zipped({"a.hl7": MESSAGE})), [("in/a.hl7", MESSAGE)], id="zip-in-a-gzip"),
        pytest.param(zipped({"x.zip": zipped({"a": MESSAGE})}), [("in/x.zip/a", MESSAGE)], id="zip-in-a-zip"),
        pytest.param(
            zipped({"inbox/": b"", ".DS_Store": b"x", "__MACOSX/a": b"x", "in/.x/a": b"x", "a.hl7": MESSAGE}),
            [("in/a.hl7", MESSAGE)],
            id="hidden-files-and-folders",
        ),
    ],
)
def test_archive_gives_its_files(packed: bytes, expected: list[tuple[str, bytes]]) -> None:
    """Every file is called by its path in the archive; a gzip has one file and its own name."""
    assert contents(packed) == expected


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        pytest.param(zipped({}), [("in", "empty-input")], id="empty-zip"),
        pytest.param(zipped({".hidden": b"x"}), [("in", "empty-input")], id="only-hidden-files"),
        pytest.param(gzip.compress(MESSAGE)[:-9], [("in", "archive-damaged")], id="gzip-cut-off"),
        pytest.param(flipped(gzip.compress(MESSAGE), -8), [("in", "archive-damaged")], id="gzip-checksum"),
        pytest.param(gzip.compress(MESSAGE) + b"more", [("in", "archive-damaged")], id="gzip-and-something"),
        pytest.param(zipped({"a": MESSAGE})[:-30], [("in", "archive-damaged")], id="zip-cut-off"),
        pytest.param(
            flipped(zipped({"a": MESSAGE, "b": OTHER}, zipfile.ZIP_STORED), 60),
            [("in/a", "archive-damaged"), ("in/b", OTHER)],
            id="zip-checksum-of-one",
        ),
        pytest.param(
            zipped({"a.gz": gzip.compress(MESSAGE)[:-4], "b": OTHER}),
            [("in/a.gz", "archive-damaged"), ("in/b", OTHER)],
            id="gzip-cut-off-in-a-zip",
        ),
        pytest.param(locked(zipped({"a": MESSAGE})), [("in/a", "archive-encrypted")], id="encrypted"),
        pytest.param(zipped({"a": MESSAGE}, zipfile.ZIP_BZIP2), [("in/a", "archive-not-read")], id="zip-by-bzip2"),
        pytest.param(b"7z\xbc\xaf\x27\x1c", [("in", "archive-not-read")], id="7z"),
        pytest.param(tarred({"a": MESSAGE}), [("in", "archive-not-read")], id="tar"),
        pytest.param(b"BZh91AY", [("in", "archive-not-read")], id="bzip2"),
        pytest.param(
            zipped({"../a": MESSAGE, "b": OTHER}), [("in", "archive-member-name"), ("in/b", OTHER)], id="name-leads-up"
        ),
        pytest.param(zipped({"x/../../a": MESSAGE}), [("in", "archive-member-name")], id="name-leads-up-later"),
        pytest.param(zipped({"/etc/a": MESSAGE}), [("in", "archive-member-name")], id="absolute-name"),
        pytest.param(zipped({"C:/a": MESSAGE}), [("in", "archive-member-name")], id="name-with-a-drive"),
        pytest.param(zipped({"a\\b": MESSAGE}), [("in", "archive-member-name")], id="name-with-a-backslash"),
        pytest.param(zipped({"a\x1b[2J": MESSAGE}), [("in", "archive-member-name")], id="name-that-clears-the-screen"),
        pytest.param(
            link("passwd", b"/etc/passwd"), [("in/passwd", "archive-member-name"), ("in/a.hl7", MESSAGE)], id="link"
        ),
        pytest.param(
            zipped({"a": b"x" * 10_000, "b": OTHER}), [("in/a", "archive-too-large"), ("in/b", OTHER)], id="bomb"
        ),
        pytest.param(gzip.compress(b"x" * 10_000), [("in", "archive-too-large")], id="gzip-bomb"),
        pytest.param(zipped({str(n): b"" for n in range(6)}), [("in", "archive-too-large")], id="too-many-members"),
        pytest.param(
            zipped({"a": zipped({"b": zipped({"c": MESSAGE})})}), [("in/a/b", "archive-too-large")], id="too-deep"
        ),
        pytest.param(
            zipped({"a": zipped({"b": bytes(range(256)) * 20}, zipfile.ZIP_STORED)}),
            [("in/a", "archive-too-large")],
            id="inner-archive-too-large",
        ),
    ],
)
def test_archive_that_cannot_be_read_is_named(packed: bytes, expected: list[tuple[str, bytes | str]]) -> None:
    """Each fault is said in the place of its member, by its own code, and the other members go on."""
    assert contents(packed) == expected


def test_total_is_bounded_over_all_members() -> None:
    """Many members that are harmless alone are not harmless together."""
    noise = [zlib.compress(bytes([n])) * 4000 for n in range(4)]
    packed = zipped({str(n): part for n, part in enumerate(noise)}, zipfile.ZIP_STORED)

    codes = [code for _, code in contents(packed, Limits(total=100_000)) if isinstance(code, str)]

    assert codes[-1:] == ["archive-too-large"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(MESSAGE, [("in", MESSAGE)], id="no-archive"),
        pytest.param(gzip.compress(MESSAGE), [("in", MESSAGE)], id="gzip"),
        pytest.param(zipped({"a": MESSAGE}), [("in/a", MESSAGE)], id="zip"),
    ],
)
def test_pipe_is_read_like_a_file(content: bytes, expected: list[tuple[str, bytes]]) -> None:
    """What can be read only once is held as far as it must be."""
    members = open_members("in", cast("BinaryIO", Pipe(content)), SMALL)

    assert [(member.name, _read(member)) for member in members] == expected


def _read(member: Member) -> bytes:
    assert member.stream is not None
    return b"".join(iter(partial(member.stream.read, 50), b""))


def test_archive_in_a_pipe_is_bounded() -> None:
    """What does not fit into memory is refused, and nothing of it passes."""
    noise = zipped({"a": bytes(range(256)) * 20}, zipfile.ZIP_STORED)

    (member,) = open_members("in", cast("BinaryIO", Pipe(noise)), SMALL)

    assert member.fault is not None
    assert member.fault.diagnostics[0].code == "archive-too-large"


def test_archive_may_begin_within_a_stream() -> None:
    """A stream is read from where it stands."""
    stream = io.BytesIO(b"read before" + zipped({"a": MESSAGE}))
    stream.seek(len(b"read before"))

    members = open_members("in", stream)
    member = next(members)

    assert member.stream is not None
    assert (member.name, member.stream.read()) == ("in/a", MESSAGE)


def test_outcomes_name_the_member() -> None:
    """`source.file` is the path in the archive, `index` counts within the member; a fault is a finding of the file."""
    packed = zipped({"inbox/a.hl7": MESSAGE + OTHER, "b.gz": gzip.compress(MESSAGE)[:-9], "c.json": b"{}"})

    found = [outcome for _, outcome in translate_files(ENGINE, [("day.zip", lambda: io.BytesIO(packed))], unreadable)]

    assert [(outcome.source.file, outcome.source.index, outcome.state) for outcome in found] == [
        ("day.zip/inbox/a.hl7", 0, "translated"),
        ("day.zip/inbox/a.hl7", 1, "translated"),
        ("day.zip/b.gz", 0, "refused"),
        ("day.zip/c.json", 0, "refused"),
    ]
    assert found[2].schema == "translator.file/1"


def test_packed_file_is_read_in_constant_memory() -> None:
    """A gzip is never unpacked as a whole."""
    packed = gzip.compress(b"".join(oru([Obx(HDL, "55")], control_id=str(n)) for n in range(30_000)), 1)

    tracemalloc.start()
    (size,) = (_size(member) for member in open_members("in", io.BytesIO(packed)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert size > 8 << 20
    assert peak < 6 << 20


def _size(member: Member) -> int:
    assert member.stream is not None
    return sum(map(len, iter(partial(member.stream.read, 65536), b"")))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_is_a_finding(data: st.DataObject) -> None:
    """Bytes of an archive that change anywhere give messages as they were, or a finding, and never an error."""
    whole = data.draw(
        st.sampled_from([gzip.compress(MESSAGE), zipped({"a": MESSAGE, "b": OTHER}), zipped({"a": MESSAGE}, 0)])
    )
    packed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(2, len(packed) - 1))] = data.draw(st.integers(0, 255))

    found = contents(bytes(packed[: data.draw(st.integers(6, len(packed)))]))

    assert found
