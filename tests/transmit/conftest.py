"""A sandbox in its own process and a ledger on a real disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxProcess]:
    """Run one sandbox for a file of tests."""
    with SandboxProcess("--accept-any") as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxProcess) -> SandboxProcess:
    """Give the sandbox as new."""
    server.reset()
    return server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the ledger's file."""
    return tmp_path / "lab.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(path) as opened:
        yield opened
