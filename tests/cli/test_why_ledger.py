"""`translator why` and `where` about messages of the ledger, against a sandbox in its own process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_held import ROW, Lab, messages
from tests.conftest import CommandLine
from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess

FIRST = oru([Obx(HDL, "55"), Obx(LOCAL, "112")])


@pytest.fixture
def lab(command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> Lab:
    """Give a lab with one message delivered in part, and one result held."""
    made = Lab(command_line, sandbox, tmp_path)
    made.submit(FIRST)
    return made


def test_field_of_a_message_is_one_json_line(lab: Lab) -> None:
    """The value as it was sent, its bytes, and the vendor's answer."""
    done = lab("why", "1", "0.0.value_numeric")

    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (told["schema"], told["value"], told["state"]) == ("translator.why/1", 55, "delivered")
    (fate,) = told["ledger"]
    assert fate["submissions"][0]["attempts"][0]["answer"] == "201"
    assert [one["id"] for one in fate["versions"]] == ["1:OBX[1]"]


def test_person_sees_calls_versions_and_decisions(lab: Lab) -> None:
    """A released result shows its bytes, both sets of tables, its call, and who freed it."""
    lab.site(ROW)
    lab("held", "release", "--all", "--reason", "row added", "--yes")
    lab("submit", "lab.hl7")

    done = lab("where", "1:OBX[2]", "--format", "table")

    shown = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "OBX[2] LDL: delivered" in shown
    assert "submissions[1] was decided by tables" in shown
    for words in ("accepted  201", "status FULL_RESULTS_READY", "release by ", "(OBX[2]): row added"):
        assert words in shown


def test_other_tables_are_told_with_both_hashes(lab: Lab) -> None:
    """A person sees that the tables have changed, and what they would do now."""
    lab.site(ROW)

    of_message = lab("where", "1:OBX[2]", "--format", "table").stdout.decode()
    of_file = lab("where", "lab.hl7:OBX[2]", "--format", "table").stdout.decode()

    assert "was decided by tables" in of_message
    assert "by them, sent or not, the message would be translated" in of_message
    assert "what stands above is by them, and need not be what was sent" in of_file


def test_file_is_looked_for_in_the_ledger_that_is_here(lab: Lab) -> None:
    """What became of the message with these bytes stands beside the answer."""
    known = lab("why", "lab.hl7", "0.0")
    (lab.folder / "other.hl7").write_bytes(messages(2)[1])
    unknown = lab("where", "other.hl7:OBX[1]")

    assert [one["message"] for one in json.loads(known.stdout)["ledger"]] == [1]
    assert (unknown.returncode, "ledger" in json.loads(unknown.stdout)) == (0, False)
    assert unknown.stderr == b"the ledger has no message with these bytes\n"


def test_file_needs_no_ledger(lab: Lab) -> None:
    """A ledger that cannot be opened is named, and the file's own answer is given; unless it was asked for."""
    (lab.folder / "translator.db").write_bytes(b"no database at all, and longer than the head of one" * 40)

    beside = lab("why", "lab.hl7", "0.0")
    asked_for = lab("why", "lab.hl7", "0.0", "--ledger", "translator.db")
    missing = lab("why", "lab.hl7", "0.0", "--ledger", "none.db")

    assert (beside.returncode, json.loads(beside.stdout)["value"]) == (0, 55)
    assert beside.stderr.startswith(b"the ledger was not asked: ")
    assert (asked_for.stdout, missing.stdout) == (b"", b"")
    assert (asked_for.returncode, missing.returncode) != (0, 0)


def test_file_named_by_a_number_is_written_as_a_path(lab: Lab) -> None:
    """A number alone is a message of the ledger."""
    (lab.folder / "7").write_bytes(FIRST)

    as_path, as_number = lab("why", "./7", "0.0"), lab("why", "7", "0.0")

    assert (as_path.returncode, json.loads(as_path.stdout)["source"]["file"]) == (0, "7")
    assert as_number.returncode != 0
    assert b"has no message 7" in as_number.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("why", "1", "0.0", "--message", "0"), b"about files (./1)", id="flag-of-files"),
        pytest.param(("why", "1", "0.9"), b"there is 1 observation", id="no-field"),
        pytest.param(("where", "1:OBX[9]"), b"OBX", id="no-position"),
    ],
)
def test_what_cannot_be_asked_is_exit_code_2(lab: Lab, arguments: tuple[str, ...], said: bytes) -> None:
    """The error says what would be right, and nothing of the message."""
    done = lab(*arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"Avery" not in done.stderr


def test_without_a_ledger_a_message_has_no_number(command_line: CommandLine) -> None:
    """Asking creates no ledger."""
    done = command_line("why", "12", "0.0")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"there is no ledger here" in done.stderr


@pytest.mark.parametrize("words", ["MSG1", service_request(1)])
def test_message_is_found_by_what_others_call_it(lab: Lab, words: str) -> None:
    """A control id or a service request names a message as well as its number."""
    told = json.loads(lab("where", f"{words}:OBX[1]").stdout)

    assert (told["message"], told["ledger"][0]["state"]) == (1, "delivered")


def test_words_of_several_messages_name_them(lab: Lab) -> None:
    """Where a control id came twice, the numbers are told; what nobody knows is told, too."""
    lab.submit(FIRST)

    several, nothing = lab("why", "MSG1", "0.0"), lab("why", "MSG9", "0.0")

    assert (several.returncode, nothing.returncode) == (2, 2)
    assert b"the ledger has 2 such messages; ask about one by its number: 1, 2" in several.stderr
    assert (
        b"MSG9: there is no such file or folder, and the ledger has no message with this control id" in nothing.stderr
    )
