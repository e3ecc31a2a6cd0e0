"""
Put an outcome into results that can be compared: one for each observation or order, one for each report. (pure)

Where a row stands in its file is no part of a result, so that a table whose lines have moved changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct, structs

from translator.record.outcome import Entry, OrderPayload, Outcome, PayloadObservation, Submission
from translator.translate.observation import Verdict

Subject: TypeAlias = tuple[str, str]
"""What a result is of: its kind (`value`, `report` or `message`), and its position or its service request."""

VALUE, REPORT, MESSAGE = "value", "report", "message"


class Shown(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    What of a result may be shown to anybody: states, codes, units, and nothing of a patient.

    Shape: `state` is that of an entry, `submitted` for a report, or that of a message without either. `unconfirmed`
    where the vendor has not confirmed the code.
    """

    state: str
    reason: str = ""
    code: str = ""
    unit: str = ""
    status: str = ""
    cause: str = ""
    unconfirmed: bool = False

    @property
    def words(self) -> str:
        """The result in a few words, such as `translated TSH mIU/L final`."""
        why = f"{self.reason} ({self.cause})" if self.cause else self.reason
        mark = "unconfirmed" if self.unconfirmed else ""
        return " ".join(filter(None, (self.state, why, self.code, self.unit, self.status, mark)))


class Result(Struct, frozen=True, gc=False):
    """One result; `value` and `request` (the service request, or the order's reference) may name a patient."""

    shown: Shown
    value: str = ""
    request: str = ""


class Difference(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    How a result differs between two sets of tables.

    Shape: `kind` as in `Subject`; `what` names the fields that differ: those of `Shown`, `value`, `service-request`.
    Absent: `before` or `after` is None where there is no such result.
    """

    kind: str
    before: Shown | None
    after: Shown | None
    what: tuple[str, ...]

    @property
    def before_words(self) -> str:
        """What it was."""
        return self.before.words if self.before else "nothing"

    @property
    def after_words(self) -> str:
        """What it is now; what may not be shown is said to be another."""
        if self.after is None:
            return "nothing"
        others = [f"another {word.replace('-', ' ')}" for word in self.what if word in _HIDDEN and self.before]
        return "; ".join([self.after.words, *others])


_HIDDEN = ("value", "service-request")


def is_same(before: Outcome, after: Outcome) -> bool:
    """Tell that two outcomes say the same, without looking further; where it cannot tell, that is no."""
    if before.state != after.state or not before.entries or len(before.submissions) != len(after.submissions):
        return False
    if before.entries != after.entries and list(map(_fate, before.entries)) != list(map(_fate, after.entries)):
        return False
    return all(map(_is_same_submission, before.submissions, after.submissions))


def results(outcome: Outcome) -> dict[Subject, Result]:
    """Give every result of one outcome."""
    return dict(_results(outcome))


def difference(subject: Subject, before: Result | None, after: Result | None) -> Difference | None:
    """Say how a result differs, if it does."""
    if before == after:
        return None
    mine, theirs = before.shown if before else None, after.shown if after else None
    what = [name for name in Shown.__struct_fields__ if getattr(mine, name, None) != getattr(theirs, name, None)]
    if before is not None and after is not None:
        # A value that is not sent at all differs by its state.
        what += ["value"] if before.value and after.value and before.value != after.value else []
        what += ["service-request"] if before.request and after.request and before.request != after.request else []
    return Difference(subject[0], mine, theirs, tuple(what))


def differences(before: Mapping[Subject, Result], after: Mapping[Subject, Result]) -> dict[Subject, Difference]:
    """Say which results of a message differ, and how; in the order of the message."""
    found = ((subject, difference(subject, before.get(subject), after.get(subject))) for subject in {**before, **after})
    return {subject: how for subject, how in found if how is not None}


def verdict_result(verdict: Verdict) -> Result:
    """Give what an observation comes to by itself, in the form of a result."""
    sent = verdict.payload
    if sent is None:
        return Result(Shown(verdict.state, verdict.reason))
    return _sent_result(verdict.state, verdict.reason, sent, unconfirmed=not verdict.route.confirmed)


def _fate(entry: Entry) -> tuple[object, ...]:
    return entry.at, entry.state, entry.reason, entry.cause, entry.submission, entry.observation


def _is_same_submission(before: Submission, after: Submission) -> bool:
    return (
        before.service_request_id == after.service_request_id
        and before.payload == after.payload
        and before.kind == after.kind
        and before.destination == after.destination
        and before.unconfirmed == after.unconfirmed
    )


def _results(outcome: Outcome) -> Iterator[tuple[Subject, Result]]:
    for entry in outcome.entries:
        sent = None if entry.submission is None else outcome.submissions[entry.submission]
        yield (VALUE, entry.at), _entry_result(entry, sent)
    for submission in outcome.submissions:
        if not isinstance(submission.payload, OrderPayload):
            shown = Shown("submitted", status=submission.payload.status)
            yield (REPORT, submission.service_request_id), Result(shown)
    if not outcome.entries:
        reason = next((found.code for found in outcome.diagnostics if found.severity == "error"), "")
        yield (MESSAGE, ""), Result(Shown(outcome.state, reason))


def _entry_result(entry: Entry, sent: Submission | None) -> Result:
    if sent is None:
        return Result(Shown(entry.state, entry.reason, cause=entry.cause))
    if isinstance(sent.payload, OrderPayload) or entry.observation is None:
        shown = Shown(entry.state, entry.reason, sent.kind, unconfirmed=bool(sent.unconfirmed))
        return Result(shown, sent.body_json.decode(), sent.service_request_id)
    observation = sent.payload.observations[entry.observation]
    is_unconfirmed = observation.code in sent.unconfirmed
    return structs.replace(
        _sent_result(entry.state, entry.reason, observation, unconfirmed=is_unconfirmed),
        request=sent.service_request_id,
    )


def _sent_result(state: str, reason: str, sent: PayloadObservation, *, unconfirmed: bool) -> Result:
    shown = Shown(state, reason, sent.code, sent.unit or "", sent.status or "", unconfirmed=unconfirmed)
    value = sent.value_text if sent.value_numeric is None else repr(sent.value_numeric)
    return Result(shown, value or "")
