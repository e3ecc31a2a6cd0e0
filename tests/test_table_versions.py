"""Another version of the tables: in a folder, or in a revision of a real git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from translator.errors import ConfigError, TableError
from translator.mapping_files import mappings_folder
from translator.plan.table_changes import table_changes
from translator.table_versions import other_tables, todays_tables

ROWS = "system,code,same_as\nL,ZZ9,2093-3\n"
OTHER_ROWS = "system,code,same_as\nL,ZZ9,2085-9\n"
SITE_ROW = "sites/acme/whoop/observations.csv L|ZZ9"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


class Repository:
    """A repository of a site's tables, made by git itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git with none of this machine's settings."""
        who = {f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        who |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            capture_output=True,
            check=True,
            env=os.environ | who,
        )
        return done.stdout.decode().strip()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the working copy."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def commit(self, words: str = "Change the tables") -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", words)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository whose first commit has a site, and whose working copy has another row in it."""
    made = Repository(tmp_path / "lab")
    made.write("sites/acme/whoop/observations.csv", ROWS)
    made.write("sites/acme/fixtures/whoop.csv", "a test message is no table\n")
    made.write("sites/acme/.notes.csv", "hidden\n")
    made.commit()
    made.write("sites/acme/whoop/observations.csv", OTHER_ROWS)
    return made


def changed(against: str, site: Path | str) -> list[str]:
    """Name the changes since another version."""
    today = todays_tables(str(site))
    return [change.id for change in table_changes(other_tables(against, str(site)).texts, today.texts)]


@pytest.mark.parametrize("revision", ["HEAD", "main", "main~0", "@", "refs/heads/main"])
def test_revision_gives_the_tables_that_were_committed(repository: Repository, revision: str) -> None:
    """Today's tables are those of the working copy; the revision has the row before."""
    site = repository.folder / "sites" / "acme"

    other = other_tables(revision, str(site))

    assert changed(revision, site) == [SITE_ROW]
    assert other.name == f"{revision} ({repository.git('rev-parse', 'HEAD')[:12]})"
    assert other.remarks == ()


def test_nothing_is_checked_out(repository: Repository) -> None:
    """The working copy and the index stay as they are."""
    site = repository.folder / "sites" / "acme"
    before = repository.git("status", "--porcelain=v2", "--branch")

    changed("main", site)

    assert repository.git("status", "--porcelain=v2", "--branch") == before
    assert (site / "whoop" / "observations.csv").read_text() == OTHER_ROWS


def test_bytes_are_those_that_git_keeps(repository: Repository) -> None:
    """Neither `export-ignore` nor a filter of the repository comes between."""
    repository.write(".gitattributes", "*.csv export-ignore filter=broken\n")
    repository.git("config", "filter.broken.clean", "cat")
    repository.git("config", "filter.broken.smudge", "false")
    repository.write("sites/acme/whoop/observations.csv", ROWS)
    repository.commit()
    repository.write("sites/acme/whoop/observations.csv", OTHER_ROWS)

    assert changed("main", repository.folder / "sites" / "acme") == [SITE_ROW]


def test_site_that_was_not_there_is_told(repository: Repository) -> None:
    """A new site is compared with the packaged tables alone."""
    site = repository.write("sites/new/whoop/observations.csv", ROWS).parents[1]

    other = other_tables("main", str(site))

    assert changed("main", site) == ["sites/new/whoop/observations.csv L|ZZ9"]
    assert other.remarks == ("the site new was not there at main: compared with the packaged tables alone",)


def test_folder_as_init_makes_it_holds_the_site(repository: Repository, tmp_path: Path) -> None:
    """Another copy of it may be named as a whole; what else lies in it is no table."""
    shutil.copytree(repository.folder, tmp_path / "copy")
    (tmp_path / "copy" / "accepted.csv").write_text("cause\n", encoding="utf-8")
    site = repository.write("sites/acme/whoop/observations.csv", ROWS).parents[1]

    assert changed(str(tmp_path / "copy"), site) == [SITE_ROW]


def test_shallow_clone_says_how_to_get_the_rest(repository: Repository, tmp_path: Path) -> None:
    """A build server clones only the last commit unless it is told otherwise."""
    repository.commit()
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", repository.folder.as_uri(), tmp_path / "shallow"], check=True
    )

    with pytest.raises(ConfigError, match="shallow clone: `git fetch --unshallow`"):
        other_tables("HEAD~1", str(tmp_path / "shallow" / "sites" / "acme"))


def test_site_at_the_top_of_its_repository_is_found(tmp_path: Path) -> None:
    """The site's folder may be the repository itself, and its name may be no plain one."""
    repository = Repository(tmp_path / "a site, [of] ours")
    repository.write("whoop/observations.csv", ROWS)
    repository.write("site.toml", 'description = "Ours"\n')
    repository.commit()
    repository.write("site.toml", '[values]\ndecimal_mark = ","\n')

    assert changed("HEAD", repository.folder) == ["sites/a site, [of] ours/site.toml values.decimal_mark"]


def test_packaged_tables_of_the_same_repository_are_those_of_the_revision(tmp_path: Path) -> None:
    """Where the package lies in the repository, as in a working copy of it, its tables are compared, too."""
    repository = Repository(tmp_path / "fork")
    shutil.copytree(mappings_folder(), repository.folder / "mappings")
    shutil.copytree(mappings_folder().parent / "translator", repository.folder / "translator")
    repository.commit()
    table = repository.folder / "mappings" / "placeholders.csv"
    table.write_text(table.read_text(encoding="utf-8") + "no tube,not-obtained,\n", encoding="utf-8")
    script = (
        "from translator.table_versions import *; from translator.plan.table_changes import table_changes;"
        "print(*(c.id for c in table_changes(other_tables('main', '').texts, todays_tables('').texts)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repository.folder, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(repository.folder), "PYTHONUTF8": "1"},
    )  # fmt: skip

    assert done.stdout.strip() == "placeholders.csv no tube"


@pytest.mark.parametrize(
    "revision",
    [
        pytest.param("no-such-branch", id="unknown"),
        pytest.param("HEAD:sites", id="no-commit"),
        pytest.param("--output=stolen", id="option"),
        pytest.param("-n1", id="short-option"),
        pytest.param("--end-of-options", id="end-of-options"),
        pytest.param("main\n--all", id="line-break"),
        pytest.param("main\x00", id="nul"),
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("main; touch stolen", id="shell"),
        pytest.param("$(touch stolen)", id="substitution"),
    ],
)
def test_what_is_no_revision_is_refused(repository: Repository, revision: str) -> None:
    """Nothing of it is taken for an option, and nothing is run."""
    with pytest.raises(ConfigError, match="--against"):
        other_tables(revision, str(repository.folder / "sites" / "acme"))

    assert not [*repository.folder.rglob("stolen*")]


def test_site_outside_every_repository_is_told(tmp_path: Path) -> None:
    """The message names the folder, and what git says."""
    (tmp_path / "site.toml").write_text('description = "Ours"\n')

    with pytest.raises(ConfigError, match="lie in no git repository"):
        other_tables("main", str(tmp_path))


def test_git_that_is_not_there_is_told(repository: Repository) -> None:
    """A folder does without git."""
    script = (
        "from translator.table_versions import other_tables; from translator.errors import ConfigError\n"
        "try: other_tables('main', 'sites/acme')\n"
        "except ConfigError as error: print(error)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repository.folder, capture_output=True, text=True, check=True,
        env=os.environ | {"PATH": str(repository.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip

    assert done.stdout.startswith("git is not installed")


def test_environment_of_a_hook_leads_nowhere_else(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets GIT_DIR for its hooks, for another repository perhaps; the tables lie where they lie."""
    other = Repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))

    assert changed("main", repository.folder / "sites" / "acme") == [SITE_ROW]


def test_faults_of_the_other_tables_are_told_with_their_place(repository: Repository) -> None:
    """File, line and column are those of the revision, whose name stands before them."""
    repository.write("sites/acme/whoop/observations.csv", "system,code,same_as\nL,ZZ9,2093-0\n")
    repository.commit()

    with pytest.raises(TableError) as refused:
        other_tables("main", str(repository.folder / "sites" / "acme"))

    assert "main:sites/acme/whoop/observations.csv:2:3" in [fault.at for fault in refused.value.faults]


def test_link_in_a_revision_is_not_followed(repository: Repository) -> None:
    """What a link leads to lies outside the revision."""
    table = repository.folder / "sites" / "acme" / "whoop" / "observations.csv"
    table.unlink()
    try:
        table.symlink_to("/etc/hostname")
    except OSError:
        pytest.skip("there are no links here")
    repository.write("sites/acme/site.toml", 'description = "Ours"\n')
    repository.commit()

    other = other_tables("main", str(repository.folder / "sites" / "acme"))

    assert [row.at for row in other.texts.rows["whoop/observations.csv"] if row.file.startswith("sites/")] == []


def test_folder_of_a_site_is_read_over_todays_tables(tmp_path: Path) -> None:
    """It stands for the site before, whatever it is called."""
    for name, rows in (("acme", ROWS), ("acme-before", OTHER_ROWS)):
        (tmp_path / name / "whoop").mkdir(parents=True)
        (tmp_path / name / "whoop" / "observations.csv").write_text(rows)

    assert changed(str(tmp_path / "acme-before"), tmp_path / "acme") == [SITE_ROW]


@pytest.mark.parametrize(
    ("has_site", "expected"),
    [
        pytest.param(True, ["placeholders.csv no tube", SITE_ROW], id="with-the-site"),
        pytest.param(False, ["placeholders.csv no tube"], id="without-the-site"),
    ],
)
def test_whole_set_brings_its_own_site_where_it_has_one(
    tmp_path: Path,
    has_site: bool,  # noqa: FBT001 - a case
    expected: list[str],
) -> None:
    """A folder with `reasons.csv` is a whole set; without the site in it, the site is today's."""
    shutil.copytree(mappings_folder(), tmp_path / "before")
    with (tmp_path / "before" / "placeholders.csv").open("a", encoding="utf-8") as table:
        table.write("no tube,not-obtained,\n")
    (tmp_path / "acme" / "whoop").mkdir(parents=True)
    (tmp_path / "acme" / "whoop" / "observations.csv").write_text(OTHER_ROWS)
    if has_site:
        (tmp_path / "before" / "sites" / "acme" / "whoop").mkdir(parents=True)
        (tmp_path / "before" / "sites" / "acme" / "whoop" / "observations.csv").write_text(ROWS)

    assert changed(str(tmp_path / "before"), tmp_path / "acme") == expected


def test_working_copy_of_the_package_is_a_whole_set(tmp_path: Path) -> None:
    """Its tables lie in `mappings/`, which need not be named."""
    shutil.copytree(mappings_folder(), tmp_path / "translator" / "mappings")
    with (tmp_path / "translator" / "mappings" / "placeholders.csv").open("a", encoding="utf-8") as table:
        table.write("no tube,not-obtained,\n")

    assert changed(str(tmp_path / "translator"), "") == ["placeholders.csv no tube"]


def test_clone_that_lacks_a_file_is_told(repository: Repository, tmp_path: Path) -> None:
    """A partial clone is not filled over the network behind anybody's back."""
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git(
        "clone", "--quiet", "--filter=blob:none", "--no-checkout", repository.folder.as_uri(), str(tmp_path / "part")
    )
    site = tmp_path / "part" / "sites" / "acme"
    (site / "whoop").mkdir(parents=True)
    (site / "whoop" / "observations.csv").write_text(ROWS)

    with pytest.raises(ConfigError, match=r"git cannot read this revision|lacks files of the revision"):
        other_tables("main", str(site))


def test_folder_without_a_table_is_told(tmp_path: Path) -> None:
    """An empty folder is no version of anything."""
    with pytest.raises(ConfigError, match=r"neither site\.toml nor a table"):
        other_tables(str(tmp_path), "")


def test_todays_tables_are_refused_with_their_faults(tmp_path: Path) -> None:
    """Their places have no name before them: they are the ones that everybody means."""
    (tmp_path / "site.toml").write_text("colour = 1\n")

    with pytest.raises(TableError) as refused:
        todays_tables(str(tmp_path))

    assert refused.value.faults[0].at == f"sites/{tmp_path.name}/site.toml:1:1"
