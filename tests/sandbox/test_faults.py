"""Faults come first in, first out, as often as asked; a fault that makes no sense is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from translator.sandbox.faults import Fault, FaultError, Faults


def _queue(*faults: dict[str, Any]) -> Faults:
    queue = Faults(frozenset({"results", "token"}))
    for fault in faults:
        queue.add(json.dumps(fault).encode())
    return queue


def _values(queue: Faults, *routes: str) -> list[float | None]:
    taken = [queue.take(route) for route in routes]
    return [fault.value if fault else None for fault in taken]


def test_faults_are_first_in_first_out() -> None:
    """Each fault lasts its number of calls, then the next one is met, then none."""
    first = {"route": "results", "kind": "status", "value": 503, "times": 2}
    queue = _queue(first, {"route": "results", "kind": "status", "value": 500})

    assert _values(queue, *["results"] * 4) == [503, 503, 500, None]


def test_fault_waits_for_its_route() -> None:
    """A call to another route leaves a fault where it is."""
    queue = _queue({"route": "token", "kind": "status", "value": 401})

    assert _values(queue, "results", "token", "token") == [None, 401, None]


def test_fault_for_any_route_meets_the_next_call() -> None:
    """`any` is met by whatever comes, an unknown path too."""
    queue = _queue({"route": "any", "kind": "status", "value": 500, "times": 2})

    assert _values(queue, "", "token", "token") == [500, 500, None]


def test_waiting_faults_show_the_turns_left() -> None:
    """What still waits is shown with what is left of it."""
    queue = _queue({"route": "results", "kind": "delay", "value": 0.5, "times": 3})
    queue.take("results")

    assert queue.waiting() == [Fault(route="results", kind="delay", value=0.5, times=2)]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param([], id="array"),
        pytest.param({}, id="empty"),
        pytest.param({"route": "reslts", "kind": "drop_after"}, id="unknown-route"),
        pytest.param({"route": "results", "kind": "explode"}, id="unknown-kind"),
        pytest.param({"route": "results", "kind": "status"}, id="status-without-value"),
        pytest.param({"route": "results", "kind": "status", "value": 99}, id="status-too-low"),
        pytest.param({"route": "results", "kind": "status", "value": 600}, id="status-too-high"),
        pytest.param({"route": "results", "kind": "status", "value": 503.5}, id="status-fraction"),
        pytest.param({"route": "results", "kind": "delay"}, id="delay-without-value"),
        pytest.param({"route": "results", "kind": "delay", "value": -1}, id="delay-negative"),
        pytest.param({"route": "results", "kind": "drop_after", "times": 0}, id="no-times"),
        pytest.param({"route": "results", "kind": "drop_after", "time": 1}, id="unknown-key"),
        pytest.param({"route": "results", "kind": "status", "value": 503, "headers": {"a": "b\r\nc: d"}}, id="header"),
    ],
)
def test_senseless_fault_is_refused(fault: Any) -> None:
    """A fault that cannot be obeyed is refused instead of ignored."""
    with pytest.raises(FaultError):
        _queue(fault)
