"""
Write down the source of what is sent, as the lab wrote it: what the ledger compares when the lab sends again.

The comparison is of the lab's own words, so that another mapping table is never mistaken for a correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translator.record.outcome import SourceObservation
from translator.record.report import Message, Report
from translator.record.time_zones import Moment, moment
from translator.record.values import Coded, Limit, Numeric, Range, Ratio, Text, Value
from translator.translate.observation import Verdict


def sources(
    message: Message, sent: Iterable[tuple[Report, Iterable[Verdict]]], time_zone: str = ""
) -> Iterator[SourceObservation]:
    """
    Write the sources of one submission, in the order of its observations.

    Shape: `sent` is, for each report, what is sent of it; `time_zone` is where the sender's clocks stand.
    """
    for report, verdicts in sent:
        yield from _sources(message, report, verdicts, time_zone)


def ordered_at(report: Report, time_zone: str = "") -> str:
    """Give the sender's time of a report in a form that sorts, or nothing."""
    return time_of(report, time_zone).text


def time_of(report: Report, time_zone: str) -> Moment:
    """Give the first of the sender's times of a report that is one."""
    for text in report.times:
        found = moment(text, time_zone)
        if found.text:
            return found
    return Moment()


def _sources(
    message: Message, report: Report, verdicts: Iterable[Verdict], time_zone: str
) -> Iterator[SourceObservation]:
    panel = report.panel[0].code if report.panel else ""
    key = f"{message.sender}|{report.filler.namespace}|{report.filler.value}|{panel}"
    time = ordered_at(report, time_zone)
    for verdict in verdicts:
        seen, code = verdict.observation, verdict.route.code
        yield SourceObservation(
            seen.at,
            f"{key}|{code}|{seen.sub_id}",
            lexical(seen.value),
            seen.unit,
            verdict.status,
            code,
            time,
            seen.critical,
        )


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
