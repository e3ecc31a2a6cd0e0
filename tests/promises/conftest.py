"""The engine with the packaged tables, a sandbox and a ledger, for the tests of the promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess
from translator import Translator
from translator.ledger import Ledger


@pytest.fixture(scope="session")
def engine() -> Translator:
    """Load the packaged tables once."""
    return Translator.load()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    """Start one sandbox for all tests."""
    with SandboxProcess("--accept-any") as process:
        yield process


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """Give the sandbox without what an earlier test left in it."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened
