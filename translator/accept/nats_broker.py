"""
Make the connection to a NATS broker, by FastStream: never reconnected by itself, and never without the TLS asked for.

Source: docs.nats.io, NATS protocol (INFO, CONNECT).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from translator.accept.nats_access import security_of
from translator.config_streams import NatsIntake

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from nats.aio.client import Client

ANSWER_S = 5.0
"""How long the broker may take to answer, in seconds."""

GRACE_S = 10.0
"""How long what has begun may take after the stop, in seconds."""

_PING_S = 5
_HANG_UP_S = 1.0


async def _nobody() -> None:
    """Tell nobody."""


async def _nothing(_: Exception) -> None:
    """Tell nobody."""


def connect_s(settings: NatsIntake) -> float:
    """Give for how long a connection may be tried, in seconds: so long that each of the servers has its turn."""
    return ANSWER_S * (1 + len(settings.servers))


def broker_of(
    settings: NatsIntake,
    closed: Callable[[], Awaitable[None]] = _nobody,
    noted: Callable[[Exception], Awaitable[None]] = _nothing,
) -> NatsBroker:
    """
    Make a broker that is not connected yet.

    Shape: `closed` hears of the end of the connection, `noted` of whatever the broker complains about by the way.
    Raises: ConfigError where a secret or a certificate cannot be read.
    """
    from faststream.nats import NatsBroker  # noqa: PLC0415 - heavy, and only where there is a stream
    from nats.errors import NoServersError  # noqa: PLC0415 - as above

    causes: deque[Exception] = deque(maxlen=1)

    async def note(error: Exception) -> None:
        causes.append(error)
        await noted(error)

    class Closing(NatsBroker):
        """FastStream's own leaves the connection open where the broker refuses us, and does not say why it is away."""

        async def _connect(self) -> Client:
            client = _client(is_over_tls=settings.is_over_tls)
            try:
                await client.connect(**self._connection_kwargs)
            except NoServersError as error:
                raise (causes[0] if causes else error) from None
            finally:
                if not client.is_connected:
                    # After a TLS that was not agreed on, nobody says that it is closed.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_HANG_UP_S):
                            await client.close()
            self.config.connect(client)
            return client

    return Closing(
        list(settings.servers),
        security=security_of(settings),
        name="translator",
        # It would put what comes into its log, and its handlers through pydantic.
        logger=None,
        apply_types=False,
        graceful_timeout=GRACE_S,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=round(ANSWER_S),
        drain_timeout=round(ANSWER_S),
        ping_interval=_PING_S,
        error_cb=note,
        closed_cb=closed,
    )


def _client(*, is_over_tls: bool) -> Client:
    from nats.aio.client import Client  # noqa: PLC0415 - heavy, and only where there is a stream

    class TlsClient(Client):
        """
        The client speaks TLS where the broker asks for it. What a broker says before TLS, anybody may have said.

        So it is told that the broker asks: one that does not speak TLS is not spoken with, and hears no secret.
        """

        async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002 - the client's own
            info["tls_required"] = True
            await super()._process_info(info, initial_connection)

    return TlsClient() if is_over_tls else Client()
