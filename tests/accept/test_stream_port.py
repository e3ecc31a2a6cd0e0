"""A broker that takes us and is of no use is called seldom, and complained of once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.accept.serving import TABLES, new_ledger
from tests.transmit.delivering import wait_until
from translator.accept.stream import Stream
from translator.accept.stream_outcome import Telling
from translator.accept.stream_port import StreamPort
from translator.config_streams import NatsIntake
from translator.intake import Intake

FIRST_S = 0.02


class Useless:
    """A connection that is made, and ends at once."""

    made: int = 0

    def __init__(self, _settings: NatsIntake, _stream: Stream) -> None:
        Useless.made += 1

    async def open(self) -> None:
        """Be connected."""

    async def ended(self) -> str:
        """Tell that it is over."""
        await asyncio.sleep(0)
        return "no good"

    async def publish(self, telling: Telling) -> None:
        """Take no outcome."""

    async def close(self) -> None:
        """Have nothing to finish."""


def test_broker_of_no_use_is_called_less_and_less(tmp_path: Path) -> None:
    """Twice as long each time, as one that is away; its trouble is told once, and not at each call."""
    warned: list[str] = []
    Useless.made = 0
    with new_ledger(tmp_path) as ledger, Intake(ledger, TABLES) as intake:
        began = time.monotonic()
        port = StreamPort(
            intake, NatsIntake("LAB"), warn=warned.append, session=Useless, first_s=FIRST_S, longest_s=60.0
        )
        with port:
            wait_until(lambda: Useless.made >= 6)
            took = time.monotonic() - began

    assert took >= FIRST_S * (1 + 2 + 4 + 8 + 16)
    assert warned == ["nats LAB/translator: no good"]
