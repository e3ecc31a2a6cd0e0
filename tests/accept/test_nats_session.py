"""Messages of a real JetStream: kept before they are acknowledged, once whatever happens, and told of."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accept.serving import new_ledger, report
from tests.accept.streaming import connected, consuming, kept, row, settled
from tests.nats_server import NatsServer
from tests.tracing.recorder import Recorder
from tests.transmit.delivering import wait_until
from translator.accept.nats_words import AWAY
from translator.accept.stream import StreamUnavailableError
from translator.accept.stream_outcome import Telling
from translator.ledger import Ledger, Settlement

_names = itertools.count(1)
CONTEXT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one server for all tests of this file; each has streams of its own."""
    with NatsServer(tmp_path_factory.mktemp("nats"), "max_payload: 3MB") as running:
        yield running


@pytest.fixture
def stream() -> str:
    """Name a stream that nobody has had."""
    return f"LAB{next(_names)}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open the ledger of a test."""
    with new_ledger(tmp_path) as opened:
        yield opened


def told(server: NatsServer, stream: str, count: int) -> list[dict[str, Any]]:
    """Wait until so many outcomes are published."""
    wait_until(lambda: len(server.read(f"{stream}_OUTCOMES")) >= count, seconds=60)
    return server.outcomes(f"{stream}_OUTCOMES")


def delete(server: NatsServer, stream: str, durable: str = "") -> None:
    """Delete a stream, or a consumer of it."""

    async def away() -> None:
        async with server.client() as (_, jetstream):
            await (jetstream.delete_consumer(stream, durable) if durable else jetstream.delete_stream(stream))

    asyncio.run(away())


def test_messages_are_kept_in_order_and_acknowledged(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """As the stream has them; what was there before anybody consumed it, too."""
    server.make_stream(stream, f"{stream}.>")
    server.publish(f"{stream}.a", [(report(1), "one")])

    with consuming(ledger, row(server, stream)) as streams:
        server.publish(f"{stream}.b", [(report(number), "") for number in (2, 3)])
        found = kept(ledger, 3)
        port = connected(streams)
        wait_until(lambda: settled(server, stream))

    assert found == ["M1", "M2", "M3"]
    assert (port.counts.taken, port.counts.repeats, port.counts.again) == (3, 0, 0)
    assert ledger.verify() == []


def test_message_that_cannot_be_read_is_kept_as_refused(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """It is in the ledger, the broker hears that it is kept, and the publisher what became of it."""
    with consuming(ledger, row(server, stream, outcomes=f"told.{stream}")) as streams:
        connected(streams)
        server.publish(f"{stream}.a", [(b"no message", "name")])
        (outcome,) = told(server, stream, 1)
        wait_until(lambda: settled(server, stream))

    assert [one.state for one in ledger.messages()] == ["refused"]
    assert (outcome["state"], outcome["msg_id"], outcome["diagnostics"]) == ("refused", "name", ["malformed"])
    assert outcome["settled"]


def test_message_that_is_too_large_is_told_and_not_kept(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """It is taken off the consumer, so that it does not come for ever; the others are kept."""
    with consuming(ledger, row(server, stream, outcomes=f"told.{stream}", largest_mb=1)) as streams:
        port = connected(streams)
        server.publish(f"{stream}.a", [(b"x" * ((1 << 20) + 1), "large"), (report(1), "small")])
        outcomes = {one["msg_id"]: one for one in told(server, stream, 2)}
        wait_until(lambda: settled(server, stream))

    assert len(ledger.messages()) == 1
    assert (outcomes["large"]["state"], outcomes["large"]["reason"]) == ("not-kept", "too-large")
    assert "message" not in outcomes["large"]
    assert port.counts.too_large == 1


def test_outcomes_follow_a_message_to_its_end(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """First that it is kept, then that the vendor has it; told by number and name, and nothing that stands in it."""
    with consuming(ledger, row(server, stream, outcomes=f"told.{stream}")) as streams:
        connected(streams)
        (number,) = server.publish(f"{stream}.a", [(report(1), "name")])
        told(server, stream, 1)
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement("accepted", "201"))
        first, last = told(server, stream, 2)

    assert first["entries"] == [{"state": "queued", "count": 1}]
    assert last["entries"] == [{"state": "delivered", "count": 1}]
    assert [one["settled"] for one in (first, last)] == [False, True]
    assert {(one["stream"], one["sequence"], one["msg_id"], one["message"]) for one in (first, last)} == {
        (stream, number, "name", 1)
    }
    assert b"M1" not in b"".join(one.data for one in server.read(f"{stream}_OUTCOMES"))


def test_other_consumer_of_the_same_stream_keeps_nothing_twice(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """Everything is delivered again, and known: by its name, or by its place in the stream."""
    server.make_stream(stream, f"{stream}.>")
    server.publish(f"{stream}.a", [(report(1), "one"), (report(2), "")])
    with consuming(ledger, row(server, stream)):
        kept(ledger, 2)
    with consuming(ledger, row(server, stream, durable="other")) as streams:
        wait_until(lambda: streams.ports()[0].counts.repeats == 2, seconds=60)

    assert len(ledger.messages()) == 2


def test_stream_that_was_made_anew_is_no_repeat(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """It counts from one again; its messages are others."""
    with consuming(ledger, row(server, stream)) as streams:
        connected(streams)
        server.publish(f"{stream}.a", [(report(1), "")])
        kept(ledger, 1)
    delete(server, stream)
    with consuming(ledger, row(server, stream)) as streams:
        connected(streams)
        numbers = server.publish(f"{stream}.a", [(report(2), "")])
        found = kept(ledger, 2)

    assert (numbers, found) == ([1], ["M1", "M2"])


def test_name_is_known_with_its_bytes_only(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """Published again after the broker has forgotten it: once; another message under the same name: kept."""
    server.make_stream(stream, f"{stream}.>", duplicate_window=0.1)
    with consuming(ledger, row(server, stream)) as streams:
        server.publish(f"{stream}.a", [(report(1), "same")])
        wait_until(lambda: server.publish(f"{stream}.a", [(report(1), "same")]) != [1])
        wait_until(lambda: server.publish(f"{stream}.a", [(report(2), "same")])[0] >= 3)
        found = kept(ledger, 2)
        wait_until(lambda: settled(server, stream))
        counts = streams.ports()[0].counts

    assert found == ["M1", "M2"]
    assert counts.repeats >= 1


def test_hosts_that_name_one_consumer_share_its_messages(
    server: NatsServer, stream: str, ledger: Ledger, tmp_path: Path
) -> None:
    """Each message is kept once, by one of them."""
    with (
        Ledger.open(tmp_path / "lab.db") as same,
        consuming(ledger, row(server, stream, in_flight=1)) as one,
        consuming(same, row(server, stream, in_flight=1)) as other,
    ):
        ports = connected(one), connected(other)
        server.publish(f"{stream}.a", [(report(number), "") for number in range(40)])
        found = kept(ledger, 40)
        wait_until(lambda: settled(server, stream))
        taken = [port.counts.taken for port in ports]

    assert sorted(found) == sorted(f"M{number}" for number in range(40))
    assert sum(taken) == 40


def test_consumer_of_another_ledger_is_not_shared(
    server: NatsServer, stream: str, ledger: Ledger, tmp_path: Path
) -> None:
    """A trial system at the same broker would take half of the messages away, and nobody would miss them."""
    with consuming(ledger, row(server, stream)) as streams:
        connected(streams)
        with Ledger.open(tmp_path / "trial.db") as trial, consuming(trial, row(server, stream)) as others:
            wait_until(lambda: "was made for another ledger" in others.ports()[0].trouble, seconds=60)
            server.publish(f"{stream}.a", [(report(number), "") for number in range(4)])
            kept(ledger, 4)
            assert trial.messages() == []


def test_stream_that_is_not_there_is_waited_for(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """The trouble says what to do; once the stream is there, it is consumed."""
    warned: list[str] = []
    with consuming(ledger, row(server, stream, create=False), warned=warned) as streams:
        wait_until(lambda: "has no stream" in streams.ports()[0].trouble, seconds=60)
        server.make_stream(stream, f"{stream}.>")
        connected(streams)
        server.publish(f"{stream}.a", [(report(1), "")])
        kept(ledger, 1)

    assert [f"the broker has no stream `{stream}`; make it" in text for text in warned] == [True]


def test_consumer_that_is_deleted_is_made_anew(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """What it delivers again is known."""
    with consuming(ledger, row(server, stream)) as streams:
        port = connected(streams)
        server.publish(f"{stream}.a", [(report(1), "")])
        kept(ledger, 1)
        delete(server, stream, "translator")
        wait_until(lambda: port.counts.repeats == 1, seconds=60)
        server.publish(f"{stream}.a", [(report(2), "")])
        found = kept(ledger, 2)

    assert found == ["M1", "M2"]
    assert port.counts.connections >= 2


def test_consumer_that_does_otherwise_is_not_used(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """It would give headers only, and what is kept of that is acknowledged: nothing is taken before it is mended."""
    server.make_stream(stream, f"{stream}.>")
    server.make_consumer(stream, "translator", filter_subject=f"{stream}.>", headers_only=True)
    server.publish(f"{stream}.a", [(report(1), "")])

    with consuming(ledger, row(server, stream)) as streams:
        wait_until(lambda: "delivers headers only" in streams.ports()[0].trouble, seconds=60)
        assert (server.consumer(stream).num_pending, ledger.messages()) == (1, [])


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"max_batch": 2}, id="few-at-a-time"),
        pytest.param({"max_expires": 1_000_000_000}, id="waits-a-second"),
        pytest.param({"max_ack_pending": 1}, id="one-under-way"),
    ],
)
def test_consumer_that_allows_less_is_asked_for_less(
    server: NatsServer, stream: str, ledger: Ledger, config: dict[str, int]
) -> None:
    """It would answer nothing at all, or let each message wait for a whole batch."""
    server.make_stream(stream, f"{stream}.>")
    server.make_consumer(stream, "translator", filter_subject=f"{stream}.>", **config)
    server.publish(f"{stream}.a", [(report(number), "") for number in range(20)])

    with consuming(ledger, row(server, stream)) as streams:
        # By waiting for batches it would take a minute and a half.
        found = kept(ledger, 20)
        assert connected(streams).counts.connections == 1

    assert found == [f"M{number}" for number in range(20)]


def test_reload_consumes_what_the_settings_say_now(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """One stream goes, one comes, one stays and connects anew; nothing of any is lost."""
    names = [f"{stream}{part}" for part in "ABC"]
    rows = [row(server, name) for name in names]
    with consuming(ledger, rows[0], rows[1]) as streams:
        connected(streams)
        streams.swap((rows[1], rows[2]))
        wait_until(lambda: streams.ports()[0].counts.connections == 2, seconds=60)
        connected(streams)
        for number, name in enumerate(names):
            server.publish(f"{name}.a", [(report(number), "")])
        found = kept(ledger, 2)
        ways = [port.settings.stream for port in streams.ports()]

    assert ways == names[1:]
    assert sorted(found) == ["M1", "M2"]


def test_outcome_for_a_stream_that_is_consumed_no_more_waits(server: NatsServer, stream: str, ledger: Ledger) -> None:
    """A reload may end the stream while an outcome is on its way: nothing fails but the telling."""
    with consuming(ledger, row(server, stream)) as streams:
        port = connected(streams)

    with pytest.raises(StreamUnavailableError, match="consumed no more"):
        port.publish(Telling("id", b"{}")).result()


def test_broker_that_comes_back_is_connected_again(stream: str, ledger: Ledger, tmp_path: Path) -> None:
    """While it is away readiness says so; what it had, it has."""
    warned: list[str] = []
    with NatsServer(tmp_path) as own, consuming(ledger, row(own, stream), warned=warned) as streams:
        connected(streams)
        own.kill()
        wait_until(lambda: streams.troubles() == {f"nats {stream}/translator": AWAY}, seconds=60)
        own.start()
        own.publish(f"{stream}.a", [(report(1), "")])
        found = kept(ledger, 1)
        connected(streams)

    assert found == ["M1"]
    assert f"nats {stream}/translator: {AWAY}" in warned


@pytest.mark.parametrize(
    "name", [pytest.param("traceparent", id="as-it-is"), pytest.param("Traceparent", id="as-go-writes-it")]
)
def test_trace_of_a_publisher_goes_on(server: NatsServer, stream: str, ledger: Ledger, name: str) -> None:
    """What it says in the header of W3C Trace Context is the parent of what comes of its message."""
    recorder = Recorder()

    async def publish() -> None:
        async with server.client() as (_, jetstream):
            await jetstream.publish(f"{stream}.a", report(1), headers={name: CONTEXT})

    with consuming(ledger, row(server, stream), tracer=recorder) as streams:
        connected(streams)
        asyncio.run(publish())
        kept(ledger, 1)

    (receipt,) = recorder.named("receive nats")
    assert receipt.parent == CONTEXT
    assert {"messaging.system": "nats", "messaging.destination.name": stream}.items() <= receipt.told.items()
    assert ledger.trace_contexts([1]) == {1: receipt.own}
