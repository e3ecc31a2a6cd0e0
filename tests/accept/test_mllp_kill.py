"""P2 with a real kill -9: acknowledged is kept, and what was kept without a word is answered when it comes again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.accept.serving import PATIENCE_S, Sender, new_ledger, report
from translator.read.mllp import Acknowledgement

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")


@contextmanager
def process(folder: Path, deadly: int = 0) -> Iterator[int]:
    """Serve the ledger of the test in another process; gives its port."""
    command = [sys.executable, "-m", "tests.accept.mllp_process", str(folder / "lab.db"), str(deadly)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        try:
            yield int(served.stdout.readline() if served.stdout else 0)
        finally:
            served.communicate(timeout=PATIENCE_S)


def test_killed_between_commit_and_answer_keeps_the_message_once(tmp_path: Path) -> None:
    """The sender heard nothing and sends again: it gets the answer of the first time, as often as it asks."""
    with process(tmp_path, deadly=3) as port, Sender(port) as sender:
        told = [sender.ask(report(number)) for number in (1, 2)]
        sender.send(report(3))
        assert sender.is_hung_up_on()
    with new_ledger(tmp_path) as ledger:
        received = [row.received_at for row in ledger.messages()]
    with process(tmp_path) as port, Sender(port) as sender:
        sender.send(*[report(3)] * 2, report(1))
        answers = [sender.answer() for _ in range(3)]

    assert told == [Acknowledgement("AA", "M1"), Acknowledgement("AA", "M2")]
    assert answers[0] == answers[1]
    assert b"\rMSA|AA|M3\r" in answers[0]
    with new_ledger(tmp_path) as ledger:
        assert [row.received_at for row in ledger.messages()] == received
        assert len(received) == 3
        assert ledger.verify() == []


def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    """Killed while many are under way: each of which the sender heard is there."""
    with process(tmp_path, deadly=20) as port, Sender(port) as sender:
        sender.send(*(report(number) for number in range(40)))
        told = list(_until_it_hangs_up(sender))
    with new_ledger(tmp_path) as ledger:
        kept = {row.control_id for row in ledger.messages()}

    assert {one.code for one in told} <= {"AA"}
    assert {one.control_id for one in told} <= kept
    assert 20 <= len(kept) <= 40


def _until_it_hangs_up(sender: Sender) -> Iterator[Acknowledgement]:
    while True:
        try:
            yield sender.told()
        except ConnectionError:
            return
