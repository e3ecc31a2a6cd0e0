"""
Check that nothing of an outcome gets lost on its way into the ledger. (pure)

P1: every entry is in exactly one state, and the observations of the submissions are the translated entries.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator.errors import LedgerError
from translator.record.outcome import FILE_SCHEMA, Entry, Outcome

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
    sent = {
        (number, observation)
        for number, submission in enumerate(outcome.submissions)
        for observation in range(len(submission.payload.observations))
    }
    told = set()
    for entry in outcome.entries:
        place = (entry.submission, entry.observation)
        if not _is_placed(entry):
            yield f"{entry.at} is {entry.state}, but its place in a submission says otherwise"
        elif entry.state == "translated" and place not in sent:
            yield f"{entry.at} is translated into an observation that no submission has"
        else:
            told.add(place)
    yield from (f"observation {o} of submission {s} comes from no entry" for s, o in sorted(sent - told))


def _is_placed(entry: Entry) -> bool:
    has_place = entry.submission is not None and entry.observation is not None
    return has_place == (entry.state == "translated")
