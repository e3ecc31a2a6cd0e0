"""`translator held`, `unknown`, `rejected` and `ledger replay`, against a sandbox in its own process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import exported
from tests.conftest import CommandLine
from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess

TABLE = "system,code,same_as,display,wire_unit,ignore,example_in,example_out,note\n"
UNITS = ("mg/dL", "", "mg/dL", "ug/dL", "")
ROW = "L,ZZ9,13457-7,LDL cholesterol,,,112 mg/dL,112 mg/dL,\n"


class Lab:
    """One lab in an empty folder: its site, its ledger, and the sandbox as its vendor."""

    def __init__(self, command_line: CommandLine, sandbox: SandboxProcess, folder: Path) -> None:
        self._run = command_line
        self.sandbox = sandbox
        self.folder = folder
        self.site("")

    def site(self, rows: str) -> None:
        """Write the site's own table."""
        table = self.folder / "acme" / "whoop" / "observations.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(TABLE + rows, encoding="utf-8")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run one command."""
        return self._run(
            *arguments, "--whoop-url", self.sandbox.whoop_url, "--site", "./acme", environment=self.sandbox.environment
        )

    def submit(self, *messages: bytes) -> int:
        """Submit messages, and give the exit code."""
        (self.folder / "lab.hl7").write_bytes(b"".join(messages))
        return self("submit", "lab.hl7").returncode

    def posted(self) -> list[tuple[str, Any]]:
        """Give method and body of every call about a service request."""
        return [
            (request["method"], request["body"])
            for request in self.sandbox.requests()
            if "/service-request/" in request["path"]
        ]


@pytest.fixture
def lab(command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> Lab:
    """Give a lab without a ledger yet."""
    return Lab(command_line, sandbox, tmp_path)


def lines(done: subprocess.CompletedProcess[bytes]) -> list[Any]:
    """Read JSON Lines."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def messages(count: int) -> list[bytes]:
    """Write reports of one known and one unmapped code each."""
    return [
        oru([Obx(HDL, "55"), Obx(LOCAL, "112")], request=service_request(number), control_id=f"M{number}")
        for number in range(1, count + 1)
    ]


def test_held_is_listed_by_cause_and_freed_by_one_row(lab: Lab) -> None:
    """Several messages with one unmapped code are one cause; one row of a table frees exactly these."""
    assert lab.submit(*messages(5)) == 1
    assert lines(lab("held", "list", "--by", "cause")) == [
        {"cause": "unmapped-code", "code": "L|ZZ9", "entries": 5, "messages": 5, "service_requests": 5}
        | {"held_since": lines(lab("held", "list"))[0]["held_since"]}
    ]
    lab.site(ROW)

    preview = lab("held", "release", "--cause", "unmapped-code")
    before = lines(lab("held", "list"))
    done = lab("held", "release", "--cause", "unmapped-code", "--yes")
    again = lab("held", "release", "--cause", "unmapped-code", "--yes")
    lab("submit", "lab.hl7")

    assert (preview.returncode, done.returncode, again.returncode) == (0, 0, 1)
    assert lines(preview) == lines(done)
    assert b"5 entries would be freed in 5 submissions" in preview.stderr
    assert {item["service_request_id"] for item in before} == {service_request(number) for number in range(1, 6)}
    assert {(item["reason"], item["code"]) for item in before} == {("unmapped-code", "L|ZZ9")}
    sent = [body for method, body in lab.posted() if method == "POST"]
    assert [[one["code"] for one in body["observations"]] for body in sent].count(["LDL"]) == 5
    assert len(sent) == 10
    statuses = [body["task_business_status"] for method, body in lab.posted() if method == "PATCH"]
    assert sorted(set(statuses)) == ["FULL_RESULTS_READY", "PARTIAL_RESULTS_READY"]
    assert statuses.count("FULL_RESULTS_READY") == 5
    assert lab("ledger", "verify").returncode == 0


def test_what_stays_held_is_summed_up_by_reason(lab: Lab) -> None:
    """A row that frees one half and makes the other half ask for something else says how many, and for what."""
    unit = [oru([Obx(LOCAL, "112", unit=unit)], request=service_request(number)) for number, unit in enumerate(UNITS)]
    lab.submit(*unit)
    lab.site(ROW)

    preview = lab("held", "release", "--all")
    done = lab("held", "release", "--all", "--yes")

    assert (preview.returncode, done.returncode, lines(preview) == lines(done)) == (1, 1, True)
    assert done.stderr.decode() == ("2 entries freed in 2 submissions; 3 stay held (2 unit-missing, 1 implausible)\n")
    assert {cause["cause"]: cause["entries"] for cause in lines(lab("held", "list", "--by", "cause"))} == {
        "unit-missing": 2,
        "implausible": 1,
    }


def test_held_change_is_shown_with_both_versions(lab: Lab) -> None:
    """A silent change stands beside what was sent, and may be released as the correction that it is."""
    lab.submit(oru([Obx(HDL, "55")]))
    lab.submit(oru([Obx(HDL, "61")], control_id="M2", at="20260301120000"))

    (shown,) = lines(lab("held", "show", "2"))
    table = lab("held", "show", "2:OBX[1]", "--format", "table")
    done = lab("held", "release", "2", "--accept", "silent-change", "--reason", "confirmed", "--yes")
    lab("submit", "lab.hl7")

    assert (shown["held"]["value"], [one["value"] for one in shown["known"]]) == ("61", ["55"])
    assert shown["remedy"]
    assert b"61" in table.stdout
    assert done.returncode == 0
    assert [body["status"] for method, body in lab.posted() if method == "POST"] == ["final", "corrected"]
    (decision,) = lines(lab("ledger", "show", "2"))[0]["decisions"]
    assert b"confirmed" in lab("ledger", "show", "2", "--format", "table").stdout
    assert (decision["deed"], decision["reason"]) == ("release", "confirmed")


def test_held_retraction_is_shown_beside_what_was_sent(lab: Lab) -> None:
    """What is taken back is read from the message itself, and shown beside what WHOOP has."""
    lab.submit(oru([Obx(HDL, "55")]))
    lab.submit(oru([Obx(HDL, "55", status="D")], control_id="M2", at="20260301120000"))

    (shown,) = lines(lab("held", "show", "2"))

    assert (shown["item"]["reason"], shown["held"]["status"]) == ("retraction", "D")
    assert [(one["value"], one["state"]) for one in shown["known"]] == [("55", "delivered")]


def test_held_is_dropped_with_a_reason_and_a_choice(lab: Lab) -> None:
    """The last open question of an order takes a person's word on what the order is."""
    lab.submit(*messages(1))

    unsaid = lab("held", "drop", "1", "--reason", "not ours")
    done = lab("held", "drop", "1", "--reason", "not ours", "--then", "RESULTS_ISSUE")
    lab.submit(oru([], request=service_request(2), status="I"))

    assert (unsaid.returncode, done.returncode) == (2, 0)
    assert b"--then FULL_RESULTS_READY or --then RESULTS_ISSUE" in unsaid.stderr
    statuses = [body["task_business_status"] for method, body in lab.posted() if method == "PATCH"]
    assert statuses == ["PARTIAL_RESULTS_READY", "RESULTS_ISSUE"]
    assert lines(lab("held", "list")) == []


def test_order_without_a_result_is_never_called_complete(lab: Lab) -> None:
    """Who drops all that there was cannot say that all results are ready; RESULTS_ISSUE is true."""
    lab.submit(oru([Obx(LOCAL, "112")]))
    dropped = [
        lab("held", "drop", service_request(1), "--reason", "not ours", "--then", then)
        for then in ("FULL_RESULTS_READY", "RESULTS_ISSUE")
    ]
    lab("submit", "lab.hl7")

    assert [done.returncode for done in dropped] == [2, 0]
    assert service_request(1).encode() not in dropped[0].stderr
    assert [body["task_business_status"] for _, body in lab.posted()] == ["RESULTS_ISSUE"]


def test_order_whose_only_result_was_refused_is_concluded_by_hand(lab: Lab) -> None:
    """Nothing is held and nothing was sent, and the vendor hears all the same that nothing will come."""
    assert lab.submit(oru([Obx(HDL, "55", type="XAD")])) == 1

    done = lab("held", "conclude", service_request(1), "--then", "RESULTS_ISSUE", "--reason", "sample lost", "--yes")
    lab("submit", "lab.hl7")

    assert done.returncode == 0
    assert [body["task_business_status"] for _, body in lab.posted()] == ["RESULTS_ISSUE"]


def test_order_that_no_rule_can_conclude_is_concluded_by_hand(lab: Lab) -> None:
    """The preview changes nothing; then WHOOP is told once, and a second word comes too late."""
    lab.submit(*messages(1))
    lab("held", "drop", "1", "--reason", "not ours", "--then", "RESULTS_ISSUE")
    lab.submit(oru([Obx(HDL, "55")], request=service_request(2), status="P"))
    words = ["held", "conclude", service_request(2).upper(), "--then", "RESULTS_ISSUE", "--reason", "sample lost"]

    preview = lab(*words)
    done = lab(*words, "--yes")
    again = lab(*words, "--yes")
    lab("submit", "lab.hl7")

    assert (preview.returncode, done.returncode, again.returncode) == (0, 0, 1)
    assert b"nothing was changed" in preview.stderr
    assert b"nothing may follow that" in again.stderr
    statuses = [body["task_business_status"] for method, body in lab.posted() if method == "PATCH"]
    assert statuses == ["PARTIAL_RESULTS_READY", "RESULTS_ISSUE"] * 2


def test_held_report_of_an_export_is_released_without_the_export(lab: Lab) -> None:
    """The ledger keeps a report with everything that it referred to, so its files need not be there any more."""
    system = "http://lab.example/codes"
    local = exported.hdl("b", 112, code={"coding": [{"system": system, "code": "ZZ9"}]})
    files = [exported.lines(exported.report(1, "a", "b")), exported.lines(exported.hdl("a"), local)]
    files += [exported.lines(exported.PATIENT), exported.lines(exported.order(1))]
    whole = lab.folder / "export.ndjson"
    whole.write_bytes(b"".join(files))
    lab("submit", "export.ndjson")
    whole.unlink()
    lab.site(ROW.replace("L,", f"{system},", 1))

    released = lab("held", "release", "--cause", "unmapped-code", "--yes")
    lab.submit(oru([Obx(HDL, "55")], request=service_request(2)))

    assert released.returncode == 0
    sent = [body for method, body in lab.posted() if method == "POST"]
    first, *then = [[one["code"] for one in body["observations"]] for body in sent]
    assert (first, sorted(then)) == (["HDL"], [["HDL"], ["LDL"]])


def test_what_is_held_already_is_not_held_again(lab: Lab) -> None:
    """The same file once more asks nobody twice, and is a finding as long as it waits."""
    first = lab.submit(*messages(2))
    second = lab.submit(*messages(2))
    lab("held", "drop", "--cause", "unmapped-code", "--reason", "not ours", "--then", "RESULTS_ISSUE")
    third = lab.submit(*messages(2))

    (cause,) = lines(lab("held", "list", "--by", "cause")) or [{"entries": 0}]
    assert (first, second, third, cause["entries"]) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["held", "conclude", "12", "--then", "RESULTS_ISSUE", "--reason", "x"], b"a UUID", id="no-order"),
        pytest.param(
            ["held", "conclude", service_request(1), "--then", "RESULTS_ISSUE", "--reason", ""],
            b"--reason must say why",
            id="conclusion-without-a-reason",
        ),
        pytest.param(["held", "release"], b"say what to release", id="release-of-nothing"),
        pytest.param(["held", "drop", "--reason", "x"], b"say what to drop", id="drop-of-nothing"),
        pytest.param(["held", "drop", "1", "--reason", " "], b"--reason must say why", id="drop-without-a-reason"),
        pytest.param(["held", "show", "the-first"], b"an ID is a message", id="no-id"),
        pytest.param(
            ["unknown", "accept", "1", "--reason", " "], b"--reason must say why", id="acceptance-without-a-reason"
        ),
        pytest.param(["ledger", "list", "--state", "unknwon"], b"there is no such state", id="no-state"),
        pytest.param(["ledger", "replay"], b"say what to replay", id="replay-of-nothing"),
        pytest.param(["ledger", "replay", "--since", "yesterday"], b"a time is written as", id="no-time"),
    ],
)
def test_decision_about_nothing_is_a_usage_error(lab: Lab, arguments: list[str], said: bytes) -> None:
    """What is not said clearly is not done."""
    lab.submit(*messages(1))

    done = lab(*arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_what_waits_is_shown_on_stdout_alone(lab: Lab) -> None:
    """P6: what goes to stderr could end in a log, and an order's number is not for one."""
    lab.sandbox.fault("results", "status", 422)
    lab.submit(oru([Obx(HDL, "55"), Obx(LOCAL, "112")]))

    shown = [lab(verb, "show", "1", "--format", "table") for verb in ("held", "rejected")]

    assert [service_request(1).encode() in done.stdout for done in shown] == [True, True]
    assert [service_request(1).encode() in done.stderr for done in shown] == [False, False]


def test_unknown_is_accepted_or_resent(lab: Lab) -> None:
    """Of two deliveries without an answer, one had arrived and one had not; a person knows."""
    lab.sandbox.fault("results", "drop_after", times=1)
    lab.submit(oru([Obx(HDL, "55")]))
    lab.sandbox.fault("results", "drop_before", times=1)
    lab.submit(oru([Obx(HDL, "56")], request=service_request(2)))
    first, second = lines(lab("unknown", "list"))

    preview = lab("unknown", "accept", str(first["id"]), "--reason", "WHOOP has it")
    accepted = lab("unknown", "accept", str(first["id"]), "--reason", "WHOOP has it", "--yes")
    resent = lab("unknown", "resend", second["service_request_id"], "--reason", "it is not there", "--yes")
    lab("submit", "lab.hl7")

    assert (preview.returncode, accepted.returncode, resent.returncode) == (0, 0, 0)
    assert b"nothing was changed" in preview.stderr
    assert (first["service_request_id"], first["reason"]) == (service_request(1), "outcome-unknown")
    assert lines(lab("unknown", "list")) == []
    assert [body["observations"][0]["value_numeric"] for _, body in lab.posted() if "observations" in body] == [
        55,
        56,
        56,
    ]
    assert lab("ledger", "verify").returncode == 0


def test_unknown_is_shown_with_what_was_sent(lab: Lab) -> None:
    """The evidence is there: the body, the answer and what waits."""
    lab.sandbox.fault("results", "drop_after")
    lab.submit(oru([Obx(HDL, "55")]))

    (shown,) = lines(lab("unknown", "show", service_request(1)))
    table = lab("unknown", "show", "1", "--format", "table")
    nothing = lab("unknown", "show", "99")

    assert (shown["body"]["status"], shown["waiting"]) == ("final", 1)
    assert b"value_numeric" in table.stdout
    assert nothing.returncode == 1


def test_rejected_is_dropped_and_replayed(lab: Lab) -> None:
    """What the vendor refused is given up, and its message sent again once the cause is mended."""
    lab.sandbox.fault("results", "status", 422)
    lab.submit(oru([Obx(HDL, "55")]))
    (item,) = lines(lab("rejected", "list"))
    lab("rejected", "drop", str(item["id"]), "--reason", "wrong table", "--yes")

    preview = lab("ledger", "replay", str(item["message"]))
    done = lab("ledger", "replay", "--since", "2000-01-01", "--until", "2100-01-01T00:00Z", "--yes")
    again = lab("ledger", "replay", str(item["message"]), "--yes")
    lab("submit", "lab.hl7")

    assert (item["reason"], preview.returncode, done.returncode) == ("vendor-refused", 0, 0)
    assert lines(again) == [{"message": 1}]
    posts = [body for method, body in lab.posted() if method == "POST"]
    assert len(posts) == 2
    assert lab.posted()[-1][1] == {"task_business_status": "FULL_RESULTS_READY"}
    assert lab("ledger", "verify").returncode == 0


def test_confirmed_codes_free_what_waited_for_them(
    command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """Once a site confirms its codes, the next `submit` frees what was held for them, without another word."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx("3016-3^TSH^LN", "2.1", "mIU/L")]))
    # Not loopback by its name, so the codes count; nothing answers there, and nothing needs to.
    url = ["--whoop-url", "http://whoop.invalid", "--wait", "0"]
    command_line("submit", "lab.hl7", *url, environment=sandbox.environment)
    held = lines(command_line("held", "list"))

    command_line(
        "submit", "lab.hl7", *url, environment={**sandbox.environment, "TRANSLATOR_WHOOP_CONFIRMED_CODES": "TSH"}
    )

    assert [item["reason"] for item in held] == ["report-held"]
    assert [item["cause"] for item in held] == ["code-unconfirmed"]
    assert lines(command_line("held", "list")) == []
    (first, second) = lines(command_line("ledger", "list"))
    assert (first["entries"], second["entries"]) == ({"queued": 1}, {"duplicate": 1})
