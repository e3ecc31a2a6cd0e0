"""
Bind an address and speak of it: what every HTTP server of ours shares, whoever it serves.

Errors go to standard error as class and place, because their texts could quote a body.
"""

from __future__ import annotations

import logging
import os
import socket
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from translator.errors import ConfigError

BACKLOG = 2048


def bind(family: int, address: Any, setting: str = "--port") -> socket.socket:
    """
    Bind an address and listen there.

    Shape: `address` is what `socket.bind` takes for the family; `setting` names what says the address.
    Raises: ConfigError where it cannot be had.
    """
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
        raise ConfigError(
            f"`{setting}`: cannot listen on port {address[1]}: {error.strerror}; choose another, or stop what has it"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Write the base URL of a bound listener."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


class PlaceFormatter(logging.Formatter):
    """A formatter that tells of an exception only its class and place: its text could quote a body."""

    def formatException(  # noqa: N802 - the name that logging gives it
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Write `KeyError at webhooks.py:120 in whoop`, innermost first."""
        frames = reversed(traceback.extract_tb(ei[2]))
        places = (f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
        return f"{ei[0].__name__ if ei[0] else 'error'} at {', '.join(places)}"


def log_config(program: str) -> dict[str, Any]:
    """Give uvicorn's logging: warnings only, to standard error, under the program's name."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"place": {"()": PlaceFormatter, "format": f"{program}: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "place", "stream": "ext://sys.stderr"}},
        "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    }
