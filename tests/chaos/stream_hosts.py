"""
Kill hosts that share a consumer and a ledger, the broker and the database while messages stream, and count.

Each message must be in the ledger once, whichever host took it, and be told of once for each of two things that become
of it, whichever host told it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from tests.chaos.streaming import PATIENCE_S, Publisher, message, wait
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from translator.ledger import Ledger

HOSTS = 3
_TOLD = "told.results"
_SETTINGS = """
[[nats]]
servers = ["{url}"]
stream = "LAB"
subjects = ["lab.>"]
outcomes = "{told}"
ack_wait_s = 2.0
create = true
"""


class Host:
    """One `translator run --role accept`, in a folder of its own."""

    def __init__(self, folder: Path, ledger: str, settings: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._flags = "--role", "accept", "--ledger", ledger, "--config", str(settings)
        self.start()

    def start(self) -> None:
        """Start, and wait until everything is open."""
        addresses = "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"
        with (self._folder / "host.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "translator", "run", *self._flags, *addresses],
                cwd=self._folder,
                env=os.environ | {"WHOOP_WEBHOOK_SECRET": "x"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        greeting = self._process.stdout.readline() if self._process.stdout else ""
        if json.loads(greeting or "{}").get("streams") != 1:
            raise RuntimeError((self._folder / "host.log").read_text()[-2000:])

    def end(self, how: signal.Signals) -> int:
        """End it, and give its exit code."""
        self._process.send_signal(how)
        self._process.communicate(timeout=60)
        return self._process.returncode


def share_messages(
    folder: Path, postgres: Postgres, count: int, *, host_kills: int, broker_kills: int, restarts: int, seed: int
) -> list[str]:
    """Stream messages to three hosts through kills, twice something becoming of each; says what is broken."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    url = postgres.new()
    with Ledger.open(url) as ledger:
        ledger.cluster().set_up()
    with NatsServer(folder) as server:
        server.make_stream("LAB", "lab.>")
        (folder / "translator.toml").write_text(_SETTINGS.format(url=server.url, told=_TOLD), encoding="utf-8")
        hosts = [Host(folder / f"host{number}", url, folder / "translator.toml") for number in range(HOSTS)]

        def kill_host() -> None:
            chosen = random_.choice(hosts)
            chosen.end(signal.SIGKILL)
            chosen.start()

        def kill_broker() -> None:
            server.kill()
            server.start()

        deeds = [kill_host] * host_kills + [kill_broker] * broker_kills + [postgres.restart] * restarts
        random_.shuffle(deeds)
        try:
            publisher = Publisher(server, [(message(number), f"name-{number}") for number in range(count)])
            publisher.start()
            _disturb(deeds[::2], lambda: _number(url, "SELECT count(*) FROM message"), count)
            wait(lambda: _number(url, "SELECT count(*) FROM message") >= count, "the last message is kept")
            publisher.join(timeout=PATIENCE_S)
            _wait_until_told(url)
            broken = _kept(url, count)
            _number(url, "WITH moved AS (UPDATE entry SET state = 'unknown' RETURNING 1) SELECT count(*) FROM moved")
            _disturb(deeds[1::2], lambda: count - _number(url, "SELECT count(*) FROM followed_change"), count)
            _wait_until_told(url)
            codes = [one.end(signal.SIGTERM) for one in hosts]
        finally:
            for one in hosts:
                one.end(signal.SIGKILL)
        broken += [f"a host ended with {code}" for code in codes if code]
        return broken + _told(server, count)


def _disturb(deeds: Sequence[Callable[[], None]], done: Callable[[], int], count: int) -> None:
    """Do what disturbs them, spread over the work."""
    for number, deed in enumerate(deeds, 1):
        at = count * number // (len(deeds) + 1)
        wait(lambda at=at: done() >= at, "the work goes on")  # type: ignore[misc]
        deed()


def _wait_until_told(url: str) -> None:
    wait(lambda: not _number(url, "SELECT count(*) FROM followed_change"), "the last outcome is told")


def _number(url: str, query: str) -> int:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute(query.encode()).fetchone()
                return int(row[0]) if row else 0
        except psycopg.OperationalError:
            # It restarts.
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _kept(url: str, count: int) -> list[str]:
    with Ledger.open(url) as ledger:
        kept = Counter(row.control_id for row in ledger.messages())
        broken = [f"the ledger does not balance: {one}" for one in ledger.verify()]
    if kept != Counter(f"C{number}" for number in range(count)):
        broken.append(f"{sum(kept.values())} messages are kept, {len(kept)} of them different, of {count}")
    return broken


def _told(server: NatsServer, count: int) -> list[str]:
    """Say which message was told of otherwise than once when it was kept, and once when it became something else."""
    told = Counter((one["msg_id"], one["entries"][0]["state"]) for one in server.outcomes("LAB_OUTCOMES"))
    expected = Counter((f"name-{number}", state) for number in range(count) for state in ("queued", "unknown"))
    missing, surplus = expected - told, told - expected
    return [f"{what}: {sum(some.values())}, such as {sorted(some)[:3]}" for what, some in
            (("not told", missing), ("told twice, or never due", surplus)) if some]  # fmt: skip
