"""
Listen for HTTP in a thread of its own, so that whatever else the process does never lets a caller wait.

The socket is bound before the thread starts: an address that cannot be had is an error of the settings, told at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from translator.errors import ConfigError

BACKLOG = 2048
GRACE_S = 5
"""How long a request that has begun may take after the stop."""


class Listener:
    """
    One HTTP server; as a context manager it serves while the block runs, and then finishes what has begun.

    Shape: `port` 0 takes a free one; `url` tells which.
    Raises: ConfigError where the address cannot be had.
    """

    def __init__(self, application: ASGIApp, host: str, port: int) -> None:
        self._socket = bind(host, port)
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http="h11",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=LOG_CONFIG,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener")

    @property
    def url(self) -> str:
        """The base URL that callers use."""
        address, port = self._socket.getsockname()[:2]
        return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        # The socket listens since it was bound: who calls now waits in its backlog for an instant.
        self._ready.set()
        await serving


def bind(host: str, port: int) -> socket.socket:
    """
    Bind an address and listen there.

    Raises: ConfigError where it cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise ConfigError("`listen`: this host has no address here") from None
    family, *_, address = found[0]
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere this option would let two processes share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on port {port}: {error.strerror}; choose another with `--listen`") from error
    return listener


class PlaceFormatter(logging.Formatter):
    """A formatter that tells of an exception only its class and place: its text could quote a body."""

    def formatException(  # noqa: N802 - the name that logging gives it
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Write `KeyError at webhooks.py:120 in whoop`, innermost first."""
        frames = reversed(traceback.extract_tb(ei[2]))
        places = (f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
        return f"{ei[0].__name__ if ei[0] else 'error'} at {', '.join(places)}"


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"place": {"()": PlaceFormatter, "format": "translator: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "place", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
