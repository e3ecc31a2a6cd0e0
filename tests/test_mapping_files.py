"""Finding the tables: in the package, in a site's folder, by a site's name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from translator.errors import ConfigError, TableError
from translator.mapping_files import (
    mappings_folder,
    packaged_files,
    packaged_tables,
    passed_over,
    site_files,
    site_tables,
)
from translator.translate.site import Site

SITE_ROW = "system,code,same_as,example_in,example_out\nL,CHOL,2093-3,185 mg/dL,185 mg/dL\n"


def make_site(folder: Path, **files: str) -> Path:
    """Write a site's files; two underscores in a name stand for a slash, and `_toml` or `_csv` for its ending."""
    for name, text in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_packaged_files_leave_sites_out() -> None:
    """A site's rows apply only where the site is named."""
    names = packaged_files()
    assert "whoop/observations.csv" in names
    assert not [name for name in names if name.startswith("sites/")]


def test_bare_name_is_a_packaged_site() -> None:
    """`example` is found wherever the program runs."""
    tables = site_tables("example")
    assert tables.observations["L", "CHOL"].whoop_code == "TOTAL_CHOLESTEROL"
    assert tables.sha256 != packaged_tables().sha256


def test_folder_is_a_site(tmp_path: Path) -> None:
    """A path leads to a site outside the package; its name stands in places."""
    folder = make_site(tmp_path / "acme", whoop__observations_csv=SITE_ROW, site_toml='description = "x"\n')
    tables = site_tables(folder)
    assert tables.observations["L", "CHOL"].at == "sites/acme/whoop/observations.csv:2"
    assert tables.site == Site(description="x")


def test_bare_name_of_a_folder_is_a_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the working folder needs no `./`."""
    make_site(tmp_path / "acme", whoop__observations_csv=SITE_ROW)
    monkeypatch.chdir(tmp_path)
    assert site_files("acme")[0] == "acme"


def test_working_folder_is_a_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.` is named after the folder that it is."""
    make_site(tmp_path / "acme", whoop__observations_csv=SITE_ROW)
    monkeypatch.chdir(tmp_path / "acme")
    assert site_files(".")[0] == "acme"


def test_what_is_no_table_is_not_read(tmp_path: Path) -> None:
    """Test messages, hidden folders and lock files of a spreadsheet stay out."""
    folder = make_site(
        tmp_path, site_toml="", fixtures__a_csv="x", **{".git__a_csv": "x", "~lock_csv": "x", "note_txt": "x"}
    )
    assert site_files(folder)[1] == {"site.toml": b""}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("exmaple", r"there is no site `exmaple`; did you mean example\?", id="misspelled"),
        pytest.param("zzz", "there is no site `zzz`; name the folder .* packaged sites: example", id="nothing-close"),
        pytest.param("no/such/folder", "there is no site `", id="folder"),
        pytest.param("", "there is no site `", id="empty"),
    ],
)
def test_unknown_site_is_a_configuration_error(name: str, words: str, tmp_path: Path) -> None:
    """The text names what was asked for and what there is."""
    with pytest.raises(ConfigError, match=words) as caught:
        site_tables(tmp_path / name if "/" in name else name)
    assert caught.value.exit_code == 2


def test_site_without_anything_is_a_configuration_error(tmp_path: Path) -> None:
    """An empty folder is a mistake, not a site without rows."""
    with pytest.raises(ConfigError, match=r"neither site\.toml nor a table"):
        site_tables(tmp_path)


def test_bad_table_of_a_site_is_refused_with_its_place(tmp_path: Path) -> None:
    """Faults of a site name the site's file."""
    folder = make_site(tmp_path / "acme", whoop__observations_csv="system,code\nL, X\n")
    with pytest.raises(TableError, match=r"sites/acme/whoop/observations\.csv:2:2: table-space"):
        site_tables(folder)


def test_table_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    """A folder under a table's name is named, without a traceback."""
    (tmp_path / "placeholders.csv").mkdir()
    with pytest.raises(ConfigError, match=r"placeholders\.csv cannot be read"):
        site_tables(tmp_path)


def test_pipe_under_the_name_of_a_table_is_not_waited_for(tmp_path: Path) -> None:
    """What is no file would be read without end."""
    os.mkfifo(tmp_path / "placeholders.csv")
    with pytest.raises(ConfigError, match=r"placeholders\.csv cannot be read: it is no file"):
        site_tables(tmp_path)


def test_folder_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    """Without it the site's rows would be missing, and nobody would hear of it."""
    make_site(tmp_path, whoop__observations_csv=SITE_ROW, site_toml="")
    unreadable = tmp_path / "whoop"
    code = f"from translator.mapping_files import site_files; site_files({str(tmp_path)!r})"
    unreadable.chmod(0)
    try:
        done = without_privilege(code)
    finally:
        unreadable.chmod(0o755)

    assert "whoop cannot be read: Permission denied" in done


def without_privilege(code: str) -> str:
    """Run some code as one whom permissions bind, and give what it says of its error; root, too, can let go of that."""
    command = [sys.executable, "-c", code]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
        if not shutil.which("setpriv"):
            pytest.skip("root is bound by no permissions here")
    return subprocess.run(command, capture_output=True, check=False, text=True).stderr


def test_linked_folder_is_read(tmp_path: Path) -> None:
    """Tables that two sites share may lie elsewhere; a link that leads back is followed once."""
    shared = make_site(tmp_path / "shared", observations_csv=SITE_ROW)
    site = make_site(tmp_path / "acme", site_toml="")
    (site / "whoop").symlink_to(shared, target_is_directory=True)
    (shared / "again").symlink_to(site, target_is_directory=True)

    assert "whoop/observations.csv" in site_files(site)[1]


def test_file_that_looks_like_a_table_is_named_where_it_is_not_read(tmp_path: Path) -> None:
    """Capitals, another ending and a misspelled name are mistakes; a note and a lock file are none."""
    names = ("Site.toml", "whoop/observations.CSV", "whoop/observations.xlsx", "~lock.xlsx", "README.md", "site.toml")
    for name in (*names, "fixtures/a.csv", "whoop/panels.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert passed_over(tmp_path) == ["Site.toml", "whoop/observations.CSV", "whoop/observations.xlsx"]


def test_site_of_the_folder_that_init_makes_is_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--site acme` is near enough where `sites/acme` is meant."""
    make_site(tmp_path / "sites" / "acme", site_toml="")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no site `acme`; did you mean sites/acme\?"):
        site_files("acme")


def test_file_is_no_site(tmp_path: Path) -> None:
    """Its folder is."""
    make_site(tmp_path, site_toml="")
    with pytest.raises(ConfigError, match=r"is a file; name the folder that it lies in"):
        site_files(tmp_path / "site.toml")


def test_mappings_folder_holds_the_readme() -> None:
    """The folder that is found is the one that people edit."""
    assert (mappings_folder() / "README.md").is_file()
