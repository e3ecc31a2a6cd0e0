"""Read a message again beside what the ledger recorded of it: the bytes are the same, the decision is that of then."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from translator.chosen_message import ChosenMessage, Stretch
from translator.ledger import EntryView, MessageView, SubmissionView
from translator.pipeline import Pipeline
from translator.provenance import Origin, Provenances
from translator.read.locate import parse_position
from translator.read.span import Place
from translator.record.body_field import parse_body_field
from translator.record.outcome import (
    RESULTS,
    Entry,
    OrderPayload,
    Outcome,
    Payload,
    PayloadObservation,
    Submission,
)
from translator.record.payload_field import PayloadField, parse_field, value_of
from translator.record.report import Observation
from translator.translate.service_request import Lookup
from translator.translate.tables import Tables
from translator.translate.trace import Step, payload_words

_OTHER_TABLES = "by other tables than those of now: how is not known here"
_BY_LANE = "what was sent before, and what else is held, decides with it"


class Recorded(Provenances):
    """
    Answer about a message as it was recorded.

    Shape: `knows_how` tells that the tables are those by which it was decided, so that its steps can be told.
    """

    def __init__(self, tables: Tables, raw: bytes, outcome: Outcome, lookup: Lookup, *, knows_how: bool) -> None:
        self._knows_how = knows_how
        stretch = Stretch(0, len(raw), outcome.source.file, 0, 1)
        self._open(tables, Pipeline(tables), ChosenMessage(raw, outcome, (stretch,)), lookup)

    def _fate(self, place: Place | None, observation: Observation) -> Origin:
        origin = super()._fate(place, observation)
        if self._knows_how:
            return origin
        entry = self._entries[observation.at]
        sent = self._sent(entry)
        words = (Step("payload", "", payload_words(sent), "", entry.table, _OTHER_TABLES),) if sent else ()
        steps = (origin.steps[0], *words, Step("fate", entry.reason, entry.state))
        return structs.replace(origin, steps=steps, inputs=self._inputs(steps))

    def _read_from(self, steps: Any) -> tuple[Step, ...]:
        return super()._read_from(steps) if self._knows_how else ()

    def _submission_steps(self, field: PayloadField) -> tuple[Step, ...]:
        steps = super()._submission_steps(field) if self._knows_how else ()
        if field.name == "status" and len(steps) > 1 and steps[-2].result != steps[-1].result:
            return (*steps[:-1], structs.replace(steps[-1], text=_BY_LANE))
        return steps


def recorded_outcome(view: MessageView) -> Outcome:
    """Put together what was recorded of a message, in the form in which a translation gives it."""
    return Outcome(
        view.source,
        view.state,
        view.tables_sha256,
        tuple(_submission(number, sent, view.entries) for number, sent in enumerate(view.submissions)),
        tuple(_entry(entry) for entry in view.entries),
        tuple(view.diagnostics),
    )


def asked_about(text: str, outcome: Outcome) -> tuple[str, int, list[Entry], Any]:
    """
    Tell which field is meant: its path, its submission, the entries that it was made of, and its value.

    Raises: NoSuchFieldError.
    """
    ordered = parse_body_field(text, outcome)
    if ordered is not None:
        made_of = [entry for entry in outcome.entries if entry.submission == ordered.submission]
        return ordered.path, ordered.submission, made_of, ordered.value
    field = parse_field(text, outcome)
    made_of = [
        entry
        for entry in outcome.entries
        if entry.submission == field.submission and field.observation in {None, entry.observation}
    ]
    return field.path, field.submission, made_of, value_of(field, outcome)


def entry_at(position: str, outcome: Outcome) -> Entry | None:
    """Find the entry that a position lies in: the innermost one."""
    entries = {entry.at: entry for entry in outcome.entries}
    if outcome.source.format != "fhir" and (found := parse_position(position)) is not None:
        return entries.get(f"{found.segment}[{found.index}]")
    holders = [at for at in entries if position == at or position.startswith((f"{at}.", f"{at}["))]
    return entries[max(holders, key=len)] if holders else None


def _entry(view: EntryView) -> Entry:
    return Entry(
        view.at, view.state, view.reason, view.cause, view.submission, view.observation, view.table, view.original
    )


def _submission(number: int, sent: SubmissionView, entries: tuple[EntryView, ...]) -> Submission:
    return Submission(sent.destination, sent.service_request_id, _payload(number, sent, entries), kind=sent.kind)


def _payload(number: int, sent: SubmissionView, entries: tuple[EntryView, ...]) -> Payload | OrderPayload:
    if sent.kind != RESULTS:
        return OrderPayload(msgspec.json.decode(sent.body))
    if bytes(sent.body) != b"{}":
        return msgspec.json.decode(sent.body, type=Payload)
    # Its values are gone, and so is its status; how many there were, and of what, is still known.
    codes = {each.observation: each.code for each in entries if each.submission == number}
    places = range(max((place for place in codes if place is not None), default=-1) + 1)
    return Payload("", tuple(PayloadObservation(codes.get(place, "")) for place in places))
