"""
Live one day of a laboratory in minutes: every intake at once, a vendor that fails now and then, two restarts.

    python -m benchmarks.labday                       # 100,000 messages, some twenty minutes
    python -m benchmarks.labday --messages 5000       # a morning

The service runs in a process of its own, as `translator run`; the sandbox, too. Senders do what real ones do: whoever
gets no acknowledgement connects again and sends the same message again. At the end the ledger must balance, hold each
message exactly once, and agree with what the vendor got; nothing of a patient may stand in what the service wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from msgspec import Struct

from benchmarks.messages import SEED, STANDARD, Laboratory
from tests.sandbox_process import NO_TLS, SandboxProcess
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
from translator.read.mllp import Frames, read_acknowledgement
from translator.write.mllp import frame

SHARES = {"mllp": 0.6, "folder": 0.3, "http": 0.1}
CONNECTIONS = 8
PER_FILE = 50
MARKS = ("Sample^", "Testa^", "Placeholder^", "Specimen^", "Fictiva^", "Example Street", "EXLAB^MR")
"""Words that stand in the messages alone: none may be found in anything that the service writes."""

FAULTS = (("status", 503), ("status", 500), ("status", 429), ("delay", 2), ("drop_before", None), ("drop_after", None))
_FAULT_EVERY_S = 3.0
_SAMPLE_EVERY_S = 1.0
_QUIET_S = 20.0


class Figures(Struct, frozen=True):
    """
    What a day came to.

    Shape: `restarted_p99_ms` counts those messages, too, that met a restart and were sent again.
    Units: seconds, MiB, milliseconds from the first byte of a frame written to its acknowledgement read.
    """

    messages: int
    seconds: float
    drained_s: float
    delivered: int
    unknown: int
    faults: int
    p50_ms: float
    p99_ms: float
    restarted_p99_ms: float
    memory_early_mib: float
    memory_late_mib: float


class Service:
    """`translator run`, which can be started again on the same addresses and the same ledger."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.folder = folder
        self.ledger = folder / "lab.db"
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.mllp, self.http, self.console = (free_port() for _ in range(3))
        self._environment = os.environ | sandbox.environment
        self.log = folder / "service.log"
        self._settings = folder / "translator.toml"
        self._settings.write_text(
            f"ledger = 'lab.db'\nlisten = '127.0.0.1:{self.http}'\n"
            f"[[folder]]\npath = 'inbox'\ncomplete = 'renamed'\n[[mllp]]\nlisten = '127.0.0.1:{self.mllp}'\n"
            f"[console]\nlisten = '127.0.0.1:{self.console}'\n[whoop]\nurl = '{sandbox.whoop_url}'\nworkers = 8\n",
            encoding="utf-8",
        )
        self.token = json.loads(self._run("token", "create", "labday", "--scope", "submit", "--format", "json"))[
            "token"
        ]
        self.process = self._start()

    def restart(self, number: int) -> None:
        """End it by a signal, and start it again."""
        self.process.send_signal(number)
        self.process.communicate()
        self.process = self._start()

    def stop(self) -> int:
        """End it well; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=120)
        return self.process.returncode

    def memory_mib(self) -> float:
        """Tell how much memory it holds now; 0 while it is away."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)

    def metrics(self) -> str:
        """Read what it tells of itself."""
        return httpx.get(f"http://127.0.0.1:{self.console}/metrics", verify=NO_TLS, trust_env=False, timeout=60).text

    def _run(self, *words: str) -> str:
        command = [sys.executable, "-m", "translator", *words, "--config", str(self._settings)]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own module

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "translator", "run", "--config", str(self._settings)]
        with self.log.open("a", encoding="utf-8") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module
                command, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError(f"the service did not start: {self.log.read_text(encoding='utf-8')}")
        return process


class Sent:
    """What the senders have had acknowledged so far; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0
        self.waits: dict[bool, list[float]] = {True: [], False: []}

    def note(self, count: int = 1) -> None:
        """Note messages that are acknowledged."""
        with self._lock:
            self.count += count

    def note_wait(self, wait: float, *, is_first: bool) -> None:
        """Note one that was acknowledged after a wait, at the first attempt or not."""
        with self._lock:
            self.count += 1
            self.waits[is_first].append(wait)


def live(messages: int, seed: int, told: Callable[[str], None]) -> Figures:
    """
    Live a day.

    Raises: RuntimeError where a promise was broken.
    """
    with tempfile.TemporaryDirectory() as name, SandboxProcess("--accept-any") as sandbox:
        service = Service(Path(name), sandbox)
        sent, over, memory = Sent(), threading.Event(), list[float]()
        began = time.monotonic()
        counts = {intake: round(messages * share) for intake, share in SHARES.items()}
        with ThreadPoolExecutor(max_workers=CONNECTIONS + 4) as threads:
            threads.submit(_sample, service, memory, over)
            faults = threads.submit(_trouble, sandbox, over, seed)
            senders = [
                threads.submit(_send_mllp, service, sent, _share(counts["mllp"], place), seed + place)
                for place in range(CONNECTIONS)
            ]
            senders.append(threads.submit(_lay_files, service, sent, counts["folder"], seed + 100))
            senders.append(threads.submit(_post, service, sent, counts["http"], seed + 200))
            for share, number in ((1 / 3, signal.SIGTERM), (2 / 3, signal.SIGKILL)):
                while sent.count < messages * share and not all(one.done() for one in senders):
                    time.sleep(0.2)
                told(f"{sent.count:,} sent; the service is ended by {number.name} and started again")
                service.restart(number)
            for sender in senders:
                sender.result()
            seconds = time.monotonic() - began
            told(f"{sent.count:,} sent and acknowledged, or laid into the folder, in {seconds:.0f} s")
            over.set()
            made = faults.result()
        sandbox.clear_faults()
        _drain(service, sum(counts.values()), told)
        drained = time.monotonic() - began
        metrics = service.metrics()
        if service.stop() not in (0, 1):
            raise RuntimeError("the service did not end well")
        delivered, unknown = _check(service, sandbox, sum(counts.values()), metrics)
    straight, all_waits = sent.waits[True], [wait for waits in sent.waits.values() for wait in waits]
    third = max(1, len(memory) // 3)
    return Figures(
        sum(counts.values()),
        seconds,
        drained,
        delivered,
        unknown,
        made,
        quantiles(straight, n=100)[49] * 1000,
        quantiles(straight, n=100)[98] * 1000,
        quantiles(all_waits, n=100)[98] * 1000,
        max(memory[:third]),
        max(memory[-third:]),
    )


def _share(count: int, place: int) -> int:
    return count // CONNECTIONS + (place < count % CONNECTIONS)


def _messages(seed: int, count: int) -> Iterator[bytes]:
    return islice(Laboratory(packaged_tables(), seed=seed).messages(STANDARD, count), count)


def _send_mllp(service: Service, sent: Sent, count: int, seed: int) -> None:
    """Send each message until it is acknowledged, and the next one after it."""
    connection: socket.socket | None = None
    frames = Frames()
    for raw in _messages(seed, count):
        began, attempts = time.perf_counter(), 0
        while True:
            attempts += 1
            try:
                if connection is None:
                    connection, frames = socket.create_connection(("127.0.0.1", service.mllp), timeout=60), Frames()
                connection.sendall(frame(raw))
                answer = _answer(connection, frames)
            except OSError:
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.1)
                continue
            acknowledged = read_acknowledgement(answer)
            if acknowledged is not None and acknowledged.is_accepted:
                break
            time.sleep(0.1)
        sent.note_wait(time.perf_counter() - began, is_first=attempts == 1)
    if connection is not None:
        connection.close()


def _answer(connection: socket.socket, frames: Frames) -> bytes:
    while True:
        chunk = connection.recv(1 << 16)
        if not chunk:
            raise ConnectionError
        if found := frames.feed(chunk):
            return found[0]


def _lay_files(service: Service, sent: Sent, count: int, seed: int) -> None:
    """Lay files of many messages, each under its name only when it is whole; no more than the folder can hold."""
    messages = _messages(seed, count)
    number = 0
    while batch := [*islice(messages, PER_FILE)]:
        number += 1
        path = service.inbox / f"{number:06}.tmp"
        path.write_bytes(b"".join(batch))
        path.rename(path.with_suffix(".hl7"))
        while len(list(service.inbox.glob("*.hl7"))) > 20:
            time.sleep(0.05)
        sent.note(len(batch))


def _post(service: Service, sent: Sent, count: int, seed: int) -> None:
    """Post each message under a key of its own until it is taken."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{service.http}", verify=NO_TLS, trust_env=False, timeout=60
    ) as client:
        for number, raw in enumerate(_messages(seed, count)):
            headers = {
                "Authorization": f"Bearer {service.token}",
                "Content-Type": "application/hl7-v2",
                "Idempotency-Key": f"{seed}-{number}",
            }
            while True:
                try:
                    answer = client.post("/v1/messages", content=raw, headers=headers)
                except httpx.TransportError:
                    time.sleep(0.1)
                    continue
                if answer.is_success:
                    break
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise RuntimeError(f"the API answered {answer.status_code}")
                time.sleep(0.1)
            sent.note()


def _sample(service: Service, memory: list[float], over: threading.Event) -> None:
    while not over.wait(_SAMPLE_EVERY_S):
        if found := service.memory_mib():
            memory.append(found)


def _trouble(sandbox: SandboxProcess, over: threading.Event, seed: int) -> int:
    """Let the vendor fail in one way after another; gives how often."""
    draw = random.Random(seed)
    made = 0
    while not over.wait(_FAULT_EVERY_S):
        kind, value = draw.choice(FAULTS)
        times = draw.randint(1, 3)
        sandbox.fault(draw.choice(("results", "status")), kind, value, times=times)
        made += times
    return made


def _drain(service: Service, messages: int, told: Callable[[str], None]) -> None:
    """Wait until all is taken in, and nothing more can be delivered."""
    with Ledger.open(service.ledger) as ledger:
        before, since = -1, time.monotonic()
        while True:
            kept, queued = ledger.balance().messages, ledger.count("whoop").get("queued", 0)
            if kept == messages and not queued:
                return
            if queued != before:
                before, since = queued, time.monotonic()
            elif time.monotonic() - since > _QUIET_S:
                return
            told(f"{kept:,} messages kept, {queued:,} calls queued")
            time.sleep(5)


def _check(service: Service, sandbox: SandboxProcess, messages: int, metrics: str) -> tuple[int, int]:
    """
    Hold the day against its promises; gives how much was delivered and how much is unknown.

    Raises: RuntimeError with the first that is broken.
    """
    written = service.log.read_text(encoding="utf-8") + metrics
    with Ledger.open(service.ledger) as ledger:
        findings, balance, counts = ledger.verify(), ledger.balance(), ledger.count("whoop")
    processed: dict[str, list[Any]] = sandbox.results()
    twice = sum(len(bodies) > 1 for bodies in processed.values())
    broken = {
        "the ledger does not balance": bool(findings),
        f"{messages:,} messages were sent and {balance.messages:,} kept": balance.messages != messages,
        f"{twice} service requests have results twice": bool(twice),
        "something is queued that nobody waits for": bool(counts.get("queued")) and not counts.get("unknown"),
        "something was rejected": bool(counts.get("rejected")),
        "a word of a patient stands in what the service wrote": any(mark in written for mark in MARKS),
    }
    if found := [what for what, is_broken in broken.items() if is_broken]:
        raise RuntimeError("; ".join(found))
    return counts.get("delivered", 0), counts.get("unknown", 0)


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> None:
    """Live a day, and print what it came to."""
    parser = argparse.ArgumentParser(description="Live one day of a laboratory in minutes.")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", file=sys.stderr)
    found = live(wanted.messages, wanted.seed, lambda text: print(text, file=sys.stderr))
    print(
        f"{found.messages:,} messages taken in within {found.seconds:.0f} s, delivered within {found.drained_s:.0f} s: "
        f"{found.delivered:,} calls delivered, {found.unknown:,} unknown after {found.faults:,} faults, two restarts; "
        f"frame to acknowledgement p50 {found.p50_ms:.0f} ms, p99 {found.p99_ms:.0f} ms "
        f"({found.restarted_p99_ms:.0f} ms with those that were sent again around a restart); "
        f"memory {found.memory_early_mib:.0f} MiB in the first third, {found.memory_late_mib:.0f} MiB in the last"
    )


if __name__ == "__main__":
    main()
