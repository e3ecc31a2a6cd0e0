"""Where the settings of traces come from: the file, OpenTelemetry's own variables, ours."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from translator.config import parse_settings
from translator.config_trace import TraceSettings
from translator.errors import SettingsError

FILE = '[trace]\nendpoint = "http://file:4318"\nservice = "file"\nsample_ratio = 0.5\nheaders = "env:OF_FILE"\n'


@pytest.mark.parametrize(
    ("environment", "key", "value"),
    [
        pytest.param({}, "url", "http://file:4318/v1/traces", id="file"),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:1"}, "url", "http://o:1/v1/traces", id="base"),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:1/p/"}, "url", "http://o:1/p/v1/traces", id="base-path"),
        pytest.param(
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:1/x"},
            "url",
            "http://t:1/x",
            id="of-traces",
        ),
        pytest.param(
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:1", "TRANSLATOR_TRACE_ENDPOINT": "http://our:1"},
            "url",
            "http://our:1/v1/traces",
            id="ours",
        ),
        pytest.param({"OTEL_SDK_DISABLED": "true"}, "endpoint", "", id="disabled"),
        pytest.param({"OTEL_TRACES_EXPORTER": "none"}, "endpoint", "", id="no-exporter"),
        pytest.param({"OTEL_SERVICE_NAME": "o"}, "service", "o", id="service"),
        pytest.param({"OTEL_SERVICE_NAME": "o", "TRANSLATOR_TRACE_SERVICE": "t"}, "service", "t", id="our-service"),
        pytest.param({}, "sample_ratio", 0.5, id="ratio-of-file"),
        pytest.param({"OTEL_TRACES_SAMPLER": "always_on"}, "sample_ratio", None, id="sampler"),
        pytest.param(
            {"OTEL_TRACES_SAMPLER": "always_on", "TRANSLATOR_TRACE_SAMPLE_RATIO": "0.1"},
            "sample_ratio",
            0.1,
            id="our-ratio",
        ),
    ],
)
def test_later_word_wins(environment: dict[str, str], key: str, value: object) -> None:
    """The file, then OpenTelemetry's variables, then ours."""
    assert getattr(parse_settings(FILE, environment=environment).trace, key) == value


def test_headers_of_opentelemetry_are_read_late() -> None:
    """They are a secret like any other."""
    found = parse_settings(FILE, environment={"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer SECRET"}).trace

    assert found.headers is not None
    assert found.headers.reference == "env:OTEL_EXPORTER_OTLP_HEADERS"
    assert "SECRET" not in repr(found)


def test_nobody_traces_without_a_word() -> None:
    """Off by default."""
    assert parse_settings("").trace == TraceSettings()


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        pytest.param("http://c:4318", "http://c:4318/v1/traces", id="host"),
        pytest.param("http://c:4318/in", "http://c:4318/in", id="path"),
        pytest.param("http://c:4318?of=lab", "http://c:4318/v1/traces?of=lab", id="query"),
    ],
)
def test_endpoint_without_a_path_gets_the_usual_one(endpoint: str, url: str) -> None:
    """And any other one is taken as it is."""
    assert TraceSettings(endpoint).url == url


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        pytest.param("OTEL_TRACES_SAMPLER", "always", "Parentbased_TraceIdRatio", id="sampler"),
        pytest.param("OTEL_TRACES_EXPORTER", "zipkin", "otlp", id="exporter"),
        pytest.param("OTEL_BSP_MAX_QUEUE_SIZE", "0", "4096", id="queue"),
        pytest.param("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "many", "100", id="batch"),
        pytest.param("OTEL_BSP_SCHEDULE_DELAY", "1.5", "1000", id="delay"),
        pytest.param("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", "10", id="milliseconds"),
        pytest.param("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0", "0.5", id="no-time"),
        pytest.param("OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "gzip", id="compression"),
        pytest.param("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf", id="protocol"),
        pytest.param("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/protobuf", id="protocol-of-traces"),
    ],
)
def test_variable_that_opentelemetry_would_pass_over_is_a_fault(name: str, wrong: str, right: str) -> None:
    """Named; with an unknown sampler it would record all, say. Where nobody traces, it is nobody's business."""
    with pytest.raises(SettingsError, match=f"{name} must be"):
        parse_settings(FILE, environment={name: wrong})

    assert parse_settings(FILE, environment={name: right, "OF_FILE": "x"}).trace.endpoint
    assert not parse_settings("", environment={name: wrong}).trace.endpoint


@pytest.mark.parametrize(
    ("sampler", "part", "is_good"),
    [
        pytest.param("traceidratio", "0.1", True, id="part"),
        pytest.param("parentbased_traceidratio", "1.5", False, id="more-than-all"),
        pytest.param("parentbased_traceidratio", "a tenth", False, id="words"),
        pytest.param("always_on", "a tenth", True, id="nobody-asks"),
        pytest.param("parentbased_traceidratio", "", True, id="without-a-word"),
    ],
)
def test_part_that_a_sampler_takes_is_a_number(sampler: str, part: str, *, is_good: bool) -> None:
    """Between nothing and all."""
    environment = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": part}
    with nullcontext() if is_good else pytest.raises(SettingsError, match="OTEL_TRACES_SAMPLER_ARG must be"):
        parse_settings(FILE, environment=environment)


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        pytest.param("[trace]\nsample_ratio = 2", {}, id="ratio-above-one"),
        pytest.param('[trace]\nsample_ratio = "0.5"', {}, id="quoted-ratio"),
        pytest.param('[trace]\nheaders = "authorization=x"', {}, id="open-secret"),
        pytest.param("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "nowhere"}, id="no-url"),
    ],
)
def test_wrong_word_is_a_fault(text: str, environment: dict[str, str]) -> None:
    """Told with the key."""
    with pytest.raises(SettingsError, match=r"`trace\."):
        parse_settings(text, environment=environment)
