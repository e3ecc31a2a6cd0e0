"""`translator requisitions`: what WHOOP asks for, on the screen and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess
from translator.cli import main
from translator.ledger import EventArrival, Ledger
from translator.translate.order_key import order_key

REVIEW = EventArrival("whoop", "clinical_report_review.requested", "r1", b"{}", needs_action=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture
def place(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the flags that name ledger and WHOOP; the credentials stand in the environment."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    return ["--ledger", str(tmp_path / "lab.db"), "--whoop-url", sandbox.whoop_url]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Read the JSON Lines on stdout."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_fetched_requisition_is_shown_with_its_keys(
    sandbox: SandboxProcess, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each service request with its status and the number that a lab may use for it; nothing of the member."""
    patient = {"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "last_name": "Example", "birth_date": "1980-02-03"}
    requisition = sandbox.add_requisition(patient=patient)

    code = main(["requisitions", "fetch", requisition["id"], *place])

    out = capsys.readouterr().out
    (line,) = [json.loads(each) for each in out.splitlines()]
    tests = line["requisition"]["tests"]
    assert (code, line["state"], line["resource_id"]) == (0, "done", requisition["id"])
    assert [(test["code"], test["task_status"]) for test in tests] == [
        ("LIPID_PANEL", "ORDER_CONFIRMED"), ("CBC", "ORDER_CONFIRMED"),
    ]  # fmt: skip
    assert [test["key"] for test in tests] == [order_key(test["service_request_id"]) for test in tests]
    assert not {"Example", "1980-02-03", patient["id"]} & set(out.replace('"', " ").split())


def test_list_shows_requisitions_and_reviews(
    sandbox: SandboxProcess, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A review is kept and shown, though nothing can be done about it; a table says the same."""
    main(["requisitions", "fetch", sandbox.add_requisition()["id"], *place])
    with Ledger.open(place[1]) as ledger:
        ledger.events().keep(REVIEW)
    capsys.readouterr()

    code = main(["requisitions", "list", *place])

    shown = lines(capsys)
    assert (code, [(line["event"], line["state"]) for line in shown]) == (
        0, [("lab_requisition.created", "done"), ("clinical_report_review.requested", "noted")],
    )  # fmt: skip
    main(["requisitions", "list", "--format", "table", *place])
    assert {"requisition", "done", "review", "noted", "LIPID_PANEL"} <= set(capsys.readouterr().out.split())


def test_nothing_to_fetch_is_a_finding(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1: a script learns that nothing was looked at."""
    code = main(["requisitions", "fetch", *place])

    assert (code, capsys.readouterr().err) == (1, "nothing to fetch\n")


def test_requisition_that_cannot_be_had_is_a_finding(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It goes on waiting, and the exit code says so."""
    code = main(["requisitions", "fetch", "00000000-0000-4000-8000-000000000007", "--wait", "0", *place])

    (line,) = lines(capsys)
    assert (code, line["state"], line["answer"], line["tries"]) == (1, "waiting", "404", 1)
    assert line["next_try_at"] > line["received_at"]
    main(["requisitions", "list", "--format", "table", *place])
    assert "waiting 404 (try 1, again" in " ".join(capsys.readouterr().out.split())


def test_list_with_an_order_that_is_held_is_a_finding(
    sandbox: SandboxProcess, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, with the panel that has no code of the lab."""
    requisition = sandbox.add_requisition()["id"]
    main(["requisitions", "fetch", requisition, *place])
    with Ledger.open(place[1]) as ledger:
        ledger.requisitions().hold(requisition, "unmapped-panel", ["HEART", "MEN"])
    capsys.readouterr()

    code = main(["requisitions", "list", *place])

    (line,) = lines(capsys)
    assert (code, line["requisition"]["held"], line["requisition"]["held_about"]) == (
        1, "unmapped-panel", ["HEART", "MEN"],
    )  # fmt: skip
    main(["requisitions", "list", "--format", "table", *place])
    assert {"unmapped-panel:", "HEART,", "MEN"} <= set(capsys.readouterr().out.split())


def test_list_with_a_requisition_that_was_given_up_is_a_finding(
    place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, with the answer that it was given up for; a pause of WHOOP is told as well."""
    with Ledger.open(place[1]) as ledger:
        ledger.events().keep(EventArrival("whoop", "lab_requisition.created", "r1", b"{}"))
        ledger.events().settle(1, "failed", "503")
        ledger.destinations().pause("whoop", "somebody said so")

    code = main(["requisitions", "list", *place])

    out, err = capsys.readouterr()
    line = json.loads(out)
    assert (code, line["state"], line["answer"], "next_try_at" in line) == (1, "failed", "503", False)
    assert "somebody said so" in err


def test_wrong_credentials_are_told(
    place: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The destination is paused, and the person learns how to resume it."""
    monkeypatch.setenv("WHOOP_CLIENT_SECRET", "wrong")

    code = main(["requisitions", "fetch", "00000000-0000-4000-8000-000000000007", *place])

    assert (code, "translator ledger resume whoop" in capsys.readouterr().err) == (1, True)


def test_id_that_is_none_is_an_error(place: list[str]) -> None:
    """Exit code 2: the command line is wrong."""
    assert main(["requisitions", "fetch", "7", *place]) == 2


def test_person_confirms_once(sandbox: SandboxProcess, place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With `whoop.confirm` by hand the verb queues what waits; a second time there is nothing to confirm."""
    requisition = sandbox.add_requisition()["id"]
    with pytest.MonkeyPatch.context() as by_hand:
        by_hand.setenv("TRANSLATOR_WHOOP_CONFIRM", "by-hand")
        main(["requisitions", "fetch", requisition, *place])
    assert "task_status" not in lines(capsys)[0]["requisition"]["tests"][0]

    codes = [main(["requisitions", "confirm", requisition, *place]) for _ in range(2)]

    assert (codes, [line["confirmed"] for line in lines(capsys)]) == ([0, 1], [2, 0])
