"""What tests of every part share: the command line and a sandbox, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import settings

from tests.object_storage import ObjectStorage
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess

# How long an example takes says more of the machine than of the code; limits of time have their own tests.
settings.register_profile("exploring", deadline=None)
# What must pass before a change lands is the same examples each time; `make test-all` draws others each time.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("exploring")

CommandLine: TypeAlias = Callable[..., subprocess.CompletedProcess[bytes]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the expected files of fixtures/ be rewritten; the diff is then to be read."""
    parser.addoption("--update-fixtures", action="store_true", help="rewrite the expected.json files of fixtures/")


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """Run `translator` in its own process and an empty folder, with none of this machine's settings."""

    def run(
        *arguments: str | Path, data: bytes = b"", environment: Mapping[str, str] | None = None, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRANSLATOR_")}
        return subprocess.run(
            [sys.executable, "-m", "translator", *map(str, arguments)],
            input=data,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env=inherited | dict(environment or {}),
            timeout=timeout_s,
        )

    return run


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    """Start one sandbox, which owns every service request, for all tests."""
    with SandboxProcess("--accept-any") as process:
        yield process


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """Give the sandbox without what an earlier test left in it."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start one PostgreSQL for all tests of this process; its path is short, since a socket lies in it."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = Postgres(Path(folder, "data"))
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(scope="session")
def object_storage() -> Iterator[ObjectStorage]:
    """Start one object storage for all tests of this process."""
    with tempfile.TemporaryDirectory(prefix="s3") as folder:
        storage = ObjectStorage(Path(folder))
        try:
            yield storage
        finally:
            storage.close()
