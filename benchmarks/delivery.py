"""
Measure delivery beside bare httpx, against the same sandbox in its own process, in the same run.

Bare httpx posts the same bodies to the same addresses with as many clients, half of them before delivery and half after
it, and remembers nothing. Delivery keeps each attempt on disk before its first byte, each outcome before the lane goes
on.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import httpx
from msgspec import Struct, structs

from benchmarks.messages import SEED, STANDARD, Laboratory
from translator import Translator
from translator.config import Settings, load_settings
from translator.delivery import deliver, policies, serve
from translator.ledger import Arrival, Ledger
from translator.secrets import Secret
from translator.translate.tables import Tables

_STATUS = "/proc/{}/stat"
_IDLE_S = 3.0


class Throughput(Struct, frozen=True):
    """
    One round.

    Units: submissions a second.
    """

    bare: float
    ours: float

    @property
    def ratio(self) -> float:
        """How much of what bare httpx reaches."""
        return self.ours / self.bare


class Wake(Struct, frozen=True):
    """
    How soon a commit of one process becomes a request of another, and what waiting costs.

    Units: `p50_ms` and `p95_ms` in milliseconds; `idle_cpu` is the share of one core.
    Absent: `idle_cpu` is None on systems that do not tell (it is Linux that does).
    """

    p50_ms: float
    p95_ms: float
    idle_cpu: float | None


def throughput(tables: Tables, *, submissions: int = 1000, rounds: int = 3) -> list[Throughput]:
    """Deliver standard messages, each round between two halves of the same that bare httpx posts."""
    with sandbox() as greeting:
        return [_round(tables, greeting, submissions, SEED + number) for number in range(rounds)]


def wake(tables: Tables, *, commits: int = 60) -> Wake:
    """Commit messages one by one, at odd moments, while another process serves the ledger."""
    with sandbox() as greeting, tempfile.TemporaryDirectory() as folder:
        settings, place = settings_for(greeting), Path(folder) / "lab.db"
        arrivals = standard_arrivals(tables, commits + 1, SEED)
        command = [sys.executable, "-m", "benchmarks.delivery", str(place), greeting["whoop_url"]]
        secrets = {"WHOOP_CLIENT_ID": greeting["client_id"], "WHOOP_CLIENT_SECRET": greeting["client_secret"]}
        with Ledger.open(place) as ledger, subprocess.Popen(command, env=os.environ | secrets) as worker:  # noqa: S603 - our own module
            try:
                ledger.accept(arrivals[:1], policies(settings))
                _wait_until_drained(ledger)
                waits = _commit_one_by_one(ledger, settings, arrivals[1:])
                cpu = _idle_cpu(worker.pid)
            finally:
                worker.terminate()
        return Wake(median(waits) * 1000, quantiles(waits, n=20)[-1] * 1000, cpu)


def _round(tables: Tables, greeting: dict[str, str], submissions: int, seed: int) -> Throughput:
    settings = settings_for(greeting)
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "lab.db") as ledger:
        arrivals = standard_arrivals(tables, submissions, seed)
        ledger.accept(arrivals, policies(settings))
        posts = [(one.service_request_id, one.body_json) for each in arrivals for one in each.outcome.submissions]
        half = len(posts) // 2
        bare = asyncio.run(_post_all(settings, posts[:half]))
        began = time.perf_counter()
        done = deliver(ledger, settings, tables)
        ours = time.perf_counter() - began
        bare += asyncio.run(_post_all(settings, posts[half:]))
        if done.delivered != len(posts):
            raise RuntimeError(f"{len(posts) - done.delivered} submissions were not delivered")
    return Throughput(len(posts) / bare, len(posts) / ours)


async def _post_all(settings: Settings, posts: Sequence[tuple[str, bytes]]) -> float:
    """Post with one client per worker; gives the seconds."""
    whoop, left = settings.whoop, iter(posts)
    base = f"{whoop.url}/v2/partner"
    login = {"client_id": whoop.client_id.reveal(), "client_secret": whoop.client_secret.reveal()}
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501 - loopback, no TLS
        token = (await client.post(f"{base}/token", json=login)).json()["access_token"]

    async def work() -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": "0" * 32}
        async with httpx.AsyncClient(trust_env=False, verify=False, headers=headers) as client:  # noqa: S501 - loopback, no TLS
            for request, body in left:
                answer = await client.post(f"{base}/service-request/{request}/results", content=body)
                answer.raise_for_status()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(whoop.workers)))
    return time.perf_counter() - began


def _commit_one_by_one(ledger: Ledger, settings: Settings, arrivals: Sequence[Arrival]) -> list[float]:
    """Give the seconds from each commit to its request at the sandbox."""
    chance, committed = Random(SEED), dict[str, float]()
    with httpx.Client(base_url=settings.whoop.url, trust_env=False, verify=False) as client:  # noqa: S501 - loopback, no TLS
        # The sandbox counts from its own start: a call of ours tells the two clocks apart.
        before = time.perf_counter()
        client.get("/v2/partner/requisition/clock")
        answered = time.perf_counter()
        for each in arrivals:
            time.sleep(chance.uniform(0.02, 0.12))
            ledger.accept([each], policies(settings))
            committed |= dict.fromkeys(_requests(each), time.perf_counter())
        _wait_until_drained(ledger)
        calls: list[dict[str, Any]] = client.get("/_sandbox/requests").json()
    (clock,) = (call["at"] for call in calls if call["path"].endswith("/clock"))
    offset = (before + answered) / 2 - clock
    seen = {call["path"].split("/")[-2]: call["at"] + offset for call in calls if call["route"] == "results"}
    return [max(0.0, seen[request] - at) for request, at in committed.items()]


def _requests(arrival: Arrival) -> list[str]:
    return [one.service_request_id for one in arrival.outcome.submissions]


def _wait_until_drained(ledger: Ledger) -> None:
    while ledger.count("whoop").get("queued"):
        time.sleep(0.05)


def _idle_cpu(process: int) -> float | None:
    before = _cpu_s(process)
    time.sleep(_IDLE_S)
    after = _cpu_s(process)
    return None if before is None or after is None else (after - before) / _IDLE_S


def _cpu_s(process: int) -> float | None:
    path = Path(_STATUS.format(process))
    if not path.is_file():
        return None
    user, system = path.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def standard_arrivals(tables: Tables, number: int, seed: int) -> list[Arrival]:
    """Translate standard messages, each on lanes of its own."""
    engine = Translator(tables)
    raw = Laboratory(tables, seed=seed).messages(STANDARD, number)
    return [Arrival(engine.translate(each), each) for each in raw]


def settings_for(greeting: dict[str, str]) -> Settings:
    """Make the settings of a site that delivers to a sandbox."""
    loaded = load_settings(flags={"whoop.url": greeting["whoop_url"]}, environment={})
    secrets = {name: Secret("", given=greeting[name]) for name in ("client_id", "client_secret")}
    return structs.replace(loaded, whoop=structs.replace(loaded.whoop, **secrets))


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Serve vendors in a process of their own; gives what it printed."""
    command = [sys.executable, "-m", "translator.sandbox", "--port", "0", "--accept-any"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module
        try:
            yield json.loads(process.stdout.readline() if process.stdout else b"{}")
        finally:
            process.terminate()


if __name__ == "__main__":
    from translator.mapping_files import packaged_tables

    with Ledger.open(sys.argv[1]) as opened:
        at = load_settings(flags={"whoop.url": sys.argv[2]}, environment={})
        serve(opened, at, packaged_tables(), stop=threading.Event())
