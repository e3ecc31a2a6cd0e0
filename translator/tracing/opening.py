"""Open what records spans, where the settings ask for it; OpenTelemetry is imported only then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from translator.config_trace import TraceSettings
from translator.errors import ConfigError
from translator.tracing.port import NO_TRACER, Tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS_EXTRA = (
    "`trace.endpoint` is set, or a variable of OpenTelemetry, and traces need the extra `trace`: "
    "pip install '.[trace]' in translator's folder"
)


@contextmanager
def open_tracer(settings: TraceSettings, warn: Callable[[str], None]) -> Iterator[Tracer]:
    """
    Give who records spans while the block runs; at its end what is left is sent, for a few seconds at most.

    Shape: `warn` hears once that traces cannot be sent, and once that they can again.
    Raises: ConfigError where OpenTelemetry is not installed, or cannot be set up so.
    """
    tracer = tracer_of(settings, warn)
    try:
        yield tracer
    finally:
        tracer.close()


def tracer_of(settings: TraceSettings, warn: Callable[[str], None]) -> Tracer:
    """
    Give who records spans, to be closed; nobody where the settings name no endpoint.

    Raises: ConfigError as above.
    """
    if not settings.endpoint:
        return NO_TRACER
    try:
        from translator.tracing.otlp import OtlpTracer  # noqa: PLC0415 - only who traces has OpenTelemetry
    except ImportError:
        raise ConfigError(NEEDS_EXTRA) from None
    return OtlpTracer(settings, warn)
