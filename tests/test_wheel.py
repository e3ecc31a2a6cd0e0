"""The wheel carries everything: it is built, installed in an empty environment, and runs from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # Nothing of the checkout may help: no PYTHONPATH, and a folder that is not the repository.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRANSLATOR_"))}
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    folder = tmp_path_factory.mktemp("wheel")
    done = _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and its pinned dependencies, and nothing else, in an empty environment."""
    folder = tmp_path_factory.mktemp("installed")
    done = _run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    assert done.returncode == 0, done.stderr
    pip = (folder / "venv" / BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    # A wheel of this minute has no pinned hash, so the pins go in as plain constraints here.
    pins = folder / "pins.txt"
    pins.write_text(_pins(), encoding="utf-8")
    done = _run(*pip, "--constraint", pins, wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "venv" / BIN


def _pins() -> str:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removesuffix("\\").strip() for line in lines if "==" in line)


def test_wheel_carries_every_table(wheel: Path) -> None:
    """Each file of mappings/ is in the wheel, byte for byte."""
    tables = [path for path in (ROOT / "mappings").rglob("*") if path.is_file()]

    with zipfile.ZipFile(wheel) as archive:
        carried = {
            path: archive.read(f"translator/mappings/{path.relative_to(ROOT / 'mappings').as_posix()}")
            for path in tables
        }

    assert tables
    assert carried == {path: path.read_bytes() for path in tables}


def test_wheel_carries_the_package_and_nothing_else(wheel: Path) -> None:
    """Every source file and `py.typed` are in; tests and fixtures are not; licence and notice are."""
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "translator").rglob("*.py")}
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "translator" / "web").glob("[st]*/*.*")}
    templates = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "translator" / "scaffold" / "template").iterdir()
    }

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert pages
    assert templates
    assert sources | pages | templates | {"translator/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {"translator", "translator-0.1.0.dist-info"}
    assert {name.rsplit("/", maxsplit=1)[-1] for name in names} >= {"LICENSE", "NOTICE"}


def test_installed_wheel_finds_its_tables(installed: Path, tmp_path: Path) -> None:
    """The command works from any folder, with the tables that the wheel carries."""
    done = _run(installed / "translator", "explain", "unmapped-code", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["code"] == "unmapped-code"


def test_installed_wheel_makes_a_site_that_passes_its_check(installed: Path, tmp_path: Path) -> None:
    """The folder of a new site needs nothing but the wheel."""
    made = _run(installed / "translator", "init", "acme", cwd=tmp_path)
    checked = _run(installed / "translator", "check", cwd=tmp_path / "acme")

    assert (made.returncode, checked.returncode) == (0, 0), made.stderr + checked.stdout + checked.stderr


def test_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    """The demo's own check of its end state passes, from another folder, and leaves nothing there."""
    done = _run(installed / "translator", "demo", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
