"""What must hold for every input whatever: checked by the fuzz runs, with all that an outcome says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO
from random import Random

from tests.fuzz import fhir_properties
from tests.lab_messages import service_request
from translator import Outcome, Translator
from translator.record.correlation import CorrelationHit
from translator.translate.service_request import is_uuid, no_correlation

_STATES = {"translated", "held", "ignored", "refused"}
_STATUSES = {"final", "partial", "preliminary", "amended", "corrected", "cancelled"}
# A site may send `TNP` with `cancelled`.
_OBSERVATION_STATUSES = {"final", "preliminary", "amended", "corrected", "cancelled"}
# An order by its ORC, or by its OBR where it has none.
_ORDER = re.compile(r"(?:ORC|OBR)\[")
_LINE = re.compile(rb"[\r\n]")
_HIGH_BLANK = re.compile(rb"[\r\n][\x00-\x20]*[\x80-\xff]\s*OBX")
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\x0b\x0c\x1c\x1d\x1e\x1f"


def one_order(key_type: str, _key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
    """Know every placer number, so that what would be held for want of an order is looked at further."""
    return (CorrelationHit(service_request(1)),) if key_type == "placer" else ()


def two_orders(key_type: str, key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
    """Know every filler number, by two orders, one of them of a certain patient."""
    return (CorrelationHit(service_request(1 + len(key) % 2), patient="EX" * (len(key) % 3 == 0)),) * (
        key_type == "filler"
    )


class BrokenPropertyError(AssertionError):
    """A property does not hold; the text says which, without the input."""


def _hold(holds: bool, what: str) -> None:  # noqa: FBT001 - a claim and its words
    if not holds:
        raise BrokenPropertyError(what)


def check(engine: Translator, raw: bytes, chance: Random) -> int:
    """
    Translate an input as a stream, and now and then otherwise, and check every outcome; chance knows the orders.

    Shape: gives how many entries were accounted for.
    Raises: BrokenPropertyError, or whatever the engine should not have raised.
    """
    lookup = chance.choice((no_correlation, one_order, two_orders))
    outcomes = list(engine.translate_pieces(BytesIO(raw), correlation=lookup))
    _hold(bool(outcomes), "a stream gives at least one outcome")
    for piece, outcome in outcomes:
        _check_outcome(engine, outcome)
        _check_count(piece, outcome)
    sample = chance.random()
    if sample < 0.05:
        again = [outcome.json for outcome in engine.translate_stream(_Trickle(raw, chance), correlation=lookup)]
        _hold(again == [outcome.json for _, outcome in outcomes], "chunks and repetition change nothing")
    elif sample < 0.2:
        whole = engine.translate(raw, correlation=lookup)
        _check_outcome(engine, whole)
        if whole.diagnostics and whole.diagnostics[0].code == "several-messages":
            _hold(whole.state == "refused", "several messages in one call are refused")
        _hold(engine.translate(raw, correlation=lookup).json == whole.json, "the same bytes give the same line")
    return sum(len(outcome.entries) for _, outcome in outcomes)


class _Trickle(BytesIO):
    """A file that gives as much as chance has it."""

    def __init__(self, raw: bytes, chance: Random) -> None:
        super().__init__(raw)
        self._chance = chance

    def read(self, size: int | None = -1, /) -> bytes:
        given = self._chance.choice((1, 2, 3, 7, 64, 255, 256, 257, 4096))
        return super().read(given if size is None or size < 0 else min(given, size))


def _check_outcome(engine: Translator, outcome: Outcome) -> None:
    reasons = engine.tables.reasons
    _hold(outcome.state in _STATES, "the state is one of four")
    _hold(all(diagnostic.code in reasons for diagnostic in outcome.diagnostics), "diagnostics are listed reasons")
    _hold(all(_is_sound(entry.state, entry.reason, reasons) for entry in outcome.entries), "states have listed reasons")
    _hold(all(not entry.cause or entry.cause in reasons for entry in outcome.entries), "causes are listed reasons")
    places = [entry.at for entry in outcome.entries]
    _hold(len(set(places)) == len(places), "each observation has one entry")
    if outcome.source.format == "hl7v2":
        results = {place for place in places if not _ORDER.match(place)}
        _hold(results == {f"OBX[{n + 1}]" for n in range(len(results))}, "entries are numbered through")
    _check_sum(outcome)
    for number, submission in enumerate(outcome.submissions):
        _hold(json.loads(submission.body_json) == submission.body, "the body is JSON")
        if submission.kind != "results":
            _hold([*_positions(outcome, number)] == [None], "a body of an order is of one order")
            continue
        _hold(is_uuid(submission.service_request_id), "a submission names its service request by UUID")
        sent = list(_positions(outcome, number))
        observations = submission.body.get("observations", [])
        _hold(submission.body["status"] in _STATUSES, "the report's status is WHOOP's")
        _hold(set(sent) == set(range(len(observations))), "every observation sent has its entry")
        _hold(bool(observations) == (submission.body["status"] != "cancelled"), "only a cancelled report is empty")
        for observation in observations:
            numeric, text = "value_numeric" in observation, "value_text" in observation
            _hold(numeric != text, "a value is a number or a text")
            _hold(not numeric or _is_number(observation["value_numeric"]), "a number is finite")
            _hold(not text or bool(observation["value_text"]), "a text says something")
            _hold(observation["status"] in _OBSERVATION_STATUSES, "an observation's status is FHIR's")
    line = json.loads(outcome.json)
    _hold(line["state"] == outcome.state, "the line is JSON")
    _hold(b"null" not in outcome.json or "null" in json.dumps(line, ensure_ascii=False), "absent keys are omitted")


def _is_sound(state: str, reason: str, reasons: object) -> bool:
    listed = reason in reasons  # type: ignore[operator]
    return state in _STATES and (not reason if state == "translated" else listed)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _positions(outcome: Outcome, submission: int) -> Iterator[int | None]:
    for entry in outcome.entries:
        if entry.submission == submission:
            yield entry.observation


def _check_sum(outcome: Outcome) -> None:
    """A message is what its entries come to."""
    states = {entry.state for entry in outcome.entries}
    translated = [entry for entry in outcome.entries if entry.state == "translated"]
    _hold(all(entry.submission is not None for entry in translated), "what is translated is submitted")
    _hold(all(entry.submission is None for entry in outcome.entries if entry.state != "translated"), "only that is")
    _hold(not outcome.submissions or outcome.state == "translated", "a message with a submission is translated")
    _hold(outcome.state != "ignored" or states <= {"ignored"}, "an ignored message holds nothing back")
    _hold(outcome.state != "translated" or bool(outcome.submissions), "a translated message has a submission")
    _hold(outcome.state in {"translated", "ignored"} or bool(outcome.diagnostics or states), "a hold says why")


def _check_count(piece: bytes, outcome: Outcome) -> None:
    """As many entries as OBX segments, or Observations and components; counted apart from the reader, by bytes."""
    if outcome.source.format == "fhir":
        for what in fhir_properties.broken(piece, outcome):
            _hold(False, what)  # noqa: FBT003 - a claim that does not hold
    if outcome.source.format != "hl7v2":
        return
    head = _LINE.split(piece.removeprefix(_BOM).lstrip(b" \t\r\n\x0b"))[0]
    separator = head[3:4]
    # Where shifts or double bytes are declared, a byte that looks like a delimiter need not be one.
    fields = head.split(separator) if separator else []
    charset = fields[17].strip() if len(fields) > 17 else b""
    if not head.startswith(b"MSH") or not b"" < separator < b"\x80" or b"\x1b" in piece or charset not in _ONE_BYTE:
        return
    # Blanks above 127 are blanks in some charsets only.
    if _HIGH_BLANK.search(piece):
        return
    names = {b"OBX" + separator, b"OBX"}
    lines = [line.lstrip(_BLANK) for line in _LINE.split(piece)]
    written = sum(line[:4] in names for line in lines)
    entered = sum(not _ORDER.match(entry.at) for entry in outcome.entries)
    _hold(written == entered or "malformed" in {d.code for d in outcome.diagnostics}, "one entry per OBX")


_ONE_BYTE = {b"", b"ASCII", b"8859/1", b"8859/15", b"UNICODE UTF-8"}
