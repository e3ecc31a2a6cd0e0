"""The MLLP client pairs each acknowledgement with its own message, and never takes silence for success."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from translator.read.mllp import Frames
from translator.transmit.lab import Receipt
from translator.transmit.mllp import MllpClient
from translator.write.mllp import frame

T = TypeVar("T")
Answer = Callable[[str], list[bytes] | None]


def ack(control_id: str, code: str = "AA") -> bytes:
    """Write an acknowledgement."""
    return frame(f"MSH|^~\\&|LAB\rMSA|{code}|{control_id}\r".encode())


def message(control_id: str) -> bytes:
    """Write a message of which only the number counts here."""
    return f"MSH|^~\\&|HUB|||||||{control_id}\r".encode()


class Lab:
    """A receiver on loopback that answers as `answer` says; None hangs up."""

    def __init__(self, answer: Answer) -> None:
        self.received: list[str] = []
        self.connections = 0
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        frames = Frames()
        while chunk := await reader.read(1024):
            for raw in frames.feed(chunk):
                control_id = raw.decode().split("|")[9].strip()
                self.received.append(control_id)
                answers = self._answer(control_id)
                if answers is None:
                    writer.close()
                    return
                writer.write(b"".join(answers))
        writer.close()


def talk(lab: Lab, conversation: Callable[[MllpClient], Awaitable[T]], timeout_s: float = 5.0) -> T:
    """Let a client talk to a lab."""

    async def run() -> T:
        server = await asyncio.start_server(lab, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, MllpClient("127.0.0.1", port, timeout_s=timeout_s) as client:
            return await conversation(client)

    return asyncio.run(run())


def bring(*control_ids: str) -> Callable[[MllpClient], Coroutine[Any, Any, list[Receipt]]]:
    """Bring some messages, one after the other."""

    async def conversation(client: MllpClient) -> list[Receipt]:
        return [await client.bring(message(control_id), control_id) for control_id in control_ids]

    return conversation


def test_accepted_messages_share_a_connection() -> None:
    """Each message is answered before the next one goes."""
    lab = Lab(lambda control_id: [ack(control_id)])

    receipts = talk(lab, bring("A", "B"))

    assert receipts == [Receipt("accepted", "AA")] * 2
    assert (lab.received, lab.connections) == (["A", "B"], 1)


def test_messages_brought_at_once_are_paired() -> None:
    """Callers that do not wait for each other get the answer to their own message."""
    lab = Lab(lambda control_id: [ack(control_id, "AA" if control_id < "E" else "AR")])
    names = "ABCDEFGH"

    async def conversation(client: MllpClient) -> list[Receipt]:
        return await asyncio.gather(*(client.bring(message(name), name) for name in names))

    assert [receipt.code for receipt in talk(lab, conversation)] == ["AA"] * 4 + ["AR"] * 4


@pytest.mark.parametrize(
    ("code", "receipt"),
    [
        pytest.param("CA", Receipt("accepted", "CA"), id="enhanced-mode"),
        pytest.param("AE", Receipt("refused", "AE"), id="error"),
        pytest.param("AR", Receipt("refused", "AR"), id="reject"),
        pytest.param("OK", Receipt("refused", "OK"), id="a-code-of-its-own"),
    ],
)
def test_code_decides(code: str, receipt: Receipt) -> None:
    """Only AA and CA take a message over."""
    assert talk(Lab(lambda control_id: [ack(control_id, code)]), bring("A")) == [receipt]


def test_acknowledgement_of_another_message_does_not_count() -> None:
    """An answer that comes late for an earlier message is passed over."""
    lab = Lab(lambda control_id: [ack("EARLIER"), frame(b"no message"), ack(control_id, "AR")])

    assert talk(lab, bring("A")) == [Receipt("refused", "AR")]


def test_silence_is_unknown_and_the_next_message_gets_a_new_connection() -> None:
    """What comes after the wait could be the answer to either."""
    lab = Lab(lambda control_id: [] if control_id == "A" else [ack(control_id)])

    receipts = talk(lab, bring("A", "B"), timeout_s=0.2)

    assert receipts == [Receipt("unknown", "read-timeout"), Receipt("accepted", "AA")]
    assert lab.connections == 2


def test_hanging_up_behind_the_message_is_unknown() -> None:
    """The lab may have kept it before it went away."""
    lab = Lab(lambda control_id: None if control_id == "A" else [ack(control_id)])

    receipts = talk(lab, bring("A", "B"))

    assert receipts == [Receipt("unknown", "disconnected"), Receipt("accepted", "AA")]


def test_answer_without_end_is_unknown() -> None:
    """A peer cannot fill our memory."""
    lab = Lab(lambda _: [b"\x0b" + b"x" * (2 << 20)])

    assert talk(lab, bring("A")) == [Receipt("unknown", "unreadable-answer")]


def test_lab_that_is_not_there_has_not_got_it() -> None:
    """Nothing was written, so it can be tried again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def run() -> Receipt:
        async with MllpClient("127.0.0.1", port, timeout_s=5) as client:
            return await client.bring(message("A"), "A")

    assert asyncio.run(run()) == Receipt("not-sent", "connect-error")


def test_connection_that_the_lab_closed_meanwhile_is_not_used_again() -> None:
    """A lab that closes idle connections costs no message."""
    closed = asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await reader.readuntil(b"\x1c")
        writer.write(ack(raw.decode().split("|")[9].strip("\r\x1c")))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def run() -> list[Receipt]:
        server = await asyncio.start_server(once, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, MllpClient("127.0.0.1", port, timeout_s=5) as client:
            first = await client.bring(message("A"), "A")
            await closed.wait()
            assert client._streams is not None
            assert await client._streams[0].read() == b""
            return [first, await client.bring(message("B"), "B")]

    assert asyncio.run(run()) == [Receipt("accepted", "AA")] * 2
