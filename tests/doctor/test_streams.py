"""The broker of a stream is examined as it is: what is missing has a remedy, and nothing is made."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from msgspec import structs

from tests.nats_server import NatsServer
from translator.config import parse_settings
from translator.config_streams import NatsIntake
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined
from translator.doctor.streams import streams


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one server for all tests of this file."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as running:
        running.make_stream("LAB", "lab.>")
        running.make_stream("TOLD", "told.>")
        running.make_consumer("LAB", "translator")
        running.make_consumer("LAB", "impatient", max_deliver=3)
        running.make_consumer("LAB", "paused", pause_until="2126-01-01T00:00:00Z")
        running.publish("lab.a", [(b"one", ""), (b"two", "")])
        yield running


def found(*rows: NatsIntake) -> list[Diagnosis]:
    """Examine some streams."""
    settings = structs.replace(parse_settings(""), nats=rows)
    return list(streams(Examined(settings, shutil.disk_usage, time.time, lambda _: None)))


def test_installation_without_streams_has_nothing_to_examine() -> None:
    """Nobody is called."""
    assert found() == []


@pytest.mark.parametrize(
    ("settings", "state", "said", "remedy"),
    [
        pytest.param({}, OK, "2 messages wait", "", id="all-there"),
        pytest.param({"outcomes": "told.lab"}, OK, "2 messages wait", "", id="outcomes"),
        pytest.param({"stream": "NONE"}, FAIL, "no stream `NONE`", "create = true", id="no-stream"),
        pytest.param({"stream": "NONE", "create": True}, WARN, "no stream `NONE` yet", "makes it", id="to-be-made"),
        pytest.param({"durable": "new"}, WARN, "no consumer `new` yet", "makes it", id="no-consumer"),
        pytest.param({"durable": "impatient"}, FAIL, "gives messages up", "`max_deliver` to -1", id="gives-up"),
        pytest.param({"durable": "paused"}, WARN, "is paused, and 2 messages wait", "resume", id="paused"),
        pytest.param({"outcomes": "nobody.takes"}, FAIL, "no stream of the broker takes", "make one", id="no-place"),
        pytest.param({"subjects": ("lab.a",)}, FAIL, "takes other subjects", "", id="subjects"),
    ],
)
def test_broker_is_examined(
    server: NatsServer, settings: dict[str, object], state: str, said: str, remedy: str
) -> None:
    """Each with what is, and what to do."""
    (one,) = found(structs.replace(NatsIntake("LAB", servers=(server.url,)), **settings))

    assert (one.state, said in one.text, remedy in one.remedy) == (state, True, True), one


def test_nothing_is_made_by_looking(server: NatsServer) -> None:
    """Neither a stream nor a consumer."""
    row = NatsIntake("NONE", servers=(server.url,), create=True)
    found(row, NatsIntake("LAB", servers=(server.url,), durable="new"))

    assert found(row)[0].state == WARN
    assert server.read("NONE") == []


def test_broker_that_is_away_is_told() -> None:
    """And that messages would come over the network as they are."""
    row = NatsIntake("LAB", servers=("nats://127.0.0.1:9",))

    assert [(one.state, one.text) for one in found(row)] == [(FAIL, "the broker is away")]


def test_open_network_is_remarked(server: NatsServer) -> None:
    """Where a server is not this machine, and is not asked for TLS."""
    row = NatsIntake("LAB", servers=(server.url, "nats://broker.invalid:4222"))

    assert [(one.check, one.state) for one in found(row)][-1] == ("nats LAB/translator tls", WARN)


def test_broker_without_jetstream_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the flag that it lacks."""
    with NatsServer(tmp_path_factory.mktemp("plain"), "# no jetstream") as plain:
        (one,) = found(NatsIntake("LAB", servers=(plain.url,)))

    assert (one.state, one.remedy) == (FAIL, "start it with `-js`")
