"""P8: a late preliminary never follows a final, a silent change is held, a retraction never re-sends a value."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru
from translator import Translator
from translator.ledger import Arrival, DestinationPolicy, Ledger

POLICIES = {"whoop": DestinationPolicy(loopback=True)}
ENGINE = Translator.load()
REPORT_STATUS = {"P": "P", "F": "F", "C": "C", "A": "F", "D": "F", "W": "F", "X": "F"}


def version(status: str, value: str, hour: int) -> bytes:
    """Write one version of one result."""
    obx = Obx(CHOLESTEROL, "" if status == "X" else value, status=status)
    return oru([obx], status=REPORT_STATUS[status], at=f"20260301{hour:02}0000", control_id=f"{status}{value}{hour}")


def posted(messages: Sequence[bytes]) -> list[dict[str, Any]]:
    """Accept messages one after the other, and give the observations that are queued, in order."""
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder, "lab.db")) as ledger:
        ids = ledger.accept([Arrival(ENGINE.translate(raw), raw) for raw in messages], POLICIES)
        assert ledger.verify() == []
        bodies = [json.loads(bytes(sent.body)) for number in ids for sent in ledger.show(number).submissions]
    return [observation for body in bodies for observation in body.get("observations", [])]


def states(messages: Sequence[bytes]) -> list[tuple[str, str]]:
    """Accept messages one after the other, and give state and reason of the last one's first entry."""
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder, "lab.db")) as ledger:
        ids = ledger.accept([Arrival(ENGINE.translate(raw), raw) for raw in messages], POLICIES)
        return [(entry.state, entry.reason) for entry in ledger.show(ids[-1]).entries]


VERSIONS = st.builds(
    version, st.sampled_from("PFCADWX"), st.sampled_from(["180", "190", "<150"]), st.integers(min_value=1, max_value=9)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(VERSIONS, max_size=7))
def test_no_sequence_of_messages_downgrades_a_result(messages: list[bytes]) -> None:
    """After a final nothing preliminary is sent, and a final value changes only by a correction."""
    for before, after in pairwise(posted(messages)):
        if before["status"] != "preliminary":
            assert after["status"] in {"corrected", "amended"}


@settings(max_examples=30, deadline=None)
@given(st.lists(VERSIONS, min_size=1, max_size=4))
def test_messages_that_come_twice_are_sent_once(messages: list[bytes]) -> None:
    """A lab that repeats everything it sent changes nothing at the vendor."""
    assert posted([*messages, *messages]) == posted(messages)


@pytest.mark.parametrize(
    ("messages", "state", "reason"),
    [
        pytest.param([("F", "180", 1), ("P", "180", 2)], "held", "late-preliminary", id="preliminary-after-final"),
        pytest.param([("F", "180", 1), ("F", "190", 2)], "held", "silent-change", id="changed-without-correction"),
        pytest.param([("C", "190", 2), ("C", "180", 1)], "held", "out-of-order", id="older-than-delivered"),
        pytest.param([("F", "180", 1), ("D", "180", 2)], "held", "retraction", id="deleted"),
        pytest.param([("F", "180", 1), ("F", "180", 1)], "duplicate", "", id="the-same-again"),
        pytest.param([("F", "180", 1), ("F", "180", 2)], "duplicate", "", id="the-same-in-a-new-snapshot"),
        pytest.param([("P", "180", 1), ("F", "180", 2)], "queued", "", id="final-after-preliminary"),
        pytest.param([("P", "180", 1), ("P", "190", 2)], "queued", "", id="preliminary-changed"),
        pytest.param([("F", "180", 1), ("C", "190", 2)], "queued", "", id="correction"),
        pytest.param([("C", "190", 1)], "queued", "", id="correction-of-what-we-never-saw"),
        pytest.param(
            [("C", "180", 1), ("C", "180", 4), ("C", "190", 4), ("C", "180", 4)],
            "duplicate",
            "",
            id="a-repeat-that-comes-again-after-another-correction-of-its-time",
        ),
    ],
)
def test_next_version_is_judged_by_what_the_lane_has(
    messages: list[tuple[str, str, int]], state: str, reason: str
) -> None:
    """What was sent before decides what may follow."""
    assert states([version(*each) for each in messages]) == [(state, reason)]


def test_snapshot_sends_only_what_is_new() -> None:
    """A panel that comes again with one more result posts that one."""
    first = oru([Obx(CHOLESTEROL, "180")], at="20260301100000")
    again = oru([Obx(CHOLESTEROL, "180"), Obx(HDL, "55")], at="20260301110000", control_id="MSG2")

    assert [observation["code"] for observation in posted([first, again])] == ["TOTAL_CHOLESTEROL", "HDL"]


def test_new_table_is_no_correction() -> None:
    """The comparison is of what the lab sent: other tables over the same message change nothing."""
    raw = oru([Obx("14647-2^Cholesterol^LN", "4.78", "mmol/L")])
    twin = oru([Obx("2093-3^Cholesterol^LN", "4.78", "mmol/L")], control_id="MSG2")

    assert len(posted([raw, twin])) == 1


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        pytest.param("F", "190", ("held", "silent-change"), id="another-value"),
        pytest.param("F", "180", ("duplicate", ""), id="the-same"),
        pytest.param("P", "180", ("held", "late-preliminary"), id="preliminary"),
        pytest.param("C", "190", ("queued", ""), id="correction"),
    ],
)
def test_another_order_of_the_service_request_changes_nothing_silently(
    status: str, value: str, expected: tuple[str, str]
) -> None:
    """The vendor knows a result by service request and code; which OBR brought it makes no difference."""
    first = oru([Obx(CHOLESTEROL, "180")], at="20260301100000")
    second = oru(
        [Obx(CHOLESTEROL, value, status=status)], at="20260301110000", control_id="M2", filler="F-9999", status=status
    )

    assert posted([first])
    assert _last(first, second) == expected


def test_another_unit_without_a_correction_is_held() -> None:
    """A preliminary value in one unit and a final one in another are no step that a lab takes on purpose."""
    first = oru([Obx(CHOLESTEROL, "180", status="P")], status="P", at="20260301100000")
    second = oru([Obx(CHOLESTEROL, "4.66", "mmol/L")], at="20260301110000", control_id="M2")

    assert _last(first, second) == ("held", "unit-changed")


def _last(*messages: bytes) -> tuple[str, str]:
    (found,) = states(list(messages))
    return found
