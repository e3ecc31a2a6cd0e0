"""Name the fields of an outcome's payloads: `submissions[0].observations[3].value_numeric` (pure)."""

from __future__ import annotations

import re
from difflib import get_close_matches

from msgspec import Struct, to_builtins

from translator.errors import ConfigError
from translator.record.outcome import Entry, Outcome, PayloadObservation

_PATH = re.compile(
    r"(?:submissions\[([0-9]{1,6})\]\.)?(?:body\.)?(?:observations\[([0-9]{1,6})\](?:\.([a-z_]+))?|([a-z_]+))"
)
_SHORT = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})(?:\.([a-z_]+))?()")
_OF_SUBMISSION = ("service_request_id", "status")


class NoSuchFieldError(ConfigError):
    """The payloads have no such field; the text says what they have."""


class PayloadField(Struct, frozen=True):
    """
    One field of a submission, or of one of its observations.

    Absent: `observation` is None for a field of the submission itself; `name` is empty for a whole observation.
    """

    submission: int
    observation: int | None
    name: str

    @property
    def path(self) -> str:
        """The field as the output of `translate` has it."""
        if self.observation is None:
            inside = "" if self.name == "service_request_id" else "body."
            return f"submissions[{self.submission}].{inside}{self.name}"
        whole = f"submissions[{self.submission}].body.observations[{self.observation}]"
        return f"{whole}.{self.name}" if self.name else whole


def parse_field(text: str, outcome: Outcome) -> PayloadField:
    """
    Read the name of a field, and make sure that the outcome has it.

    Raises: NoSuchFieldError.
    """
    match = _SHORT.fullmatch(text) or _PATH.fullmatch(text)
    if match is None:
        raise NoSuchFieldError(
            f"`{text}` is no payload field; write it as submissions[0].observations[3].value_numeric"
        )
    field = PayloadField(int(match[1] or 0), int(match[2]) if match[2] else None, match[3] or match[4] or "")
    count = len(outcome.submissions)
    if field.submission >= count:
        raise NoSuchFieldError(f"{text}: {_there('submission', count)} of this message, which is {outcome.state}")
    if field.observation is None:
        _check(text, field.name, _OF_SUBMISSION)
        return field
    sent = outcome.submissions[field.submission].payload.observations
    if field.observation >= len(sent):
        raise NoSuchFieldError(f"{text}: {_there('observation', len(sent))} in submissions[{field.submission}]")
    if field.name:
        _check(text, field.name, _names(sent[field.observation]))
    return field


def value_of(field: PayloadField, outcome: Outcome) -> str | int | float | None:
    """
    Give what a field holds.

    Shape: of a whole observation its value.
    """
    submission = outcome.submissions[field.submission]
    if field.observation is None:
        return submission.payload.status if field.name == "status" else submission.service_request_id
    sent = submission.payload.observations[field.observation]
    if field.name:
        return getattr(sent, field.name)  # type: ignore[no-any-return]
    return sent.value_text if sent.value_numeric is None else sent.value_numeric


def fields_of(entry: Entry, outcome: Outcome) -> tuple[str, ...]:
    """Name every payload field that an observation reaches."""
    if entry.submission is None or entry.observation is None:
        return ()
    sent = outcome.submissions[entry.submission].payload.observations[entry.observation]
    return tuple(PayloadField(entry.submission, entry.observation, name).path for name in _names(sent))


def _names(sent: PayloadObservation) -> tuple[str, ...]:
    return tuple(to_builtins(sent))


def _there(what: str, count: int) -> str:
    return f"there is 1 {what}" if count == 1 else f"there are {count or 'no'} {what}s"


def _check(text: str, name: str, known: tuple[str, ...]) -> None:
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise NoSuchFieldError(f"{text}: there is no `{name}` here, but {', '.join(known)}{hint}")
