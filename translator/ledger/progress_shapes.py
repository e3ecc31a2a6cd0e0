"""Say what a program is told of how far something is; the HTTP API answers with these as they are. (pure)"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from translator.ledger.states import ENTRY_STATES, MESSAGE_STATES, SUBMISSION_STATES, UNFINISHED
from translator.record.outcome import Diagnostic

EMPTY, DONE = "empty", "done"
"""What a lane is that never had anything to send, and one that has nothing left to send."""


def _one_of(*states: str) -> Meta:
    return Meta(extra_json_schema={"enum": [*dict.fromkeys(states)]})


TakenState: TypeAlias = Annotated[str, _one_of(*MESSAGE_STATES)]
MessageState: TypeAlias = Annotated[str, _one_of(*MESSAGE_STATES, *SUBMISSION_STATES)]
EntryState: TypeAlias = Annotated[str, _one_of(*ENTRY_STATES)]
SubmissionState: TypeAlias = Annotated[str, _one_of(*SUBMISSION_STATES)]
LaneState: TypeAlias = Annotated[str, _one_of(EMPTY, *UNFINISHED, DONE)]


class AttemptProgress(Struct, frozen=True, omit_defaults=True):
    """
    One call of the vendor.

    Shape: `outcome` is accepted, refused, unknown, retry, renew or pause; `answer` what the vendor said (`201`) or what
    went wrong (`read-timeout`). Times are ISO 8601 in UTC.
    Absent: without `ended_at` it is under way.
    """

    started_at: str
    ended_at: str = ""
    outcome: str = ""
    answer: str = ""


class EntryProgress(Struct, frozen=True, omit_defaults=True):
    """
    One observation or order of a message, and its state.

    Shape: `submission` is the number of the submission that it went into, `observation` its place in there from 0.
    """

    at: str
    state: EntryState
    reason: str = ""
    cause: str = ""
    table: str = ""
    code: str = ""
    submission: int | None = None
    observation: int | None = None


class SubmissionProgress(Struct, frozen=True, omit_defaults=True):
    """One call to a vendor at its position of its lane; `detail` is the last word about it."""

    submission: int
    message: int
    lane: int
    kind: str
    position: int
    state: SubmissionState
    detail: str
    destination: str
    service_request_id: str
    attempts: tuple[AttemptProgress, ...]


class MessageProgress(Struct, frozen=True, omit_defaults=True):
    """
    What became of one message.

    Shape: `state` is how far it is: once it is translated, the state of that submission that most needs a person, or
    time. `sha256` is that of its bytes.
    """

    message: int
    received_at: str
    state: MessageState
    entries: tuple[EntryProgress, ...]
    submissions: tuple[SubmissionProgress, ...]
    diagnostics: tuple[Diagnostic, ...]
    reason: str = ""
    site: str = ""
    intake: str = ""
    format: str = ""
    type: str = ""
    sha256: str = ""
    tables_sha256: str = ""


class LaneStep(Struct, frozen=True):
    """One submission of a lane."""

    submission: int
    message: int
    kind: str
    position: int
    state: SubmissionState


class LaneProgress(Struct, frozen=True):
    """
    How far one service request is at one vendor.

    Shape: `state` is that of its first unfinished submission: `rejected` and `unknown` wait for a person. `done` has
    nothing unfinished, `empty` never had anything to send. `submissions` in the order of their positions.
    """

    lane: int
    destination: str
    service_request_id: str
    state: LaneState
    unfinished: int
    submissions: tuple[LaneStep, ...]
