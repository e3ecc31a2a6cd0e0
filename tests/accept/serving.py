"""Serve MLLP on loopback for tests, with a ledger of their own, and be the sender."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES
from translator.accept.mllp_server import MllpServer
from translator.config import parse_settings
from translator.config_intakes import MllpIntake
from translator.intake import Intake, Tables
from translator.ledger import Ledger
from translator.read.mllp import Acknowledgement, Frames, read_acknowledgement
from translator.sites import Sites
from translator.write.mllp import frame

TABLES = Tables(Sites.load(parse_settings("")), POLICIES)
LOOPBACK = "127.0.0.1:0"
# For what must happen; a test that waits so long has failed.
PATIENCE_S = 60


def report(number: int, **header: str) -> bytes:
    """Write one report of its own."""
    return oru([Obx(HDL, str(40 + number % 40))], request=service_request(number), control_id=f"M{number}", **header)


def enhanced(message: bytes, accept: str, application: str) -> bytes:
    """Ask for acknowledgements by MSH-15 and MSH-16."""
    return message.replace(b"|2.5.1\r", f"|2.5.1|||{accept}|{application}\r".encode(), 1)


class Sender:
    """One connection of a laboratory."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        plain = socket.create_connection((host, port), timeout=PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._frames = Frames()
        self._answers: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def write(self, raw: bytes) -> None:
        """Write bytes as they are."""
        self.socket.sendall(raw)

    def send(self, *messages: bytes) -> None:
        """Write messages, each in its frame, all at once."""
        self.write(b"".join(map(frame, messages)))

    def answer(self) -> bytes:
        """Wait for the next answer."""
        while not self._answers:
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise ConnectionResetError("the server hung up")
            self._answers += self._frames.feed(chunk)
        return self._answers.pop(0)

    def told(self) -> Acknowledgement:
        """Wait for the next answer, and read it."""
        found = read_acknowledgement(self.answer())
        assert found is not None
        return found

    def ask(self, message: bytes) -> Acknowledgement:
        """Send a message and wait for its answer."""
        self.send(message)
        return self.told()

    def is_hung_up_on(self) -> bool:
        """Wait until the server hangs up, without another word."""
        try:
            return not self.socket.recv(1)
        except ConnectionError:
            return True


@contextmanager
def serving(ledger: Ledger, listen: str = LOOPBACK, *, of: Any = MllpServer, **settings: Any) -> Iterator[MllpServer]:
    """Serve a ledger by MLLP; settings of the port by name, those of the server as `server`."""
    options = settings.pop("server", {})
    with Intake(ledger, TABLES) as intake, of(intake, MllpIntake(listen, **settings), **options) as server:
        yield server


@contextmanager
def new_ledger(folder: Path) -> Iterator[Ledger]:
    """Open the ledger of a test."""
    with Ledger.open(folder / "lab.db") as opened:
        yield opened
