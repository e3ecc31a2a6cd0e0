"""
Serve the sandbox on a loopback port until it is told to stop.

Standard output carries one JSON line and nothing else. Errors go to standard error as class and place, because their
texts could quote a body.
"""

from __future__ import annotations

import ipaddress
import json
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from translator.errors import ConfigError
from translator.listening import bind, log_config, url_of
from translator.sandbox.application import build_application, choose_credentials
from translator.sandbox.connection import LendingProtocol
from translator.sandbox.options import Options

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
            log_config=log_config("translator sandbox"),
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
    return bind(family, (address, port))


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
