"""What the service writes to standard error: words, numbers and places, never what a message or an error says."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.config_log import LogSettings
from translator.delivery import deliver
from translator.ledger import Ledger
from translator.logs import formatter
from translator.mapping_files import packaged_tables

MARK = "Avery 19840312"

PROGRAM = """
import asyncio, logging, sys, threading, warnings
from translator import logs
from translator.config_log import LogSettings
logs.configure(LogSettings(*sys.argv[2:]))

def fail():
    raise KeyError("Avery 19840312")

class Bad:
    def __del__(self):
        fail()

def in_thread():
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

def logged(name, level):
    def log():
        try:
            fail()
        except KeyError:
            logging.getLogger(name).log(level, "Avery 19840312 %s", "Avery 19840312", exc_info=True)
    return log

WAYS = {
    "start": lambda: logs.tell("started", url="http://127.0.0.1:8780"),
    "notice": lambda: logs.warn("mend the settings"),
    "message": lambda: logging.getLogger("translator.intake").info("message-taken", extra={"trace": 7}),
    "answer": lambda: logs.answered("AA", 0.0123),
    "thread": in_thread,
    "main": fail,
    "unraisable": lambda: [Bad()].clear(),
    "warning": lambda: warnings.warn("Avery 19840312"),
    "uvicorn": logged("uvicorn.error", logging.ERROR),
    "sqlalchemy": logged("sqlalchemy.pool", logging.ERROR),
    "httpx": logged("httpx", logging.INFO),
    "bad-arguments": lambda: logging.getLogger("translator").error("%d %d", "Avery 19840312"),
}
WAYS[sys.argv[1]]()
"""


def told(way: str, *log_settings: str) -> list[dict[str, Any]]:
    """Let a process log in one way; gives the lines that it wrote, of which none shows the mark."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, way, *log_settings], capture_output=True, check=False)
    assert MARK.encode() not in done.stderr + done.stdout
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize(
    ("way", "event", "more"),
    [
        pytest.param("start", "started", {"url": "http://127.0.0.1:8780"}, id="lifecycle"),
        pytest.param("notice", "notice", {"text": "mend the settings"}, id="notice"),
        pytest.param("thread", "defect-in-thread", {}, id="uncaught-in-a-thread"),
        pytest.param("main", "defect", {}, id="uncaught"),
        pytest.param("unraisable", "defect-ignored", {}, id="uncaught-where-nobody-can-catch"),
        pytest.param("warning", "library", {"library": "py"}, id="warning-of-python"),
        pytest.param("uvicorn", "library", {"library": "uvicorn"}, id="server"),
        pytest.param("sqlalchemy", "library", {"library": "sqlalchemy"}, id="database"),
    ],
)
def test_event_is_told_in_one_line_of_json(way: str, event: str, more: dict[str, object]) -> None:
    """At the level that nobody set; of what others say and what errors quote, only class and place are left."""
    (line,) = told(way)

    assert line["event"] == event
    assert line.items() >= more.items()
    assert {"at", "level"} <= line.keys()


@pytest.mark.parametrize("way", ["thread", "main", "unraisable", "uvicorn", "sqlalchemy"])
def test_error_is_told_by_class_and_place(way: str) -> None:
    """So that a defect can be found without what it was about."""
    (line,) = told(way)

    assert line["error"].startswith("KeyError at <string>:")


@pytest.mark.parametrize(
    ("way", "level", "count"),
    [
        pytest.param("message", "warning", 0, id="messages-are-silent"),
        pytest.param("message", "info", 1, id="messages-on-request"),
        pytest.param("answer", "info", 0, id="answers-are-silent"),
        pytest.param("answer", "debug", 1, id="answers-on-request"),
        pytest.param("httpx", "info", 0, id="others-say-no-more"),
        pytest.param("start", "warning", 1, id="the-service-starts"),
        pytest.param("start", "error", 0, id="errors-alone"),
        pytest.param("bad-arguments", "warning", 0, id="a-line-that-cannot-be-written"),
    ],
)
def test_level_says_how_much_is_told(way: str, level: str, count: int) -> None:
    """Lines for each message are only for who asks for them."""
    assert len(told(way, "json", level)) == count


def test_only_known_fields_are_told() -> None:
    """A field that nobody listed is left out, whatever it holds."""
    record = logging.LogRecord("translator.intake", logging.INFO, __file__, 1, "message-taken", (), None)
    record.trace, record.patient = 7, MARK

    line = json.loads(formatter(LogSettings("json"), is_terminal=False).format(record))

    assert (line["event"], line["trace"], MARK in str(line)) == ("message-taken", 7, False)


@pytest.mark.parametrize(
    ("log_format", "is_terminal", "is_json"),
    [
        pytest.param("", True, False, id="terminal"),
        pytest.param("", False, True, id="no-terminal"),
        pytest.param("json", True, True, id="json"),
        pytest.param("text", False, False, id="text"),
    ],
)
def test_form_is_that_of_the_settings(log_format: str, is_terminal: bool, is_json: bool) -> None:  # noqa: FBT001
    """Else text for people, JSON for programs."""
    record = logging.LogRecord("translator.lifecycle", logging.WARNING, __file__, 1, "notice", (), None)
    record.text = "mend the settings"

    line = formatter(LogSettings(log_format), is_terminal=is_terminal).format(record)

    assert (line.startswith("{"), "mend the settings" in line) == (is_json, True)


def test_message_has_one_number_from_intake_to_delivery(
    sandbox: SandboxProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By which an operator finds its lines, and the message in the ledger."""
    caplog.set_level(logging.INFO, "translator")
    with Ledger.open(tmp_path / "lab.db") as ledger:
        (number,) = ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
        deliver(ledger, settings(sandbox), packaged_tables())

    told_of = {one.msg: vars(one) for one in caplog.records if "trace" in vars(one)}

    assert {event: one["trace"] for event, one in told_of.items()} == {"message-taken": number, "call-ended": number}
    assert told_of["call-ended"].items() >= {"destination": "whoop", "outcome": "accepted", "answer": "201"}.items()


def test_control_id_is_told_as_a_hash(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines of what came twice are found together; another ledger hashes the same id otherwise."""
    caplog.set_level(logging.INFO, "translator")
    for name, count in (("lab.db", 2), ("other.db", 1)):
        with Ledger.open(tmp_path / name) as ledger:
            for _ in range(count):
                ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)

    first, again, elsewhere = (vars(one)["control_id"] for one in caplog.records)

    assert (first == again, first == elsewhere, len(first)) == (True, False, 40)


def test_paused_destination_is_told_once(
    sandbox: SandboxProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A vendor that refuses our credentials stops everything, so somebody should know."""
    caplog.set_level(logging.INFO, "translator")
    with Ledger.open(tmp_path / "lab.db") as ledger:
        ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
        deliver(ledger, settings(sandbox, secret="wrong"), packaged_tables())

    assert [vars(one)["destination"] for one in caplog.records if one.msg == "destination-paused"] == ["whoop"]
