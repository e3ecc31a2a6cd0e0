"""The service consumes streams: by its settings, anew at a reload; metrics and readiness say how it is."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from msgspec import structs
from nats.aio.msg import Msg

from tests.accept.serving import new_ledger, report
from tests.accept.streaming import connected, consuming, row
from tests.ledger.keys import secret_key
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.test_service import Service
from tests.transmit.delivering import wait_until
from translator.accept.nats_words import AWAY, FAILED, NO_PLACE
from translator.config import parse_settings
from translator.ledger import Ledger, Settlement

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")

UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
SETTINGS = "[[nats]]\nstream = '{stream}'\nservers = ['{url}']\noutcomes = 'told.{stream}'\ncreate = true\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one server for all tests of this file."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file, which owns every service request."""
    with SandboxProcess("--accept-any") as running:
        yield running


def test_service_tells_publishers_what_the_vendor_said(
    server: NatsServer, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """From the stream to the vendor and back; a reload consumes another stream; metrics count; SIGTERM ends it well."""
    settings = tmp_path / "translator.toml"
    settings.write_text(SETTINGS.format(stream="FIRST", url=server.url), encoding="utf-8")
    service = Service(tmp_path / "lab.db", sandbox, "--config", str(settings))
    try:
        wait_until(lambda: service.ready()[0] == 200, seconds=60)
        server.publish("FIRST.a", [(report(1), "one")])
        wait_until(lambda: any(one["settled"] for one in server.outcomes("FIRST_OUTCOMES")), seconds=60)
        settings.write_text(SETTINGS.format(stream="SECOND", url=server.url), encoding="utf-8")
        service.reload("read anew")
        wait_until(lambda: service.ready()[0] == 200, seconds=60)
        server.publish("SECOND.a", [(report(2), "two")])
        wait_until(lambda: any(one["settled"] for one in server.outcomes("SECOND_OUTCOMES")), seconds=60)
        metrics = httpx.get(f"{service.addresses['console']}/metrics", trust_env=False, verify=NO_TLS).text
        code, errors = service.end(signal.SIGTERM)
    finally:
        service.process.kill()

    assert (service.addresses["streams"], code) == (1, 0), errors
    (started,) = [json.loads(line) for line in service.errors.splitlines() if '"started"' in line]
    assert started["streams"] == 1
    assert 'translator_stream_messages_total{became="taken",stream="SECOND/translator"} 1.0' in metrics
    assert 'translator_stream_connected{stream="SECOND/translator"} 1.0' in metrics
    assert "FIRST" not in metrics
    last = server.outcomes("SECOND_OUTCOMES")[-1]
    assert (last["msg_id"], last["entries"]) == ("two", [{"state": "delivered", "count": 1}])
    with Ledger.open(tmp_path / "lab.db") as ledger:
        assert [row.control_id for row in ledger.messages()] == ["M1", "M2"]
        assert ledger.verify() == []


def test_service_starts_though_the_broker_is_away(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """It is alive and not ready, and says why; bad settings at a reload leave it as it is."""
    settings = tmp_path / "translator.toml"
    settings.write_text("[[nats]]\nstream = 'LAB'\nservers = ['nats://127.0.0.1:9']\n", encoding="utf-8")
    service = Service(tmp_path / "lab.db", sandbox, "--config", str(settings))
    try:
        wait_until(lambda: "the broker is away" in service.errors, seconds=60)
        ready = service.ready()
        settings.write_text("[[nats]]\nstream = 'LAB'\n[[nats]]\nstream = 'LAB'\n", encoding="utf-8")
        service.reload("two `[[nats]]` name the same stream")
        code, _ = service.end(signal.SIGTERM)
    finally:
        service.process.kill()

    assert ready[0] == 503
    assert ready[1]["troubles"] == {"nats LAB/translator": AWAY}
    assert code == 0


@contextmanager
def answering(server: NatsServer, subject: str, answer: bytes) -> Iterator[None]:
    """Answer requests to a subject with what is no answer of JetStream."""
    stop, ready = threading.Event(), threading.Event()

    async def serve() -> None:
        async def reply(message: Msg) -> None:
            await message.respond(answer)

        async with server.client() as (client, _):
            await client.subscribe(subject, cb=reply)
            await client.flush()
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def delete(server: NatsServer, stream: str) -> None:
    """Delete a stream."""
    async with server.client() as (_, jetstream):
        await jetstream.delete_stream(stream)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open the ledger of a test."""
    with new_ledger(tmp_path) as opened:
        yield opened


def test_changes_of_a_consumer_that_was_renamed_are_told(server: NatsServer, ledger: Ledger) -> None:
    """By the one that has its stream now: whoever restores a ledger is told to take another name."""
    with consuming(ledger, row(server, "RENAMED", durable="old", outcomes="told.renamed")) as streams:
        connected(streams)
        server.publish("RENAMED.a", [(report(1), "one")])
        wait_until(lambda: len(ledger.messages()) == 1 and not ledger.following().ways(), seconds=60)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201"))
    assert ledger.following().ways() == ["RENAMED/old"]

    with consuming(ledger, row(server, "RENAMED", durable="new", outcomes="told.renamed")):
        wait_until(lambda: not ledger.following().ways(), seconds=60)

    told = [(one["msg_id"], one["settled"]) for one in server.outcomes("RENAMED_OUTCOMES")]
    assert told == [("one", False), ("one", True)]


def test_hosts_that_share_a_stream_tell_of_each_message_once(server: NatsServer, postgres: Postgres) -> None:
    """Whichever of them took it; once that it is kept, and once what became of it."""
    url, settings = postgres.new(), row(server, "SHARED", outcomes="told.shared", in_flight=4)
    with Ledger.open(url) as ledger, Ledger.open(url) as second, Ledger.open(url) as third:
        ledger.cluster().set_up()
        with (
            consuming(ledger, settings) as one,
            consuming(second, settings) as two,
            consuming(third, settings) as three,
        ):
            ports = [connected(each) for each in (one, two, three)]
            server.publish("SHARED.a", [(report(number), f"name-{number}") for number in range(60)])
            wait_until(lambda: len(ledger.messages()) == 60 and not ledger.following().ways(), seconds=60)
            with psycopg.connect(url) as behind:
                behind.execute("UPDATE entry SET state = 'unknown'")
            wait_until(lambda: not ledger.following().ways(), seconds=60)
            published = sum(port.counts.outcomes for port in ports)

    told = Counter((each["msg_id"], each["entries"][0]["state"]) for each in server.outcomes("SHARED_OUTCOMES"))
    assert told == Counter((f"name-{number}", state) for number in range(60) for state in ("queued", "unknown"))
    assert published == 120


def test_outcomes_go_where_their_subject_is_taken_now(server: NatsServer, ledger: Ledger) -> None:
    """Their stream may be deleted, somebody else may answer there, and another stream may take it: none is lost."""
    with consuming(ledger, row(server, "MOVED", outcomes="told.moved")) as streams:
        port = connected(streams)
        with answering(server, "told.moved", b"hello"):
            asyncio.run(delete(server, "MOVED_OUTCOMES"))
            server.publish("MOVED.a", [(report(1), "one")])
            wait_until(lambda: FAILED in port.untold, seconds=60)
        wait_until(lambda: NO_PLACE in port.untold, seconds=60)
        server.make_stream("ELSEWHERE", "told.moved")
        wait_until(lambda: not ledger.following().ways(), seconds=60)
        wait_until(lambda: not any(streams.troubles().values()), seconds=60)

    assert [one["msg_id"] for one in server.outcomes("ELSEWHERE")] == ["one"]


def test_publisher_of_the_docs_is_told(server: NatsServer, ledger: Ledger, tmp_path: Path) -> None:
    """As docs/streams.md has it, with the settings and the message that it names."""
    root = Path(__file__).parents[1]
    page = root.joinpath("docs", "streams.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (given,) = re.findall(r"<<'END'\n(.*?)END\n", page, flags=re.DOTALL)
    (named,) = re.findall(r"^python publish.py (\S+)$", page, flags=re.MULTILINE)
    (tmp_path / "publish.py").write_text(program.replace("4222", str(server.port)), encoding="utf-8")
    (settings,) = parse_settings(given).nats

    with consuming(ledger, structs.replace(settings, servers=(server.url,))) as streams:
        connected(streams)
        command = [sys.executable, tmp_path / "publish.py", named]
        environment = os.environ | UNBUFFERED
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as publisher:
            assert publisher.stdout is not None
            said = [publisher.stdout.readline() for _ in range(2)]
            publisher.kill()

    assert said[0] == f"{named} is number 1\n"
    told = json.loads(said[1])
    assert (told["msg_id"], told["entries"][0]["state"]) == (named, "queued")


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be changed there")
def test_outcome_that_cannot_be_read_ends_nothing(server: NatsServer, tmp_path: Path) -> None:
    """A damaged row is a trouble that readiness tells of; messages are taken in, and others told of."""
    rows = [row(server, name, outcomes=f"told.{name}") for name in ("DAMAGED", "SOUND")]
    with Ledger.open(tmp_path / "lab.db", key=secret_key()) as ledger, consuming(ledger, *rows) as streams:
        connected(streams)
        server.publish("DAMAGED.a", [(report(1), "one")])
        wait_until(lambda: len(ledger.messages()) == 1 and not ledger.following().ways(), seconds=60)
        with sqlite3.connect(tmp_path / "lab.db") as behind:
            behind.execute("UPDATE followed SET sent_as = 'AAAA'")
            behind.execute("UPDATE entry SET state = 'unknown'")
        behind.close()
        wait_until(lambda: "outcomes are not published" in streams.ports()[0].untold, seconds=60)
        server.publish("SOUND.a", [(report(2), "two")])
        wait_until(lambda: len(server.outcomes("SOUND_OUTCOMES")) == 1, seconds=60)
        # The ledger hears of it after the broker.
        wait_until(lambda: ledger.following().ways() == ["DAMAGED/translator"], seconds=60)
        assert not streams.finished.done()


def test_service_without_streams_loads_nothing_of_them() -> None:
    """Who has no `[[nats]]` needs no FastStream, and waits for none."""
    script = (
        "import sys, translator.service, translator.doctor\n"
        "from translator.config import parse_settings\n"
        "from translator.usable import check_usable\n"
        "check_usable(parse_settings(''))\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'faststream', 'nats', 'nkeys', 'anyio'}))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)

    assert {"faststream", "nats", "nkeys"}.isdisjoint(done.stdout.split())
