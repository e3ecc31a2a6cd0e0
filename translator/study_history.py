"""
Say what the lab is told of a study now, given everything that the vendor has told of it so far.

The lab gets one report per state: the first as final, each later one as a correction of what it has. What was told
again, an older state that came late, and a state that a newer one overtook before the lab had it, give nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from translator.errors import LedgerError
from translator.ledger import DONE, FAILED, NOTED, EventRow, Ledger
from translator.read.vendor_event import read_study_event
from translator.record.event import ACURABLE, StudyEvent, is_last
from translator.translate.study_revision import CONTRADICTS, FIRST, NEWER, compare, newest

NOT_FINISHED, IMPLAUSIBLE, NOT_KEPT = "not-finished", "implausible", "document-pruned"
SUPERSEDED, NO_NIGHTS, NO_ORDER = "study-superseded", "study-without-nights", "no-order"


class Telling(Struct, frozen=True):
    """
    What one event comes to.

    Shape: where `state` is not empty, nothing is brought, and the event is settled so, with `answer`. Else the report
    of `study` is due; it `corrects` what the lab may have, of which `told` is the last one.
    Absent: `told` is None where it is no longer kept.
    """

    study: StudyEvent
    state: str = ""
    answer: str = ""
    corrects: bool = False
    told: StudyEvent | None = None


class _Chapter(NamedTuple):
    """An event of one study; `study` is None where its bytes are no longer kept."""

    row: EventRow
    study: StudyEvent | None


def tell(ledger: Ledger, event: EventRow) -> Telling:
    """Judge one event by all that is kept of its study."""
    study = _study(ledger, event)
    if study is None:
        return Telling(StudyEvent(event.kind), FAILED, NOT_KEPT)
    if not study.is_finished:
        return Telling(study, NOTED, NOT_FINISHED)
    if not study.nights:
        return Telling(study, FAILED, NO_NIGHTS)
    if not study.is_plausible:
        return Telling(study, FAILED, IMPLAUSIBLE)
    if not study.reference:
        return Telling(study, FAILED, NO_ORDER)
    chapters = _chapters(ledger, study.reference)
    known = [(row, each) for row, each in chapters if each is not None and each.nights and each.is_plausible]
    relations = compare([each for _, each in known])
    counts = newest(relations)
    place = next(number for number, (row, _) in enumerate(known) if row.id == event.id)
    if relations[place] not in {FIRST, NEWER}:
        return Telling(study, FAILED if relations[place] == CONTRADICTS else NOTED, relations[place])
    if place < counts:
        return Telling(study, NOTED, SUPERSEDED)
    told = [one for one in chapters if one.row.id != event.id and _may_be_told(one.row)]
    return Telling(study, corrects=bool(told), told=told[-1].study if told else None)


def _chapters(ledger: Ledger, reference: str) -> list[_Chapter]:
    """Give every event that says that the study has finished, in the order in which they came."""
    rows = ledger.events().about(ACURABLE, reference)
    return [_Chapter(row, _study(ledger, row)) for row in rows if is_last(row.kind)]


def _study(ledger: Ledger, row: EventRow) -> StudyEvent | None:
    try:
        return read_study_event(ledger.raw(row.message))
    except LedgerError:
        return None


def _may_be_told(row: EventRow) -> bool:
    """Tell what the lab has, or may have: to settle an event is a try as well, but brings nothing."""
    if row.state == NOTED:
        return row.answer == SUPERSEDED and row.tries > 1
    return row.state == DONE or (row.state != FAILED and row.tries > 0)
