"""An NDJSON export becomes one message per report, in bounded memory, and every Observation of it has its entry."""

from __future__ import annotations

import gzip
import io
import json
import os
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exported import (
    PATIENT,
    Pipe,
    hdl,
    height,
    in_memory,
    lines,
    on_disk,
    order,
    report,
    service_request,
    translated,
)
from translator import Outcome, Translator
from translator.errors import ConfigError
from translator.feed import open_export, translate_files

ENGINE = Translator.load()
EXPORT = {
    "DiagnosticReport.ndjson": lines(report(1, "a", "b"), report(2, "c")),
    "Observation.1.ndjson": lines(hdl("a"), hdl("c", 61)),
    "Observation.2.ndjson": lines(height("b"), height("loose")),
    "Patient.ndjson": lines(PATIENT),
    "ServiceRequest.ndjson": lines(order(1), order(2)),
}


def said(outcomes: list[Outcome]) -> list[tuple[str, int, str, list[tuple[str, str]]]]:
    """Give of every outcome its place, its state and its entries."""
    return [
        (each.source.file, each.source.index, each.state, [(entry.at, entry.state) for entry in each.entries])
        for each in outcomes
    ]


EXPECTED = [
    (
        "DiagnosticReport.ndjson",
        0,
        "translated",
        [("Bundle.entry[1].resource", "translated"), ("Bundle.entry[2].resource", "held")],
    ),
    ("DiagnosticReport.ndjson", 1, "translated", [("Bundle.entry[1].resource", "translated")]),
    ("Observation.2.ndjson", 0, "ignored", [("Bundle.entry[0].resource", "ignored")]),
]


def test_references_lead_across_files(tmp_path: Path) -> None:
    """Each report finds its Observations, its order and its patient, whichever file they lie in."""
    outcomes = translated(ENGINE, on_disk(tmp_path, EXPORT))

    assert said(outcomes) == EXPECTED
    assert [each.submissions[0].service_request_id for each in outcomes[:2]] == [service_request(1), service_request(2)]
    assert outcomes[0].submissions[0].patient == ("EX-1001", "19840312")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(dict(reversed(EXPORT.items())), id="reports-last"),
        pytest.param({name: content.replace(b"\n", b"\r\n\r\n") for name, content in EXPORT.items()}, id="blank-lines"),
        pytest.param({name: b"\xef\xbb\xbf" + content for name, content in EXPORT.items()}, id="byte-order-marks"),
    ],
)
def test_order_and_form_of_files_change_nothing(files: dict[str, bytes]) -> None:
    """The outcomes are the same."""
    assert said(translated(ENGINE, in_memory(files))) == EXPECTED


def test_packed_files_are_part_of_the_export(tmp_path: Path) -> None:
    """What lies in an archive is referred to as if it lay beside it."""
    packed = {f"{name}.gz": gzip.compress(content) for name, content in EXPORT.items()}

    outcomes = translated(ENGINE, on_disk(tmp_path, packed))

    assert [(*place, state, entries) for *place, state, entries in said(outcomes)] == [
        (f"{file}.gz", index, state, entries) for file, index, state, entries in EXPECTED
    ]


def test_one_file_may_hold_everything() -> None:
    """Through the library, from a file or from a pipe, the outcomes are the same."""
    everything = b"".join(EXPORT.values())

    outcomes = [
        [each.json for each in ENGINE.translate_stream(cast("BinaryIO", file), name="all.ndjson")]
        for file in (io.BytesIO(everything), Pipe(everything))
    ]

    assert outcomes[0] == outcomes[1]
    assert [json.loads(line)["state"] for line in outcomes[0]] == ["translated", "translated", "ignored"]


def test_file_is_read_from_where_it_stands() -> None:
    """What was read before is no part of the export."""
    file = io.BytesIO(b"read before" + b"".join(EXPORT.values()))
    file.seek(len(b"read before"))

    assert [each.state for each in ENGINE.translate_stream(file)] == ["translated", "translated", "ignored"]


class Trickle(io.BytesIO):
    """A file that gives fewer bytes than it is asked for, as it may."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give seven bytes at a time."""
        return super().read(min(size, 7) if size is not None and size >= 0 else 7)


def test_file_may_give_less_than_it_is_asked_for() -> None:
    """A line is read until it is whole."""
    everything = b"".join(EXPORT.values())

    assert [each.state for each in ENGINE.translate_stream(Trickle(everything))] == [
        "translated",
        "translated",
        "ignored",
    ]


def test_bundles_on_lines_are_messages_of_their_own() -> None:
    """A line that is a Bundle is translated byte for byte as that Bundle."""
    bundles = [
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": node} for node in nodes]})
        for nodes in ((report(1, "a"), hdl("a"), order(1)), (report(2, "a"), hdl("a", 61), order(2)))
    ]

    outcomes = list(ENGINE.translate_stream(io.BytesIO("\n".join(bundles).encode())))

    alone = [ENGINE.translate(bundle.encode()) for bundle in bundles]
    assert [(each.submissions, each.entries) for each in outcomes] == [
        (each.submissions, each.entries) for each in alone
    ]
    assert [(each.source.index, each.source.sha256) for each in outcomes] == [
        (number, each.source.sha256) for number, each in enumerate(alone)
    ]


def test_reports_that_share_an_observation_are_one_message() -> None:
    """As in one Bundle, so that the Observation has one fate."""
    (outcome,) = translated(
        ENGINE, in_memory({"a.ndjson": lines(report(1, "a"), report(2, "a"), hdl("a"), order(1), order(2))})
    )

    assert Counter(entry.at for entry in outcome.entries) == {"Bundle.entry[2].resource": 1}


def test_missing_observation_holds_its_report() -> None:
    """The report is not sent without it."""
    (outcome,) = translated(ENGINE, in_memory({"a.ndjson": lines(report(1, "a", "gone"), hdl("a"), order(1))}))

    assert outcome.state == "held"
    assert "unresolved-reference" in {found.code for found in outcome.diagnostics}


def test_line_that_is_no_resource_is_named_by_its_number() -> None:
    """The others go on; a report that needed it is held."""
    content = lines(report(1, "a", "b"), hdl("a")) + b"{broken\n" + b"[]\n" + lines(order(1))

    *findings, outcome = translated(ENGINE, in_memory({"a.ndjson": content}))

    assert [(each.schema, each.diagnostics[0].code, each.diagnostics[0].text) for each in findings] == [
        ("translator.file/1", "malformed", "line 3: this is no FHIR resource"),
        ("translator.file/1", "malformed", "line 4: this is no FHIR resource"),
    ]
    assert outcome.state == "held"


@pytest.mark.parametrize(
    ("damage", "code", "text"),
    [
        pytest.param((b'"status"', b'"x":1,"x":2,"status"'), "duplicate-key", "the same key twice", id="key-twice"),
        pytest.param((b'"status"', b'"x":' + b"[" * 250 + b"]" * 250 + b',"status"'), "malformed", "deeply", id="deep"),
    ],
)
def test_line_for_which_a_report_is_refused_is_named_by_its_number(
    damage: tuple[bytes, bytes], code: str, text: str
) -> None:
    """What only a whole look finds is found with the report; the message alone would not say where."""
    first, second = hdl("a"), hdl("b")
    damaged = json.dumps(second).encode().replace(*damage) + b"\n"
    files = {"DiagnosticReport.ndjson": lines(report(1, "a", "b")), "Observation.ndjson": lines(first) + damaged}

    outcomes = translated(ENGINE, in_memory(files))

    assert [(each.source.file, each.state) for each in outcomes] == [
        ("DiagnosticReport.ndjson", "refused"),
        ("Observation.ndjson", "refused"),
    ]
    (named,) = outcomes[1].diagnostics
    assert named.code == code
    assert named.text.startswith("line 2: ")
    assert text in named.text


def test_export_without_results_says_so() -> None:
    """An export of patients alone is not passed over."""
    (outcome,) = translated(ENGINE, in_memory({"Patient.ndjson": lines(PATIENT)}))

    assert (outcome.schema, outcome.diagnostics[0].code) == ("translator.file/1", "message-type")


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        pytest.param([report(1, "a"), hdl("a"), order(1)], "ignored", id="beside-reports"),
        pytest.param([], "held", id="without-any-report"),
    ],
)
def test_loose_observation_is_held_where_nothing_is_a_report(reports: list[dict[str, object]], state: str) -> None:
    """Beside reports it is what a bulk export holds besides; alone it may be a result that nobody gathered."""
    *_, outcome = translated(ENGINE, in_memory({"a.ndjson": lines(*reports, height("loose"), PATIENT)}))

    assert (outcome.state, len(outcome.entries)) == (state, 1)


def test_loose_result_is_held_even_beside_reports() -> None:
    """A code that is mapped is never passed over."""
    *_, outcome = translated(ENGINE, in_memory({"a.ndjson": lines(report(1, "a"), hdl("a"), order(1), hdl("b"))}))

    assert [(entry.state, entry.reason) for entry in outcome.entries] == [("held", "result-out-of-place")]


def test_loose_observations_come_in_blocks() -> None:
    """Their number is without bounds, that of one message is not; the blocks count on within a file."""
    files = {"a.ndjson": lines(*(height(f"a{n}") for n in range(300))), "b.ndjson": lines(height("b"))}

    outcomes = translated(ENGINE, in_memory(files))

    assert [(each.source.file, each.source.index, len(each.entries)) for each in outcomes] == [
        ("a.ndjson", 0, 256),
        ("a.ndjson", 1, 44),
        ("b.ndjson", 0, 1),
    ]


def test_large_loose_observations_come_in_smaller_blocks() -> None:
    """A block is bounded in bytes, too."""
    large = [height(f"a{n}") | {"note": [{"text": "x" * 3_000_000}]} for n in range(3)]

    outcomes = translated(ENGINE, in_memory({"a.ndjson": lines(*large)}))

    assert [len(each.entries) for each in outcomes] == [1, 1, 1]


def test_report_beyond_all_bounds_is_refused() -> None:
    """Its parts are each small enough, together they are not."""
    large = [hdl(f"a{n}") | {"note": [{"text": "x" * 20_000_000}]} for n in range(4)]

    (outcome,) = translated(ENGINE, in_memory({"a.ndjson": lines(report(1, "a0", "a1", "a2", "a3"), *large)}))

    assert (outcome.state, outcome.diagnostics[0].code) == ("refused", "too-large")


def test_line_beyond_all_bounds_is_named() -> None:
    """It is not kept, and not passed over."""
    content = lines(report(1, "a"), hdl("a"), order(1)) + b'{"x": "' + b"x" * (64 << 20) + b'"}\n'

    finding, outcome = translated(ENGINE, in_memory({"a.ndjson": content}))

    assert (finding.diagnostics[0].code, finding.diagnostics[0].text) == ("too-large", "line 4: above 64 MiB")
    assert outcome.state == "translated"


def test_more_files_than_may_be_open_are_read(tmp_path: Path) -> None:
    """Files are closed and opened again as need be."""
    files = {f"{n:02}.ndjson": lines(hdl(f"a{n}"), height(f"x{n}")) for n in range(40)}
    files["report.ndjson"] = lines(report(1, *(f"a{n}" for n in range(40))), order(1))

    outcomes = translated(ENGINE, on_disk(tmp_path, files))

    assert [len(each.entries) for each in outcomes] == [40] + [1] * 40
    if Path("/proc/self/fd").exists():
        assert not [name for name in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(name)]


class Changing:
    """A file that is shorter when it is opened again."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self) -> BinaryIO:
        """Open it."""
        found = io.BytesIO(self._content)
        self._content = self._content[:40]
        return found


def test_file_that_changes_meanwhile_is_named() -> None:
    """Nothing is made of what is no longer there."""
    unread: list[tuple[str, str | None]] = []
    source = ("a.ndjson", Changing(lines(report(1, "a"), hdl("a"), order(1))))

    outcomes = list(translate_files(ENGINE, [source], lambda name, error: unread.append((name, error.strerror))))

    assert (outcomes, unread) == ([], [("a.ndjson", "the file was changed while it was read")])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells which files are open")
def test_pipe_is_laid_aside_without_a_trace() -> None:
    """What is too large for memory lies in a file without a name, and in none once it is read."""
    large = lines(*(hdl(f"a{n}") | {"note": [{"text": "x" * 2_000_000}]} for n in range(20)), report(1, "a0"), order(1))

    outcomes = ENGINE.translate_stream(cast("BinaryIO", Pipe(large)))
    states = [next(outcomes).state]
    aside = _nameless_files()
    states += [each.state for each in outcomes]

    assert states[0] == "translated"
    assert aside == [len(large)]
    assert _nameless_files() == []


def _nameless_files() -> list[int]:
    """Give the sizes of large files that are open and have no name."""
    names = os.listdir("/proc/self/fd")  # noqa: PTH208 - a name of a file that is closed by now has no path
    opened = [Path("/proc/self/fd", name) for name in names]
    nameless = [path for path in opened if path.is_symlink() and str(path.readlink()).endswith(" (deleted)")]
    return [size for path in nameless if (size := path.stat().st_size) > 1 << 20]


def test_export_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """What is kept of a resource are numbers, however long it is."""
    pad = {"note": [{"text": "x" * 20_000}]}
    with (tmp_path / "a.ndjson").open("wb") as file:
        for n in range(2_000):
            file.write(lines(hdl(f"a{n}") | pad, report(n, f"a{n}"), order(n)))

    tracemalloc.start()
    with (tmp_path / "a.ndjson").open("rb") as file:
        count = sum(len(outcome.entries) for outcome in ENGINE.translate_stream(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2_000
    assert (tmp_path / "a.ndjson").stat().st_size > 39 << 20
    assert peak < 10 << 20


def test_ndjson_as_one_message_is_refused_and_accounted_for() -> None:
    """One call is one document; each Observation has an entry all the same."""
    outcome = ENGINE.translate(lines(report(1, "a"), hdl("a"), height("b")))

    assert (outcome.state, outcome.diagnostics[0].code) == ("refused", "several-messages")
    assert {(entry.state, entry.reason) for entry in outcome.entries} == {("refused", "several-messages")}
    assert len(outcome.entries) == 2


def test_only_ndjson_is_an_export_to_ask_about() -> None:
    """A folder with anything else in it is not gone through for one question."""
    with pytest.raises(ConfigError, match=r"b\.json: is no NDJSON"):
        open_export(in_memory({"a.ndjson": lines(PATIENT), "b.json": b"{}"}))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_observation_has_exactly_one_entry(data: st.DataObject) -> None:
    """However resources refer to one another and lie in files, the entries are the Observations."""
    names = [f"a{n}" for n in range(data.draw(st.integers(0, 6)))]
    some = st.lists(st.sampled_from(names), max_size=4, unique=True) if names else st.just([])
    observations = [hdl(name, **_members(data.draw(some))) for name in names]
    reports = [report(n, *data.draw(some)) for n in range(data.draw(st.integers(0, 4)))]
    resources = data.draw(st.permutations([*observations, *reports, PATIENT, order(0)]))
    cut = data.draw(st.integers(0, len(resources)))

    outcomes = translated(ENGINE, in_memory({"a.ndjson": lines(*resources[:cut]), "b.ndjson": lines(*resources[cut:])}))

    assert sum(len(set(_places(outcome))) for outcome in outcomes) == len(observations)
    assert all(len(set(_places(outcome))) == len(list(_places(outcome))) for outcome in outcomes)


def _members(names: list[str]) -> dict[str, Any]:
    return {"hasMember": [{"reference": f"Observation/{name}"} for name in names]} if names else {}


def _places(outcome: Outcome) -> Iterator[str]:
    return (entry.at for entry in outcome.entries)
