"""A pooler between us and PostgreSQL lends connections to several; a cluster is told so."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import pytest

from tests.postgres import Postgres
from translator.errors import ConfigError
from translator.ledger import Ledger
from translator.ledger.cluster import POOLED

_KEY = struct.pack("!cI", b"K", 12)


@contextmanager
def pooler(place: str) -> Iterator[int]:
    """Tell who connects a process number of our own making, as PgBouncer does, and pass on all else; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as threads:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threads.submit(_join, server.accept()[0], place)

        threads.submit(serve)
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _join(here: socket.socket, place: str) -> None:
    with closing(here), socket.socket(socket.AF_UNIX) as there:
        there.connect(place)
        back = threading.Thread(target=_pass_on, args=(there, here))
        back.start()
        _pass_on(here, there)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65_536):
            at = part.find(_KEY)
            if at >= 0:
                part = part[: at + 5] + struct.pack("!I", 4_000_000) + part[at + 9 :]
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


def test_cluster_is_not_reached_through_a_pooler(postgres: Postgres) -> None:
    """Its locks and its news would be somebody else's."""
    url = postgres.shared()
    with Ledger.open(url) as ledger:
        ledger.cluster().need()
    ((name, folder, port),) = postgres.execute(
        "SELECT current_database(), current_setting('unix_socket_directories'), current_setting('port')", url
    )

    with (
        pooler(f"{folder}/.s.PGSQL.{port}") as pooled,
        Ledger.open(f"postgresql://postgres@127.0.0.1:{pooled}/{name}") as ledger,
        pytest.raises(ConfigError) as told,
    ):
        ledger.cluster().need()

    assert str(told.value) == POOLED
