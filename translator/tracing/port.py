"""
Say what the parts of the house may tell of their work as spans of a trace, whoever records them. (pure)

A span is passed from hand to hand, never found in a context variable: a message goes through threads, event loops and
processes, and is told of where its times are known. Where nobody records, every call here does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

Told: TypeAlias = Mapping[str, str | int | float | bool | Sequence[str]]

INTERNAL, SERVER, CLIENT, CONSUMER = "internal", "server", "client", "consumer"
"""The kinds of spans, by the words of OpenTelemetry."""

ATTRIBUTES = frozenset(
    {
        "http.request.method", "http.response.status_code", "http.route", "messaging.destination.name",
        "messaging.message.id", "messaging.operation.name", "messaging.operation.type", "messaging.system",
        "server.address", "server.port", "url.path", "url.scheme", "url.template",
        "translator.acknowledgement", "translator.answer", "translator.attempt", "translator.commit.messages",
        "translator.control_id", "translator.entries.held", "translator.entries.ignored",
        "translator.entries.refused", "translator.entries.total", "translator.entries.translated",
        "translator.format", "translator.intake", "translator.kind",
        "translator.lane", "translator.message", "translator.outcome", "translator.reasons", "translator.repeat",
        "translator.retry_in_s", "translator.site", "translator.size", "translator.state", "translator.submission",
        "translator.submissions", "translator.tables",
    }
)  # fmt: skip
"""What a span may say: numbers, codes, states, hashes, names of the settings; never anything of a message."""


class Span(Protocol):
    """A span that has begun; times are in nanoseconds since 1970, as its tracer tells them."""

    @property
    def context(self) -> str:
        """The `traceparent` by which others go on, in this process or another; empty where nobody records."""

    def part(self, name: str, began: int, ended: int, told: Told, *, kind: str = INTERNAL, error: str = "") -> None:
        """Tell of a part of it that has ended; `error` is a code where it failed."""

    def end(self, ended: int, told: Told, *, error: str = "") -> None:
        """Tell that it has ended; `error` is a code where it failed."""


class Tracer(Protocol):
    """Who records spans; threads may share it."""

    @property
    def is_on(self) -> bool:
        """Whether anybody records."""

    @property
    def became(self) -> Mapping[str, int]:
        """Count what became of spans since the start, by a word for it; nothing where nobody records."""

    def now(self) -> int:
        """Give the time for spans; 0 where nobody records."""

    def begin(self, name: str, kind: str, began: int, *, parent: str = "") -> Span:
        """
        Begin a span.

        Shape: `parent` is the `traceparent` of the trace that goes on; without one, a trace begins.
        """

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""


class _NoSpan:
    """A span that nobody records."""

    context = ""

    def part(self, name: str, began: int, ended: int, told: Told, *, kind: str = INTERNAL, error: str = "") -> None:
        """Do nothing."""

    def end(self, ended: int, told: Told, *, error: str = "") -> None:
        """Do nothing."""


class _NoTracer:
    """Nobody records."""

    is_on = False
    became: Mapping[str, int] = {}

    def now(self) -> int:
        """Look at no clock."""
        return 0

    def begin(self, name: str, kind: str, began: int, *, parent: str = "") -> Span:  # noqa: ARG002 - the port's
        """Begin nothing."""
        return NO_SPAN

    def close(self) -> None:
        """Do nothing."""


NO_SPAN: Span = _NoSpan()
NO_TRACER: Tracer = _NoTracer()
