"""Write down what consumed streams did as the families that Prometheus knows. (pure)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

BECAME: Mapping[str, str] = {
    "taken": "taken",
    "repeats": "repeat",
    "again": "again",
    "too_large": "too-large",
    "unacknowledged": "unacknowledged",
}
"""What became of a delivered message, by what accept/stream_counts.py calls it; a repeat was taken, too."""


class _Stream(Protocol):
    @property
    def is_connected(self) -> bool: ...
    @property
    def counts(self) -> object: ...


def streams(found: Mapping[str, _Stream]) -> Iterator[Metric]:
    """Count what streams brought and were told, by stream and consumer."""
    connected = GaugeMetricFamily("translator_stream_connected", "1 while the broker is there", labels=["stream"])
    connections = CounterMetricFamily(
        "translator_stream_connections", "Connections that were made to the broker", labels=["stream"]
    )
    messages = CounterMetricFamily(
        "translator_stream_messages", "Messages of streams, by what became of them", labels=["stream", "became"]
    )
    outcomes = CounterMetricFamily("translator_stream_outcomes", "Outcomes that were published", labels=["stream"])
    for way, one in found.items():
        connected.add_metric([way], int(one.is_connected))
        connections.add_metric([way], getattr(one.counts, "connections", 0))
        outcomes.add_metric([way], getattr(one.counts, "outcomes", 0))
        for name, became in BECAME.items():
            messages.add_metric([way, became], getattr(one.counts, name, 0))
    yield from (connected, connections, messages, outcomes)


def untold(counts: Mapping[str, int]) -> Metric:
    """Count the changes of which no publisher was told yet."""
    family = GaugeMetricFamily(
        "translator_stream_untold", "Changes of messages that were not published yet", labels=["stream"]
    )
    for way, count in sorted(counts.items()):
        family.add_metric([way], count)
    return family
