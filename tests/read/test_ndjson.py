"""NDJSON is told from a single document, and split into its lines without a byte lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.read.samples import bundle, cpu_seconds
from translator.read.ndjson import Line, split_documents, split_lines, tell_ndjson

PATIENT = b'{"resourceType":"Patient","id":"p"}'
BUNDLE = bundle({"resourceType": "DiagnosticReport"}, {"resourceType": "Observation"})
PRETTY = json.dumps(json.loads(BUNDLE), indent=1).encode()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        pytest.param(PATIENT + b"\n" + PATIENT, "", True, id="two-lines"),
        pytest.param(b"\xef\xbb\xbf\r\n" + PATIENT + b"\r\n\r\n\xef\xbb\xbf" + PATIENT, "", True, id="put-together"),
        pytest.param(PATIENT + b"\n{broken", "", True, id="second-line-broken"),
        pytest.param(PATIENT + b"\n\n", "", False, id="one-line"),
        pytest.param(PATIENT + b"\n\n", "Patient.ndjson", True, id="one-line-that-the-name-tells"),
        pytest.param(PATIENT, "PATIENT.NDJSON.GZ", True, id="one-packed-line-that-the-name-tells"),
        pytest.param(BUNDLE, "", False, id="one-bundle"),
        pytest.param(BUNDLE + b"\n" + BUNDLE, "", True, id="two-bundles"),
        pytest.param(PRETTY, "", False, id="document-over-many-lines"),
        pytest.param(PRETTY, "bundle.ndjson", False, id="document-over-many-lines-with-a-wrong-name"),
        pytest.param(b'{"resourceType":"Bundle","entry":[\n{"resource":' + PATIENT + b"}\n]}", "", False, id="folded"),
        pytest.param(b"{broken\n" + PATIENT, "", False, id="first-line-broken"),
        pytest.param(b"{broken\n" + PATIENT, "a.ndjson", True, id="first-line-broken-but-the-name-tells"),
        pytest.param(b"MSH|^~\\&|\r\n" + PATIENT, "a.ndjson", False, id="hl7-v2"),
        pytest.param(b"", "a.ndjson", False, id="nothing"),
        pytest.param(b"{}\n{}\n", "", False, id="objects-that-are-no-resources"),
    ],
)
def test_ndjson_is_told(content: bytes, name: str, *, expected: bool) -> None:
    """The answer is the same however the stream is cut, and the stream is whole afterwards."""
    for size in (1, 7, 1 << 20):
        chunks = (content[at : at + size] for at in range(0, len(content), size))

        found, whole = tell_ndjson(chunks, name)

        assert (found, b"".join(whole)) == (expected, content)


def test_hl7_stream_is_not_read_ahead() -> None:
    """What is no JSON is told by its first chunk."""
    chunks = iter([b"MSH|", b"more"])

    tell_ndjson(chunks)

    assert next(chunks) == b"more"


def test_long_single_document_is_told_in_time() -> None:
    """A document of one long line is joined once."""
    chunk = b"x" * (1 << 16)

    with cpu_seconds(3):
        found, _ = tell_ndjson(iter([b'{"', *[chunk] * 700]))

    assert not found


@given(
    st.lists(st.sampled_from([b"", b" ", b"{}", b'{"a": 1}', b"broken"]), max_size=6),
    st.sampled_from([b"\n", b"\r\n"]),
    st.integers(1, 9),
)
def test_lines_stand_where_they_say(lines: list[bytes], end: bytes, size: int) -> None:
    """Every line that is not blank is given once, with its number and its place."""
    content = end.join(lines)
    chunks = [content[at : at + size] for at in range(0, len(content), size)]

    found = list(split_lines(chunks))

    assert [line.raw for line in found] == [line for line in lines if line.strip()]
    assert all(content[line.start : line.start + len(line.raw)] == line.raw for line in found)
    assert [line.number for line in found] == [number for number, line in enumerate(lines, 1) if line.strip()]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_line_beyond_all_bounds_is_named_and_not_kept(size: int) -> None:
    """Its number and place are known, and the next line is where it is."""
    content = b"{}\n" + b"x" * 20 + b"\n{}\n" + b"y" * 11

    found = list(split_lines((content[at : at + size] for at in range(0, len(content), size)), limit=10))

    assert found == [Line(1, 0, b"{}"), Line(2, 3, b""), Line(3, 24, b"{}"), Line(4, 27, b"")]


def test_line_in_many_pieces_is_joined_once() -> None:
    """A pipe gives a long line a few bytes at a time."""
    with cpu_seconds(3):
        (line,) = split_lines(iter([b"x" * 10] * 200_000))

    assert len(line.raw) == 2_000_000


@pytest.mark.parametrize(
    ("content", "count"),
    [
        pytest.param(PRETTY + b"\n" + PRETTY, 2, id="bundles"),
        pytest.param(
            b"\xef\xbb\xbf" + PRETTY + PRETTY + b"\n\n" + b'{"resourceType": "DiagnosticReport"}', 3, id="touching"
        ),
        pytest.param(PRETTY, 0, id="one"),
        pytest.param(PRETTY + b",\n" + PRETTY, 0, id="something-between"),
        pytest.param(PRETTY + PATIENT, 0, id="something-among-them"),
        pytest.param(PRETTY + PRETTY[:-5], 0, id="last-one-cut-off"),
        pytest.param(PRETTY + b"\xff", 0, id="no-utf8"),
        pytest.param(b"[" * 100_000, 0, id="deep"),
        pytest.param(b"", 0, id="nothing"),
    ],
)
def test_documents_that_follow_one_another_are_parted(content: bytes, count: int) -> None:
    """Each is given with its place, or none where it is not sure that all are whole."""
    found = split_documents(content)

    assert len(found) == count
    assert all(content[start : start + len(document)] == document for start, document in found)
