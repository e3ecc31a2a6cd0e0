"""Where the settings of traces come from: the file, OpenTelemetry's own variables, ours."""

from __future__ import annotations

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
