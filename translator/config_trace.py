"""
List the settings of traces, and read of OpenTelemetry's own variables what they say of the same. (pure)

The settings file gives way to OpenTelemetry's variables, as to any variable, and these to `TRANSLATOR_TRACE_*`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from translator.config_checks import Key, flag, ratio, secret_or_nothing, text, url_or_nothing
from translator.secrets import Secret

PATH = "/v1/traces"
_BASE, _ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_SAMPLER, _SERVICE = "OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME"


class TraceSettings(Struct, frozen=True):
    """
    Whether and where traces are sent.

    Absent: `endpoint` is empty where nobody traces, `sample_ratio` None where OpenTelemetry's own variables say it, or
    nobody; `headers` are none, and `service` has its usual name.
    """

    endpoint: str = ""
    sample_ratio: float | None = None
    headers: Secret | None = None
    service: str = ""
    tell_vendors: bool = False

    @property
    def url(self) -> str:
        """Where they are posted: an endpoint without a path gets the usual one."""
        host = self.endpoint.partition("://")[2]
        return self.endpoint if "/" in host else self.endpoint + PATH


TRACE_KEYS = (
    Key(
        "trace.endpoint",
        "URL",
        url_or_nothing,
        "",
        f"Where traces are sent, by OTLP over HTTP, such as `http://127.0.0.1:4318`; without a path, `{PATH}` follows. "
        "Without a word nobody traces. Needs the extra `trace`.",
    ),
    Key(
        "trace.sample_ratio",
        "0 to 1",
        ratio,
        None,
        "Which part of the messages is traced, where no caller has decided it. Without a word: what "
        "`OTEL_TRACES_SAMPLER` says, else every message.",
    ),
    Key(
        "trace.headers",
        "secret",
        secret_or_nothing,
        None,
        "Headers that go with every export, such as a token: `name=value`, several parted by commas.",
    ),
    Key(
        "trace.service",
        "text",
        text,
        "",
        "The name of this service in traces. Without a word: `OTEL_SERVICE_NAME`, else `translator`.",
    ),
    Key(
        "trace.tell_vendors",
        "true or false",
        flag,
        False,  # noqa: FBT003 - the default
        "Whether calls to vendors carry a `traceparent`, by which a vendor's own trace can be joined to ours. No "
        "vendor asks for one.",
    ),
)


def trace_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Read what OpenTelemetry's variables say of these settings, by their keys."""
    found: dict[str, str] = {}
    if _is_off(environment):
        found["trace.endpoint"] = ""
    elif endpoint := environment.get(_ENDPOINT):
        found["trace.endpoint"] = endpoint
    elif base := environment.get(_BASE):
        found["trace.endpoint"] = base.rstrip("/") + PATH
    if header := next((name for name in _HEADERS if environment.get(name)), ""):
        found["trace.headers"] = f"env:{header}"
    if environment.get(_SAMPLER):
        # The sampler's own words are read by whoever samples.
        found["trace.sample_ratio"] = ""
    if service := environment.get(_SERVICE):
        found["trace.service"] = service
    return found


def _is_off(environment: Mapping[str, str]) -> bool:
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return is_disabled or environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
