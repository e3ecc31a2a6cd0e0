"""
Notice that a code of blood stands under a specimen that is none, such as a serum glucose under a urine sample.

Only what is certain counts: the LOINC name says blood, serum or plasma, and every specimen that the report names is
listed as something else. A specimen that no row lists contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from translator.record.report import Report
from translator.translate.observation import Verdict
from translator.translate.tables import Tables

_BLOOD = ("in Serum", "in Plasma", "in Blood", "of Blood", "in Platelet poor plasma")
REASON = "specimen-contradicts"


def hold_other_specimens(report: Report, verdicts: Iterable[Verdict], tables: Tables) -> None:
    """Hold, in place, what the report's specimens contradict."""
    for code in report.specimens:
        if tables.specimens.get(code) != "no":
            return
    if not report.specimens:
        return
    for verdict in verdicts:
        row = verdict.row
        if verdict.payload is not None and row is not None and any(words in row.display for words in _BLOOD):
            verdict.state, verdict.reason, verdict.payload = "held", REASON, None
