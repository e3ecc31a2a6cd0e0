"""A collector of OpenTelemetry: a real HTTP server that takes spans by OTLP and reads them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_KINDS = ("", "internal", "server", "client", "producer", "consumer")


class Seen(NamedTuple):
    """One span as it was exported; ids are hexadecimal, `parent` is empty for the first of a trace."""

    trace: str
    own: str
    parent: str
    name: str
    kind: str
    began: int
    ended: int
    told: Mapping[str, Any]
    is_error: bool
    resource: Mapping[str, Any]


class Collector:
    """
    A collector on a free port of this machine, while the block runs.

    Shape: `status` is what it answers, with `answer` as its body; `taken` are the bodies that it took, as they came,
    with `headers` of each.
    While `hangs` is not set, it answers at once.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.status = 200
        self.answer = b""
        self.taken: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.calls = 0
        self._news = threading.Condition()
        self.may_answer = threading.Event()
        self.may_answer.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            """Take what is posted."""

            def do_POST(self) -> None:
                """Take one export."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector._take(body, dict(self.headers))
                collector.may_answer.wait(60)
                self.send_response(collector.status)
                self.send_header("Content-Length", str(len(collector.answer)))
                self.end_headers()
                self.wfile.write(collector.answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The endpoint, as the settings name it."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self.may_answer.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, body: bytes, headers: Mapping[str, str]) -> None:
        with self._news:
            self.calls += 1
            if self.status == 200:
                self.taken.append(body)
                self.headers.append(headers)
            self._news.notify_all()

    def wait_for_calls(self, count: int, seconds: float = 60) -> None:
        """Wait until it was called so often."""
        with self._news:
            assert self._news.wait_for(lambda: self.calls >= count, seconds)

    @property
    def spans(self) -> list[Seen]:
        """Every span that it took, in the order in which they began."""
        with self._news:
            bodies = [*self.taken]
        return sorted((span for body in bodies for span in read(body)), key=lambda span: span.began)

    def traces(self) -> dict[str, list[Seen]]:
        """The spans by trace."""
        found: dict[str, list[Seen]] = {}
        for span in self.spans:
            found.setdefault(span.trace, []).append(span)
        return found


def read(body: bytes) -> Iterator[Seen]:
    """Read the spans of one export."""
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _told(of_resource.resource.attributes)
        for span in (each for scope in of_resource.scope_spans for each in scope.spans):
            yield Seen(
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.name,
                _KINDS[span.kind],
                span.start_time_unix_nano,
                span.end_time_unix_nano,
                _told(span.attributes),
                span.status.code == 2,
                resource,
            )


def _told(attributes: Any) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)


def tree(spans: list[Seen]) -> list[str]:
    """Write a trace as a tree: a line for each span, indented below its parent."""
    by_parent: dict[str, list[Seen]] = {}
    known = {span.own for span in spans}
    for span in spans:
        by_parent.setdefault(span.parent if span.parent in known else "", []).append(span)

    def below(parent: str, depth: int) -> Iterator[str]:
        for span in by_parent.get(parent, []):
            yield "  " * depth + span.name
            yield from below(span.own, depth + 1)

    return [*below("", 0)]
