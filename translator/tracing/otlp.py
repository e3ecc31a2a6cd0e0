"""
Record spans with OpenTelemetry and send them by OTLP over HTTP.

Spans wait in a queue of bounded length, which a thread of its own empties; what finds no room there, or what the
collector does not take, is dropped, and nothing else ever waits for it. Nothing is set up for the process as a whole,
and no detector of OpenTelemetry describes it: a command line names files, and those may name patients (promise P6).

The variables of OpenTelemetry say the rest, as its own documentation tells: sampler, queue, timeouts, compression,
certificates, further attributes of the resource.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace import Tracer as SdkTracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from translator.config_trace import TraceSettings
from translator.errors import ConfigError
from translator.tracing.port import ATTRIBUTES, INTERNAL, NO_SPAN, Span, Told
from translator.tracing.sending import Line, Queue, Tally, Telling, exporter, queue_size

CLOSE_S = 5.0
"""How long what is left may take at the end."""

SERVICE = "translator"

_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_FAILED = Status(StatusCode.ERROR)
_propagator = TraceContextTextMapPropagator()


class OtlpTracer:
    """
    Who records spans and sends them.

    Shape: `warn` hears once that traces cannot be sent, and once that they can again.
    Units: `close_s` in seconds.
    Raises: ConfigError where OpenTelemetry cannot be set up by these settings and variables.
    """

    is_on = True

    def __init__(self, settings: TraceSettings, warn: Callable[[str], None], *, close_s: float = CLOSE_S) -> None:
        _hush()
        self._close_s = close_s
        line, most = Line(direct=settings.is_loopback), queue_size()
        self._tally = Tally(most)
        host = urlsplit(settings.url).hostname or ""
        self._exporter = Telling(exporter(settings, line), line, self._tally, warn, host)
        try:
            self._provider = TracerProvider(
                resource=_resource(settings),
                sampler=None
                if settings.sample_ratio is None
                else ParentBased(TraceIdRatioBased(settings.sample_ratio)),
                shutdown_on_exit=False,
            )
            self._provider.add_span_processor(Queue(self._exporter, line, self._tally, most))
        except ValueError as error:
            raise ConfigError(f"the OTEL_* variables cannot be used for traces: {error}") from None
        self._tracer = self._provider.get_tracer(SERVICE, version(SERVICE))

    @property
    def became(self) -> Mapping[str, int]:
        """Count what became of spans since the start."""
        return {"sent": self._tally.sent, "dropped": self._tally.dropped}

    def now(self) -> int:
        """Give the time for spans."""
        return time.time_ns()

    def begin(self, name: str, kind: str, began: int, *, parent: str = "") -> Span:
        """Begin a span, as the port says."""
        # Of a caller's own words (tracestate, baggage) nothing is kept.
        context = _propagator.extract({"traceparent": parent}, Context()) if parent else Context()
        span = self._tracer.start_span(name, context, _KINDS[kind], start_time=began)
        return _Recorded(self._tracer, span) if isinstance(span, SdkSpan) else NO_SPAN

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        # OpenTelemetry's own end waits for half a minute.
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(self._close_s)
        if ending.is_alive():
            self._exporter.give_up()


class _Recorded:
    """A span of OpenTelemetry."""

    def __init__(self, tracer: SdkTracer, span: SdkSpan) -> None:
        self._tracer = tracer
        self._span = span
        found = span.get_span_context()
        self.context = f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags):02x}"

    def part(self, name: str, began: int, ended: int, told: Told, *, kind: str = INTERNAL, error: str = "") -> None:
        """Tell of a part of it."""
        within = set_span_in_context(self._span, Context())
        _end(self._tracer.start_span(name, within, _KINDS[kind], start_time=began), ended, told, error)

    def end(self, ended: int, told: Told, *, error: str = "") -> None:
        """Tell that it has ended."""
        _end(self._span, ended, told, error)


def _end(span: object, ended: int, told: Told, error: str) -> None:
    if not isinstance(span, SdkSpan):
        return
    span.set_attributes({name: value for name, value in told.items() if name in ATTRIBUTES})
    if error:
        span.set_attribute("error.type", error)
        span.set_status(_FAILED)
    # The clocks of hosts differ a little, and a span never ends before it began.
    span.end(max(ended, span.start_time or 0))


def _resource(settings: TraceSettings) -> Resource:
    own: dict[str, str | int] = {
        "service.name": SERVICE,
        "service.version": version(SERVICE),
        "service.instance.id": str(uuid.uuid4()),
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
    }
    named = Resource({"service.name": settings.service} if settings.service else {})
    return Resource(own).merge(OTELResourceDetector().detect()).merge(named)


def _hush() -> None:
    """Keep OpenTelemetry's own log to itself: it repeats each failure, and we tell of it once."""
    log = logging.getLogger("opentelemetry")
    if log.propagate:
        log.propagate = False
        log.addHandler(logging.NullHandler())
