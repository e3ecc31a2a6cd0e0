"""Tell what a message goes through as a trace of OpenTelemetry; nothing of a patient is in any of it."""

from __future__ import annotations

from translator.tracing.opening import open_tracer
from translator.tracing.port import CLIENT, CONSUMER, INTERNAL, NO_SPAN, NO_TRACER, SERVER, Span, Told, Tracer

__all__ = [
    "CLIENT",
    "CONSUMER",
    "INTERNAL",
    "NO_SPAN",
    "NO_TRACER",
    "SERVER",
    "Span",
    "Told",
    "Tracer",
    "open_tracer",
]
