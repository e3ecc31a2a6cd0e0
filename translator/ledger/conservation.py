"""
Check that nothing of an outcome gets lost on its way into the ledger. (pure)

P1: every entry is in exactly one state, and the observations and orders of the submissions are the translated entries.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator.errors import LedgerError
from translator.record.outcome import FILE_SCHEMA, RESULTS, Entry, Outcome

TRANSLATOR_STATES = frozenset({"translated", "held", "ignored", "refused"})


def check_balance(outcome: Outcome) -> None:
    """
    Refuse an outcome that does not add up.

    Raises: LedgerError that names the first imbalance by its place.
    """
    imbalance = next(_imbalances(outcome), None)
    if imbalance:
        message = f"the outcome of a message does not balance: {imbalance}; nothing was recorded"
        raise LedgerError(message)


def _imbalances(outcome: Outcome) -> Iterator[str]:
    if outcome.schema == FILE_SCHEMA:
        yield "a finding about a whole file is no message"
    lanes = [(submission.destination, submission.service_request_id) for submission in outcome.submissions]
    if len(set(lanes)) != len(lanes):
        yield "two submissions for one service request"
    for number, submission in enumerate(outcome.submissions):
        if len(submission.sources) != len(submission.payload.observations):
            yield f"submission {number} has sources for only some observations"
    yield from (
        f"{entry.at} is in no state of ours" for entry in outcome.entries if entry.state not in TRANSLATOR_STATES
    )
    yield from _unmatched(outcome)


def _unmatched(outcome: Outcome) -> Iterator[str]:
    sent: set[tuple[int, int | None]] = {
        (number, observation)
        for number, submission in enumerate(outcome.submissions)
        for observation in range(len(submission.payload.observations))
    }
    # An order is one thing: its entry names the submission, and no observation in it.
    sent |= {(number, None) for number, submission in enumerate(outcome.submissions) if submission.kind != RESULTS}
    told: set[tuple[int | None, int | None]] = set()
    for entry in outcome.entries:
        place = (entry.submission, entry.observation)
        if not _is_placed(entry):
            yield f"{entry.at} is {entry.state}, but its place in a submission says otherwise"
        elif entry.state == "translated" and place not in sent:
            yield f"{entry.at} is translated into an observation that no submission has"
        else:
            told.add(place)
    lost = sorted((submission, -1 if observation is None else observation) for submission, observation in sent - told)
    yield from (f"observation {o} of submission {s} comes from no entry" for s, o in lost if o >= 0)
    yield from (f"submission {s} comes from no entry" for s, o in lost if o < 0)


def _is_placed(entry: Entry) -> bool:
    return (entry.submission is not None) == (entry.state == "translated")
