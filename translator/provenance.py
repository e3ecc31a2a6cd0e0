"""
Join what reading, the tables and translation know about one value: from a payload field to bytes, and back (pure).

Nothing of this is kept while messages are translated. One message is read once more, the trace names the positions that
it used, and each is then found in the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, structs

from translator.chosen_message import ChosenMessage, choose_message, choose_of_export
from translator.exports import Export
from translator.order_provenance import OrderTraces
from translator.pipeline import Pipeline
from translator.read.locate import parse_position
from translator.read.locate_any import locate_any
from translator.read.span import NoSuchPositionError, Place
from translator.record.body_field import parse_body_field
from translator.record.field_positions import field_at
from translator.record.outcome import Entry, OrderPayload, Outcome, PayloadObservation, Source
from translator.record.payload_field import PayloadField, fields_of, parse_field, value_of
from translator.record.report import Observation
from translator.record.values import Document, Limit, Numeric
from translator.translate.lab_codes import in_lab_codes
from translator.translate.service_request import Lookup, no_correlation
from translator.translate.tables import Tables
from translator.translate.trace import Step, trace_fate, trace_observation
from translator.translate.trace_report import trace_service_request, trace_status

SCHEMA = "translator.why/1"
# The part of an observation that each payload field is made from.
_FHIR_UNITS = ("code", "unit", "low.code", "low.unit")
_PARTS = {"code": "code", "unit": "unit", "status": "status"}
_READ = ("code", "value", "unit", "status")


class Origin(Struct, frozen=True, omit_defaults=True):
    """
    What one payload field was made from, or what one position comes to.

    Shape: `steps` are the operations in order; `entry` is the fate of the observation concerned; `fields` are the
    payload fields that it reaches; `inputs` are the bytes of every position that the steps used.
    """

    place: Place | None
    steps: tuple[Step, ...] = ()
    entry: Entry | None = None
    fields: tuple[str, ...] = ()
    inputs: tuple[Place, ...] = ()


class Provenance(Struct, frozen=True, omit_defaults=True):
    """The answer to `why` (`asked` is a payload field, `value` what it holds) or to `where` (`asked` is a position)."""

    schema: str
    asked: str
    source: Source
    state: str
    tables_sha256: str
    origins: tuple[Origin, ...]
    value: Any = None


class Provenances:
    """
    Answer `why` and `where` about one message of a file.

    Shape: `index` counts the messages of the file from 0; without one the file must have a single message.
    Raises: ConfigError where there is no such message.
    """

    def __init__(
        self,
        tables: Tables,
        chunks: Iterable[bytes],
        *,
        file: str = "",
        index: int | None = None,
        correlation: Lookup = no_correlation,
    ) -> None:
        pipeline = Pipeline(tables)
        self._open(tables, pipeline, choose_message(pipeline, chunks, file, index, correlation), correlation)

    @classmethod
    def of_export(
        cls,
        tables: Tables,
        export: Export,
        *,
        file: str,
        index: int | None = None,
        correlation: Lookup = no_correlation,
    ) -> Provenances:
        """
        Answer about one message of an export over several files.

        Shape: `index` counts the messages of one of the files, from 0.
        Raises: ConfigError where there is no such message.
        """
        pipeline = Pipeline(tables)
        self = cls.__new__(cls)
        self._open(tables, pipeline, choose_of_export(pipeline, export, file, index, correlation), correlation)
        return self

    def _open(self, tables: Tables, pipeline: Pipeline, chosen: ChosenMessage, correlation: Lookup) -> None:
        self._lexicon = pipeline.lexicon
        self._tables = tables
        self._lookup = in_lab_codes(correlation, tables)
        self._chosen = chosen
        self._outcome = chosen.outcome
        message = pipeline.read(chosen.raw)
        self._reports = message.reports
        self._orders = OrderTraces(chosen.outcome, message.orders, tables)
        self._entries = {entry.at: entry for entry in self._outcome.entries}
        self._observations = {each.at: each for report in self._reports for each in report.observations}

    @property
    def outcome(self) -> Outcome:
        """What became of the message."""
        return self._outcome

    def why(self, text: str) -> Provenance:
        """
        Go from a payload field back to what it was made from.

        Shape: `submissions[0].observations[3].value_numeric`, short `0.3.value_numeric` or `0.3`; of an order
        `submissions[0].body.data.attributes.shippingAddress.county`, short `shippingAddress.county`.
        Raises: ConfigError where the payloads have no such field.
        """
        if (ordered := parse_body_field(text, self._outcome)) is not None:
            origin = self._made(self._read_from(self._orders.of_field(ordered)), (ordered.path,))
            return self._answer(ordered.path, (origin,), ordered.value)
        field = parse_field(text, self._outcome)
        origins = self._of_submission(field) if field.observation is None else self._of_observation(field)
        return self._answer(field.path, tuple(origins), value_of(field, self._outcome))

    def where(self, position: str) -> Provenance:
        """
        Go from a position forward to its fate and to the payload fields that it reaches.

        Raises: ConfigError where the message has no such position.
        """
        place = self._place(position)
        observation = self._observation_at(position)
        is_accounted = observation is not None and observation.at in self._entries
        if observation is not None and is_accounted:
            origin = self._fate(place, observation)
            # An answer of the order form is an observation that ends here, and yet reaches what is ordered.
            fields, steps = self._reached(place)
            origin = structs.replace(origin, fields=(*origin.fields, *fields), steps=(*origin.steps, *steps))
        elif (entry := self._orders.entry_at(position)) is not None:
            origin = self._order(place, position, entry)
        else:
            origin = self._use(place)
        return self._answer(position, (origin,))

    def _order(self, place: Place, position: str, entry: Entry) -> Origin:
        """Say what became of an order, and which fields come from it, or from the part of it that is asked for."""
        steps = self._read_from(self._orders.fate(entry))
        fields = tuple(field.path for field in self._orders.fields(entry))
        if position != entry.at:
            fields, more = self._reached(place)
            steps += more
        return Origin(place, steps, entry, fields, self._inputs(steps))

    def _read_from(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Set what was sent beside what was read from there; what stands nowhere was not read."""
        found = ((step, self._find(step.at)) for step in steps)
        return tuple(
            structs.replace(step, given=place.text) if step.name == "read" and place is not None else step
            for step, place in found
            if step.name != "read" or place is not None
        )

    def _reached(self, place: Place) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """Name the fields of orders that a position reaches, with their steps."""
        found: dict[str, tuple[Step, ...]] = {}
        for field in self._orders.fields():
            steps = self._read_from(self._orders.of_field(field))
            if any(self._overlap(step.at, place) for step in steps if step.at):
                found[field.path] = steps
        return tuple(found), tuple(dict.fromkeys(step for steps in found.values() for step in steps))

    def parts(self, at: str) -> dict[str, Place]:
        """Find the bytes of each part (`code`, `value`, `unit`, `status`) of an observation; of what is there only."""
        observation = self._observations.get(at)
        found = {part: self._part(observation, part) for part in _READ} if observation is not None else {}
        return {part: place for part, place in found.items() if place is not None}

    def _answer(self, asked: str, origins: tuple[Origin, ...], value: Any = None) -> Provenance:
        outcome = self._outcome
        return Provenance(SCHEMA, asked, outcome.source, outcome.state, self._tables.sha256, origins, value)

    def _of_observation(self, field: PayloadField) -> Iterator[Origin]:
        """Give one origin for each observation that the lab sent; equal ones are sent once."""
        for entry in self._outcome.entries:
            if (entry.submission, entry.observation) == (field.submission, field.observation):
                observation = self._observations[entry.at]
                yield self._fate(self._part(observation, _PARTS.get(field.name, "value")), observation)

    def _fate(self, place: Place | None, observation: Observation) -> Origin:
        entry = self._entries[observation.at]
        read, *own = trace_observation(observation, self._outcome.source.format, self._tables)
        fate = trace_fate(entry, own, self._sent(entry), self._outcome.diagnostics, self._tables)
        # What it comes to by itself is most often what is sent; then it is said once.
        own = own[:-1] if own[-1].result == fate[0].result else own
        own = [self._at_its_unit(step, observation) for step in own]
        steps = (self._with_source(read, observation), *own, *fate)
        fields = fields_of(entry, self._outcome)
        return Origin(place, steps, entry, fields, self._inputs(steps))

    def _at_its_unit(self, step: Step, observation: Observation) -> Step:
        """Lead to where the unit was read: of a quantity of FHIR that is its code or its text."""
        if step.at != field_at(observation.at, "unit") or (place := self._part(observation, "unit")) is None:
            return step
        return structs.replace(step, at=place.at)

    def _with_source(self, read: Step, observation: Observation) -> Step:
        """Set what was sent, escapes and all, beside what it was read as; nobody reads a document here."""
        place = self._part(observation, "value")
        if place is None or isinstance(observation.value, Document):
            return read
        return structs.replace(read, given=place.text)

    def _sent(self, entry: Entry) -> PayloadObservation | None:
        if entry.submission is None or entry.observation is None:
            return None
        return self._outcome.submissions[entry.submission].payload.observations[entry.observation]

    def _of_submission(self, field: PayloadField) -> Iterator[Origin]:
        yield self._made(self._submission_steps(field), (field.path,))

    def _made(self, steps: tuple[Step, ...], fields: tuple[str, ...]) -> Origin:
        # An identifier of FHIR is an object; its value is what is sent.
        candidates = (self._find(f"{step.at}.value") or self._find(step.at) for step in steps if step.at)
        place = next((each for each in candidates if each is not None and each.text), None)
        return Origin(place, steps, fields=fields, inputs=self._inputs(steps))

    def _submission_steps(self, field: PayloadField) -> tuple[Step, ...]:
        submission = self._outcome.submissions[field.submission]
        if field.name == "service_request_id":
            return trace_service_request(submission, self._reports, self._lookup, self._tables)
        outcome = self._outcome
        return trace_status(
            submission, self._reports, outcome.source.format, outcome.diagnostics, self._lookup, self._tables
        )

    def _use(self, place: Place) -> Origin:
        """Say which fields of the submissions a position outside every observation reaches."""
        ordered, made = self._reached(place)
        steps, fields = [*made], [*ordered]
        for number, submission in enumerate(self._outcome.submissions):
            if isinstance(submission.payload, OrderPayload):
                continue
            for name in ("service_request_id", "status"):
                field = PayloadField(number, None, name)
                used = self._submission_steps(field)
                if any(self._overlap(step.at, place) for step in used):
                    steps += used
                    fields.append(field.path)
        return Origin(place, tuple(steps), None, tuple(fields), self._inputs(steps))

    def _overlap(self, at: str, place: Place) -> bool:
        found = self._find(at)
        return found is not None and found.start < place.end and place.start < found.end

    def _observation_at(self, position: str) -> Observation | None:
        """Find the observation that a position lies in: the innermost one, since components lie in observations."""
        if (hl7 := parse_position(position)) is not None and self._outcome.source.format != "fhir":
            return self._observations.get(f"{hl7.segment}[{hl7.index}]")
        holders = [at for at in self._observations if position == at or position.startswith((f"{at}.", f"{at}["))]
        return self._observations[max(holders, key=len)] if holders else None

    def _part(self, observation: Observation, part: str) -> Place | None:
        if part == "value" and isinstance(observation.value, Numeric | Limit):
            return self._find(field_at(observation.at, "number")) or self._find(field_at(observation.at, part))
        if part == "unit" and self._outcome.source.format == "fhir":
            offered = (self._find(f"{field_at(observation.at, 'value')}.{name}") for name in _FHIR_UNITS)
            return next((place for place in offered if place is not None and place.text == observation.unit), None)
        return self._find(field_at(observation.at, part))

    def _inputs(self, steps: Iterable[Step]) -> tuple[Place, ...]:
        found = (self._find(at) for at in dict.fromkeys(step.at for step in steps))
        return tuple(place for place in found if place is not None)

    def _find(self, position: str) -> Place | None:
        try:
            return self._place(position) if position else None
        except NoSuchPositionError:
            return None

    def _place(self, position: str) -> Place:
        span = locate_any(self._chosen.raw, position, self._outcome.source.format, self._lexicon)
        return self._chosen.place(position, span)
