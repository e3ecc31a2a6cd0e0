"""The walk follows the layout of each message type, and holds what it cannot place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observations import written
from translator.read.obx import Standing
from translator.read.walk import Walk
from translator.record.report import Observation
from translator.record.values import Absent

OUT = "not-a-result-position"


def read(lines: Sequence[str], before: int, standing: Standing) -> list[Observation]:
    """Make observations that know where they stand and nothing else."""
    place, findings = standing
    numbers = range(before + 1, before + 1 + len(lines))
    return [written(f"OBX[{number}]", (), Absent(), place=place, findings=findings) for number in numbers]


def walked(segments: str, layout: str) -> Walk:
    """Walk segments that are written as `OBR:1`, a colon before each field."""
    walk = Walk(read, lambda _: ("", ()), layout)
    walk.over([segment.replace(":", "|") for segment in segments.split()], "|")
    return walk


@pytest.mark.parametrize(
    ("layout", "segments", "results", "others"),
    [
        pytest.param("OUL^R21", "PID SAC ORC OBR OBX SAC ORC OBR OBX", [["1"], ["2"]], [], id="r21-order-by-order"),
        pytest.param("OUL^R22", "PID SPM OBX OBR ORC OBX OBX", [["2", "3"]], ["1"], id="r22-specimen-first"),
        pytest.param("OUL^R22", "SPM OBR OBX SPM OBX OBR OBX", [["1"], ["3"]], ["2"], id="r22-next-specimen"),
        pytest.param("OUL^R22", "SPM SAC OBR OBX", [["1"]], [], id="r22-container"),
        pytest.param("OUL^R23", "SPM OBX SAC OBR ORC OBX", [["2"]], ["1"], id="r23-container-first"),
        pytest.param("OUL^R24", "OBR ORC OBX SPM OBX SAC OBX", [["1", "3"]], ["2"], id="r24-order-first"),
        pytest.param("OUL^R24", "SAC OBX", [], ["1"], id="r24-container-without-order"),
        pytest.param("ORU^R01", "OBR OBX SAC OBX", [["1", "2"]], [], id="container-means-nothing-in-oru"),
        pytest.param("ORU^R01", "ORC SPM OBR OBX", [["1"]], [], id="specimen-before-its-order"),
    ],
)
def test_layout_says_which_observations_are_results(
    layout: str, segments: str, results: list[list[str]], others: list[str]
) -> None:
    """What follows an order is a result, unless it describes the specimen."""
    walk = walked(segments, layout)
    seen = [
        [observation.at[4:-1] for observation in group.observations if not observation.place] for group in walk.groups
    ]
    every = [*walk.orphans, *(observation for group in walk.groups for observation in group.observations)]

    assert seen == results
    assert [observation.at[4:-1] for observation in every if observation.place == OUT] == others
    assert walk.held == []


@pytest.mark.parametrize(
    ("segments", "controls"),
    [
        pytest.param("SPM OBR:1 ORC:A OBR:2 ORC:B", ["A", "B"], id="each-its-own"),
        pytest.param("SPM OBR:1 ORC:A OBR:2", ["A", ""], id="never-the-one-before"),
    ],
)
def test_control_behind_its_order_belongs_to_it(segments: str, controls: list[str]) -> None:
    """In these messages ORC follows its OBR, so that none is taken over from the order before."""
    groups = walked(segments, "OUL^R22").groups

    assert [group.orc[1] if group.orc else "" for group in groups] == controls
    assert [group.fresh for group in groups] == [bool(control) for control in controls]


@pytest.mark.parametrize(
    ("segments", "at"),
    [
        pytest.param("SPM ORC:A OBR OBX", "ORC", id="before-the-first-order"),
        pytest.param("SPM OBR ORC:A ORC:B OBX", "ORC[2]", id="two-in-a-row"),
        pytest.param("SPM OBR OBX ORC:A", "ORC", id="behind-the-results"),
        pytest.param("SPM OBR SPM ORC:A", "ORC", id="behind-the-next-specimen"),
    ],
)
def test_control_of_no_order_holds_the_message(segments: str, at: str) -> None:
    """Where nobody can tell whose an ORC is, it is given to no order."""
    walk = walked(segments, "OUL^R22")

    assert [(finding.code, finding.at) for finding in walk.held] == [("order-control-misplaced", at)]


def test_segments_are_numbered_as_positions_are() -> None:
    """The second of a kind is told from the first, whatever order it belongs to."""
    first, second = walked("PID PV1 ORC OBR SPM SPM PID PV1 ORC OBR SPM", "ORU^R01").groups

    assert [first.pid[0], first.pv1[0], first.orc[0], *(spm[0] for spm in first.spm)] == [
        "PID",
        "PV1",
        "ORC",
        "SPM",
        "SPM[2]",
    ]
    assert [second.pid[0], second.pv1[0], second.orc[0], *(spm[0] for spm in second.spm)] == [
        "PID[2]",
        "PV1[2]",
        "ORC[2]",
        "SPM[3]",
    ]


@pytest.mark.parametrize(
    ("layout", "segments", "names"),
    [
        pytest.param("ORU^R01", "ORC PID ORC OBR", ["PID", "ORC[2]"], id="before-the-first-patient"),
        pytest.param("ORU^R01", "PV1 PID PV1 OBR", ["PID", "PV1[2]"], id="visit-before-its-patient"),
        pytest.param("ORU^R01", "ORC ORC OBR", ["ORC[2]"], id="two-controls-of-one-order"),
        pytest.param("ORU^R01", "SPM OBR SPM", ["SPM[2]"], id="specimen-of-no-order"),
        pytest.param("OUL^R22", "SPM SPM OBR ORC", ["ORC", "SPM[2]"], id="specimen-first"),
        pytest.param("ORU^R01", "PID PV1 PV1 OBR", ["PID", "PV1[2]"], id="two-visits"),
    ],
)
def test_segment_that_no_order_took_is_counted(layout: str, segments: str, names: list[str]) -> None:
    """Positions count every segment of a message, and not only those that are used."""
    (group,) = walked(segments, layout).groups

    assert [each[0] for each in (group.pid, group.pv1, group.orc, *group.spm) if each] == names


@pytest.mark.parametrize(
    ("segments", "notes"),
    [
        pytest.param("NTE PID NTE ORC NTE OBR NTE NTE OBX NTE OBX", [["NTE[4]", "NTE[5]"]], id="directly-behind-obr"),
        pytest.param("OBR OBX NTE OBR NTE OBX", [[], ["NTE[2]"]], id="of-the-second-order"),
        pytest.param("NTE OBR ORC NTE", [[]], id="behind-the-next-orc"),
    ],
)
def test_notes_of_an_order_stand_directly_behind_it(segments: str, notes: list[list[str]]) -> None:
    """Only where they are asked for, and never those of a patient or of a result."""
    walk = Walk(read, lambda _: ("", ()), "ORU^R01", notes=True)

    walk.over(segments.split(), "|")

    assert [[note[0] for note in group.notes] for group in walk.groups] == notes
    assert not any(group.notes for group in walked(segments, "ORU^R01").groups)


def test_specimens_are_those_of_the_order() -> None:
    """An order has the specimens behind it, or in specimen-first messages the one before it."""
    behind = walked("OBR SPM:1 SPM:2 OBR SPM:3", "ORU^R01").groups
    before = walked("SPM:1 OBR OBR SPM:2 OBR", "OUL^R22").groups

    assert [[fields[1] for fields in group.spm] for group in behind] == [["1", "2"], ["3"]]
    assert [[fields[1] for fields in group.spm] for group in before] == [["1"], ["1"], ["2"]]


def test_next_patient_takes_nothing_over() -> None:
    """Visit, order control and specimen end where the next PID begins."""
    walk = walked("PID:A PV1:V ORC:C SPM:S OBR PID:B OBR", "ORU^R01")

    first, second = walk.groups
    assert (first.pid[1], first.pv1[1], first.orc[1], first.fresh) == ("A", "V", "C", True)
    assert (second.pid[1], second.pv1, second.orc, second.spm, second.fresh) == ("B", [], [], [], False)


NAMES = st.sampled_from(["OBX", "OBX", "OBR", "ORC", "PID", "PV1", "SPM", "SAC", "DEV", "DSC:1", "NTE"])


@given(st.lists(NAMES, max_size=20), st.sampled_from(["ORU^R01", "OUL^R21", "OUL^R22", "OUL^R23", "OUL^R24"]))
def test_every_observation_is_counted_once_in_any_layout(names: list[str], layout: str) -> None:
    """Whatever comes in whatever order, each OBX has one place; outside every order it is no result."""
    walk = walked(" ".join(names), layout)
    every = [*walk.orphans, *(observation for group in walk.groups for observation in group.observations)]

    assert sorted(int(observation.at[4:-1]) for observation in every) == list(range(1, names.count("OBX") + 1))
    assert all(observation.place == OUT for observation in walk.orphans)
