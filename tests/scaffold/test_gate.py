"""The gate of a new site's tables: its workflow's commands, run as they are written, in a repository."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("the workflow's commands are of a POSIX shell", allow_module_level=True)

from tests.walkthrough import Done, Reader, Step
from translator.scaffold.site_folder import make_site_folder

Gate = Callable[[], list[int]]
Typed = Callable[[str], Done]

ROW = "L,FERR,2276-4,Ferritin,,,86 ug/L,86 ng/mL,"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site in a folder of its own."""
    work = tmp_path / "work"
    work.mkdir()
    return make_site_folder("acme", work)[0]


@pytest.fixture
def typed(site: Path) -> Typed:
    """Type commands in the site's folder, which is a repository with one commit."""
    reader = Reader(site, site.parent)

    def type_in(commands: str) -> Done:
        return reader.follow(Step(0, commands, None, 0))

    assert type_in("git init -q\ngit add .\ngit commit -qm made").exit_code == 0
    reader.environment["BASE"] = type_in("git rev-parse HEAD").output.strip()
    return type_in


@pytest.fixture
def gate(site: Path, typed: Typed) -> Gate:
    """Run every command of the workflow but the installation, and give their exit codes."""
    workflow = (site / ".github" / "workflows" / "tables.yml").read_text(encoding="utf-8")
    runs = re.findall(r"^ +run: (translator .+)$", workflow, flags=re.MULTILINE)

    return lambda: [typed(run).exit_code for run in runs]


def test_gate_lets_the_folder_pass_as_it_was_made(gate: Gate) -> None:
    """Nothing is wrong, and nothing changes."""
    assert gate() == [0, 0]


def test_gate_stops_a_change_until_it_was_accepted(gate: Gate, typed: Typed, site: Path) -> None:
    """A new row changes what would be sent; once somebody has listed that, it may."""
    with (site / "sites" / "acme" / "whoop" / "observations.csv").open("a", encoding="utf-8") as table:
        table.write(f"{ROW}\n")

    stopped = gate()
    typed('translator plan feed --against "$BASE" --write-accept accepted.csv')

    assert (stopped, gate()) == ([0, 1], [0, 0])


def test_gate_stops_a_row_whose_example_does_not_come_out(gate: Gate, site: Path) -> None:
    """A wrong row is a finding of the check."""
    with (site / "sites" / "acme" / "whoop" / "observations.csv").open("a", encoding="utf-8") as table:
        table.write(f"{ROW.replace('86 ng/mL', '87 ng/mL')}\n")

    assert gate()[0] == 1
