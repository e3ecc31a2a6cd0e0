"""
Kill the broker and the service at random moments while messages stream from one to the other, and count.

The publisher is a careful one: it publishes each message under a name until the broker has said that it has it. So
every message must be in the ledger once, and every one must have been told of once: that it is kept.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.nats_server import NatsServer, publish
from translator.ledger import EVERY, Ledger

STREAM, SUBJECT, TOLD, TOLD_STREAM = "LAB", "lab.results", "told.results", "LAB_OUTCOMES"
WINDOW = 100
"""How many messages the publisher has under way at a time."""

PATIENCE_S = 300.0
PAUSED = 1
"""How a service ends well that may deliver nothing."""

_SETTINGS = """
[[nats]]
servers = ["{url}"]
stream = "LAB"
subjects = ["lab.>"]
{outcomes}
ack_wait_s = {ack_wait_s}
create = true
"""


class Streamed(Struct):
    """
    What was done and found; `broken` is empty where every promise held.

    Units: `seconds` from the first message in the ledger to the last; `told_s` to the last outcome.
    """

    messages: int = 0
    broker_kills: int = 0
    service_kills: int = 0
    seconds: float = 0.0
    told_s: float = 0.0
    broken: list[str] = []

    @property
    def rate(self) -> float:
        """Messages a second that became durable."""
        return self.messages / self.seconds if self.seconds else 0.0


class Service:
    """One `translator run` that consumes the stream; nothing is delivered."""

    def __init__(self, folder: Path, server: NatsServer, ack_wait_s: float = 30.0, *, tells: bool = True) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.ledger = folder / "lab.db"
        outcomes = f'outcomes = "{TOLD}"' if tells else ""
        settings = _SETTINGS.format(url=server.url, ack_wait_s=ack_wait_s, outcomes=outcomes)
        (folder / "translator.toml").write_text(settings, encoding="utf-8")
        with Ledger.open(self.ledger) as ledger:
            ledger.destinations().pause(EVERY, "a trial of what comes in")

    def start(self) -> None:
        """Start, and wait until everything is open."""
        command = [sys.executable, "-m", "translator", "run", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        with (self._folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--ledger", str(self.ledger), "--whoop-url", "http://127.0.0.1:9"],
                cwd=self._folder,
                env=os.environ | {"WHOOP_CLIENT_ID": "x", "WHOOP_CLIENT_SECRET": "x", "WHOOP_WEBHOOK_SECRET": "x"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        greeting = self._process.stdout.readline() if self._process.stdout else ""
        if not greeting:
            raise RuntimeError((self._folder / "service.log").read_text()[-2000:])

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, and give its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(how)
        self._process.communicate(timeout=60)
        code, self._process = self._process.returncode, None
        return code

    def kept(self) -> int:
        """Count the messages in the ledger."""
        return self._number("SELECT coalesce(max(id), 0) FROM message")

    def untold(self) -> int:
        """Count the changes that nobody was told of."""
        return self._number("SELECT count(*) FROM followed_change")

    def _number(self, query: str) -> int:
        with sqlite3.connect(f"{self.ledger.as_uri()}?mode=ro", uri=True, timeout=30) as connection:
            (found,) = connection.execute(query).fetchone()
        connection.close()
        return int(found)


def message(number: int) -> bytes:
    """Write the n-th message, of a service request of its own."""
    return oru([Obx(HDL, str(40 + number % 40))], request=service_request(number), control_id=f"C{number}")


def stream_messages(
    folder: Path, count: int, *, broker_kills: int, service_kills: int, seed: int, ack_wait_s: float = 5.0
) -> Streamed:
    """Stream messages through kills, and compare what was published with what is kept and told."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    found = Streamed(messages=count, broker_kills=broker_kills, service_kills=service_kills)
    with NatsServer(folder) as server:
        server.make_stream(STREAM, "lab.>")
        service = Service(folder, server, ack_wait_s)
        service.start()
        publisher = Publisher(server, [(message(number), f"name-{number}") for number in range(count)])
        publisher.start()
        try:
            began = time.monotonic()
            deeds: list[tuple[int, Callable[[], None]]] = [
                *((random_.randrange(1, count), lambda: _restart_broker(server)) for _ in range(broker_kills)),
                *((random_.randrange(1, count), lambda: _restart_service(service)) for _ in range(service_kills)),
            ]
            for at, deed in sorted(deeds, key=lambda one: one[0]):
                wait(lambda at=at: service.kept() >= at, "messages come in")  # type: ignore[misc]
                deed()
            wait(lambda: service.kept() >= count, "the last message is kept")
            found.seconds = time.monotonic() - began
            wait(lambda: not service.untold(), "the last outcome is told")
            found.told_s = time.monotonic() - began
            publisher.join(timeout=PATIENCE_S)
            wait(lambda: not _open(server), "the broker has every acknowledgement")
            code = service.end()
            if code != PAUSED:
                found.broken.append(f"the service ended with {code}")
            found.broken += compare(server, service.ledger, count)
        finally:
            service.end(signal.SIGKILL)
    return found


def compare(server: NatsServer, ledger: Path, count: int) -> list[str]:
    """Say what is lost, kept twice, told twice or not told."""
    with Ledger.open(ledger) as opened:
        kept = Counter(row.control_id for row in opened.messages())
        broken = [f"the ledger does not balance: {one}" for one in opened.verify()]
    published = {f"C{number}" for number in range(count)}
    told = Counter(outcome["msg_id"] for outcome in server.outcomes(TOLD_STREAM))
    named = {f"name-{number}" for number in range(count)}
    broken += _differences("kept", kept, published)
    broken += _differences("told", told, named)
    return broken


def _differences(deed: str, counted: Counter[str], expected: set[str]) -> list[str]:
    found = {
        f"not {deed}": expected - counted.keys(),
        f"{deed}, and never published": counted.keys() - expected,
        f"{deed} more than once": {name for name, number in counted.items() if number > 1},
    }
    return [f"{len(names)} messages {how}: {sorted(names)[:5]}" for how, names in found.items() if names]


class Publisher(threading.Thread):
    """Publishes in order, some at a time, and each until the broker has it."""

    def __init__(self, server: NatsServer, messages: Sequence[tuple[bytes, str]]) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._messages = messages

    def run(self) -> None:
        """Publish all."""
        asyncio.run(self._publish())

    async def _publish(self) -> None:
        async with self._server.client() as (_, jetstream):
            for start in range(0, len(self._messages), WINDOW):
                part = self._messages[start : start + WINDOW]
                await asyncio.gather(*(publish(jetstream, SUBJECT, raw, name) for raw, name in part))


def _restart_broker(server: NatsServer) -> None:
    server.kill()
    server.start()


def _restart_service(service: Service) -> None:
    service.end(signal.SIGKILL)
    service.start()


def _open(server: NatsServer) -> int:
    info = server.consumer(STREAM)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


def wait(is_so: Callable[[], bool], what: str) -> None:
    """Wait for what other processes do."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"nobody sees that {what}")
        time.sleep(0.05)
