"""P3: deliveries of one service request are strictly in order, and no service request waits for another."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess

LANES = 12


def versions(lane: int) -> list[bytes]:
    """Write preliminary, final and corrected result of one service request."""
    return [
        oru(
            [Obx(CHOLESTEROL, str(180 + number), status=status)],
            request=service_request(lane),
            status=status,
            control_id=f"M{lane}-{number}",
            at=f"2026030110{number:02}00",
        )
        for number, status in enumerate("PFC")
    ]


def test_every_service_request_gets_its_versions_in_order(
    command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """Versions of twelve service requests come mixed; each service request sees its own in order."""
    messages = [versions(lane) for lane in range(LANES)]
    (tmp_path / "lab.hl7").write_bytes(b"".join(lane[number] for number in range(3) for lane in messages))

    done = command_line("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, environment=sandbox.environment)

    assert done.returncode == 0, done.stderr
    results = sandbox.results()
    assert len(results) == LANES
    for bodies in results.values():
        assert [body["status"] for body in bodies] == ["preliminary", "final", "corrected"]


def test_blocked_service_request_stops_no_other(
    command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The first POST is refused; its service request waits for a person, all others are served."""
    messages = [versions(lane) for lane in range(LANES)]
    (tmp_path / "lab.hl7").write_bytes(b"".join(lane[number] for number in range(3) for lane in messages))
    sandbox.fault("results", "status", 422)

    done = command_line("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, environment=sandbox.environment)

    assert done.returncode == 1
    results = sandbox.results()
    assert len(results) == LANES - 1
    assert all(len(bodies) == 3 for bodies in results.values())
