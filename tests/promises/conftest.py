"""A ledger for the tests of the promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from translator.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened
