"""Cut an outcome down to the entries that are taken up again. (pure)"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec

from translator.record.outcome import RESULTS, Entry, Outcome, Submission

_Place: TypeAlias = tuple[int, int | None]
"""The place of an entry: its submission, and the observation in it; an order has none."""


def chosen_part(outcome: Outcome, chosen: Collection[int], *, is_whole: bool) -> Outcome:
    """
    Cut an outcome down to what is chosen: the rest keeps its entries, and sends nothing.

    Shape: `chosen` are the numbers of some entries. `is_whole` says that the message is chosen as a whole, observations
    or none. What shares its observation with an entry that was sent is compared with that, as any repeat is.
    """
    wanted = {_place_of(outcome.entries[number]) for number in chosen} - {None}
    submissions: list[Submission] = []
    places: dict[_Place, _Place] = {}
    for number, submission in enumerate(outcome.submissions):
        if submission.kind != RESULTS:
            if (number, None) in wanted:
                places[number, None] = len(submissions), None
                submissions.append(submission)
            continue
        left = [index for index in range(len(submission.sources)) if (number, index) in wanted]
        if not left and (submission.sources or not is_whole):
            continue
        places |= {(number, index): (len(submissions), new) for new, index in enumerate(left)}
        submissions.append(_only(submission, left))
    entries = tuple(_moved(entry, places) for entry in outcome.entries)
    return msgspec.structs.replace(outcome, submissions=tuple(submissions), entries=entries)


def _place_of(entry: Entry) -> _Place | None:
    return None if entry.submission is None else (entry.submission, entry.observation)


def _only(submission: Submission, left: Sequence[int]) -> Submission:
    observations = tuple(submission.payload.observations[index] for index in left)
    codes = {observation.code for observation in observations}
    return msgspec.structs.replace(
        submission,
        payload=msgspec.structs.replace(submission.payload, observations=observations),
        sources=tuple(submission.sources[index] for index in left),
        unconfirmed=tuple(code for code in submission.unconfirmed if code in codes),
    )


def _moved(entry: Entry, places: Mapping[_Place, _Place]) -> Entry:
    place = _place_of(entry)
    if place is None:
        return entry
    submission, observation = places.get(place, (None, None))
    return msgspec.structs.replace(entry, submission=submission, observation=observation)
