"""The folder of a new site: whole or not at all, never over anything, and good as it is."""

from __future__ import annotations

import json
import re
import stat
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from translator import Translator
from translator.config import load_settings
from translator.errors import ConfigError
from translator.ledger.keys import parse_key
from translator.mapping_files import mappings_folder, packaged_files, site_files
from translator.scaffold.site_folder import KEY_FILE, make_site_folder
from translator.translate.example import ExampleTranslator
from translator.translate.lint import lint_tables
from translator.translate.load import load_tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one folder for all tests that only look at it."""
    return make_site_folder("acme", tmp_path_factory.mktemp("sites"))[0]


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_file_that_is_named_is_there(tmp_path: Path) -> None:
    """What is said to be made is what was made, and the temporary folder is gone."""
    folder, files = make_site_folder("acme", tmp_path)

    assert _files(folder) == files
    assert list(tmp_path.iterdir()) == [folder]


def test_no_mark_of_a_template_is_left(made: Path) -> None:
    """Each @WORD@ became what it stands for."""
    texts = {name: (made / name).read_text(encoding="utf-8") for name in _files(made)}

    assert [name for name, text in texts.items() if re.search(r"@[A-Z]+@", name + text)] == []


def test_tables_lint_clean_and_examples_come_out(made: Path) -> None:
    """The first `check` of a new site finds nothing."""
    name, own = site_files(made / "sites" / "acme")
    tables = load_tables(packaged_files(), own, name)

    assert lint_tables(packaged_files(), own, tables, ExampleTranslator(tables), name) == []


def test_sample_feed_shows_what_an_analyst_meets(made: Path) -> None:
    """One code without a row, a limit, a unit to respell, a conversion and a row that ignores."""
    engine = Translator.load(str(made / "sites" / "acme"))
    with (made / "feed" / "sample.hl7").open("rb") as feed:
        outcomes = list(engine.translate_stream(feed))

    held = [entry.reason for outcome in outcomes for entry in outcome.entries if entry.state == "held"]
    sent = b"".join(submission.body_json for outcome in outcomes for submission in outcome.submissions)
    said = {diagnostic.code for outcome in outcomes for diagnostic in outcome.diagnostics}
    assert held == ["unmapped-code", "unmapped-code"]
    assert b'"value_text":"<0.01"' in sent
    assert {"unit-respelled", "unit-converted"} <= said
    assert "ignored" in {entry.state for outcome in outcomes for entry in outcome.entries}


def test_settings_load_and_find_the_site_from_anywhere(made: Path) -> None:
    """`--config acme/translator.toml` finds tables, ledger and key wherever it is said."""
    settings = load_settings(str(made / "translator.toml"), environment={})

    assert Path(settings.site).resolve() == made / "sites" / "acme"
    assert Path(settings.ledger).parent == made
    assert settings.ledger_key is not None
    assert parse_key(settings.ledger_key.reveal()).id


def test_results_go_to_the_sandbox_until_somebody_says_otherwise(made: Path) -> None:
    """Nobody posts the invented feed to WHOOP by trying a command."""
    assert load_settings(str(made / "translator.toml"), environment={}).whoop.is_loopback


def test_every_setting_of_a_sender_is_shown(made: Path) -> None:
    """What `site.toml` says below its head is what the example's says."""
    own, example = (
        (folder / "site.toml").read_text(encoding="utf-8").partition("\ndescription = ")[2].partition("\n")
        for folder in (made / "sites" / "acme", mappings_folder() / "sites" / "example")
    )

    assert own[0] == '"acme"'
    assert own[2] == example[2]


@pytest.mark.parametrize("settings", ["translator.toml", "sites/acme/site.toml"])
def test_editor_finds_the_schema(made: Path, settings: str) -> None:
    """The first line leads to a file that says what may stand in this one."""
    first = (made / settings).read_text(encoding="utf-8").partition("\n")[0]

    schema = json.loads(((made / settings).parent / first.removeprefix("#:schema ")).read_text(encoding="utf-8"))
    keys = tomllib.loads((made / settings).read_text(encoding="utf-8"))
    assert keys.keys() <= schema["properties"].keys()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_key_is_for_its_owner_and_all_else_as_usual(made: Path) -> None:
    """The temporary folder is closed to others; what comes out of it is not."""
    beside = made.parent / "beside"
    beside.mkdir()

    assert stat.S_IMODE((made / KEY_FILE).stat().st_mode) == 0o600
    assert made.stat().st_mode == beside.stat().st_mode


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    """A key is made, not copied."""
    keys = {(make_site_folder(name, tmp_path)[0] / KEY_FILE).read_text() for name in ("one", "two")}

    assert len(keys) == 2


@pytest.mark.parametrize(
    "secret", ["ledger.key", "translator.db", "translator.db-wal", "lab.backup", "archive/day.hl7"]
)
def test_git_leaves_patient_data_and_the_key_alone(made: Path, secret: str) -> None:
    """What must not be shared is ignored by name."""
    lines = (made / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    assert any(Path("/", secret).match(pattern.rstrip("/")) or f"/{secret}".startswith(pattern) for pattern in patterns)


@pytest.mark.parametrize("kind", ["folder", "file", "dangling-link"])
def test_nothing_that_is_there_is_touched(tmp_path: Path, kind: str) -> None:
    """Even an empty folder stays as it was."""
    place = tmp_path / "acme"
    match kind:
        case "folder":
            place.mkdir()
        case "file":
            place.write_text("mine")
        case _:
            place.symlink_to(tmp_path / "nowhere")
    before = place.lstat()

    with pytest.raises(ConfigError, match="already"):
        make_site_folder("acme", tmp_path)

    assert place.lstat() == before
    assert list(tmp_path.iterdir()) == [place]


def test_of_many_at_once_one_makes_the_folder(tmp_path: Path) -> None:
    """Whoever comes second is refused, also within the same moment, and what is there is whole."""

    def make(_: int) -> list[str]:
        try:
            return make_site_folder("acme", tmp_path)[1]
        except ConfigError:
            return []

    with ThreadPoolExecutor(8) as pool:
        (files,) = filter(None, pool.map(make, range(8)))

    assert list(tmp_path.iterdir()) == [tmp_path / "acme"]
    assert _files(tmp_path / "acme") == files


def test_folder_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    """The error names the place and the system's own word."""
    with pytest.raises(ConfigError, match=r"acme: cannot be made: .+"):
        make_site_folder("acme", tmp_path / "nowhere")

    assert list(tmp_path.iterdir()) == []


def test_gate_is_pinned_and_names_no_place_of_ours(made: Path) -> None:
    """The workflow installs this version with these packages, and no address stands in any file."""
    texts = {name: (made / name).read_text(encoding="utf-8") for name in _files(made)}
    runs = re.findall(r"^ +run: (.+)$", texts[".github/workflows/tables.yml"], flags=re.MULTILINE)

    assert '--constraint constraints.txt "wheels/translator-' in runs[0]
    assert runs[0].endswith('.whl[units]"')
    assert all("==" in line for line in texts["constraints.txt"].splitlines())
    assert [run.split()[:2] for run in runs[1:]] == [["translator", "check"], ["translator", "plan"]]
    assert "://" not in texts[".github/workflows/tables.yml"] + texts["constraints.txt"]
