"""
Write down the source of what is sent, as the lab wrote it: what the ledger compares when the lab sends again.

The comparison is of the lab's own words, so that another mapping table is never mistaken for a correction.
"""

from __future__ import annotations

from translator.record.outcome import SourceObservation
from translator.record.report import Message, Report
from translator.record.times import Moment, moment
from translator.record.values import Coded, Limit, Numeric, Range, Ratio, Text, Value
from translator.translate.observation import Verdict


class SourceWriter:
    """
    Write the sources of one report's observations.

    Shape: `ordered_at` is the sender's time of the report in a form that sorts, or empty; `time_zone` is where the
    sender's clocks stand.
    """

    def __init__(self, message: Message, report: Report, time_zone: str = "") -> None:
        panel = report.panel[0].code if report.panel else ""
        self._report = f"{message.sender}|{report.filler.namespace}|{report.filler.value}|{panel}"
        self.ordered_at = time_of(report, time_zone).text

    def __call__(self, verdict: Verdict, code: str) -> SourceObservation:
        """Write the source of one observation that is sent under a WHOOP code."""
        observation = verdict.observation
        return SourceObservation(
            observation.at,
            f"{self._report}|{code}|{observation.sub_id}",
            lexical(observation.value),
            observation.unit,
            verdict.status,
            code,
            self.ordered_at,
        )


def time_of(report: Report, time_zone: str) -> Moment:
    """Give the first of the sender's times of a report that is one."""
    return next((found for text in report.times if (found := moment(text, time_zone)).text), Moment())


def lexical(value: Value) -> str:
    """Write a value as the sender did, so that two sendings can be compared."""
    match value:
        case Numeric():
            return value.lexical
        case Limit():
            return f"{value.comparator}{value.lexical}"
        case Ratio():
            return f"{value.comparator}{value.left}{value.separator}{value.right}"
        case Range():
            return f"{value.low}-{value.high}"
        case Coded():
            return "^".join([*(f"{coding.system}|{coding.code}" for coding in value.codings), value.text])
    return value.text if isinstance(value, Text) else ""
