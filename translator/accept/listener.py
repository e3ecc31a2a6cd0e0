"""
Listen for HTTP in a thread of its own, so that whatever else the process does never lets a caller wait.

The socket is bound before the thread starts: an address that cannot be had is an error of the settings, told at once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from translator import listening
from translator.accept.patience import Patience, PatientProtocol
from translator.errors import ConfigError

GRACE_S = 5
"""How long a request that has begun may take after the stop."""


class Listener:
    """
    One HTTP server; as a context manager it serves while the block runs, and then finishes what has begun.

    Shape: `port` 0 takes a free one; `url` tells which. `logs_apart` is false in a process that has set up its logs.
    `refusals` are the problems that are told before there is a call, by status. `setting` names what says the address.
    Raises: ConfigError where the address cannot be had.
    """

    def __init__(
        self,
        application: ASGIApp,
        host: str,
        port: int,
        *,
        logs_apart: bool = True,
        patience: Patience | None = None,
        refusals: Mapping[int, bytes] | None = None,
        setting: str = "listen",
    ) -> None:
        class Caller(PatientProtocol):
            """One caller of this listener."""

        Caller.patience = patience or Patience()
        Caller.refusals = refusals or {}
        self._socket = bind(host, port, setting)
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=Caller,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=listening.log_config("translator") if logs_apart else None,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener")

    @property
    def url(self) -> str:
        """The base URL that callers use."""
        return listening.url_of(self._socket)

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


def bind(host: str, port: int, setting: str) -> socket.socket:
    """
    Bind the address of a host by its name; `setting` names what says it.

    Raises: ConfigError where it cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise ConfigError(f"`{setting}`: the host `{host}` has no address here") from None
    family, *_, address = found[0]
    return listening.bind(family, address, setting)
