"""Three hosts, two kills and a cut line: nothing is lost, out of order or twice, and two hosts are fast enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from benchmarks.cluster import DEAD_AFTER_S
from benchmarks.cluster_site import CALLS
from translator.transmit.membership import Terms

needs_namespaces = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None,
    reason="network namespaces need Linux, root and iproute2",
)


def test_hosts_of_the_benchmark_may_send() -> None:
    """Its silence is short, so that nobody waits long for it, and yet longer than its calls."""
    Terms(DEAD_AFTER_S, 2 * DEAD_AFTER_S / CALLS + 1).check()


@pytest.mark.bench
@needs_namespaces
def test_hosts_that_die_lose_nothing_and_two_of_them_are_fast() -> None:
    """At least 150 lanes in a second."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.cluster",
        "--lanes",
        "1500",
        "--rate-lanes",
        "1500",
        "--dead-after",
        "10",
    ]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)

    figures = json.loads(done.stdout)
    assert (done.returncode, figures["broken"]) == (0, 0), done.stderr
    assert figures["lanes_a_second"] >= 150
