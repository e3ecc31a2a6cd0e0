"""A ledger on a real disk, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from translator.ledger import Ledger


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let time pass, or jump back."""
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the ledger's file."""
    return tmp_path / "lab.db"


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(path, clock=clock) as opened:
        yield opened
