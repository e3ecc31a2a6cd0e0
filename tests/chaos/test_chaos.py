"""The short form of `make chaos`: workers are killed while messages come and the vendor stumbles (P3, P4)."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign, compare
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a ledger that is not there yet: a file, or a database of a real PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path / "lab.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new()


def run(place: str, sandbox: SandboxProcess, kills: int) -> None:
    """Run a campaign with a seed of its own, and show the seed where a promise was broken."""
    figures = Campaign(place, sandbox, random.randrange(1_000_000)).run(kills)  # noqa: S311 - no secret

    assert not figures.broken, f"{figures}: {figures.broken}"
    assert figures.states["delivered"] > 0


def test_nothing_is_lost_by_some_kills(place: str, sandbox: SandboxProcess) -> None:
    """Five kills at moments of chance."""
    run(place, sandbox, 5)


@pytest.mark.slow
def test_nothing_is_lost_by_many_kills(place: str, sandbox: SandboxProcess) -> None:
    """Forty kills; `make chaos` does two hundred."""
    run(place, sandbox, 40)


@pytest.mark.parametrize(
    ("received", "states"),
    [
        pytest.param([0, 0], ["delivered", "queued"], id="twice"),
        pytest.param([1, 0], ["delivered", "delivered"], id="out-of-order"),
        pytest.param([], ["delivered"], id="lost"),
        pytest.param([0], ["queued"], id="sent-unseen"),
        pytest.param([1], ["unknown", "delivered"], id="past-an-unknown-one"),
        pytest.param([], ["queued"], id="forgotten"),
    ],
)
def test_comparison_sees_what_is_broken(received: list[int], states: list[str]) -> None:
    """A check that could not fail would prove nothing."""
    assert list(compare(received, states))
