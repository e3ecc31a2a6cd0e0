"""Spans reach a real collector as they were told; one that is away or slow keeps nobody waiting."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from msgspec import structs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from tests.tracing.collector import Collector
from translator.config_trace import TraceSettings
from translator.errors import ConfigError
from translator.secrets import Secret
from translator.tracing import CLIENT, INTERNAL, NO_TRACER, SERVER, open_tracer
from translator.tracing.otlp import OtlpTracer

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"

Warn = Callable[[str], None]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Take what is exported."""
    with Collector() as running:
        yield running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Export what there is at once, by no variable of this machine."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")


def tracer_for(collector: Collector, warn: Warn = lambda _: None, **more: object) -> OtlpTracer:
    """Make a tracer that sends to a collector."""
    return OtlpTracer(structs.replace(TraceSettings(collector.url), **more), warn, close_s=5)


def test_spans_arrive_as_they_were_told(collector: Collector) -> None:
    """Names, kinds, times, parents, attributes, errors: and all in one trace."""
    with closing(tracer_for(collector)) as tracer:
        first = tracer.begin("receive mllp", SERVER, 1000)
        first.part("translate", 1100, 1200, {"translator.entries.total": 3})
        later = tracer.begin("deliver whoop", CLIENT, 5000, parent=first.context)
        later.end(6000, {"translator.reasons": ["a", "b"]}, error="unknown")
        first.end(2000, {})

    root, part, sent = collector.spans
    assert [(one.name, one.kind, one.began, one.ended) for one in (root, part, sent)] == [
        ("receive mllp", "server", 1000, 2000),
        ("translate", "internal", 1100, 1200),
        ("deliver whoop", "client", 5000, 6000),
    ]
    assert (root.parent, part.parent, sent.parent) == ("", root.own, root.own)
    assert {one.trace for one in (root, part, sent)} == {root.trace}
    assert (part.told, sent.told) == (
        {"translator.entries.total": 3},
        {"translator.reasons": ["a", "b"], "error.type": "unknown"},
    )
    assert [one.is_error for one in (root, part, sent)] == [False, False, True]


def test_context_is_what_others_go_on_by(collector: Collector) -> None:
    """In the form of W3C Trace Context, so that any process understands it."""
    with closing(tracer_for(collector)) as tracer:
        span = tracer.begin("a", INTERNAL, 1)
        span.end(2, {})

    (seen,) = collector.spans
    # The last bit of the flags says that it is recorded, another one that its number was drawn.
    assert span.context.rpartition("-")[0] == f"00-{seen.trace}-{seen.own}"
    assert int(span.context[-2:], 16) & 1


def test_trace_of_a_caller_goes_on(collector: Collector) -> None:
    """Its trace and its span are the parent's."""
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 1, parent=SAMPLED).end(2, {})

    (seen,) = collector.spans
    assert (seen.trace, seen.parent) == (TRACE, CALLER)


def test_trace_that_its_caller_does_not_record_is_not_recorded(collector: Collector) -> None:
    """Whoever began the trace has decided; nothing is kept of it that could go on."""
    with closing(tracer_for(collector)) as tracer:
        span = tracer.begin("a", SERVER, 1, parent=UNSAMPLED)
        span.end(2, {})

    assert (span.context, collector.taken) == ("", [])


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-01", f"ff-{TRACE}-{CALLER}-01", "PATIENT^DOE"])
def test_what_is_no_context_begins_a_trace(collector: Collector, parent: str) -> None:
    """And nothing of it is exported."""
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 1, parent=parent).end(2, {})

    (seen,) = collector.spans
    assert (seen.parent, seen.trace != TRACE, b"DOE" in collector.taken[0]) == ("", True, False)


def test_attribute_that_is_not_listed_is_not_exported(collector: Collector) -> None:
    """Whatever is told by mistake."""
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {"patient": "MARK", "translator.lane": 7})

    assert [seen.told for seen in collector.spans] == [{"translator.lane": 7}]
    assert b"MARK" not in b"".join(collector.taken)


def test_span_never_ends_before_it_began(collector: Collector) -> None:
    """The clock of another host may be ahead."""
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 10).end(5, {})

    assert [(seen.began, seen.ended) for seen in collector.spans] == [(10, 10)]


@pytest.mark.parametrize(("ratio", "count"), [(0.0, 0), (1.0, 50)])
def test_part_of_the_traces_is_recorded(collector: Collector, ratio: float, count: int) -> None:
    """What is not recorded has no context that anybody could go on with."""
    with closing(tracer_for(collector, sample_ratio=ratio)) as tracer:
        spans = [tracer.begin("a", SERVER, 1) for _ in range(50)]
        for span in spans:
            span.end(2, {})

    assert (sum(bool(span.context) for span in spans), len(collector.spans)) == (count, count)


def test_tenth_of_the_traces_is_about_a_tenth(collector: Collector) -> None:
    """And what a caller has decided is as it has decided."""
    with closing(tracer_for(collector, sample_ratio=0.1)) as tracer:
        own = sum(bool(tracer.begin("a", SERVER, 1).context) for _ in range(4000))
        callers = [tracer.begin("a", SERVER, 1, parent=parent).context for parent in (SAMPLED, UNSAMPLED)]

    # Eight standard deviations to either side.
    assert 250 < own < 550
    assert [bool(context) for context in callers] == [True, False]


def test_sampler_of_the_environment_decides_where_no_setting_does(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its own documentation tells."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    with closing(tracer_for(collector)) as tracer:
        assert tracer.begin("a", SERVER, 1).context == ""


def test_process_is_described_by_name_and_host_alone(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line names files: it is not exported even where a variable asks for it; what the site says, is."""
    monkeypatch.setenv("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "otel,process,os,host")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other")
    with closing(tracer_for(collector, service="lab")) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {})

    (seen,) = collector.spans
    own = {"host.name", "process.pid", "service.instance.id", "service.name", "service.version"}
    assert set(seen.resource) == own | {"deployment.environment.name"}
    assert seen.resource["service.name"] == "lab"


def test_headers_of_the_settings_go_with_every_export(collector: Collector) -> None:
    """They are a secret, and may be several."""
    with closing(tracer_for(collector, headers=Secret("", given="authorization=Bearer%20x, x-tenant=lab"))) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {})

    (headers,) = collector.headers
    assert {name: headers.get(name) for name in ("authorization", "x-tenant")} == {
        "authorization": "Bearer x",
        "x-tenant": "lab",
    }


def test_collector_that_is_away_is_told_of_once_and_once_when_it_is_back(collector: Collector) -> None:
    """However many exports it does not take."""
    said: list[str] = []
    collector.status = 400
    with closing(tracer_for(collector, said.append)) as tracer:
        for number in range(1, 4):
            tracer.begin("lost", SERVER, 1).end(2, {})
            collector.wait_for_calls(number)
        collector.status = 200
        tracer.begin("kept", SERVER, 1).end(2, {})
        collector.wait_for_calls(4)

    assert [seen.name for seen in collector.spans] == ["kept"]
    assert [line.split(":")[0].split(";")[0] for line in said] == [
        "traces are not taken by 127.0.0.1",
        "traces are taken again by 127.0.0.1",
    ]
    assert "it answers 400" in said[0]
    assert "3 spans were dropped" in said[1]
    assert tracer.became == {"sent": 1, "dropped": 3}


@pytest.mark.parametrize("status", [302, 307, 308])
def test_redirect_is_not_followed_and_no_success(collector: Collector, status: int) -> None:
    """OpenTelemetry takes it for one: nobody would have the spans, and nobody would know."""
    said: list[str] = []
    collector.status = status
    with closing(tracer_for(collector, said.append)) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {})

    assert [f"it answers {status}" in line for line in said] == [True]
    assert (collector.calls, tracer.became) == (1, {"sent": 0, "dropped": 1})


def test_spans_that_a_collector_takes_and_does_not_want_are_dropped(collector: Collector) -> None:
    """It says so in an answer of success."""
    said: list[str] = []
    partly = ExportTracePartialSuccess(rejected_spans=2)
    collector.answer = ExportTraceServiceResponse(partial_success=partly).SerializeToString()
    with closing(tracer_for(collector, said.append)) as tracer:
        for _ in range(3):
            tracer.begin("a", SERVER, 1).end(2, {})

    assert ["it rejects 2 of 3" in line for line in said] == [True]
    assert tracer.became == {"sent": 1, "dropped": 2}


def test_answer_of_success_that_cannot_be_read_is_one(collector: Collector) -> None:
    """Some collectors answer in words of their own."""
    collector.answer = b"<html>thanks</html>"
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {})

    assert tracer.became == {"sent": 1, "dropped": 0}


def test_collector_on_this_machine_is_behind_no_proxy(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the variables say of proxies."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with closing(tracer_for(collector)) as tracer:
        tracer.begin("a", SERVER, 1).end(2, {})

    assert len(collector.spans) == 1


def test_collector_whose_certificate_is_not_believed_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless a variable names who issued it; nothing is lowered for it."""
    authority, root, context = trustme.CA(), tmp_path / "root.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(str(root))
    authority.issue_cert("127.0.0.1").configure_cert(context)
    said: list[str] = []
    with Collector(context) as taker:
        # So much time that a slow machine shakes hands at all, and no more tries after that.
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
        first = OtlpTracer(TraceSettings(taker.url), said.append, close_s=30)
        first.begin("a", SERVER, 1).end(2, {})
        first.close()
        monkeypatch.delenv("OTEL_EXPORTER_OTLP_TIMEOUT")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(root))
        with closing(tracer_for(taker)) as tracer:
            tracer.begin("b", SERVER, 1).end(2, {})

    assert ["its certificate is not believed" in line for line in said] == [True]
    assert [seen.name for seen in taker.spans] == ["b"]


def test_slow_collector_keeps_nobody_waiting_and_nothing_without_end(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one export hangs, spans are told at their usual speed, and what the queue does not hold is dropped."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "64")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "32")
    said: list[str] = []
    collector.may_answer.clear()
    with closing(tracer_for(collector, said.append)) as tracer:
        tracer.begin("first", SERVER, 1).end(2, {})
        collector.wait_for_calls(1)
        for _ in range(5000):
            tracer.begin("more", SERVER, 1).end(2, {})
        is_hanging = not collector.may_answer.is_set()
        collector.may_answer.set()

    assert is_hanging
    assert len(collector.spans) == 65
    assert tracer.became == {"sent": 65, "dropped": 4936}
    assert ["the queue is full" in line for line in said] == [True, False]
    assert "4936 spans were dropped" in said[1]


def test_queue_that_is_full_since_nobody_takes_anything_says_why(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each export is tried again for a while, and the queue runs full meanwhile."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "64")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "32")
    said: list[str] = []
    collector.status = 503
    tracer = OtlpTracer(TraceSettings(collector.url), said.append, close_s=0.1)
    tracer.begin("first", SERVER, 1).end(2, {})
    collector.wait_for_calls(2)
    for _ in range(65):
        tracer.begin("more", SERVER, 1).end(2, {})
    tracer.close()

    assert ["it answers 503" in line for line in said] == [True]
    assert tracer.became["dropped"] >= 65


def test_end_waits_for_a_slow_collector_no_longer_than_it_may(collector: Collector) -> None:
    """A service is stopped by a supervisor that does not wait for traces."""
    collector.may_answer.clear()
    tracer = OtlpTracer(TraceSettings(collector.url), lambda _: None, close_s=0.2)
    tracer.begin("a", SERVER, 1).end(2, {})
    began = time.monotonic()

    tracer.close()

    # The export itself would hang for ten seconds, and OpenTelemetry's own end waits for thirty.
    assert time.monotonic() - began < 8
    collector.may_answer.set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("OTEL_BSP_MAX_QUEUE_SIZE", "100", id="queue-below-an-export"),
        pytest.param("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file", id="no-certificate"),
        pytest.param("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/no/such/file", id="no-key"),
    ],
)
def test_variables_that_cannot_be_used_are_an_error_of_the_settings(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Told at the start, and not when the first span is lost."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match="OTEL_"):
        tracer_for(collector)


@pytest.mark.parametrize("words", ["", "garbage", "authorization=x,garbage", "=x"])
def test_headers_that_are_none_are_an_error_that_does_not_repeat_them(collector: Collector, words: str) -> None:
    """OpenTelemetry would leave them out, and every export would be refused."""
    with pytest.raises(ConfigError, match=r"`trace\.headers`") as told:
        tracer_for(collector, headers=Secret("", given=words or " "))

    assert "garbage" not in str(told.value)


def test_nobody_traces_without_an_endpoint() -> None:
    """What is told then does nothing, and is free to be told."""
    with open_tracer(TraceSettings(), lambda _: None) as tracer:
        span = tracer.begin("a", SERVER, 1, parent=SAMPLED)
        span.part("b", 1, 2, {})
        span.end(2, {})

    assert (tracer, tracer.is_on, tracer.now(), span.context) == (NO_TRACER, False, 0, "")
