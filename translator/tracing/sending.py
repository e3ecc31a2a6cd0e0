"""
Send spans to a collector, by OTLP over HTTP, and count what becomes of them.

Nothing waits for the collector: spans lie in a queue of bounded length, which a thread of OpenTelemetry's empties. What
finds no room there, or is not taken, is dropped, counted, and told of once.

A redirect is not followed, and is no success, whatever OpenTelemetry makes of it: nobody has the spans then.

Source: OpenTelemetry Protocol specification, OTLP/HTTP.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.util.re import parse_env_headers

from translator.config_trace import TraceSettings
from translator.errors import ConfigError

QUEUE = "OTEL_BSP_MAX_QUEUE_SIZE"
USUAL_QUEUE = 2048

FULL, NO_ANSWER, STRANGER = "the queue is full", "no answer", "its certificate is not believed"
SLOW, UNSENT = "it is too slow", "they cannot be sent"

_FILES = ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")
_FIRST_REDIRECT, _FIRST_ERROR = 300, 400


class Line(requests.Session):
    """
    The line to a collector.

    Shape: `why` is why the last call was not taken, empty where it was, or where none has ended yet; `rejected` how
    many of its spans the collector did not want.
    """

    def __init__(self, *, direct: bool) -> None:
        super().__init__()
        # What lies on this machine is behind no proxy.
        self.trust_env = not direct
        self.why = ""
        self.rejected = 0

    def request(self, method: str, url: str | bytes, *rest: Any, **more: Any) -> requests.Response:
        """Make a call, and note how it went; a redirect raises what is not tried again."""
        self.rejected = 0
        try:
            answer = super().request(method, url, *rest, **{**more, "allow_redirects": False})
        except requests.exceptions.RequestException as error:
            self.why = STRANGER if isinstance(error, requests.exceptions.SSLError) else NO_ANSWER
            raise
        self.why = "" if answer.status_code < _FIRST_REDIRECT else f"it answers {answer.status_code}"
        if _FIRST_REDIRECT <= answer.status_code < _FIRST_ERROR:
            raise requests.exceptions.HTTPError(self.why)
        self.rejected = _rejected(answer.content) if not self.why else 0
        return answer


def _rejected(body: bytes) -> int:
    """Read how many spans a collector did not want of those that it took."""
    try:
        return int(ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans)
    except DecodeError:
        # Whatever it says, it says that it took them.
        return 0


class Tally:
    """What became of spans; threads may share it. What waits is `most` at most."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._most = most
        self.waiting = self.sent = self.dropped = 0

    def come(self) -> bool:
        """Count a span that waits now; gives False where there is no room for it."""
        with self._lock:
            has_room = self.waiting < self._most
            self.waiting += has_room
        return has_room

    def go(self, count: int) -> None:
        """Count spans that leave the queue."""
        with self._lock:
            self.waiting -= count

    def end(self, *, sent: int = 0, dropped: int = 0) -> None:
        """Count what a collector took, and what nobody did."""
        with self._lock:
            self.sent += sent
            self.dropped += dropped


class Telling(SpanExporter):
    """
    Sends spans, and tells once that some are dropped, and once that all are taken again.

    Shape: `warn` is told; `host` is the collector's name.
    """

    def __init__(self, inner: SpanExporter, line: Line, tally: Tally, warn: Callable[[str], None], host: str) -> None:
        self._inner = inner
        self._line = line
        self._tally = tally
        self._warn = warn
        self._host = host
        self._lock = threading.Lock()
        self._dropped_before: int | None = None
        self._is_over = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some; what is not taken is gone."""
        self._tally.go(len(spans))
        result = self._inner.export(spans)
        is_taken = result is SpanExportResult.SUCCESS
        rejected = min(self._line.rejected, len(spans)) if is_taken else len(spans)
        self._tally.end(sent=len(spans) - rejected)
        if rejected:
            self.lose(rejected, f"it rejects {rejected} of {len(spans)}" if is_taken else self._line.why or UNSENT)
        if not (rejected or self._tally.waiting):
            self._is_well()
        return result

    def lose(self, count: int, why: str) -> None:
        """Count spans that are dropped, and tell of it, unless that was told."""
        with self._lock:
            is_news = self._dropped_before is None
            if is_news:
                self._dropped_before = self._tally.dropped
            self._tally.end(dropped=count)
        if is_news:
            self._warn(
                f"traces are not taken by {self._host}: {why}; they are dropped until they are, all else goes on"
            )

    def _is_well(self) -> None:
        with self._lock:
            before, self._dropped_before = self._dropped_before, None
        if before is not None:
            lost = self._tally.dropped - before
            self._warn(f"traces are taken again by {self._host}; {lost} spans were dropped meanwhile")

    def give_up(self) -> None:
        """Send nothing more: the collector had its time."""
        self.lose(self._tally.waiting, self._line.why or SLOW)
        self.shutdown()

    def shutdown(self) -> None:
        """Let go of the collector, once."""
        if not self._is_over:
            self._is_over = True
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Hold nothing back."""
        return self._inner.force_flush(timeout_millis)


class Queue(BatchSpanProcessor):
    """The queue of spans that wait to be sent; what finds no room in it is dropped, and that is told."""

    def __init__(self, exporter: Telling, line: Line, tally: Tally, most: int) -> None:
        super().__init__(exporter, max_queue_size=most)
        self._line = line
        self._telling = exporter
        self._tally = tally

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        if self._tally.come():
            super().on_end(span)
        else:
            self._telling.lose(1, self._line.why or FULL)


def queue_size() -> int:
    """Say how many spans may wait."""
    return int(os.environ.get(QUEUE) or USUAL_QUEUE)


def exporter(settings: TraceSettings, line: Line, *, timeout_s: float | None = None) -> OTLPSpanExporter:
    """
    Make who exports, by these settings and the variables of OpenTelemetry.

    Units: `timeout_s` in seconds, for one export with all that is tried again.
    Raises: ConfigError where they cannot be used.
    """
    headers = headers_of(settings)
    for name in (f"OTEL_EXPORTER_OTLP_{part}{file}" for file in _FILES for part in ("TRACES_", "")):
        if (path := os.environ.get(name)) and not os.access(path, os.R_OK):
            raise ConfigError(f"{name} names a file that cannot be read; correct it, or its permissions")
    try:
        return OTLPSpanExporter(settings.url, headers=headers, timeout=timeout_s, session=line)
    except (ValueError, RuntimeError, OSError) as error:
        raise ConfigError(f"the OTEL_EXPORTER_OTLP_* variables cannot be used for traces: {error}") from None


def asked(settings: TraceSettings, timeout_s: float) -> str:
    """
    Send an export with nothing in it; gives why it was not taken, empty where it was.

    Units: `timeout_s` in seconds.
    Raises: ConfigError as above.
    """
    line = Line(direct=settings.is_loopback)
    sender = exporter(settings, line, timeout_s=timeout_s)
    is_taken = sender.export(()) is SpanExportResult.SUCCESS
    line.close()
    return "" if is_taken else line.why or UNSENT


def headers_of(settings: TraceSettings) -> Mapping[str, str] | None:
    """
    Read the headers that go with every export.

    Raises: ConfigError where they are none; in words that do not repeat them.
    """
    if not settings.headers:
        return None
    words = settings.headers.reveal()
    if not all("=" in part for part in words.split(",") if part.strip()) or not (
        found := parse_env_headers(words, liberal=True)
    ):
        raise ConfigError("`trace.headers`: write name=value, several parted by commas, with %20 for a space")
    return found
