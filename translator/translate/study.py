"""Find the study that the codes of an order mean, by `acurable/study-codes.csv`."""

from __future__ import annotations

from typing import NamedTuple

from translator.record.values import Coding
from translator.translate.order_layout import StudyRow
from translator.translate.tables import Tables

# A code without a system is the sender's own, as one under L is.
_LOCAL = "L"


class StudyMatch(NamedTuple):
    """The one study that is meant, or the reason why there is none."""

    row: StudyRow | None
    reason: str = ""


def match_study(codes: tuple[Coding, ...], tables: Tables) -> StudyMatch:
    """Look every offered code up; two that mean different studies are for a person to settle."""
    found = [tables.studies.get((coding.system or _LOCAL, coding.code)) for coding in codes]
    rows = [row for row in found if row is not None]
    if not rows:
        return StudyMatch(None, "unmapped-order")
    meanings = {(row.kind, row.nights, row.sensors) for row in rows}
    return StudyMatch(rows[0]) if len(meanings) == 1 else StudyMatch(None, "conflicting-orders")


def study_example(example: str, tables: Tables) -> str:
    """Say what an order code means, as `example_out` has it; the code stands as in OBR-4."""
    code, _, rest = example.partition("^")
    sent = rest.partition("^")[2].strip()
    row, reason = match_study((Coding(tables.systems.get(sent, sent), code),), tables)
    return study_words(row) if row is not None else f"held:{reason}"


def study_words(row: StudyRow) -> str:
    """Say what a row means: `order: 2 nights, neck_sensor`."""
    return f"{row.kind}: {row.nights} night{'s' * (row.nights > 1)}, {'|'.join(row.sensors)}"
