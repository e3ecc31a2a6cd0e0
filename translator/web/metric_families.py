"""
Write counts down as the families that Prometheus knows: names, labels, help texts. (pure)

A label's value is always out of a short list: a code that is in no table counts as `other`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from translator.ledger import EVERY, RateBudget, RateUse, Standing, Tally, Waiting

OTHER = "other"
UNDELIVERED = ("queued", "unknown", "rejected")
WINDOWS = {60: "minute", 86_400: "day"}

REFUSED_CONNECTIONS: Mapping[str, str] = {
    "not_allowed": "address",
    "above_limit": "limit",
    "not_agreed": "tls",
}
"""Why a connection was not taken, by what accept/mllp_counts.py calls it."""

MLLP_TROUBLES: Mapping[str, str] = {
    "too_large": "too-large",
    "truncated": "truncated",
    "timeouts": "timeout",
    "defects": "defect",
}
"""What else went wrong on a connection."""

_US = 1_000_000


class _Counts(Protocol):
    @property
    def answered(self) -> Mapping[str, int]: ...
    @property
    def connections(self) -> int: ...


class _Folder(Protocol):
    @property
    def taken(self) -> Mapping[str, int]: ...
    @property
    def trouble(self) -> str: ...


def build(version: str) -> Metric:
    """Say which version runs."""
    family = GaugeMetricFamily("translator_build_info", "The version that runs", labels=["version"])
    family.add_metric([version], 1)
    return family


def ready(troubles: Mapping[str, str]) -> Metric:
    """Say whether messages are taken in."""
    return GaugeMetricFamily("translator_ready", "1 while every intake takes messages in", value=int(not troubles))


def ledger_up(*, is_up: bool) -> Metric:
    """Say whether the ledger answers."""
    return GaugeMetricFamily(
        "translator_ledger_up", "1 while the ledger answers; else what is read of it is of before", value=int(is_up)
    )


def spans(became: Mapping[str, int]) -> Metric:
    """Count what became of the spans of traces; nothing where none are recorded."""
    family = CounterMetricFamily("translator_trace_spans", "Spans of traces, by what became of them", labels=["became"])
    for word, count in became.items():
        family.add_metric([word], count)
    return family


def ports(counts: Mapping[str, _Counts]) -> Iterator[Metric]:
    """Count what MLLP ports did, by their number."""
    answers = CounterMetricFamily("translator_acks", "Acknowledgements by MLLP", labels=["port", "code"])
    is_open = GaugeMetricFamily("translator_mllp_connections", "Open connections by MLLP", labels=["port"])
    refused = CounterMetricFamily(
        "translator_mllp_refused_connections", "Connections that were not taken", labels=["port", "why"]
    )
    troubles = CounterMetricFamily(
        "translator_mllp_troubles", "What went wrong on connections that were taken", labels=["port", "what"]
    )
    for port, found in counts.items():
        is_open.add_metric([port], found.connections)
        for code, count in sorted(dict(found.answered).items()):
            answers.add_metric([port, code], count)
        for name, why in REFUSED_CONNECTIONS.items():
            refused.add_metric([port, why], getattr(found, name, 0))
        for name, what in MLLP_TROUBLES.items():
            troubles.add_metric([port, what], getattr(found, name, 0))
    yield from (answers, is_open, refused, troubles)


def folders(found: Mapping[str, _Folder]) -> Iterator[Metric]:
    """Count files of watched folders, by the place of the folder in the settings."""
    files = CounterMetricFamily(
        "translator_folder_files", "Files taken in, by what became of them", labels=["folder", "became"]
    )
    troubles = GaugeMetricFamily("translator_folder_trouble", "1 while no file is taken in", labels=["folder"])
    for number, folder in found.items():
        troubles.add_metric([number], int(bool(folder.trouble)))
        for became, count in folder.taken.items():
            files.add_metric([number, became], count)
    yield from (files, troubles)


def passed(messages: Mapping[tuple[str, str], int], attempts: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    """Count what came about since the start of the process."""
    taken = CounterMetricFamily(
        "translator_messages", "Messages kept since the start, as they were decided", labels=["intake", "state"]
    )
    for (intake, state), count in sorted(messages.items()):
        taken.add_metric([intake or "submit", state], count)
    made = CounterMetricFamily(
        "translator_attempts", "Calls to vendors that ended since the start", labels=["destination", "outcome"]
    )
    for (destination, outcome), count in sorted(attempts.items()):
        made.add_metric([destination, outcome], count)
    yield from (taken, made)


def waiting(found: Sequence[Waiting], destinations: Collection[str], now: int) -> Iterator[Metric]:
    """Count what is not delivered; destinations for which nothing waits have 0."""
    by_key = {(one.destination, one.state): one for one in found}
    names = sorted({*destinations, *(one.destination for one in found)})
    for state in UNDELIVERED:
        family = GaugeMetricFamily(f"translator_{state}", f"Submissions that are {state}", labels=["destination"])
        for name in names:
            one = by_key.get((name, state))
            family.add_metric([name], one.count if one else 0)
        yield family
    oldest = GaugeMetricFamily(
        "translator_oldest_undelivered_seconds",
        "Since when the oldest message waits whose results are queued, unknown or rejected; 0 where none does",
        labels=["destination", "state"],
    )
    for name in names:
        for state in UNDELIVERED:
            one = by_key.get((name, state))
            oldest.add_metric([name, state], max(0.0, (now - one.since) / _US) if one else 0)
    yield oldest


def held(counts: Mapping[str, int], reasons: Collection[str]) -> Metric:
    """Count what a person has to decide."""
    family = GaugeMetricFamily(
        "translator_held", "Entries, and messages without any, that are held, by cause", labels=["cause"]
    )
    known: Counter[str] = Counter()
    for cause, count in counts.items():
        known[_bounded(cause, reasons)] += count
    for cause, count in sorted(known.items()):
        family.add_metric([cause], count)
    return family


def destinations(
    standings: Sequence[Standing], uses: Mapping[str, Sequence[RateUse]], budgets: Mapping[str, RateBudget]
) -> Iterator[Metric]:
    """Say how each destination stands, and how many calls are left."""
    paused = GaugeMetricFamily("translator_destination_paused", "1 while nothing is sent", labels=["destination"])
    by_name = {one.name: one for one in standings}
    every = by_name.get(EVERY)
    for name in sorted({*by_name, *budgets} - {EVERY}):
        one = by_name.get(name)
        paused.add_metric([name], int(any(each is not None and each.paused_by for each in (one, every))))
    left = GaugeMetricFamily(
        "translator_rate_budget_left",
        "Calls that may still be made in this window; no line where there is no limit",
        labels=["destination", "window"],
    )
    for name, used in sorted(uses.items()):
        limits = dict(budgets.get(name, RateBudget()).windows(urgent=True))
        for use in used:
            if use.window_s in limits:
                left.add_metric([name, WINDOWS[use.window_s]], max(0, limits[use.window_s] - use.used))
    yield from (paused, left)


def tally(found: Tally, reasons: Collection[str], age_s: float) -> Iterator[Metric]:
    """Count all entries by state and reason, and say whether any is missing."""
    entries = GaugeMetricFamily(
        "translator_entries", "All entries of the ledger, by state and reason", labels=["state", "reason"]
    )
    counts: Counter[tuple[str, str]] = Counter()
    for (state, reason), count in found.entries.items():
        counts[state, _bounded(reason, reasons)] += count
    for labels, count in sorted(counts.items()):
        entries.add_metric(labels, count)
    imbalance = GaugeMetricFamily(
        "translator_ledger_imbalance", "Entries that are missing or too many; must be 0", value=found.imbalance
    )
    age = GaugeMetricFamily(
        "translator_tally_age_seconds", "How old the counts of all entries and of the imbalance are", value=age_s
    )
    yield from (entries, imbalance, age)


def _bounded(code: str, known: Collection[str]) -> str:
    return code if not code or code in known else OTHER
