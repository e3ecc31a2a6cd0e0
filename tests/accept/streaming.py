"""Consume streams of a real NATS server with a ledger of their own, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.accept.serving import TABLES
from tests.nats_server import NatsServer
from tests.transmit.delivering import wait_until
from translator.accept.stream_port import StreamPort
from translator.config_streams import NatsIntake
from translator.intake import Intake
from translator.ledger import Ledger
from translator.streams import Streams
from translator.tracing import NO_TRACER, Tracer


def row(server: NatsServer, stream: str, **settings: Any) -> NatsIntake:
    """Make the settings of a stream, with a subject of its own name."""
    given: dict[str, Any] = {"servers": (server.url,), "subjects": (f"{stream}.>",), "create": True} | settings
    return NatsIntake(stream, **given)


@contextmanager
def consuming(
    ledger: Ledger, *rows: NatsIntake, warned: list[str] | None = None, tracer: Tracer = NO_TRACER
) -> Iterator[Streams]:
    """Consume streams into a ledger."""
    warn = (warned if warned is not None else []).append
    with Intake(ledger, TABLES, tracer) as intake, Streams(ledger, intake, rows, warn=warn) as streams:
        yield streams


def connected(streams: Streams) -> StreamPort:
    """Wait until everything is consumed; gives the first stream."""
    wait_until(lambda: not any(streams.troubles().values()), seconds=60)
    return streams.ports()[0]


def kept(ledger: Ledger, count: int) -> list[str]:
    """Wait until so many messages are kept; gives their control ids."""
    wait_until(lambda: len(ledger.messages()) >= count, seconds=60)
    return [one.control_id for one in ledger.messages()]


def settled(server: NatsServer, stream: str, durable: str = "translator") -> bool:
    """Tell whether the broker has heard of every message of a stream."""
    info = server.consumer(stream, durable)
    return not info.num_pending and not info.num_ack_pending
