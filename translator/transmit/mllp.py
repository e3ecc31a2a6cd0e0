"""
Bring messages to the lab by MLLP, and pair every acknowledgement with the message that it speaks of.

Theory of operation: one message is under way at a time, and only an acknowledgement with its control id (MSA-2) counts
for it; any other is passed over, such as one that comes late for a message whose wait is over. When a wait is over or
the connection breaks behind the first byte, nobody knows whether the lab has the message: that is `unknown`, and the
next message gets a connection of its own.

Source: HL7 Transport Specification: MLLP, release 1; HL7 v2.9 2.9.2 (original mode acknowledgement).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Self

from translator.read.mllp import Acknowledgement, Frames, FrameTooLargeError, read_acknowledgement
from translator.transmit.lab import Receipt
from translator.write.mllp import frame

_CHUNK = 1 << 16
_LARGEST_ANSWER = 1 << 20
_GOODBYE_S = 1.0
# Alerts of RFC 8446 section 6.2 that end a handshake, by OpenSSL's names.
_NOT_TRUSTED = frozenset({
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
    "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_HANDSHAKE_FAILURE",
})  # fmt: skip


class MllpClient:
    """
    One connection to one receiver.

    Shape: with `tls` the receiver's certificate is checked against `host`. `tells_copies_apart` is what the site knows
    of the receiver.
    Units: `timeout_s` bounds the wait for the connection, and then for the acknowledgement, in seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 30.0,
        tls: ssl.SSLContext | None = None,
        tells_copies_apart: bool = False,
    ) -> None:
        self.tells_copies_apart = tells_copies_apart
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._tls = tls
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._frames = Frames(_LARGEST_ANSWER)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    async def bring(self, message: bytes, control_id: str) -> Receipt:
        """Send one message, once, and wait for what the receiver says of it."""
        framed = frame(message)
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    reader, writer = await self._connected()
            except (OSError, TimeoutError) as error:
                return Receipt("not-sent", "tls-error" if isinstance(error, ssl.SSLError) else "connect-error")
            receipt = await self._exchange(reader, writer, framed, control_id)
            if receipt.outcome in {"unknown", "not-sent"}:
                await self._hang_up()
            return receipt

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framed: bytes, control_id: str
    ) -> Receipt:
        try:
            async with asyncio.timeout(self._timeout_s):
                writer.write(framed)
                await writer.drain()
                return _judged(await self._answer(reader, control_id))
        except TimeoutError:
            return Receipt("unknown", "read-timeout")
        except ssl.SSLError as error:
            # Where the peer does not take our certificate, it says so after the handshake, and reads nothing before.
            return Receipt("not-sent", "tls-error") if error.reason in _NOT_TRUSTED else Receipt("unknown", "tls-error")
        except (OSError, EOFError):
            return Receipt("unknown", "disconnected")
        except FrameTooLargeError:
            return Receipt("unknown", "unreadable-answer")

    async def _answer(self, reader: asyncio.StreamReader, control_id: str) -> Acknowledgement:
        """Wait for the acknowledgement of this very message."""
        while chunk := await reader.read(_CHUNK):
            for raw in self._frames.feed(chunk):
                found = read_acknowledgement(raw)
                if found is not None and found.control_id == control_id:
                    return found
        raise EOFError

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Give the connection; one that the peer has closed since is not written to."""
        if self._streams is not None and self._streams[0].at_eof():
            await self._hang_up()
        if self._streams is None:
            host, port = self._address
            # A peer that hangs would keep us from the next message for half a minute.
            goodbye_s = _GOODBYE_S if self._tls is not None else None
            self._streams = await asyncio.open_connection(host, port, ssl=self._tls, ssl_shutdown_timeout=goodbye_s)
            self._frames = Frames(_LARGEST_ANSWER)
        return self._streams

    async def _hang_up(self) -> None:
        if self._streams is None:
            return
        _, writer = self._streams
        self._streams = None
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            # It is closed either way.
            return


def _judged(answer: Acknowledgement) -> Receipt:
    return Receipt("accepted" if answer.is_accepted else "refused", answer.code)
