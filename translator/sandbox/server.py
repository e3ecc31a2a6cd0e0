"""
Serve the sandbox on a loopback port until it is told to stop.

Standard output carries one JSON line and nothing else. Errors go to standard error as class and place, because their
texts could quote a body.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import uvicorn

from translator.errors import ConfigError
from translator.sandbox.application import build_application, choose_credentials
from translator.sandbox.connection import LendingProtocol
from translator.sandbox.options import Options

BACKLOG = 2048
# Long enough to finish an answer that has begun.
GRACE_SECONDS = 1


def serve(options: Options) -> None:
    """
    Serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: the host is not this machine's loopback, or the port cannot be had.
    """
    listener = listen(options.host, options.port)
    credentials = choose_credentials(options)
    url = url_of(listener)
    application = build_application(options, credentials, url)
    greeting = {"whoop_url": url, "acurable_url": url, **credentials._asdict(), "acurable_issuer": url}
    server = _Server(
        uvicorn.Config(
            application.asgi,
            http=LendingProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=LOG_CONFIG,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=60,
        ),
        greeting,
        application.stop,
    )
    stop_on_signals(server)
    server.run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """
    Bind a loopback port.

    Raises:
        ConfigError: the host is not loopback, or the port cannot be had.
    """
    address = "127.0.0.1" if host == "localhost" else host
    if not _is_loopback(address):
        raise ConfigError("the sandbox listens on loopback only: --host must be 127.0.0.1, ::1 or localhost")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere this option would let two processes share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on port {port}: {error.strerror}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Write the base URL of a bound listener."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """uvicorn, which says where it listens once it does, and lets nobody wait when it stops."""

    def __init__(self, config: uvicorn.Config, greeting: dict[str, str], stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._greeting = greeting
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, then greet."""
        await super().startup(sockets)
        sys.stdout.write(json.dumps(self._greeting) + "\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of what would outlast the grace, then end."""
        self._stop()
        await super().shutdown(sockets)


def stop_on_signals(server: uvicorn.Server) -> None:
    """
    Make the end by a signal a good end.

    uvicorn raises the signal that stopped it once more, for the handlers that it found; these are ours, and by then
    they change nothing, so that the process goes on to its own exit code, 0.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)


class PlaceFormatter(logging.Formatter):
    """A formatter that tells of an exception only its class and place."""

    def formatException(  # noqa: N802 - the name that logging gives it
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Write `KeyError at whoop.py:120 in results`, innermost first."""
        frames = reversed(traceback.extract_tb(ei[2]))
        places = (f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
        return f"{ei[0].__name__ if ei[0] else 'error'} at {', '.join(places)}"


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"place": {"()": PlaceFormatter, "format": "translator sandbox: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "place", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
