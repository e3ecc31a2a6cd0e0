"""`translator orders`, on a real ledger and against a real sandbox."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.ledger.orders import order, order_arrival
from tests.sandbox_process import SandboxProcess
from translator.ledger import DestinationPolicy, EventArrival, Ledger, Settlement

ORDER_FILE = Path(__file__).parents[2] / "translator" / "sandbox" / "demo-order.hl7"
LOOPBACK = {"acurable": DestinationPolicy(loopback=True)}
REASON = ("--reason", "the patient withdrew")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make a ledger with one queued order."""
    path = tmp_path / "translator.db"
    with Ledger.open(path) as opened:
        opened.accept([order_arrival(order())], LOOPBACK)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site that has confirmed the layout."""
    folder = tmp_path / "acme"
    (folder / "acurable").mkdir(parents=True)
    (folder / "acurable" / "order.toml").write_text("layout_confirmed = true\n", encoding="utf-8")
    (folder / "site.toml").write_text("", encoding="utf-8")
    return folder


def deliver(path: Path, outcome: str = "accepted", answer: str = "201") -> None:
    """Settle the order as the vendor would."""
    with Ledger.open(path) as opened:
        claim = opened.claim("acurable")
        assert claim is not None
        opened.settle(claim, Settlement(outcome, answer))


def lines(raw: bytes) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in raw.splitlines()]


def test_orders_are_listed_by_reference(command_line: CommandLine, ledger: Path) -> None:
    """One line per reference, with its latest call."""
    deliver(ledger)

    done = command_line("orders", "list")

    (line,) = lines(done.stdout)
    assert (done.returncode, line["reference"], line["state"], line["answer"]) == (0, "O-1", "delivered", "201")


def test_list_with_a_refused_order_is_a_finding(command_line: CommandLine, ledger: Path) -> None:
    """Exit code 1, so that a script notices."""
    deliver(ledger, "refused", "400")

    assert command_line("orders", "list").returncode == 1


def test_order_is_shown_with_what_was_sent(command_line: CommandLine, ledger: Path) -> None:
    """Every call about the reference, its body as sent."""
    deliver(ledger)

    (call,) = lines(command_line("orders", "show", "O-1").stdout)

    assert (call["kind"], call["state"], call["attempts"]) == ("order", "delivered", 1)
    assert call["body"] == order().body


@pytest.mark.parametrize("verb", [("show", "none"), ("cancel", "none", *REASON)], ids=["show", "cancel"])
def test_unknown_reference_is_a_finding(command_line: CommandLine, ledger: Path, verb: tuple[str, ...]) -> None:
    """Exit code 1, and the reference is not repeated."""
    assert ledger.exists()
    done = command_line("orders", *verb)

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"no order with this reference" in done.stderr


def test_order_that_was_never_sent_is_taken_back(command_line: CommandLine, ledger: Path) -> None:
    """First as a preview, then for good; nobody has to be told."""
    preview = command_line("orders", "cancel", "O-1", *REASON)
    with Ledger.open(ledger) as opened:
        before = opened.count("acurable")

    done = command_line("orders", "cancel", "O-1", *REASON, "--yes")

    assert (preview.returncode, before, done.returncode) == (0, {"queued": 1}, 0)
    with Ledger.open(ledger) as opened:
        assert (opened.count("acurable"), opened.verify()) == ({"dropped": 1}, [])
        assert [one.deed for one in opened.show(1).decisions] == ["cancel"]


def test_order_that_was_sent_needs_a_confirmed_layout(command_line: CommandLine, ledger: Path) -> None:
    """How a cancellation is written is not public: nothing is guessed."""
    deliver(ledger)

    done = command_line("orders", "cancel", "O-1", *REASON, "--yes")

    assert done.returncode == 2
    assert b"layout-unconfirmed" in done.stderr


def test_undecided_order_is_decided_first(command_line: CommandLine, ledger: Path) -> None:
    """Nobody knows whether there is anything to cancel."""
    deliver(ledger, "unknown", "read-timeout")

    done = command_line("orders", "cancel", "O-1", *REASON, "--yes")

    assert (done.returncode, b"decide about that first" in done.stderr) == (1, True)


def test_cancellation_reaches_the_vendor(
    command_line: CommandLine, ledger: Path, site: Path, sandbox: SandboxProcess
) -> None:
    """PUT with the cancellation of the layout, recorded with who and why."""
    vendor = ("--acurable-url", sandbox.acurable_url, "--whoop-url", sandbox.whoop_url, "--site", site)
    # The sandbox gets the order as a delivery would bring it.
    with Ledger.open(ledger) as opened:
        assert opened.count("acurable") == {"queued": 1}
    empty = ledger.parent / "none.hl7"
    empty.write_bytes(b"")
    command_line("submit", empty, *vendor, environment=sandbox.environment)

    done = command_line("orders", "cancel", "O-1", *REASON, "--yes", *vendor, environment=sandbox.environment)

    assert (done.returncode, [call["status"] for call in sandbox.requests("order-update")]) == (0, [202])
    (kept,) = sandbox.ask("GET", "/_sandbox/acurable/tests")
    assert kept["cancelled"] is True
    with Ledger.open(ledger) as opened:
        assert opened.verify() == []


def test_study_is_shown_with_its_code(command_line: CommandLine, tmp_path: Path, sandbox: SandboxProcess) -> None:
    """What the sandbox gave for it stands beside the call, in JSON and in the table."""
    vendor = ("--acurable-url", sandbox.acurable_url, "--whoop-url", sandbox.whoop_url, "--site", "example")
    file = tmp_path / "study.hl7"
    file.write_bytes(ORDER_FILE.read_bytes().replace(b"HSAT^", b"SLEEPCLINIC^").replace(b"DEMO-SLEEP-1", b"STUDY-77"))
    command_line("submit", file, *vendor, environment=sandbox.environment)

    (call,) = lines(command_line("orders", "show", "STUDY-77").stdout)
    shown = command_line("orders", "show", "STUDY-77", "--format", "table").stdout.decode()

    (made,) = [one for one in sandbox.ask("GET", "/_sandbox/acurable/tests") if one["reference"] == "STUDY-77"]
    assert (call["location"], call["activation_codes"]) == ("/v1/studies/STUDY-77", [made["activation_code"]])
    assert {"activation code", made["activation_code"], "/v1/studies/STUDY-77"} <= set(re.split(r"\s{2,}", shown))


def test_events_are_listed_and_failed_ones_tried_again(command_line: CommandLine, tmp_path: Path) -> None:
    """Exit code 1 while one has failed; what has not failed is not touched."""
    with Ledger.open(tmp_path / "translator.db") as opened:
        for number in (1, 2):
            opened.events().keep(EventArrival("acurable", "study-finished", str(number), str(number).encode()))
        opened.events().settle(2, "failed", "no-order")

    before = command_line("orders", "events")
    both = command_line("orders", "again", "2", "1")
    done = command_line("orders", "again", "2")
    after = command_line("orders", "events")

    assert [(line["event"], line["state"], line["answer"]) for line in lines(before.stdout)] == [
        (1, "waiting", ""), (2, "failed", "no-order"),
    ]  # fmt: skip
    assert (before.returncode, both.returncode, done.returncode, after.returncode) == (1, 1, 0, 0)
    assert b"event 1 has not failed" in both.stderr
    assert [line["state"] for line in lines(after.stdout)] == ["waiting", "waiting"]


def test_referral_cannot_be_cancelled(command_line: CommandLine, tmp_path: Path, site: Path) -> None:
    """The vendor has no call for it."""
    with Ledger.open(tmp_path / "translator.db") as opened:
        opened.accept([order_arrival(order(kind="referral"))], LOOPBACK)
    deliver(tmp_path / "translator.db")

    done = command_line("orders", "cancel", "O-1", *REASON, "--yes", "--site", site)

    assert (done.returncode, b"cannot be cancelled" in done.stderr) == (1, True)
