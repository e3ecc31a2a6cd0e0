"""
Lend hosts of their own: network namespaces, each with a line to a database here, which can be cut.

The vendor is reached from each by its own loopback: a socket belongs to the namespace in which it was made, whoever
listens on it, so one relay here listens in all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_NEW_NET = 0x40000000
_CHUNK = 65_536


class Namespaces:
    """
    Some network namespaces; as a context manager they exist while the block runs.

    Shape: `addresses` are ours, one on each line: where a database has to listen.
    Raises: PermissionError where the caller is not root.
    """

    def __init__(self, number: int) -> None:
        if os.geteuid() != 0:
            raise PermissionError("network namespaces need root: run it with sudo")
        self._mark = os.getpid() % 10_000
        self._net = 20 + os.getpid() % 200
        self.names = [f"translator-{self._mark}-{each}" for each in range(number)]
        self.addresses = [f"10.{self._net}.{each}.1" for each in range(number)]
        self._relay: _Relay | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for number, name in enumerate(self.names):
                _ip("netns", "add", name)
                stack.callback(_ip, "netns", "del", name)
                inside = f"in{self._mark}x{number}"
                _ip("link", "add", self._line(number), "type", "veth", "peer", "name", inside, "netns", name)
                _ip("address", "add", f"{self.addresses[number]}/24", "dev", self._line(number))
                _ip("link", "set", self._line(number), "up")
                own = f"10.{self._net}.{number}.2/24"
                _ip("-n", name, "address", "add", own, "dev", inside)
                _ip("-n", name, "link", "set", inside, "up")
                _ip("-n", name, "link", "set", "lo", "up")
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._relay is not None:
            self._relay.close()
        self._open.close()

    def relay(self, port: int) -> None:
        """Let a port of our loopback be reached at the loopback of each namespace, by the same number."""
        self._relay = _Relay(port, [_listener(name, port) for name in self.names])

    def command(self, number: int, *command: str) -> list[str]:
        """Give the command that runs another one in a namespace."""
        return ["ip", "netns", "exec", self.names[number], *command]

    def cut(self, number: int) -> None:
        """Swallow everything on a line; nobody is told."""
        _ip("link", "set", self._line(number), "down")

    def mend(self, number: int) -> None:
        """Let everything through again."""
        _ip("link", "set", self._line(number), "up")

    def _line(self, number: int) -> str:
        return f"tr{self._mark}x{number}"


class _Relay:
    """A thread that passes bytes on."""

    def __init__(self, port: int, listeners: list[socket.socket]) -> None:
        self._port = port
        self._listeners = listeners
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        for listener in self._listeners:
            self._loop.run_until_complete(asyncio.start_server(self._pass_on, sock=listener))
        self._loop.run_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # A killed host leaves its connections to the kernel, which resets them.
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()
    writer.close()


def _listener(name: str, port: int) -> socket.socket:
    made: list[socket.socket] = []
    # A thread that goes into a namespace stays there alone, and ends there.
    thread = threading.Thread(target=lambda: made.append(_listen_inside(name, port)))
    thread.start()
    thread.join()
    return made[0]


def _listen_inside(name: str, port: int) -> socket.socket:
    with open(f"/run/netns/{name}", "rb") as place:  # noqa: PTH123 - its descriptor is what counts
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), "the namespace cannot be entered")
    return socket.create_server(("127.0.0.1", port))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)  # noqa: S603, S607 - our own words, the system's command


def networks(addresses: list[str]) -> Iterator[str]:
    """Name the network of each address, as a database's rules name it."""
    yield from (f"{address.rpartition('.')[0]}.0/24" for address in addresses)
