"""
Count one message after another: what it sends, what became of it, and what of it nobody reads.

Theory of operation: observations of one form share it, so a form with its fate is the key that all tables of codes,
units, types and statuses are made from. What is remembered of a form is bounded, and is never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct, structs

from translator.coverage.buckets import bucket_of
from translator.coverage.counts import MOST, Counts, Key, bounded
from translator.coverage.filled import (
    ORDER_ELEMENT,
    ORDER_SEGMENT,
    RESULT_ELEMENT,
    RESULT_SEGMENT,
    ElementWalk,
    Node,
    filled_fields,
    flags_of,
    sender_of,
)
from translator.coverage.shown import short, shown_name, shown_unit, shown_word
from translator.pipeline import Pipeline
from translator.read.detect import detect
from translator.read.fhir_json import BOM
from translator.read.fhir_xml import xml_to_json
from translator.read.segments_sent import segments_sent
from translator.read.xml_tree import MalformedXmlError
from translator.record.outcome import FILE_SCHEMA, Entry, OrderPayload, Outcome, Submission
from translator.record.quantity import canonical, read_quantity
from translator.record.report import Form, Message, Observation
from translator.record.values import Coding, Numeric, Range
from translator.translate.codes import match_codes
from translator.translate.tables import Tables

_MEMO_SIZE = 4096
_MOST_CODINGS = 6
_NO_FORM = Form()
# Such a message would be read in production, so what it sends counts; of others that are refused nothing is looked at.
_LOOKED_AT = frozenset({"not-production"})
_RANGE_FIELD = 7
_UNKNOWN = "unknown"


# The forms of what no row maps, by place.
Unmapped: TypeAlias = Mapping[str, Form]


class _Known(Struct, frozen=True):
    """What is remembered of a form: itself, shortened where it is too long, and whether none of its codes has a row."""

    form: Form
    unmapped: bool


class Counted(Struct, frozen=True):
    """A part of what is counted, with how many messages and entries it is about."""

    counts: Counts
    messages: int
    entries: int


class Tally:
    """
    Count messages; `counts` is what was counted so far.

    Shape: `watch` is given to what translates, and sees every message with its outcome.
    """

    def __init__(self, tables: Tables, most: int = MOST) -> None:
        self._tables = tables
        self._lexicon = Pipeline(tables).lexicon
        self._listed = {spelling for _, spelling in tables.spellings}
        self._most = most
        self._known: dict[Form, _Known] = {}
        self._walks = {kind: ElementWalk(kind) for kind in (RESULT_ELEMENT, ORDER_ELEMENT)}
        self._counts = Counts()
        self.messages = 0
        self.entries = 0

    @property
    def counts(self) -> Counts:
        """What was counted so far, within bounds."""
        return Counts(*(bounded(counter, name, self._most) for name, counter in structs.asdict(self._counts).items()))

    def take(self) -> Counted:
        """Give what was counted since the last time, and begin anew."""
        counted = Counted(self.counts, self.messages, self.entries)
        self._counts, self.messages, self.entries = Counts(), 0, 0
        return counted

    def add(self, counted: Counted) -> None:
        """Count what another has counted."""
        for name, counter in structs.asdict(counted.counts).items():
            getattr(self._counts, name).update(counter)
        self.messages += counted.messages
        self.entries += counted.entries
        self._trim()

    def file(self, outcome: Outcome) -> None:
        """Count what is wrong with a file as a whole."""
        if outcome.schema == FILE_SCHEMA:
            self._counts.files.update([(found.code,) for found in outcome.diagnostics])

    def unreadable(self) -> None:
        """Count a file that the system could not read."""
        self._counts.files["file-unreadable",] += 1

    def watch(self, raw: bytes, message: Message, outcome: Outcome) -> None:
        """Count a message with what became of it."""
        counts = self._counts
        self.messages += 1
        self.entries += len(outcome.entries)
        form = message.format or _UNKNOWN
        document = _document(raw) if form == "fhir" else {}
        sender = sender_of(document) if document else message.sender
        counts.messages[form, shown_word(message.type), short(sender), outcome.state] += 1
        counts.reasons.update(_reasons(outcome))
        seen = [each for report in message.reports for each in report.observations]
        unmapped = self._observed(form, seen, outcome.entries)
        self._ordered(form, message, outcome.entries)
        for report in message.reports:
            if report.at:
                counts.reports[form, shown_word(report.status)] += 1
                counts.panels[form, _shortened(report.panel)] += 1
        for submission in outcome.submissions:
            self._sent(submission)
        if message.refused is None or message.refused.code in _LOOKED_AT:
            if document:
                self._elements(raw, document, orders=bool(message.orders))
            else:
                self._segments(raw, unmapped, orders=bool(message.orders))
        self._trim()

    def _observed(self, form: str, seen: Sequence[Observation], entries: Sequence[Entry]) -> Unmapped:
        """Count every observation with its fate, and give those that no row maps, by their places."""
        known, learn = self._known.get, self._learn
        if len(seen) == len(entries) and all(one.at is other.at for one, other in zip(seen, entries, strict=True)):
            pairs: Iterable[tuple[Observation, Entry]] = zip(seen, entries, strict=True)
        else:
            by_place = {each.at: each for each in seen}
            pairs = ((by_place[entry.at], entry) for entry in entries if entry.at in by_place)
        keys: list[Key] = []
        unmapped: dict[str, Form] = {}
        for each, entry in pairs:
            found = known(each.form) or learn(each.form)
            keys.append((form, found.form, entry.state, entry.cause or entry.reason, entry.table))
            if found.unmapped:
                unmapped[entry.at] = found.form
                if type(each.value) is Numeric:
                    self._counts.values[found.form.codes, found.form.unit, bucket_of(each.value.number)] += 1
        self._counts.entries.update(keys)
        return unmapped

    def _ordered(self, form: str, message: Message, entries: Sequence[Entry]) -> None:
        if message.orders:
            codes = {order.at: order.codes for order in message.orders}
            sent = [each for each in entries if each.at in codes]
            keys = [(form, _shortened(codes[each.at]), each.state, each.reason) for each in sent]
            self._counts.orders.update(keys)

    def _sent(self, submission: Submission) -> None:
        if isinstance(submission.payload, OrderPayload):
            return
        counts = self._counts
        counts.waiting.update([(code,) for code in submission.unconfirmed])
        listed = self._tables.answered_codes
        texts = [each for each in submission.payload.observations if each.value_text and each.code in listed]
        counts.answers.update([(each.code, each.value_text) for each in texts])

    def _segments(self, raw: bytes, unmapped: Unmapped, *, orders: bool) -> None:
        delimiters, segments = segments_sent(raw, self._lexicon)
        self._counts.filled.update(filled_fields(ORDER_SEGMENT if orders else RESULT_SEGMENT, segments))
        flags = flags_of(segments, delimiters.repetition, delimiters.component)
        self._counts.flags.update([("hl7v2", shown_word(flag)) for flag in flags])
        if unmapped:
            self._ranges(unmapped, segments, delimiters.component)

    def _elements(self, raw: bytes, document: Node, *, orders: bool) -> None:
        walk = self._walks[ORDER_ELEMENT if orders else RESULT_ELEMENT]
        found, flags = walk.over(document, extended=b"extension" in raw)
        self._counts.filled.update(found)
        self._counts.flags.update([("fhir", shown_word(flag)) for flag in flags])

    def _ranges(self, unmapped: Unmapped, segments: Sequence[Sequence[str]], component: str) -> None:
        """Count the reference ranges of what no row maps."""
        lines = [fields for fields in segments if fields[0][:3] == "OBX"]
        for number, fields in enumerate(lines, start=1):
            form = unmapped.get(f"OBX[{number}]")
            if form is None or len(fields) <= _RANGE_FIELD:
                continue
            ends = read_quantity(fields[_RANGE_FIELD].split(component, 1)[0].replace(" ", ""))
            if isinstance(ends, Range):
                self._counts.ranges[form.codes, form.unit, canonical(ends.low), canonical(ends.high)] += 1

    def _learn(self, form: Form) -> _Known:
        if len(self._known) >= _MEMO_SIZE:
            self._known.clear()
        match = match_codes(form.codes, self._tables.observations)
        found = self._known[form] = _Known(self._shown(form), match.row is None)
        return found

    def _shown(self, form: Form) -> Form:
        return structs.replace(
            form,
            codes=_shortened(form.codes),
            value_type=shown_word(form.value_type),
            unit=shown_unit(form.unit, self._listed),
            unit_system=shown_name(form.unit_system),
            status=shown_word(form.status),
        )

    def _trim(self) -> None:
        """Let go of what is beyond bounds, whenever twice as much has come together."""
        for name in Counts.__struct_fields__:
            counter = getattr(self._counts, name)
            if len(counter) > 2 * self._most:
                kept = Counter(bounded(counter, name, self._most))
                counter.clear()
                counter.update(kept)


def _reasons(outcome: Outcome) -> set[Key]:
    """Give every state of a message's entries with its reason; of a message without entries, its own."""
    found: set[Key] = {(each.state, each.cause or each.reason) for each in outcome.entries if each.reason}
    if not outcome.entries or (outcome.state in {"held", "refused"} and outcome.state not in {key[0] for key in found}):
        errors = [each.code for each in outcome.diagnostics if each.severity == "error"]
        found |= {(outcome.state, code) for code in errors}
    return found


def _document(raw: bytes) -> Node:
    """Parse a document that the reader has parsed before; what it could not parse has nothing in it."""
    try:
        body = xml_to_json(raw) if detect(raw) == "fhir-xml" else raw.removeprefix(BOM)
        root = msgspec.json.decode(body)
    except (MalformedXmlError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return root if isinstance(root, dict) else {}


def _shortened(codes: Iterable[Coding]) -> tuple[Coding, ...]:
    sent = list(codes)[:_MOST_CODINGS]
    return tuple([Coding(short(each.system), short(each.code), shown_name(each.text)) for each in sent])
