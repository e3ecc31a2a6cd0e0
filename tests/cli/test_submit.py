"""`translator submit`, `ledger` and `demo`: what a person types, sees and gets as an exit code."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, HDL, LOCAL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def submit(command_line: CommandLine, sandbox: SandboxProcess) -> CommandLine:
    """Run `translator submit` against the sandbox."""

    def run(*arguments: str | Path, **more: bytes) -> object:
        return command_line(
            "submit", *arguments, "--whoop-url", sandbox.whoop_url, environment=sandbox.environment, **more
        )

    return run  # type: ignore[return-value]


def test_submit_posts_exactly_what_translate_prints(
    submit: CommandLine, command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The bodies in the sandbox are the bodies of `translate`, byte for byte the same JSON."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185.50"), Obx(HDL, "<5"), Obx(LOCAL, "3")]))
    printed = json.loads(command_line("translate", "lab.hl7").stdout)

    done = submit("lab.hl7")

    assert done.returncode == 1
    assert [request["body"] for request in sandbox.requests("results")] == [
        submission["body"] for submission in printed["submissions"]
    ]


def test_submit_prints_the_states_of_the_ledger(submit: CommandLine, tmp_path: Path) -> None:
    """The same shape as `translate`, after the delivery."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185"), Obx(LOCAL, "3")]))

    (line,) = submit("lab.hl7").stdout.splitlines()

    outcome = json.loads(line)
    assert outcome["schema"] == "translator.outcome/1"
    assert [entry["state"] for entry in outcome["entries"]] == ["delivered", "held"]
    assert outcome["submissions"][0]["state"] == "delivered"


def test_submit_again_sends_nothing(submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """The second run finds duplicates, and all is well."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))

    codes = [submit("lab.hl7").returncode for _ in range(2)]

    assert codes == [0, 0]
    assert len(sandbox.requests("results")) == 1


def test_submit_says_why_something_stays_queued(submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Whoever reads the log of a cron job sees what the vendor said."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    sandbox.fault("token", "status", 500, times=1000)

    done = submit("lab.hl7", "--wait", "2")

    assert (done.returncode, b"still queued (last answer: 500)" in done.stderr) == (1, True)


def test_submit_of_what_is_undecided_says_why_it_is_a_finding(
    submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The message is a duplicate, and yet nobody knows whether the vendor has it."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    sandbox.fault("results", "drop_after")
    submit("lab.hl7")

    done = submit("lab.hl7")

    assert (done.returncode, b"unknown list" in done.stderr) == (1, True)


def test_submit_that_fails_for_an_earlier_message_is_a_finding(
    submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """It delivers what was queued before as well; what becomes of that is not passed over in silence."""
    (tmp_path / "done.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(1)))
    (tmp_path / "left.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(2)))
    submit("done.hl7")
    submit("left.hl7", "--wait", "0")
    sandbox.fault("results", "status", 422)

    done = submit("done.hl7")

    assert (done.returncode, b"rejected list" in done.stderr) == (1, True)


def test_submit_opens_archives(submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """What is whole in an archive is delivered; what is damaged is a finding about that file."""
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        archive.writestr("a.hl7.gz", gzip.compress(oru([Obx(CHOLESTEROL, "185")])))
        archive.writestr("b.hl7.gz", gzip.compress(oru([Obx(HDL, "55")]))[:-8])

    done = submit("day.zip")

    found = {line["source"]["file"]: line["state"] for line in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, len(sandbox.requests("results"))) == (1, 1)
    assert found == {"day.zip/a.hl7.gz": "delivered", "day.zip/b.hl7.gz": "refused"}


def test_submit_finds_the_service_request_in_the_correlation(
    submit: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The correlation is kept: the second run needs no file."""
    (tmp_path / "one.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")], request="A-77"))
    (tmp_path / "two.hl7").write_bytes(oru([Obx(HDL, "55")], request="A-77"))
    (tmp_path / "orders.csv").write_text(f"key,service_request_id\nA-77,{service_request(7)}\n", encoding="utf-8")

    codes = [submit("one.hl7", "--correlation", "orders.csv").returncode, submit("two.hl7").returncode]

    assert codes == [0, 0]
    assert [len(bodies) for bodies in sandbox.results().values()] == [2]


def test_submit_of_nothing_is_a_finding(submit: CommandLine, tmp_path: Path) -> None:
    """Never 0 because nothing was looked at."""
    (tmp_path / "inbox").mkdir()

    done = submit("inbox")

    assert done.returncode == 1
    assert b"nothing to submit" in done.stderr


def test_submit_names_a_file_that_is_no_message(submit: CommandLine, tmp_path: Path) -> None:
    """A PDF between lab files is a line of its own, and the others go on."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "b.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))

    done = submit("a.pdf", "b.hl7")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(line["schema"], line["state"]) for line in lines] == [
        ("translator.file/1", "refused"),
        ("translator.outcome/1", "delivered"),
    ]


def test_submit_without_credentials_says_which(command_line: CommandLine, tmp_path: Path) -> None:
    """What is missing is named, and the message is safe."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    empty = {"WHOOP_CLIENT_ID": "", "WHOOP_CLIENT_SECRET": ""}

    done = command_line("submit", "lab.hl7", "--whoop-url", "http://127.0.0.1:9", environment=empty)

    assert done.returncode == 2
    assert b"WHOOP_CLIENT_ID" in done.stderr
    assert json.loads(command_line("ledger", "verify").stdout)["states"] == {"queued": 1}


def test_submit_holds_unconfirmed_codes_for_the_real_vendor(command_line: CommandLine, tmp_path: Path) -> None:
    """Where the destination is not this machine, a code that WHOOP does not document waits for the site's word."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx("2345-7^Glucose^LN", "92"), Obx(CHOLESTEROL, "185")]))

    done = command_line("submit", "lab.hl7", "--whoop-url", "https://whoop.example.org", "--wait", "0")

    entries = json.loads(done.stdout)["entries"]
    assert done.returncode == 1
    assert [(entry["state"], entry["reason"], entry["cause"]) for entry in entries] == [
        ("held", "report-held", "code-unconfirmed")
    ] * 2


def test_ledger_shows_what_became_of_a_message(submit: CommandLine, command_line: CommandLine, tmp_path: Path) -> None:
    """List, show and verify agree."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185"), Obx(LOCAL, "3")]))
    submit("lab.hl7")

    listed = json.loads(command_line("ledger", "list", "--state", "held").stdout)
    shown = json.loads(command_line("ledger", "show", "1").stdout)
    verified = command_line("ledger", "verify")

    assert listed["entries"] == {"delivered": 1, "held": 1}
    assert shown["submissions"][0]["attempts"][0]["answer"] == "201"
    assert (verified.returncode, json.loads(verified.stdout)["balanced"]) == (0, True)


@pytest.mark.parametrize("verb", [["list"], ["show", "1"], ["verify"]], ids=["list", "show", "verify"])
def test_looking_into_a_ledger_creates_none(verb: list[str], command_line: CommandLine, tmp_path: Path) -> None:
    """A wrong path is an error, not an empty ledger."""
    done = command_line("ledger", *verb, "--ledger", "typo.db")

    assert done.returncode == 2
    assert not (tmp_path / "typo.db").exists()


@pytest.mark.parametrize("verb", [["list"], ["show", "1"], ["verify"]], ids=["list", "show", "verify"])
def test_ledger_speaks_to_a_person_too(
    verb: list[str], submit: CommandLine, command_line: CommandLine, tmp_path: Path
) -> None:
    """On a terminal it is a table."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    submit("lab.hl7")

    done = command_line("ledger", *verb, "--format", "table")

    assert done.returncode == 0
    assert b"delivered" in done.stdout


def test_demo_ends_as_it_says(command_line: CommandLine) -> None:
    """Twelve results in, each accounted for."""
    done = command_line("demo", "--format", "json")

    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"]) == (0, True)
    assert report["balance"].startswith("12 in = 9 delivered + 1 held (unmapped-code) + 1 ignored")


def test_demo_tells_its_story(command_line: CommandLine) -> None:
    """What came in, what was posted, what was held and why, the balance, and what to try next."""
    shown = command_line("demo", "--format", "table").stdout.decode()

    for part in ("OBX|1|SN|3016-3", '"value_text":"<0.01"', "unmapped-code", "12 in = ", "explain unmapped-code"):
        assert part in shown


def test_demo_of_orders_goes_both_circles(command_line: CommandLine) -> None:
    """From WHOOP to the lab and back, and from the lab to Acurable and back."""
    done = command_line("demo", "--orders", "--format", "json")

    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["failures"]) == (0, True, [])
    assert ["OML^O21" in message or "ORU^R01" in message for message in report["to_lab"]] == [True, True]


def test_demo_of_orders_shows_what_the_lab_and_the_vendors_got(command_line: CommandLine) -> None:
    """The lab's order, the study's report, and every call."""
    shown = command_line("demo", "--orders", "--format", "table").stdout.decode()

    for part in ("OML^O21^OML_O21", "AHI3", "/v1/orders -> 201", "/results -> 201", "balanced, undamaged"):
        assert part in shown
