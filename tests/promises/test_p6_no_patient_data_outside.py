"""P6: no message text, value, name, birth date or id outside the ledger and what is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, LOCAL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess
from translator import Translator

ENGINE = Translator.load()

# Marks that stand in every place where a message names a person, an order or a value.
PATIENT, ORDER, VALUE, TEXT = "MARKPATIENT77", "MARKORDER77", "77.7777", "MARKTEXT77"
MARKS = (PATIENT, ORDER, VALUE, TEXT, "Avery", "19840312", "MARKFILE77", "MARKKEY77")


def marked(**more: str) -> bytes:
    """Write a message full of marks, with results of several fates."""
    results = [
        Obx(CHOLESTEROL, VALUE),
        Obx(CHOLESTEROL, TEXT),
        Obx(LOCAL, TEXT, type="ST"),
        Obx(CHOLESTEROL, f"{VALUE},1"),
        Obx(CHOLESTEROL, VALUE, TEXT),
    ]
    return oru(results, patient=PATIENT, filler=ORDER, control_id="MSG77", **more)


MESSAGES = [
    pytest.param(marked(), id="translated-and-held"),
    pytest.param(marked(request=ORDER), id="no-service-request"),
    pytest.param(marked(processing_id="T"), id="training"),
    pytest.param(marked(status="W"), id="unknown-status"),
    pytest.param(marked().replace(VALUE.encode(), f"{VALUE}\r{TEXT}".encode()), id="raw-line-break"),
    pytest.param(marked()[5:], id="beheaded"),
    pytest.param(marked().replace(b"Avery", "Av\u00e9ry".encode("latin-1")), id="undeclared-bytes"),
    pytest.param(f'{{"resourceType": "Bundle", "id": "{PATIENT}", "{TEXT}"'.encode(), id="broken-json"),
    pytest.param(f'{{"{TEXT}": "{VALUE}", "{TEXT}": 1}}'.encode(), id="duplicate-key"),
]


def found(text: bytes) -> list[str]:
    """List the marks that a text shows."""
    return [mark for mark in MARKS if mark.encode() in text]


@pytest.mark.parametrize("raw", MESSAGES)
def test_diagnostics_show_no_mark(raw: bytes) -> None:
    """Remarks name places and codes only."""
    outcome = ENGINE.translate(raw)

    assert found(b"".join(f"{remark.text} {remark.at}".encode() for remark in outcome.diagnostics)) == []


@pytest.mark.parametrize("raw", MESSAGES)
def test_command_line_shows_no_mark_outside_its_data(raw: bytes, command_line: CommandLine, tmp_path: Path) -> None:
    """What goes to stderr could end in a log."""
    (tmp_path / "lab.hl7").write_bytes(raw)

    done = command_line("translate", "lab.hl7", "--format", "table")

    assert found(done.stderr) == []


@pytest.mark.parametrize(
    "fault", [pytest.param(("status", 422), id="refused"), pytest.param(("drop_after", None), id="unknown")]
)
def test_delivery_shows_no_mark(
    fault: tuple[str, int | None], command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """A delivery that fails says so without naming what it carried."""
    (tmp_path / "lab.hl7").write_bytes(marked())
    sandbox.fault("results", fault[0], fault[1])

    done = command_line("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, environment=sandbox.environment)

    assert found(done.stderr) == []


def test_correlation_faults_show_no_key(command_line: CommandLine, tmp_path: Path) -> None:
    """A row that is wrong is named by its place."""
    (tmp_path / "lab.hl7").write_bytes(marked())
    (tmp_path / "orders.csv").write_text("key,service_request_id\nMARKKEY77,MARKORDER77\n", encoding="utf-8")

    done = command_line("translate", "lab.hl7", "--correlation", "orders.csv")

    assert done.returncode == 2
    assert found(done.stderr) == []
    assert b"orders.csv:2:2" in done.stderr


def test_request_carries_only_what_is_documented(
    command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """URLs hold the service request and nothing of the lab; bodies hold no name and no number of the lab's."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")], patient=PATIENT, filler=ORDER))

    command_line("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, environment=sandbox.environment)

    (request,) = sandbox.requests("results")
    assert found(json.dumps(request).encode()) == []
    assert request["path"] == f"/v2/partner/service-request/{service_request(1)}/results"
