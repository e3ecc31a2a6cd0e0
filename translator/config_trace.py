"""
List the settings of traces, and read of OpenTelemetry's own variables what they say of the same. (pure)

The settings file gives way to OpenTelemetry's variables, as to any variable, and these to `TRANSLATOR_TRACE_*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from translator.config_checks import Key, flag, is_loopback, ratio, secret_or_nothing, text, url_or_nothing
from translator.secrets import Secret

PATH = "/v1/traces"
_BASE, _ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_SAMPLER, _SAMPLER_ARG, _SERVICE = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_SERVICE_NAME"
_RATIO = "traceidratio"
LONGEST_S = 600
"""How long an export may take; the variable is in seconds, though OpenTelemetry's own text has it in milliseconds."""


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
        parts = urlsplit(self.endpoint)
        return self.endpoint if parts.path else parts._replace(path=PATH).geturl()

    @property
    def is_loopback(self) -> bool:
        """Whether the collector is on this machine."""
        return is_loopback(self.endpoint)


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


def variable_faults(environment: Mapping[str, str]) -> Iterator[str]:
    """
    Say which of OpenTelemetry's variables cannot be used as they are.

    OpenTelemetry itself passes over them, and goes by something else: with a sampler that it does not know, by none.
    """
    for name, (is_good, wanted) in _VARIABLES.items():
        if (value := environment.get(name, "").strip()) and not is_good(value.lower()):
            yield f"{name} must be {wanted}"
    sampler, part = environment.get(_SAMPLER, "").strip().lower(), environment.get(_SAMPLER_ARG, "").strip()
    if sampler.endswith(_RATIO) and part and not (_NUMBER.fullmatch(part) and float(part) <= 1):
        yield f"{_SAMPLER_ARG} must be a number from 0 to 1"


def _is_off(environment: Mapping[str, str]) -> bool:
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return is_disabled or environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"


def _one_of(*words: str) -> tuple[Callable[[str], bool], str]:
    return frozenset(words).__contains__, " or ".join((", ".join(words[:-1]), words[-1]) if words[1:] else words)


_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_COUNT = (re.compile(r"0*[1-9]\d{0,8}", re.ASCII).fullmatch, "a whole number above 0")
_TIME = (
    lambda value: bool(_NUMBER.fullmatch(value)) and 0 < float(value) <= LONGEST_S,
    f"seconds, {LONGEST_S} at most",
)
_EXPORTER = "OTEL_EXPORTER_OTLP_"
_VARIABLES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "OTEL_TRACES_EXPORTER": _one_of("otlp", "none"),
    _SAMPLER: _one_of(*(f"{of}{name}" for of in ("", "parentbased_") for name in ("always_on", "always_off", _RATIO))),
    **dict.fromkeys(
        (f"OTEL_BSP_{one}" for one in ("MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE", "SCHEDULE_DELAY")), _COUNT
    ),
    **{
        f"{_EXPORTER}{of}{name}": check
        for of in ("", "TRACES_")
        for name, check in (
            ("PROTOCOL", _one_of("http/protobuf")),
            ("COMPRESSION", _one_of("none", "gzip", "deflate")),
            ("TIMEOUT", _TIME),
        )
    },
}
"""Those that OpenTelemetry reads by itself, with what each may be, in lower case."""
