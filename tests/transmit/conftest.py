"""A ledger on a real disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.conftest import Clock
from translator.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the ledger's file."""
    return tmp_path / "lab.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock."""
    return Clock()
