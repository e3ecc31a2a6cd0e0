"""Check that traces can be sent: OpenTelemetry is installed, and the collector takes an export with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from translator.config import is_loopback
from translator.doctor.diagnosis import OK, WARN, Diagnosis, Examined
from translator.tracing.opening import tracer_of

NAME = "traces"
_TRIED_S = 5.0


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
        from opentelemetry.util.re import parse_env_headers  # noqa: PLC0415 - only who traces has OpenTelemetry
    except ImportError:
        # That is said by `recorder`.
        return
    examined.began("collector")
    headers = parse_env_headers(settings.headers.reveal(), liberal=True) if settings.headers else {}
    host = urlsplit(settings.url).hostname or ""
    try:
        with httpx.Client(timeout=_TRIED_S, trust_env=not is_loopback(settings.url)) as client:
            # An export without a span is no bytes at all.
            answer = client.post(
                settings.url, content=b"", headers={**headers, "Content-Type": "application/x-protobuf"}
            )
    except httpx.TransportError:
        yield Diagnosis("collector", WARN, f"{host}: no answer", "mend `trace.endpoint`, or start it; all else works")
        return
    if answer.is_success:
        yield Diagnosis("collector", OK, f"{host}: takes traces")
    else:
        text = f"{host}: answers {answer.status_code} to an empty export"
        yield Diagnosis("collector", WARN, text, "check `trace.endpoint` and `trace.headers`")
