"""`translator where`: from a position in a message forward to its fate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, LOCAL, Obx, oru

LIPIDS = oru([Obx(CHOLESTEROL, "185"), Obx(LOCAL, "1")])


@pytest.mark.parametrize("arguments", [("lab.hl7:OBX[1]-5",), ("-", "OBX[1]-5")], ids=["together", "apart"])
def test_position_leads_to_the_payload(command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The fields that it reaches are named as `translate` prints them."""
    (tmp_path / "lab.hl7").write_bytes(LIPIDS)

    done = command_line("where", *arguments, data=LIPIDS)

    told = json.loads(done.stdout)
    (origin,) = told["origins"]
    assert (done.returncode, done.stderr) == (0, b"")
    assert (told["schema"], told["asked"], origin["place"]["text"]) == ("translator.why/1", "OBX[1]-5", "185")
    assert "submissions[0].body.observations[0].value_numeric" in origin["fields"]
    assert "value" not in told


def test_held_observation_tells_a_person_why(command_line: CommandLine) -> None:
    """The reason, its row and the remedy stand below the line; being held is no failure of `where`."""
    done = command_line("where", "-", "OBX[2]", "--format", "table", data=LIPIDS)

    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "OBX|2|NM|ZZ9" in shown
    assert "unmapped-code -> held" in shown
    assert "reasons.csv:" in shown


@pytest.mark.parametrize(
    ("position", "said"),
    [
        pytest.param("PID-5", "reaches no payload field", id="name"),
        pytest.param("OBR-25", "reaches  submissions[0].body.status", id="report-status"),
    ],
)
def test_position_outside_observations_tells_what_it_reaches(
    command_line: CommandLine, position: str, said: str
) -> None:
    """Every position of the message has an answer."""
    done = command_line("where", "-", position, "--format", "table", data=LIPIDS)

    assert (done.returncode, said in done.stdout.decode()) == (0, True)


def test_bytes_of_a_message_cannot_steer_the_terminal(command_line: CommandLine) -> None:
    """An escape sequence is shown as what it is: characters that cannot be shown."""
    raw = LIPIDS.replace(b"Sample", b"\x1b[31mRed")

    done = command_line("where", "-", "PID-5", "--format", "table", data=raw)

    assert b"\x1b" not in done.stdout
    assert "·[31mRed" in done.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            (
                "-",
                "OBX[3]",
            ),
            b"there are 2 OBX segments",
            id="too-high",
        ),
        pytest.param(
            (
                "-",
                "OBX.5",
            ),
            b"is no position",
            id="not-written-as-hl7-does",
        ),
        pytest.param(("OBX[3]",), b"names no position; write it as FILE:OBX[4]", id="no-file"),
    ],
)
def test_position_that_is_not_there_is_exit_code_2(
    command_line: CommandLine, arguments: tuple[str, ...], said: bytes
) -> None:
    """The error says what is there instead, and nothing of the message."""
    done = command_line("where", *arguments, data=LIPIDS)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"Avery" not in done.stderr
