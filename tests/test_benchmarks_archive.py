"""Two nodes of a cluster are worth nearly two processes, and give the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.archive import GOAL


@pytest.mark.bench
def test_two_nodes_are_worth_nearly_two_processes() -> None:
    """At least 0.7 of twice the rate of one process, with the start of everything; the same bytes as the plain path."""
    command = [sys.executable, "-m", "benchmarks.archive", "--messages", "300000"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)

    figures = json.loads(done.stdout[done.stdout.index("{") :])
    assert figures["is_same"], done.stderr
    assert figures["ratio"] >= GOAL
