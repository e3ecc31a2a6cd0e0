"""`translator check`: findings with their place, and never all well because nothing was looked at."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import CommandLine


def test_shipped_tables_have_no_findings(command_line: CommandLine) -> None:
    """The packaged tables and the example site are clean, and the examples were run."""
    done = command_line("check", "--site", "example")

    assert (done.returncode, done.stdout) == (0, b""), done.stdout + done.stderr
    assert b"nothing found" in done.stderr


def _bad_site(folder: Path) -> Path:
    site = folder / "site"
    (site / "whoop").mkdir(parents=True)
    (site / "site.toml").touch()
    (site / "whoop" / "observations.csv").write_text("system,code,nonsense\nL,1,2\n", encoding="utf-8")
    return site


def test_finding_has_its_place(command_line: CommandLine, tmp_path: Path) -> None:
    """A finding is exit code 1 and a line of JSON with place, code and text."""
    done = command_line("check", "--site", str(_bad_site(tmp_path)))

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert found
    assert set(found[0]) == {"at", "code", "text"}
    assert "whoop/observations.csv:1:" in found[0]["at"]


def test_finding_is_a_line_for_an_editor(command_line: CommandLine, tmp_path: Path) -> None:
    """In table form a finding is `file:line:column: code: text`, which editors and CI can follow."""
    done = command_line("check", "--format", "table", "--site", str(_bad_site(tmp_path)))

    assert done.returncode == 1
    assert b"whoop/observations.csv:1:" in done.stdout.splitlines()[0]


def test_example_that_does_not_come_out_is_found(command_line: CommandLine, tmp_path: Path) -> None:
    """The examples are run: a row whose `example_out` is wrong is a finding at that row."""
    site = tmp_path / "site"
    (site / "whoop").mkdir(parents=True)
    (site / "whoop" / "observations.csv").write_text(
        "system,code,same_as,example_in,example_out\nL,HDLX,2085-9,55 mg/dL,56 mg/dL\n", encoding="utf-8"
    )

    done = command_line("check", "--site", str(site))

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [fault["code"] for fault in found]) == (1, ["table-example"])
    assert "whoop/observations.csv:2:" in found[0]["at"]
