"""
Compare a submission with its lane, and give what is sent of it a position there.

Order of decisions for a submission: is the patient the lane's (else nothing in it is trusted); what does the
lane still need of it (translate/revision.py); may its codes be sent yet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from translator.ledger import schema
from translator.ledger.bulk import insert_rows
from translator.ledger.histories import read_history, read_orders
from translator.ledger.placement import Placed
from translator.ledger.policy import STRICT, DestinationPolicy
from translator.ledger.positions import Lane, is_other_patient, patient_hashes, pin, queue_row
from translator.ledger.supersede import supersede
from translator.ledger.vault import Vault
from translator.record.outcome import RESULTS, Outcome, Payload, Submission
from translator.translate.order_revision import revise_order
from translator.translate.revision import LaneHistory, hold_unread, hold_whole, revise


class Acceptance(Struct, frozen=True):
    """The transaction at hand: its connection and time, what seals its rows, and what the destinations agreed to."""

    connection: Connection
    vault: Vault
    key_id: int | None
    policies: Mapping[str, DestinationPolicy]
    now: int

    def place(
        self,
        lane: Lane,
        submission: Submission,
        sha256: str,
        *,
        trusts_patient: bool = False,
        dropped: Collection[int] = (),
    ) -> Placed:
        """
        Compare a submission of the message `sha256` with its lane, and say what of it is sent.

        Shape: `trusts_patient` where a person has said that it is the lane's; `dropped` as in `revise`.
        """
        hashes = patient_hashes(self.vault, submission)
        if is_other_patient(lane, hashes) and not trusts_patient:
            return Placed(submission, hold_unread(submission, "patient-changed"), lane)
        pin(self.connection, self.vault, lane, submission.patient, hashes, self.key_id)
        policy = self.policies.get(submission.destination, STRICT)
        if submission.kind != RESULTS:
            known_orders = [] if lane.is_new else read_orders(self.connection, lane.id)
            return Placed(submission, revise_order(submission, known_orders, loopback=policy.loopback), lane)
        known = LaneHistory() if lane.is_new else read_history(self.connection, self.vault, lane.id, submission, sha256)
        revision = revise(submission, known, sha256, in_full=policy.in_full, dropped=dropped)
        if revision.payload and policy.holds(submission.unconfirmed):
            revision = hold_whole(revision, "code-unconfirmed")
        return Placed(submission, revision, lane)


def queue(acceptance: Acceptance, message_ids: Sequence[int], placed: Sequence[Sequence[Placed]]) -> None:
    """Give everything that is sent its position, in the order of arrival; what it replaces is taken back."""
    sent = [
        (one, one.revision.payload, message_id)
        for message_id, parts in zip(message_ids, placed, strict=True)
        for one in parts
        if one.revision.payload
    ]
    for one, payload, _ in sent:
        if isinstance(payload, Payload):
            supersede(acceptance.connection, one.lane, payload)
    rows = [
        queue_row(
            one.lane,
            payload,
            message_id=message_id,
            ordered_at=one.submission.ordered_at,
            critical=one.sends_critical,
            now=acceptance.now,
            kind=one.submission.kind,
        )
        for one, payload, message_id in sent
    ]
    numbers = insert_rows(acceptance.connection, schema.submission, rows)
    for (one, _, _), number in zip(sent, numbers, strict=True):
        one.submission_id = number


def message_state(outcome: Outcome, placed: Sequence[Placed]) -> tuple[str, str]:
    """Sum up a message: anything sent, else anything held, refused or repeated, else as translated."""
    if any(one.revision.payload for one in placed):
        return "translated", ""
    reports = [one.revision.report for one in placed]
    held = next((report for report in reports if report.state == "held"), None)
    if held:
        return "held", held.cause or held.reason
    verdicts = (verdict.state for one in placed for verdict in one.revision.verdicts)
    if "held" in verdicts or any(entry.state == "held" for entry in outcome.entries):
        return "held", ""
    refused = next((report for report in reports if report.state == "refused"), None)
    if refused:
        return "refused", refused.reason
    return ("duplicate", "") if reports else (outcome.state, _why(outcome) if outcome.state == "held" else "")


def _why(outcome: Outcome) -> str:
    """Give what holds a message that has no entry which could say so."""
    if outcome.entries:
        return ""
    return next((remark.code for remark in outcome.diagnostics if remark.severity == "error"), "")
