"""`translator check`: findings with their place, and never all well because nothing was looked at."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from translator.mapping_files import site_folder


def test_shipped_tables_have_no_findings(command_line: CommandLine) -> None:
    """The packaged tables and the example site are clean, and examples and fixtures were run."""
    done = command_line("check", "--site", "example")

    assert (done.returncode, done.stdout) == (0, b""), done.stdout + done.stderr
    assert re.search(rb"checked \d+ files, 153 examples and 2 fixtures in \d+\.\d s: nothing found", done.stderr)


def test_absence_of_fixtures_and_library_is_said(command_line: CommandLine, tmp_path: Path) -> None:
    """What was not looked at is not silently all well."""
    _bad_site(tmp_path, "system,code,same_as,example_in,example_out\nL,HDLX,2085-9,55 mg/dL,55 mg/dL\n")
    # A module of this name in the current folder stands for a machine without the extra.
    (tmp_path / "ucumvert.py").write_text("raise ImportError\n", encoding="utf-8")

    done = command_line("check", "--site", "site")

    assert done.returncode == 0, done.stderr
    assert b"the site site has no fixtures" in done.stderr
    assert b"122 conversions held against sizes and molar masses only, as ucumvert is missing" in done.stderr


def _bad_site(folder: Path, rows: str = "system,code,nonsense\nL,1,2\n") -> Path:
    site = folder / "site"
    (site / "whoop").mkdir(parents=True)
    (site / "site.toml").touch()
    (site / "whoop" / "observations.csv").write_text(rows, encoding="utf-8")
    return site


def test_finding_has_its_place(command_line: CommandLine, tmp_path: Path) -> None:
    """A finding is exit code 1 and a line of JSON with place, code, text, what to do, and whether it can be mended."""
    done = command_line("check", "--site", str(_bad_site(tmp_path)))

    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert found == {
        "schema": "translator.finding/1",
        "at": "sites/site/whoop/observations.csv:1:3",
        "file": str(Path("site", "whoop", "observations.csv")),
        "line": 1,
        "column": 3,
        "code": "table-column-unknown",
        "text": "unknown column `nonsense`",
        "next": "Correct its name or take it out.",
        "fix": False,
    }
    assert b"the site site's tables do not load" in done.stderr


def test_finding_is_a_line_for_an_editor(command_line: CommandLine, tmp_path: Path) -> None:
    """In table form a finding is `file:line:column: code: text`, and below stands what to do about each code."""
    done = command_line("check", "--format", "table", "--site", str(_bad_site(tmp_path)))

    lines = done.stdout.decode().splitlines()
    place = Path("site", "whoop", "observations.csv")
    assert done.returncode == 1
    assert lines[0] == f"{place}:1:3: table-column-unknown: unknown column `nonsense`"
    assert lines[-1] == "  table-column-unknown: Correct its name or take it out."


def test_finding_is_an_annotation_for_a_pull_request(command_line: CommandLine, tmp_path: Path) -> None:
    """GitHub shows it at its line; what would end the command is escaped."""
    rows = 'system,code,same_as,example_in,example_out\nL,"A\nB",2085-9,55 mg/dL,56%\n'
    done = command_line("check", "--format", "github", "--site", str(_bad_site(tmp_path, rows)))

    seen, line = done.stdout.decode().splitlines()
    file = Path("site", "whoop", "observations.csv")
    assert line.startswith(f"::error file={file},line=2,title=table-example::example_in `55 mg/dL` gives `55 mg/dL`")
    assert "`56%25`" in line
    assert "U+000A, a character that nobody sees" in seen


def test_example_that_does_not_come_out_is_found(command_line: CommandLine, tmp_path: Path) -> None:
    """The examples are run: a row whose `example_out` is wrong is a finding at that cell."""
    site = _bad_site(tmp_path, "system,code,same_as,example_in,example_out\nL,HDLX,2085-9,55 mg/dL,56 mg/dL\n")

    done = command_line("check", "--site", str(site))

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [fault["code"] for fault in found]) == (1, ["table-example"])
    assert found[0]["at"] == "sites/site/whoop/observations.csv:2:5"


def test_settings_that_are_wrong_are_findings_too(command_line: CommandLine, tmp_path: Path) -> None:
    """Each stands on stdout with its place; a settings file that cannot be read is exit code 2."""
    (tmp_path / "translator.toml").write_text("legder = 'x'\n[whoop]\nworkers = 0\n", encoding="utf-8")

    done = command_line("check", environment={"TRANSLATOR_SIET": "x"})

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [(each["file"], each["line"], each["code"]) for each in found] == [
        ("translator.toml", 1, "setting-unknown"),
        ("environment", 1, "setting-unknown"),
        ("translator.toml", 3, "setting-value"),
    ]
    assert "did you mean `ledger`?" in found[0]["text"]
    assert b"3 wrong in the settings" in done.stderr


def test_confirmed_code_that_there_is_not_is_found(command_line: CommandLine, tmp_path: Path) -> None:
    """Reports would wait for it without end; it stands where it is written."""
    (tmp_path / "translator.toml").write_text('[whoop]\nconfirmed_codes = ["TSH", "FERITIN", "all"]\n')

    done = command_line("check", "--format", "table")

    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[0] == (
        "translator.toml:2:1: setting-value: `whoop.confirmed_codes`: no row of any table gives FERITIN; "
        "did you mean FERRITIN?"
    )


def test_what_a_site_does_to_packaged_rows_is_told_in_short(command_line: CommandLine, tmp_path: Path) -> None:
    """One row upsets many; it comes first, and the rest is counted."""
    site = _bad_site(tmp_path, "system,code,same_as,example_in,example_out\nL,HDLX,2085-9,55 mg/dL,55 mg/dL\n")
    (site / "units").mkdir()
    (site / "units" / "spellings.csv").write_text("spelling,ucum,note\nmg/L,mg/dL,our lab\n", encoding="utf-8")

    lines = command_line("check", "--format", "table", "--site", "site").stdout.decode().splitlines()

    assert "spellings.csv:2:1: table-spelling: spelling: mg/L is a unit of its own" in lines[0]
    assert lines[1].endswith("(by what the site site changes)")
    assert lines[11].startswith("and ")
    assert lines[11].endswith(" more in the packaged tables; --format json lists them")


def test_every_site_of_the_settings_is_checked(command_line: CommandLine, tmp_path: Path) -> None:
    """Without `--site` the settings say which sites there are."""
    site = _bad_site(tmp_path)
    site.rename(tmp_path / "acme")
    (tmp_path / "translator.toml").write_text("sites = ['example', './acme']\n", encoding="utf-8")

    done = command_line("check")

    codes = {json.loads(line)["code"] for line in done.stdout.splitlines()}
    assert (done.returncode, codes) == (1, {"table-column-unknown", "site-senders"})


MESSY = "\ufeffsystem;code;same_as;example_in;example_out\r\nL;HDLX ;2085\u20119;55 mg/dL;55 mg/dL\r\n"
CLEAN = "system,code,same_as,example_in,example_out\nL,HDLX,2085-9,55 mg/dL,55 mg/dL\n"


def test_fix_mends_and_says_what_it_did(command_line: CommandLine, tmp_path: Path) -> None:
    """What a spreadsheet did to the file is undone, line by line, and the rest is checked."""
    site = _bad_site(tmp_path, MESSY)

    before = command_line("check", "--site", "site")
    done = command_line("check", "--site", "site", "--fix")
    again = command_line("check", "--site", "site", "--fix")

    file = Path("site", "whoop", "observations.csv")
    assert [json.loads(line)["fix"] for line in before.stdout.splitlines()] == [True]
    assert b"--fix mends 1 of them" in before.stderr
    assert (done.returncode, done.stdout) == (0, b"")
    assert f"fixed {file}:2:3: same_as: a no-break hyphen for -".encode() in done.stderr
    assert (site / "whoop" / "observations.csv").read_bytes() == CLEAN.encode()
    assert b"nothing to fix" in again.stderr


def test_diff_changes_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    """It shows line by line what --fix would do, with exit code 1 while there is something."""
    site = _bad_site(tmp_path, CLEAN.replace("55 mg/dL,", "55 mg/dL ,", 1))
    bytes_before = (site / "whoop" / "observations.csv").read_bytes()

    done = command_line("check", "--site", "site", "--diff")
    clean = command_line("check", "--site", _copy_of_example(tmp_path), "--diff")

    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[-2:] == [
        "-L,HDLX,2085-9,55 mg/dL ,55 mg/dL",
        "+L,HDLX,2085-9,55 mg/dL,55 mg/dL",
    ]
    assert (site / "whoop" / "observations.csv").read_bytes() == bytes_before
    assert (clean.returncode, clean.stdout) == (0, b"")


def _copy_of_example(folder: Path) -> Path:
    return Path(shutil.copytree(site_folder("example"), folder / "acme"))


def test_expected_files_are_written_when_asked_for(command_line: CommandLine, tmp_path: Path) -> None:
    """Each one that was written is named; without the flag nothing is."""
    site = _copy_of_example(tmp_path)
    file = site / "fixtures" / "a-reagent-lot-is-never-sent" / "expected.json"
    right = file.read_bytes()
    file.write_bytes(right.replace(b"88", b"89"))

    before = command_line("check", "--site", "./acme")
    done = command_line("check", "--site", "./acme", "--write-expected")

    (found,) = [json.loads(line) for line in before.stdout.splitlines()]
    assert found["code"] == "fixture-differs"
    assert found["text"].endswith("observations[FASTING_GLUCOSE].value_numeric: expected 89, got 88")
    assert (done.returncode, done.stdout, file.read_bytes()) == (0, b"", right)
    assert b"wrote " + str(file.relative_to(tmp_path)).encode() in done.stderr


@pytest.mark.parametrize("flag", ["--fix", "--diff", "--write-expected"])
def test_nothing_is_written_without_a_site(command_line: CommandLine, flag: str) -> None:
    """The packaged tables are never mended."""
    done = command_line("check", flag)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"name it with --site" in done.stderr


@pytest.mark.parametrize("flag", ["--fix", "--diff", "--write-expected"])
def test_packaged_site_is_not_written_to(command_line: CommandLine, flag: str) -> None:
    """Nor is a site that came with the package."""
    done = command_line("check", "--site", "example", flag)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"belongs to the package" in done.stderr


def test_unknown_site_is_a_usage_error(command_line: CommandLine) -> None:
    """There is nothing to check, and that is no finding."""
    done = command_line("check", "--site", "exmaple")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"did you mean example?" in done.stderr


def test_packaged_tables_are_checked_fast(command_line: CommandLine) -> None:
    """The summary says how long it took; with the UCUM library it is still a matter of seconds."""
    done = command_line("check")

    (seconds,) = re.findall(rb"in (\d+\.\d) s", done.stderr)
    assert float(seconds) < 30


def test_broken_packaged_table_is_found_where_it_lies(tmp_path: Path) -> None:
    """In a working copy the packaged tables are edited, too: the finding names the file below mappings/."""
    root = Path(__file__).parents[2]
    for name in ("translator", "mappings"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "mappings" / "units" / "conversions.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",38.665,", ',"38,665",', 1), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "translator", "check"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRANSLATOR_"))},
        timeout=60,
    )

    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert (found["file"], found["code"]) == (str(Path("mappings", "units", "conversions.csv")), "table-value")
    assert b"the packaged tables do not load" in done.stderr
