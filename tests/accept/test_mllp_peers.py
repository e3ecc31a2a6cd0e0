"""Senders that are not ours: python-hl7, hl7apy and node-hl7-client send to the port and understand its answers."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hl7
import pytest
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection
from hl7apy.parser import parse_message

from tests.accept.serving import PATIENCE_S, Sender, enhanced, new_ledger, report, serving
from translator.ledger import Ledger

NODE = Path(__file__).parent / "node"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with new_ledger(tmp_path) as opened:
        yield opened


def test_python_hl7_is_understood(ledger: Ledger) -> None:
    """Its blocking client takes what one read gives for the answer: each answer leaves in one write."""
    with serving(ledger) as server, MLLPClient("127.0.0.1", server.port) as client:
        answers = [hl7.parse(client.send_message(hl7.parse(report(number).decode()))) for number in range(1, 6)]

    assert [(str(one["MSA.F1"]), str(one["MSA.F2"])) for one in answers] == [("AA", f"M{n}") for n in range(1, 6)]
    assert len(ledger.messages()) == 5


def test_asyncio_client_of_python_hl7_is_understood(ledger: Ledger) -> None:
    """It wants each block to begin and end as the standard says, and reads two answers to one message."""

    async def talk(port: int) -> list[hl7.Message]:
        reader, writer = await open_hl7_connection("127.0.0.1", port)
        for message in (report(1), enhanced(report(2), "AL", "AL"), report(3, processing_id="T")):
            writer.writemessage(hl7.parse(message.decode()))
        await writer.drain()
        answers = [await reader.readmessage() for _ in range(4)]
        writer.close()
        await writer.wait_closed()
        return answers

    with serving(ledger) as server:
        answers = asyncio.run(asyncio.wait_for(talk(server.port), PATIENCE_S))

    told = [(str(one["MSA.F1"]), str(one["MSA.F2"])) for one in answers]
    assert told == [("AA", "M1"), ("CA", "M2"), ("AA", "M2"), ("AR", "M3")]
    assert str(answers[3]["ERR.F3.R1.C1"]) == "202"


def test_hl7apy_is_understood(ledger: Ledger) -> None:
    """It has a server and no client; it writes the message with its frame, and finds code and place in the answer."""
    message = parse_message(report(1, processing_id="D").decode(), find_groups=False)

    with serving(ledger) as server, Sender(server.port) as sender:
        sender.write(message.to_mllp().encode())
        answer = parse_message(sender.answer().decode())

    assert (answer.msa.msa_1.value, answer.msa.msa_2.value) == ("AR", "M1")
    assert (answer.err.err_2.to_er7(), answer.err.err_3.err_3_1.value) == ("MSH^1^11^1^1", "202")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(
    not (NODE / "node_modules" / "node-hl7-client").exists(),
    reason="node-hl7-client is not installed; see `make peers`",
)
def test_node_hl7_client_is_understood(ledger: Ledger) -> None:
    """It frames, sends, waits for each answer and reads it."""
    with serving(ledger) as server:
        command = ["node", "send.mjs", str(server.port), "5"]
        ran = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert ran.stderr == ""
    assert ran.stdout.split("\n") == [*(f"AA N{number}" for number in range(1, 6)), ""]
    assert len(ledger.messages()) == 5
