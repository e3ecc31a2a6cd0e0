"""The resources of an export are found by name, and each Observation goes with the reports that reach it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.export_index import ExportIndex, Kind
from translator.read.resource_head import read_head

Node = dict[str, Any]


def report(identity: str, *results: str, **elements: Any) -> Node:
    """Write a report that refers to Observations."""
    node = {"resourceType": "DiagnosticReport", "result": [{"reference": f"Observation/{name}"} for name in results]}
    return node | ({"id": identity} if identity else {}) | elements


def observation(identity: str, *members: str, **elements: Any) -> Node:
    """Write an Observation, with members or without."""
    listed = {"hasMember": [{"reference": f"Observation/{name}"} for name in members]} if members else {}
    return {"resourceType": "Observation", "id": identity, **listed, **elements}


def index(*nodes: Node) -> tuple[ExportIndex, list[bytes]]:
    """Index some lines."""
    lines = [json.dumps(node).encode() for node in nodes]
    built = ExportIndex()
    for number, line in enumerate(lines, start=1):
        head = read_head(line)
        assert head is not None
        built.add(head, 0, 0, len(line), number)
    built.close(lines.__getitem__)
    return built, lines


def groups(*nodes: Node) -> tuple[list[list[int]], list[int]]:
    """Give the lines of every group, and those of none."""
    built, lines = index(*nodes)
    leaders = [line for line in built.lines(Kind.REPORT) if built.is_leader(line)]
    return [list(built.group(leader, lines.__getitem__)) for leader in leaders], list(built.loose())


PATIENT = {"resourceType": "Patient", "id": "p"}
SUBJECT = {"subject": {"reference": "Patient/p"}}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param([report("r", "a"), observation("a"), observation("b")], ([[0, 1]], [2]), id="one-and-a-loose-one"),
        pytest.param([observation("a"), report("r", "a")], ([[1, 0]], []), id="observation-before-its-report"),
        pytest.param([report("r", "a"), observation("a", "b"), observation("b")], ([[0, 1, 2]], []), id="members"),
        pytest.param([report("r", "a"), observation("a", "b"), observation("b", "a")], ([[0, 1, 2]], []), id="cycle"),
        pytest.param([report("r", "a", "c")], ([[0]], []), id="nothing-there"),
        pytest.param(
            [report("r", "a", **SUBJECT), observation("a", **SUBJECT), PATIENT], ([[0, 1, 2]], []), id="same-patient"
        ),
        pytest.param(
            [report("r", **SUBJECT), report("q", **SUBJECT), PATIENT], ([[0, 2], [1, 2]], []), id="patient-of-two"
        ),
        pytest.param(
            [report("r", "a"), report("q", "a", "b"), observation("a"), observation("b")],
            ([[0, 1, 2, 3]], []),
            id="observation-of-two",
        ),
        pytest.param(
            [report("r", "a"), report("q", "b"), report("s", "b", "a"), observation("a"), observation("b")],
            ([[0, 1, 2, 3, 4]], []),
            id="report-that-joins-two",
        ),
        pytest.param(
            [report("r", "a"), report("r", "b"), observation("a"), observation("b")],
            ([[0, 1, 2, 3]], []),
            id="reports-of-one-name",
        ),
        pytest.param([report("", "a"), report("", "b"), observation("a")], ([[0, 2], [1]], []), id="reports-unnamed"),
        pytest.param([report("r", "a"), observation("a"), observation("a")], ([[0, 1, 2]], []), id="observation-twice"),
        pytest.param(
            [report("r", **SUBJECT), report("q", **SUBJECT), PATIENT | {"contained": [observation("a")]}],
            ([[0, 1, 2]], []),
            id="patient-that-contains-an-observation",
        ),
        pytest.param([PATIENT | {"contained": [observation("a")]}], ([], [0]), id="contained-and-loose"),
    ],
)
def test_group_is_what_its_reports_reach(nodes: list[Node], expected: tuple[list[list[int]], list[int]]) -> None:
    """Reports that share an Observation are one group; what only speaks of the same patient is not."""
    assert groups(*nodes) == expected


def test_kinds_are_told() -> None:
    """Bundles, reports and Observations are told from what they refer to."""
    built, _ = index({"resourceType": "Bundle"}, report("r"), observation("a"), PATIENT)

    assert [built.kind(line) for line in range(len(built))] == [Kind.BUNDLE, Kind.REPORT, Kind.RESULTS, Kind.OTHER]


def test_line_that_changed_meanwhile_leads_nowhere() -> None:
    """What is no resource any more refers to nothing."""
    built, _ = index(report("r", "a"), observation("a"))

    assert list(built.group(0, lambda _: b"{")) == [0]


@given(st.data())
def test_every_observation_is_in_one_group_or_loose(data: st.DataObject) -> None:
    """Whatever refers to what, none is lost and none counts twice."""
    names = st.sampled_from("abcdef")
    observations = [observation(name, *data.draw(st.sets(names, max_size=2))) for name in data.draw(st.lists(names))]
    reports = [
        report(data.draw(st.sampled_from(["", "r", "s", "t"])), *data.draw(st.sets(names, max_size=3)))
        for _ in range(data.draw(st.integers(0, 5)))
    ]
    nodes = data.draw(st.permutations([*observations, *reports, PATIENT]))

    found, loose = groups(*nodes)

    placed = sorted([line for group in found for line in group] + loose)
    assert placed == [line for line, node in enumerate(nodes) if node != PATIENT]
