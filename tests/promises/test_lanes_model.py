"""
Check the promises of lanes against a model: any interleaving of arrivals, deliveries, failures, kills and decisions.

The model is the vendor: it remembers every call that reached it, whether or not anybody learnt of that. After every
step the ledger balances (P1), each lane reached the vendor in order (P3), nothing reached it twice (P4), no result was
downgraded (P8), and the workflow status only went forwards. People in the model tell the truth: they resend what the
vendor does not have, and accept what it has.
"""

from __future__ import annotations

import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.ledger.arrivals import LANES, arrival, report
from tests.ledger.conftest import Clock
from tests.ledger.test_decisions import complete, incomplete
from translator.errors import ConfigError
from translator.ledger import Choice, Claim, Decision, DestinationPolicy, Ledger, Settlement, Step
from translator.translate.workflow import TERMINAL, Workflow, may_follow

POLICIES = {"whoop": DestinationPolicy(loopback=True, workflow=Workflow())}
REPLAYED = frozenset({"held", "duplicate", "dropped"})

lanes = st.sampled_from(LANES[:3])
codes = st.sampled_from(["HDL", "LDL"])
values = st.sampled_from(["5", "6", "7"])
statuses = st.sampled_from(
    [("preliminary", "preliminary"), ("final", "final"), ("partial", "final"), ("corrected", "corrected")]
)
hours = st.integers(0, 9)


class Received(NamedTuple):
    """One call that reached the vendor."""

    lane: str
    submission: int
    kind: str
    body: Any


class LanesModel(RuleBasedStateMachine):
    """A ledger, a worker that may die, a lab, a person, and a vendor that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.ledger = Ledger.open(Path(self.folder.name, "lab.db"), clock=self.clock)
        self.received: list[Received] = []
        self.open: list[Claim] = []
        self.entries = 0
        self.outcomes: list[Any] = []

    def teardown(self) -> None:
        """Close the ledger."""
        self.ledger.close()
        self.folder.cleanup()

    # The lab

    @initialize()
    def begin(self) -> None:
        """Begin with something to deliver."""
        self.arrive(LANES[0], {"HDL": "5"}, ("final", "final"), 0)

    @rule(lane=lanes, results=st.dictionaries(codes, values, min_size=1), status=statuses, hour=hours)
    def arrive(self, lane: str, results: dict[str, str], status: tuple[str, str], hour: int) -> None:
        """Send a report: the first, a correction, an older one, or the same again."""
        at = f"20260101{hour:02}0000.000000"
        self._accept(arrival(report(results, lane=lane, status=status[0], each=status[1], at=at)))

    @rule(lane=lanes)
    def arrive_with_an_unmapped_code(self, lane: str) -> None:
        """Send a report of which one observation is held."""
        made = incomplete(lane, raw=f"{len(self.outcomes)}".encode())
        self._accept(made, complete(lane))

    @rule(lane=lanes)
    def cancel(self, lane: str) -> None:
        """Cancel an order."""
        self._accept(arrival(report({}, lane=lane, status="cancelled")))

    def _accept(self, made: Any, later: Any = None) -> None:
        self.ledger.accept([made], POLICIES)
        self.entries += len(made.outcome.entries)
        self.outcomes.append(later or made.outcome)

    # The worker

    @rule()
    def claim(self) -> None:
        """Open the next attempt."""
        self._open(self.ledger.claim("whoop"))

    def _open(self, claim: object) -> None:
        if isinstance(claim, Claim):
            assert claim.service_request_id not in {one.service_request_id for one in self.open}
            self.open.append(claim)

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["accepted", "accepted", "refused", "unknown", "retry"]),
        arrived=st.booleans(),
    )
    def settle(self, data: st.DataObject, outcome: str, arrived: bool) -> None:  # noqa: FBT001 - drawn
        """End an attempt; an unknown one may have arrived."""
        self.ledger.settle(self._end(data, outcome, arrived=arrived), Settlement(outcome, "answer"))

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["accepted", "accepted", "refused", "unknown", "retry"]),
        arrived=st.booleans(),
        goes_on=st.booleans(),
        then=st.none() | st.integers(1, 4),
    )
    def go_on(self, data: st.DataObject, outcome: str, arrived: bool, goes_on: bool, then: int | None) -> None:  # noqa: FBT001 - drawn
        """End an attempt and open the next one in the same commit: of its lane, or of another."""
        claim = self._end(data, outcome, arrived=arrived)
        ended = Step(claim.lane_id, claim, Settlement(outcome, "answer"), goes_on, then=then)
        (following,) = self.ledger.advance([ended])
        assert following is None or isinstance(following, Claim)
        self._open(following)

    def _end(self, data: st.DataObject, outcome: str, *, arrived: bool) -> Claim:
        claim = data.draw(st.sampled_from(self.open))
        self.open.remove(claim)
        if outcome == "accepted" or (outcome == "unknown" and arrived):
            self._receive(claim)
        return claim

    @precondition(lambda self: self.open)
    @rule(arrived=st.lists(st.booleans(), min_size=3, max_size=3))
    def kill(self, arrived: list[bool]) -> None:
        """Kill the worker; another one takes over."""
        for claim, has_arrived in zip(self.open, arrived, strict=False):
            if has_arrived:
                self._receive(claim)
        self.open = []
        self.ledger.recover("whoop")

    @rule(seconds=st.sampled_from([1, 60, -3600]))
    def turn_the_clock(self, seconds: int) -> None:
        """Let time pass, or go back."""
        self.clock.move(seconds)

    def _receive(self, claim: Claim) -> None:
        self.received.append(
            Received(claim.service_request_id, claim.submission_id, claim.kind, json.loads(claim.body))
        )

    # The person

    @rule(data=st.data(), gives_up=st.booleans())
    def decide(self, data: st.DataObject, gives_up: bool) -> None:  # noqa: FBT001 - drawn
        """Decide about what blocks a lane, knowing what the vendor has."""
        items = self.ledger.desk().undecided(["unknown", "rejected"])
        if not items:
            return
        item = data.draw(st.sampled_from(items))
        has = item.id in {one.submission for one in self.received}
        deed = "accept" if has else "drop" if gives_up else "resend"
        with self.ledger.desk().session(rehearses=False) as session:
            lane = session.decide(item.id, Decision(deed))
            if deed == "drop":
                self._conclude(session, {lane}, data)

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Drop something that is held."""
        items = self.ledger.desk().held()
        if not items:
            return
        item = data.draw(st.sampled_from(items))
        with self.ledger.desk().session(rehearses=False) as session:
            chosen = {item.message: {item.at} if item.at else None}
            self._conclude(session, session.drop_held(chosen, Decision("drop")), data)

    def _conclude(self, session: Any, lane_ids: set[int], data: st.DataObject) -> None:
        try:
            session.conclude(lane_ids, POLICIES, "")
        except ConfigError:
            session.conclude(lane_ids, POLICIES, data.draw(st.sampled_from(["FULL_RESULTS_READY", "RESULTS_ISSUE"])))

    @rule(data=st.data(), states=st.sampled_from([frozenset({"held"}), REPLAYED]), rehearses=st.booleans())
    def release(self, data: st.DataObject, states: frozenset[str], rehearses: bool) -> None:  # noqa: FBT001 - drawn
        """Mend the table and release a message, or replay it, or only look what would happen."""
        message_id = data.draw(st.integers(1, len(self.outcomes)))
        before = self.ledger.balance()
        with self.ledger.desk().session(rehearses=rehearses) as session:
            choice, decision = Choice(states=states), Decision("release")
            session.refile(message_id, self.outcomes[message_id - 1], POLICIES, choice, decision)
        if rehearses:
            assert self.ledger.balance() == before

    # The promises

    @invariant()
    def ledger_balances(self) -> None:
        """P1: every entry is in exactly one state, and the audit finds nothing."""
        assert self.ledger.verify() == []
        assert self.ledger.balance().entries == self.entries

    @invariant()
    def vendor_got_nothing_twice(self) -> None:
        """P4: neither a retry nor a takeover repeats what arrived."""
        numbers = [one.submission for one in self.received]
        assert len(set(numbers)) == len(numbers)

    @invariant()
    def vendor_got_lanes_in_order(self) -> None:
        """P3: what arrived of a lane arrived in the order of its positions."""
        for lane in LANES[:3]:
            numbers = [one.submission for one in self.received if one.lane == lane]
            assert numbers == sorted(numbers)

    @invariant()
    def vendor_got_no_downgrade(self) -> None:
        """P8: after a final result comes nothing preliminary, and another value only as a correction."""
        for lane in LANES[:3]:
            for code in ("HDL", "LDL"):
                versions = [
                    (observation["value_text"], observation["status"])
                    for one in self.received
                    if one.lane == lane
                    for observation in one.body.get("observations", [])
                    if observation["code"] == code
                ]
                for (_, before), (_, after) in pairwise(versions):
                    assert before == "preliminary" or after == "corrected"

    @invariant()
    def vendor_was_told_only_forwards(self) -> None:
        """A status never goes backwards, never follows a terminal one, and never promises what did not arrive."""
        for lane in LANES[:3]:
            calls = [one for one in self.received if one.lane == lane]
            told = ["", *(one.body["task_business_status"] for one in calls if one.kind == "status")]
            assert all(may_follow(before, after) for before, after in pairwise(told))
            has_results = False
            for one in calls:
                has_results |= bool(one.body.get("observations"))
                status = one.body.get("task_business_status", "")
                assert not status or status in TERMINAL or has_results


LanesModel.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLanes = LanesModel.TestCase


@pytest.mark.slow
def test_lanes_keep_their_promises_at_length() -> None:
    """The same, with many more and longer interleavings; for the nightly run."""
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 - only here

    run_state_machine_as_test(LanesModel, settings=settings(max_examples=400, stateful_step_count=60, deadline=None))
