"""What a broker has is looked at before anything is taken: what would lose a message, or never bring one, is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nats.js.api import StreamSource

from tests.accept.streaming import row
from tests.nats_server import NatsServer
from translator.accept.nats_grounds import look_at
from translator.accept.nats_session import examine
from translator.accept.stream import StreamUnavailableError

_names = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one server for all tests of this file; each has streams of its own."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
def stream(server: NatsServer) -> str:
    """Make a stream of a name that nobody has had, with the subjects below it."""
    name = f"LAB{next(_names)}"
    server.make_stream(name, f"{name}.>")
    return name


def trouble(server: NatsServer, stream: str, **settings: Any) -> str:
    """Look at what the broker has; gives what is wrong with it."""
    with pytest.raises(StreamUnavailableError) as raised:
        asyncio.run(examine(row(server, stream, **{"create": False} | settings)))
    return str(raised.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        pytest.param({"filter_subject": "{}.other"}, "takes other subjects", id="subjects"),
        pytest.param({"ack_policy": "none"}, "not acknowledge one by one", id="acks"),
        pytest.param({"ack_policy": "all"}, "not acknowledge one by one", id="acks-all-before"),
        pytest.param({"deliver_subject": "push"}, "pushes, and we pull", id="push"),
        pytest.param({"headers_only": True}, "delivers headers only", id="no-bodies"),
        pytest.param({"max_deliver": 5}, "gives messages up", id="gives-up"),
        pytest.param({"priority_groups": ["a"], "priority_policy": "overflow"}, "clients in groups", id="groups"),
    ],
)
def test_consumer_that_would_lose_messages_is_told(
    server: NatsServer, stream: str, config: dict[str, Any], said: str
) -> None:
    """Or that would never give us one: with what to do about it."""
    config = {"filter_subject": "{}.>"} | config
    server.make_consumer(stream, "translator", **config | {"filter_subject": config["filter_subject"].format(stream)})

    assert said in trouble(server, stream)


@pytest.mark.parametrize(
    ("config", "settings", "most", "fetch_s"),
    [
        pytest.param({}, {}, 250, 5.0, id="as-the-broker-makes-it"),
        pytest.param({}, {"in_flight": 7}, 7, 5.0, id="settings"),
        pytest.param({"max_batch": 10}, {}, 10, 5.0, id="batch"),
        pytest.param({"max_ack_pending": 100}, {}, 25, 5.0, id="shared-with-three-others"),
        pytest.param({"max_ack_pending": 1}, {}, 1, 5.0, id="one-by-one"),
        pytest.param({"max_ack_pending": -1}, {}, 256, 5.0, id="no-limit"),
        pytest.param({"max_expires": 2_000_000_000}, {}, 250, 2.0, id="wait"),
    ],
)
def test_consumer_says_how_much_may_be_asked_for(
    server: NatsServer, stream: str, config: dict[str, Any], settings: dict[str, Any], most: int, fetch_s: float
) -> None:
    """The least of what it, the settings and hosts that share it allow."""
    server.make_consumer(stream, "translator", filter_subject=f"{stream}.>", **config)

    found = asyncio.run(examine(row(server, stream, **settings)))

    assert (found.most, found.fetch_s) == (most, fetch_s)


def test_shortest_wait_of_a_consumer_counts(server: NatsServer, stream: str) -> None:
    """Where it has steps of its own."""
    second = 1_000_000_000
    server.make_consumer(stream, "translator", filter_subject=f"{stream}.>", backoff=[second, 5 * second])

    assert asyncio.run(examine(row(server, stream))).ack_wait_s == 1.0


def test_subjects_that_the_stream_has_not_are_told(server: NatsServer, stream: str) -> None:
    """A slip there would wait for ever for what never comes."""
    said = trouble(server, stream, subjects=(f"{stream}.a", "elsewhere.>"))

    assert "has no subject that `elsewhere.>` takes" in said


def test_subjects_of_a_mirror_are_its_own_affair(server: NatsServer, stream: str) -> None:
    """It takes no subjects itself, and has those of another stream."""
    server.make_stream(f"{stream}M", mirror=StreamSource(name=stream))
    server.make_consumer(f"{stream}M", "translator", filter_subject=f"{stream}.>")

    assert asyncio.run(examine(row(server, f"{stream}M", subjects=(f"{stream}.>",)))).waiting == 0


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        pytest.param("{}.told", "would come back as messages", id="back"),
        pytest.param("nobody.takes.{}", "no stream of the broker takes", id="nowhere"),
    ],
)
def test_outcomes_that_have_no_place_are_told(server: NatsServer, stream: str, outcomes: str, said: str) -> None:
    """Before anything is taken."""
    assert said in trouble(server, stream, outcomes=outcomes.format(stream))


def test_outcomes_that_are_copied_into_the_stream_are_told(server: NatsServer, stream: str) -> None:
    """Each would be a message, of which an outcome is told, and so on."""
    server.make_stream(f"{stream}S", sources=[StreamSource(name=stream)])

    assert "would come back as messages" in trouble(server, f"{stream}S", outcomes=f"{stream}.told", subjects=())


def test_copies_of_something_else_are_no_circle(server: NatsServer, stream: str) -> None:
    """The stream of outcomes may have messages, too, of which the other one copies some."""
    source = StreamSource(name=stream, filter_subject=f"{stream}.results")
    server.make_stream(f"{stream}S", sources=[source])
    server.make_consumer(f"{stream}S", "translator")
    settings = row(server, f"{stream}S", outcomes=f"{stream}.told", subjects=(), create=False)

    assert asyncio.run(examine(settings)).waiting == 0


def _nothing(_server: NatsServer, _name: str) -> None:
    """Leave it as it is."""


def _queue(server: NatsServer, name: str) -> None:
    """Make a work queue that somebody else works on."""
    server.make_stream(f"{name}Q", f"{name}q.>", retention="workqueue")
    server.make_consumer(f"{name}Q", "another", filter_subject=f"{name}q.>")


@pytest.mark.parametrize(
    ("make", "settings", "said"),
    [
        pytest.param(_queue, {"stream": "{}Q", "subjects": ("{}q.>",)}, "another consumer of these", id="work-queue"),
        pytest.param(
            _nothing,
            {"stream": "{}X", "subjects": ("{}.a",)},
            "another stream has some of these subjects",
            id="subjects-of-another-stream",
        ),
    ],
)
def test_broker_that_refuses_is_told_in_words(
    server: NatsServer, stream: str, make: Callable[[NatsServer, str], None], settings: dict[str, Any], said: str
) -> None:
    """Not that it answered with some error."""
    make(server, stream)
    name, subjects = settings["stream"].format(stream), tuple(one.format(stream) for one in settings["subjects"])

    async def look() -> None:
        async with server.client() as (client, _):
            await look_at(client, row(server, name, subjects=subjects))

    with pytest.raises(StreamUnavailableError, match=said):
        asyncio.run(look())
