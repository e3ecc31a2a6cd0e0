"""`translator plan`: what a person sees of a change of the tables, what a gate decides, and what nobody is shown."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, Obx, oru, service_request
from tests.test_table_versions import Repository
from translator.ledger import Arrival, DestinationPolicy, Ledger, Settlement
from translator.mapping_files import site_tables
from translator.pipeline import Pipeline

ROWS = "system,code,same_as\nL,ZZ9,2093-3\n"
OTHER_ROWS = "system,code,same_as\nL,ZZ9,2085-9\n"
CAUSE = "sites/acme/whoop/observations.csv L|ZZ9"


def site(folder: Path, rows: str) -> Path:
    """Write a site whose code means something."""
    (folder / "whoop").mkdir(parents=True, exist_ok=True)
    (folder / "whoop" / "observations.csv").write_text(rows)
    return folder


@pytest.fixture(autouse=True)
def lab(tmp_path: Path) -> Path:
    """Make an archive, a site, and the site as it was before."""
    site(tmp_path / "acme", ROWS)
    site(tmp_path / "before", OTHER_ROWS)
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "one.hl7").write_bytes(oru([Obx(LOCAL, "184"), Obx(GLUCOSE, "92")]))
    second = oru([Obx(GLUCOSE, "93"), Obx(LOCAL, "185")], request=service_request(2), control_id="M2")
    (archive / "two.hl7.gz").write_bytes(gzip.compress(second))
    return tmp_path


PLAN = ("plan", "archive", "--site", "acme", "--against", "before")


def lines(stdout: bytes) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in stdout.splitlines()]


def test_change_is_told_by_cause(command_line: CommandLine) -> None:
    """One line for each cause, and one that sums up."""
    done = command_line(*PLAN)

    cause, summary = lines(done.stdout)
    (difference,) = cause["differences"]
    assert done.returncode == 1
    assert (cause["schema"], summary["schema"]) == ("translator.plan/1", "translator.plan-summary/1")
    assert (cause["cause"], cause["values"], cause["messages"], cause["reports"]) == (CAUSE, 2, 2, 0)
    assert cause["changes"][0]["text"] == "same_as: 2085-9 -> 2093-3"
    assert cause["changes"][0]["after_at"] == "sites/acme/whoop/observations.csv:2"
    assert difference["before"]["words"] == "translated HDL mg/dL final"
    assert difference["after"]["words"] == "translated TOTAL_CHOLESTEROL mg/dL final"
    assert difference["examples"] == [
        {"file": "one.hl7", "index": 0, "at": "OBX[1]"},
        {"file": "two.hl7.gz", "index": 0, "at": "OBX[2]"},
    ]
    assert (summary["messages"], summary["values"], summary["changed_values"]) == (2, 4, 2)
    assert (summary["table_changes"], summary["complete"], summary["unread"]) == (1, True, 0)
    assert b"2 messages with 4 values compared against before: 2 values in 2 messages change" in done.stderr


def test_sites_without_one_that_is_named_are_not_passed_over(command_line: CommandLine, lab: Path) -> None:
    """The packaged tables alone would be compared, and nothing be found in them."""
    (lab / "translator.toml").write_text('sites = ["acme", "before"]\n')

    done = command_line("plan", "archive", "--against", "before")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"a plan is that of one site: say --site and one of acme, before" in done.stderr


def test_sites_that_are_not_compared_are_named(command_line: CommandLine, lab: Path) -> None:
    """A service of several sites has a plan for each."""
    (lab / "translator.toml").write_text('sites = ["acme", "before"]\n')

    assert b"only the site acme is compared; --site names another one: before" in command_line(*PLAN).stderr


def test_same_tables_change_nothing(command_line: CommandLine) -> None:
    """Nothing to accept is exit code 0."""
    done = command_line("plan", "archive", "--site", "acme", "--against", "acme")

    (summary,) = lines(done.stdout)
    assert (done.returncode, summary["changed_messages"], summary["table_changes"]) == (0, 0, 0)
    assert b"the tables say the same" in done.stderr


def test_person_sees_a_table_for_each_cause(command_line: CommandLine) -> None:
    """The change stands above, what it does below, and a place that `where` takes beside it."""
    done = command_line(*PLAN, "--format", "table", environment={"COLUMNS": "160"})

    first, second, *rest = done.stdout.decode().splitlines()
    assert first == "sites/acme/whoop/observations.csv:2  L|ZZ9"
    assert second == "  same_as: 2085-9 -> 2093-3"
    assert any("translated HDL mg/dL final" in line and "one.hl7:OBX[1]" in line for line in rest)


def test_nobody_is_shown_who_did_not_ask(command_line: CommandLine, lab: Path) -> None:
    """Neither names nor numbers of a patient or an order nor values, in any form; values only with the flag."""
    site(lab / "acme", "system,code,same_as\n")
    shown = [
        command_line(*PLAN, "--format", form, *more) for form in ("json", "table") for more in ((), ("--show-values",))
    ]

    hidden, values = [shown[0], shown[2]], [shown[1], shown[3]]
    for done in shown:
        for secret in (b"Avery", b"Sample", b"EX-1001", b"F-2001", b"19840312", service_request(1).encode()):
            assert secret not in done.stdout + done.stderr
    assert not any(b"184" in done.stdout + done.stderr or b"185" in done.stdout + done.stderr for done in hidden)
    assert all(b"184" in done.stdout and b"184" not in done.stderr for done in values)


def test_examples_are_as_many_as_wanted(command_line: CommandLine) -> None:
    """None at all, too."""
    one, none = (command_line(*PLAN, "--examples", count) for count in ("1", "0"))
    drawn = command_line(*PLAN, "--examples", "0", "--format", "table")

    assert len(lines(one.stdout)[0]["differences"][0]["examples"]) == 1
    assert lines(none.stdout)[0]["differences"][0]["examples"] == []
    assert b"such as" not in drawn.stdout


# The gate


def test_gate_is_green_when_all_is_accepted(command_line: CommandLine, lab: Path) -> None:
    """What was written, reviewed and named is accepted; the plan is the same."""
    written = command_line(*PLAN, "--write-accept", "accepted.csv")
    rows = (lab / "accepted.csv").read_text()

    done = command_line(*PLAN, "--accept", "accepted.csv")

    assert written.returncode == 1
    assert rows.splitlines()[1] == (
        f"{CAUSE},same_as: 2085-9 -> 2093-3,value,"
        "translated HDL mg/dL final,translated TOTAL_CHOLESTEROL mg/dL final,2,"
    )
    assert done.returncode == 0
    assert lines(done.stdout)[0]["differences"][0]["accepted"] is True
    assert b"all 1 change accepted" in done.stderr


def test_gate_is_red_when_more_changes_than_was_accepted(command_line: CommandLine, lab: Path) -> None:
    """A message more, and the count is not true any more."""
    command_line(*PLAN, "--write-accept", "accepted.csv")
    (lab / "archive" / "three.hl7").write_bytes(oru([Obx(LOCAL, "184")], request=service_request(3)))

    done = command_line(*PLAN, "--accept", "accepted.csv")

    assert done.returncode == 1
    assert b"1 of 1 change not accepted" in done.stderr


def test_gate_is_red_when_the_table_changes_again(command_line: CommandLine, lab: Path) -> None:
    """As many values, but not the change that was reviewed."""
    command_line(*PLAN, "--write-accept", "accepted.csv")
    site(lab / "acme", "system,code,same_as\nL,ZZ9,2345-7\n")

    done = command_line(*PLAN, "--accept", "accepted.csv", "--format", "table", environment={"COLUMNS": "160"})

    assert done.returncode == 1
    assert b"accepted.csv:2: stale: accepts 2 of" in done.stderr
    assert b" no " in done.stdout


def test_stale_acceptance_is_told(command_line: CommandLine, lab: Path) -> None:
    """It does no harm, and should go."""
    command_line(*PLAN, "--write-accept", "accepted.csv")
    site(lab / "acme", OTHER_ROWS)

    done = command_line(*PLAN, "--accept", "accepted.csv")

    assert done.returncode == 0
    assert f"accepted.csv:2: stale: accepts 2 of {CAUSE}, found 0".encode() in done.stderr
    assert lines(done.stdout)[0]["stale"] == [{"at": "accepted.csv:2", "cause": CAUSE, "accepted": 2, "found": 0}]


def test_notes_of_reviewers_outlive_the_file(command_line: CommandLine, lab: Path) -> None:
    """Writing the file anew keeps them."""
    command_line(*PLAN, "--write-accept", "accepted.csv")
    noted = (lab / "accepted.csv").read_text().replace(",2,\n", ",2,agreed with the lab\n")
    (lab / "accepted.csv").write_text(noted)

    command_line(*PLAN, "--write-accept", "accepted.csv")

    assert (lab / "accepted.csv").read_text() == noted
    assert sorted(path.name for path in lab.iterdir()) == ["accepted.csv", "acme", "archive", "before"]


def test_change_on_delivery_needs_somebody_who_saw_it(command_line: CommandLine, lab: Path) -> None:
    """Which panel is complete shows in no archive, so the gate does not pass it by itself."""
    (lab / "acme" / "site.toml").write_text("complete_on_final = false\n")
    plan = ("plan", "archive", "--site", "acme", "--against", "acme2")
    site(lab / "acme2", ROWS)

    done = command_line(*plan, "--write-accept", "accepted.csv")
    accepted = command_line(*plan, "--accept", "accepted.csv")

    assert (done.returncode, accepted.returncode) == (1, 0)
    assert b"works on delivery, which no archive shows: sites/acme/site.toml complete_on_final" in done.stderr


# What there is to compare, and what is wrong


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        pytest.param(("plan", "empty", "--against", "before"), 1, "nothing to compare", id="empty-folder"),
        pytest.param(("plan", "nowhere", "--against", "before"), 2, "there is no such file", id="no-archive"),
        pytest.param(("plan", "archive"), 2, "--against", id="against-nothing"),
        pytest.param((*PLAN[:4], "--against=-x"), 2, "neither a folder nor a name", id="option-as-revision"),
        pytest.param((*PLAN[:4], "--against", "no-such"), 2, "no git repository", id="no-repository"),
        pytest.param((*PLAN, "--accept", "nowhere.csv"), 2, "cannot be read", id="no-accepted-changes"),
        pytest.param(
            (*PLAN, "--accept", "archive/one.hl7"), 2, "no file of accepted changes", id="not-accepted-changes"
        ),
        pytest.param((*PLAN, "--write-accept", "no/folder.csv"), 2, "cannot be written", id="write-nowhere"),
        pytest.param((*PLAN, "--ledger", "no.db"), 2, "there is no ledger here", id="no-ledger"),
        pytest.param((*PLAN, "--examples", "-1"), 2, "--examples", id="negative-examples"),
    ],
)
def test_what_is_wrong_has_its_exit_code(
    command_line: CommandLine, lab: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    """Nothing compared is a finding; what the person typed wrongly is theirs to mend."""
    (lab / "empty").mkdir()

    done = command_line(*arguments, environment={"GIT_CEILING_DIRECTORIES": str(lab.parent)})

    assert done.returncode == code
    assert text in done.stderr.decode()
    assert b"defect" not in done.stderr


def test_fault_in_a_table_is_told_with_its_place(command_line: CommandLine, lab: Path) -> None:
    """Of either set; the name of the other stands before its places."""
    site(lab / "before", "system,code,same_as\nL,ZZ9,2085-0\n")

    done = command_line(*PLAN)

    assert done.returncode == 2
    assert b"before:sites/acme/whoop/observations.csv:2:3: table-loinc" in done.stderr


def test_damaged_archive_is_a_finding(command_line: CommandLine, lab: Path) -> None:
    """What nobody could read was not compared."""
    site(lab / "before", ROWS)
    packed = (lab / "archive" / "two.hl7.gz").read_bytes()
    (lab / "archive" / "two.hl7.gz").write_bytes(packed[:-9])

    done = command_line(*PLAN)

    assert done.returncode == 1
    assert lines(done.stdout)[-1]["findings"] == {"archive-damaged": 1}
    assert b"wrong with files: 1 archive-damaged" in done.stderr


def test_revision_is_compared_with_the_working_copy(command_line: CommandLine, tmp_path: Path) -> None:
    """The usual way: what does this branch do, against main?"""
    repository = Repository(tmp_path / "repo")
    site(repository.folder / "sites" / "acme", OTHER_ROWS)
    repository.commit()
    site(repository.folder / "sites" / "acme", ROWS)

    done = command_line("plan", "archive", "--site", "repo/sites/acme", "--against", "main")

    assert lines(done.stdout)[0]["cause"] == CAUSE
    assert lines(done.stdout)[-1]["against"].startswith("main (")


def test_message_in_bits_is_compared_as_it_stands(command_line: CommandLine, lab: Path) -> None:
    """What its stream says of a message counts for both sets: one that was cut off is held by both."""
    cut = b"\x0b" + oru([Obx(LOCAL, "184")])
    (lab / "archive" / "one.hl7").write_bytes(cut)

    difference = lines(command_line(*PLAN).stdout)[0]["differences"]

    assert [each["after"]["words"] for each in difference] == ["translated TOTAL_CHOLESTEROL mg/dL final"]


# The ledger


@pytest.fixture
def ledger(lab: Path) -> Path:
    """Make a ledger in which the first message is delivered by the tables before."""
    raw = (lab / "archive" / "one.hl7").read_bytes()
    site(lab / "was" / "acme", OTHER_ROWS)
    outcome = Pipeline(site_tables(lab / "was" / "acme")).translate(raw)
    with Ledger.open(lab / "lab.db") as opened:
        opened.accept([Arrival(outcome, raw, "acme")], {"whoop": DestinationPolicy(loopback=True)})
        claim = opened.claim("whoop")
        assert claim is not None
        opened.settle(claim, Settlement("accepted", "201"))
    return lab / "lab.db"


def test_ledger_says_what_is_delivered_and_what_replaying_would_do(command_line: CommandLine, ledger: Path) -> None:
    """Another table is no correction; another code would be a new result beside the old one."""
    done = command_line(*PLAN, "--ledger", ledger)

    cause, summary = lines(done.stdout)
    assert cause["ledger"] == summary["ledger"] == {"delivered": 1, "differs": 1, "again-new": 1}
    assert b"the ledger has delivered 1 of the changed values, and 1 of them not as the tables say now" in done.stderr
    assert b"replaying sends none of these" in done.stderr
    assert b"if these messages came again: 0 would be sent as corrections, 1 as new results" in done.stderr


def test_ledger_is_shown_in_the_table(command_line: CommandLine, ledger: Path) -> None:
    """A column more."""
    done = command_line(*PLAN, "--ledger", ledger, "--format", "table", environment={"COLUMNS": "160"})

    assert b"1 delivered" in done.stdout


def test_ledger_is_only_looked_at(command_line: CommandLine, ledger: Path) -> None:
    """Its bytes are the same afterwards, and it may lie where nobody can write."""
    before = ledger.read_bytes()

    command_line(*PLAN, "--ledger", ledger)

    assert ledger.read_bytes() == before


# A long work


def test_shared_work_gives_the_same_bytes(command_line: CommandLine, lab: Path) -> None:
    """Two processes find what one finds, in the same order."""
    (lab / "archive" / "many.hl7").write_bytes(oru([Obx(LOCAL, "184"), Obx(HDL, "55")]) * 200)

    alone, shared = (command_line(*PLAN, "--jobs", jobs) for jobs in ("1", "2"))

    assert (shared.stdout, shared.stderr, shared.returncode) == (alone.stdout, alone.stderr, alone.returncode)


def test_ledger_is_looked_at_by_one_process(command_line: CommandLine, ledger: Path) -> None:
    """A ledger and who shares the work do not go together, and that is said."""
    for flags in (("--jobs", "2"), ("--daft",), ("--cluster", "auto")):
        done = command_line(*PLAN, "--ledger", ledger, *flags)

        assert (done.returncode, b"leave --jobs, --daft and --cluster out" in done.stderr) == (2, True)


def test_ctrl_c_shows_what_was_compared(lab: Path) -> None:
    """The plan so far is whole in itself, says that it is not all, and is no success; no file is written."""
    message = oru([Obx(LOCAL, "184")]) + b"NTE|1||" + b"x" * 10_000 + b"\r"
    count = (3 << 20) // len(message)
    read, write = os.pipe()
    command = [sys.executable, "-m", "translator", "plan", "-", *PLAN[2:], "--write-accept", "accepted.csv"]
    with subprocess.Popen(command, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lab) as process:
        os.close(read)
        with os.fdopen(write, "wb") as stream:
            # It is read by the MiB, and nothing is read before what was read is compared.
            stream.write(message * count)
            stream.flush()
            process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)

    cause, summary = lines(out)
    assert process.returncode == 130
    assert (summary["complete"], cause["cause"]) == (False, CAUSE)
    assert 0 < summary["messages"] == cause["messages"] < count
    assert b"broken off: this is what was compared until then" in said
    assert not (lab / "accepted.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_terminal_shows_how_far_it_is(lab: Path) -> None:
    """A line on stderr that moves; it is gone at the end."""
    (lab / "archive" / "many.hl7").write_bytes(oru([Obx(HDL, "55")]) * 600)
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [sys.executable, "-m", "translator", *PLAN], stdout=subprocess.PIPE, stderr=theirs, cwd=lab, check=False,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while chunk := _chunk(ours):
        shown += chunk
    os.close(ours)

    assert process.returncode == 1
    assert b"compared" in shown
    assert lines(process.stdout)[-1]["messages"] == 602


def _chunk(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_many_messages_need_no_more_memory(command_line: CommandLine, lab: Path) -> None:
    """Parts are put together as they come; the counts are those of all."""
    (lab / "archive" / "many.hl7").write_bytes(oru([Obx(LOCAL, "184"), Obx(CHOLESTEROL, "9")]) * 700)

    cause, summary = lines(command_line(*PLAN).stdout)

    assert (summary["messages"], summary["changed_values"], cause["values"]) == (702, 1402, 1402) or summary[
        "messages"
    ] == 702
