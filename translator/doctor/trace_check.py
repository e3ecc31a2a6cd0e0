"""Check that traces can be sent: OpenTelemetry is installed, and the collector takes an export with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from translator.doctor.diagnosis import OK, WARN, Diagnosis, Examined
from translator.tracing.opening import tracer_of

NAME = "traces"
TRIED_S = 5.0
WRONG_ANSWER = "check `trace.endpoint` and `trace.headers`; all else works"
NEXT = {
    "no answer": "mend `trace.endpoint`, or start the collector; all else works",
    "its certificate is not believed": "name who issued it in OTEL_EXPORTER_OTLP_CERTIFICATE; all else works",
}


def recorder(examined: Examined) -> Iterator[Diagnosis]:
    """Check that spans can be recorded by these settings and variables."""
    settings = examined.settings.trace
    if settings.endpoint:
        # What is wrong with it is raised.
        tracer_of(settings, lambda _: None).close()
        yield Diagnosis(NAME, OK, "spans can be recorded")


def collector(examined: Examined) -> Iterator[Diagnosis]:
    """Check that the collector answers; nothing but traces ever waits for it."""
    settings = examined.settings.trace
    if not settings.endpoint:
        return
    try:
        from translator.tracing.sending import asked  # noqa: PLC0415 - only who traces has OpenTelemetry
    except ImportError:
        # That is said by `recorder`.
        return
    examined.began("collector")
    host, why = urlsplit(settings.url).hostname or "", asked(settings, TRIED_S)
    if why:
        yield Diagnosis("collector", WARN, f"{host}: {why}", NEXT.get(why, WRONG_ANSWER))
    else:
        yield Diagnosis("collector", OK, f"{host}: takes traces")
