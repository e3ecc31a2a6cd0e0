"""What traces cost is measured on what they are for."""

from __future__ import annotations

from benchmarks.delivery import sandbox
from benchmarks.tracing import collector, intake, outgoing
from translator.config_trace import TraceSettings


def test_measured_work_is_done_with_and_without_traces() -> None:
    """Both sides come to a figure, and a collector takes what is traced."""
    with collector() as url, sandbox() as greeting:
        on = TraceSettings(url)
        found = (intake(on, messages=20), outgoing(on, greeting, submissions=10))

    assert all(figure > 0 for pair in found for figure in (pair.off, pair.on, pair.off_cpu_us, pair.on_cpu_us))
