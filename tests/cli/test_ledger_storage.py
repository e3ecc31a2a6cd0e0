"""`translator ledger` as an operator runs it: backups, keys, retention, and disks that fail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import HDL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES, arrival, report
from tests.ledger.keys import secret_key
from tests.postgres import Postgres
from translator.ledger import DestinationPolicy, Ledger, Settlement
from translator.secrets import Secret
from translator.translate.workflow import Workflow


def fill(place: str | Path, key: Secret | None = None) -> None:
    """Make a ledger with one delivered and one queued report."""
    with Ledger.open(place, key=key) as ledger:
        reports = [report({code: "55"}, patient=("WOMBAT-7", "")) for code in ("HDL", "LDL")]
        ledger.accept([arrival(each) for each in reports], POLICIES)
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement("accepted", "201"))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Fill a ledger of either kind."""
    server: Postgres = request.getfixturevalue("postgres")
    name = str(tmp_path / "lab.db") if request.param == "sqlite" else server.new()
    fill(name)
    return name


def printed(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """Give the one line of JSON."""
    line: dict[str, Any] = json.loads(done.stdout)
    return line


def test_backup_and_restore(command_line: CommandLine, place: str) -> None:
    """The restored ledger balances; what was queued is unknown, which is a finding."""
    made = command_line("ledger", "backup", "lab.backup", "--ledger", place)
    restored = command_line("ledger", "restore", "lab.backup", "--ledger", "again.db")
    verified = command_line("ledger", "verify", "--ledger", "again.db")

    assert (made.returncode, restored.returncode, verified.returncode) == (0, 1, 0)
    assert printed(restored) == {"messages": 2, "unknown": 1}
    assert printed(verified)["states"] == {"delivered": 1, "unknown": 1}
    assert b"resume" in restored.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("backup", "taken"), b"a file already", id="backup-over-a-file"),
        pytest.param(("restore", "nothing", "--ledger", "new.db"), b"no backup here", id="restore-of-nothing"),
        pytest.param(("prune", "--older-than", "3"), b"90d", id="age-without-a-unit"),
        pytest.param(("erase", "--patient", " "), b"identifier is empty", id="nobody-to-erase"),
        pytest.param(("rekey",), b"ledger key create", id="no-key"),
        pytest.param(("rekey", "--new-key", "hunter2"), b"env:NAME", id="a-secret-on-the-command-line"),
        pytest.param(("key", "create", "taken"), b"never overwritten", id="key-over-a-file"),
    ],
)
def test_wrong_use_is_exit_code_2(
    command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...], said: bytes
) -> None:
    """The message says what to do, and shows no secret."""
    fill(tmp_path / "translator.db")
    (tmp_path / "taken").write_text("precious")

    done = command_line("ledger", *arguments)

    assert (done.returncode, said in done.stderr, b"hunter2" in done.stderr) == (2, True, False)
    assert (tmp_path / "taken").read_text() == "precious"


def test_prune_shows_first_what_it_would_take(command_line: CommandLine, place: str) -> None:
    """Without --yes nothing changes."""
    done = command_line("ledger", "prune", "--older-than", "1d", "--ledger", place)

    assert (done.returncode, printed(done)) == (0, {"messages": 0, "correlations": 0, "kept": 0})
    assert b"--yes" in done.stderr


def test_erase_reads_the_person_from_stdin(command_line: CommandLine, tmp_path: Path) -> None:
    """So that the identifier stands in no list of processes; nobody found is a finding."""
    fill(tmp_path / "translator.db")
    arguments = ("ledger", "erase", "--patient", "-")

    preview = command_line(*arguments, data=b"WOMBAT-7\n")
    refused = command_line(*arguments, "--yes", data=b"WOMBAT-7\n")
    nobody = command_line(*arguments, "--yes", data=b"NOBODY\n")

    counts = {"messages": 2, "service_requests": 1, "orders": 0, "held": 0, "undecided": 1}
    assert (preview.returncode, printed(preview)) == (0, counts)
    assert (refused.returncode, b"WOMBAT" in refused.stderr, b"1 submissions" in refused.stderr) == (1, False, True)
    assert nobody.returncode == 1


def test_key_from_its_creation_to_its_change(command_line: CommandLine, tmp_path: Path) -> None:
    """Create, encrypt, change; the old key and none are refused by name."""
    fill(tmp_path / "translator.db")
    for name in ("one.key", "two.key"):
        assert command_line("ledger", "key", "create", name).returncode == 0
    one, two = ({"TRANSLATOR_LEDGER_KEY": f"file:{name}.key"} for name in ("one", "two"))

    encrypted = command_line("ledger", "rekey", environment=one)
    changed = command_line("ledger", "rekey", "--new-key", "file:two.key", environment=one)
    refused = [command_line("ledger", "list", environment=each).returncode for each in (one, {})]
    listed = command_line("ledger", "list", environment=two)

    assert [encrypted.returncode, changed.returncode, *refused, listed.returncode] == [0, 0, 2, 2, 0]
    assert printed(changed)["rows"] == 3
    assert b"invented.hl7" in listed.stdout


def test_settings_file_names_the_key(command_line: CommandLine, tmp_path: Path) -> None:
    """`ledger_key` is relative to the settings file, and `submit` seals with it."""
    key = secret_key()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ledger.key").write_text(key.reveal())
    (tmp_path / "site" / "translator.toml").write_text('ledger = "lab.db"\nledger_key = "file:ledger.key"\n')
    (tmp_path / "one.hl7").write_bytes(oru([Obx(HDL, "55")]))

    command_line("submit", "one.hl7", "--config", "site/translator.toml", "--wait", "0")

    with Ledger.open(tmp_path / "site" / "lab.db", key=key) as ledger:
        assert ledger.raw(1) == oru([Obx(HDL, "55")])


def test_damaged_ledger_is_a_finding(command_line: CommandLine, tmp_path: Path) -> None:
    """Exit code 1, one finding for a machine to read, and the way out."""
    path = tmp_path / "translator.db"
    with Ledger.open(path) as ledger:
        ledger.accept([arrival(report({"HDL": "5"}, lane=service_request(number))) for number in range(300)], POLICIES)
    content = bytearray(path.read_bytes())
    for page in range(60, len(content) // 4096):
        content[page * 4096 : page * 4096 + 4096] = b"\xff" * 4096
    path.write_bytes(content)

    done = command_line("ledger", "verify")

    assert (done.returncode, [finding["code"] for finding in json.loads(done.stdout)["findings"]]) == (1, ["damaged"])
    assert b"restore" in done.stdout


def test_empty_file_is_no_ledger(command_line: CommandLine, tmp_path: Path) -> None:
    """What is left of a ledger that was cut off must not pass for one that balances."""
    (tmp_path / "translator.db").touch()

    done = command_line("ledger", "verify")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"there is no ledger here" in done.stderr


def test_pruned_message_is_shown_as_json(command_line: CommandLine, tmp_path: Path) -> None:
    """Its bodies are gone, that of its workflow status among them; the line can be read all the same."""
    with Ledger.open(tmp_path / "translator.db") as ledger:
        policies = {"whoop": DestinationPolicy(loopback=True, workflow=Workflow())}
        ledger.accept([arrival(report({"HDL": "55"}))], policies)
        while claim := ledger.claim("whoop"):
            ledger.settle(claim, Settlement("accepted", "201"))
        ledger.storage().prune(-1, lambda _done, _all: None)

    done = command_line("ledger", "show", "1")

    assert [status["body"] for status in printed(done)["statuses"]] == [{}]


_SMALL_DISK = """
set -e
mount -t tmpfs -o size={size} tmpfs disk
set +e
cd disk
{python} -m translator submit ../many.hl7 --wait 0 --ledger lab.db; echo "full $?"
mount -o remount,size=64m "$PWD"
{python} -m translator ledger verify --ledger lab.db --format table; echo "verified $?"
mount -o remount,ro "$PWD"
{python} -m translator submit ../many.hl7 --wait 0 --ledger lab.db; echo "read-only $?"
mount -o remount,rw "$PWD"
{python} -m translator submit ../many.hl7 --wait 0 --ledger lab.db >out.json; echo "again $?"
{python} -m translator ledger verify --ledger lab.db --format table; echo "verified $?"
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("unshare"), reason="needs a small file system of its own"
)
def test_full_and_read_only_disks(tmp_path: Path) -> None:
    """A real disk of 700 KB: what was kept is sound, and once there is room the rest goes in."""
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a file system of their own")
    (tmp_path / "disk").mkdir()
    messages = b"".join(
        oru([Obx(HDL, "55")], request=service_request(number), control_id=f"M{number}") for number in range(600)
    )
    (tmp_path / "many.hl7").write_bytes(messages)
    script = _SMALL_DISK.format(size="700k", python=sys.executable)

    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    codes = [line for line in done.stdout.splitlines() if line.split()[0] in ("full", "verified", "read-only", "again")]
    assert codes == ["full 1", "verified 0", "read-only 2", "again 1", "verified 0"]
    assert "disk of the ledger is full" in done.stderr
    assert "Read-only file system" in done.stderr
