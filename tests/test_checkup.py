"""Checking sites: what is found, where it can be opened, and what can be mended."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from translator.checkup import (
    Checked,
    check_sites,
    mendable_files,
    refuse_packaged,
    setting_findings,
    sites_of,
    write_mended,
)
from translator.config import parse_settings
from translator.errors import ConfigError, Fault
from translator.mapping_files import mappings_folder, site_folder

EXAMPLE = site_folder("example")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Copy the example site, which is in order."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "acme"))


def edit(path: Path, old: str, new: str) -> None:
    """Change a file as a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def check(*names: str | Path, among: tuple[str, ...] = ()) -> Checked:
    """Check sites without a UCUM library."""
    return check_sites([str(name) for name in names], None, among=among)


def test_packaged_tables_are_in_order() -> None:
    """Without a site the packaged tables are checked, and there is something to check."""
    checked = check()

    assert checked.findings == ()
    assert (checked.examples > 100, checked.conversions > 100, checked.fixtures) == (True, True, 0)


def test_copy_of_the_example_is_in_order(site: Path) -> None:
    """Its fixtures are run, and come out."""
    checked = check(site)

    assert (checked.findings, checked.fixtures, checked.bare, checked.unread) == ((), 2, (), ())


def test_sites_of_the_settings_are_all_of_them() -> None:
    """The site, those of several senders, and those of intakes, each once."""
    text = """
    site = "a"
    sites = ["b", "c"]
    [[folder]]
    path = "in"
    site = "d"
    [[mllp]]
    listen = "127.0.0.1:0"
    site = "b"
    [api]
    site = "e"
    """

    assert sites_of(parse_settings(text)) == ("a", "b", "c", "d", "e")


def test_finding_says_where_it_can_be_opened(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file as it lies on the disk, from the current folder where it is below that; and what to do."""
    edit(site / "whoop" / "observations.csv", "2093-3", "2093-4")

    (finding,) = check(site).findings
    assert finding.file == str(site / "whoop" / "observations.csv")
    assert (finding.at, finding.line, finding.column) == ("sites/acme/whoop/observations.csv:2:3", 2, 3)
    assert (finding.code, finding.next, finding.fix) == ("table-loinc", "Look the code up again.", False)

    monkeypatch.chdir(site.parent)
    (finding,) = check("acme").findings
    assert str(finding).startswith(f"{Path('acme', 'whoop', 'observations.csv')}:2:3: table-loinc: same_as: ")


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        pytest.param("L,CHOL,2093-3", "L,CHOL,2093\u20113", True, id="look-alike"),
        pytest.param("L,CHOL,", "L,CHOL ,", True, id="space-in-a-key"),
        pytest.param("185 mg/dL,185", "185 mg/dL ,185", True, id="space"),
        pytest.param("185 mg/dL,185", "185 mg/dL,186", False, id="example"),
        pytest.param("L,CHOL,", "LN,CHOL,", False, id="system"),
    ],
)
def test_finding_says_whether_it_can_be_mended(site: Path, old: str, new: str, *, fix: bool) -> None:
    """After mending just those are left that say no."""
    edit(site / "whoop" / "observations.csv", old, new)
    before = check(site).findings

    write_mended(mendable_files(str(site)))
    after = check(site).findings

    assert {finding.fix for finding in before} >= {fix}
    assert bool(after) is not fix
    assert {finding.code for finding in after} == {finding.code for finding in before if not finding.fix}


def test_file_that_is_not_read_is_found(site: Path) -> None:
    """Whoever edits it would wait for its effect; it is not mended by itself."""
    (site / "Site.toml").touch()

    (finding,) = check(site).findings

    assert (finding.at, finding.code, finding.fix) == ("sites/acme/Site.toml:1:1", "table-unknown", False)
    assert finding.text.endswith("did you mean site.toml?")


def test_file_of_a_fixture_is_not_mended(site: Path) -> None:
    """It says by itself what is wrong with it."""
    (case, *_) = (site / "fixtures").iterdir()
    (case / "correlation.csv").write_bytes(b"\xff\xfek")

    (finding,) = check(site).findings

    assert (finding.code, finding.fix) == ("table-encoding", False)


def test_tables_that_do_not_load_hide_nothing_that_can_be_seen(site: Path) -> None:
    """One look shows what keeps them from loading, and what is wrong with other rows."""
    table = site / "whoop" / "observations.csv"
    edit(table, "L,CHOL,2093-3", "L,CHOL,2093-4")
    row = table.read_text(encoding="utf-8").splitlines()[2]
    edit(table, row, row.replace("L,", "LN,", 1))

    found = [(finding.code, finding.line, finding.fix) for finding in check(site).findings]

    assert found == [("table-loinc", 2, False), ("table-system", 3, False)]


def test_mending_is_done_once(site: Path) -> None:
    """What was mended needs nothing more, and other files stay to the byte."""
    edit(site / "site.toml", "[fhir]", "[fhir]  ")
    others = {path: path.read_bytes() for path in site.rglob("*.csv")}

    write_mended(mendable_files(str(site)))

    assert mendable_files(str(site)) == []
    assert {path: path.read_bytes() for path in site.rglob("*.csv")} == others
    assert site_files_equal(site / "site.toml", EXAMPLE / "site.toml")


def site_files_equal(one: Path, other: Path) -> bool:
    """Compare two files."""
    return one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", ["example", str(EXAMPLE)])
def test_packaged_site_is_never_written_to(name: str) -> None:
    """What was installed belongs to the package, under whatever name it is given."""
    with pytest.raises(ConfigError, match="belongs to the package"):
        mendable_files(name)
    with pytest.raises(ConfigError, match="belongs to the package"):
        check_sites([name], None, write_expected=True)


def test_packaged_folder_is_known_through_a_link(tmp_path: Path) -> None:
    """A link to a packaged site leads to the packaged site."""
    link = tmp_path / "link"
    link.symlink_to(EXAMPLE, target_is_directory=True)

    with pytest.raises(ConfigError, match="belongs to the package"):
        refuse_packaged(link)


def test_tables_that_do_not_load_are_named(site: Path) -> None:
    """Nothing else of the site was looked at, and that is said."""
    edit(site / "whoop" / "observations.csv", "same_as", "sameas")

    checked = check(site)

    assert checked.unread == ("the site acme's",)
    assert (checked.examples, checked.fixtures, checked.bare) == (0, 0, ())
    assert [finding.code for finding in checked.findings] == ["table-column-unknown"]


def test_site_without_fixtures_is_named(site: Path) -> None:
    """It is not silently all well."""
    shutil.rmtree(site / "fixtures")

    assert check(site).bare == ("acme",)


def test_fixture_that_comes_out_otherwise_is_found(site: Path) -> None:
    """A table that changes shows in the message that it changes."""
    edit(site / "whoop" / "observations.csv", "L,QCLOT,,Reagent lot,,reagent lot of the analyser", "L,QCLOT,,Lot,,")
    edit(site / "whoop" / "observations.csv", "L,QCLOT,,Lot,,,LOT 7,ignored:ignored-by-table", "L,QCLOT,883-9,Lot,,,,")

    found = {finding.code for finding in check(site).findings}

    assert "fixture-differs" in found


def test_two_sites_that_name_one_sender_are_found(site: Path) -> None:
    """Each finding stands at the line of the senders, or at the top where there are none."""
    other = Path(shutil.copytree(site, site.parent / "other"))
    third = Path(shutil.copytree(site, site.parent / "third"))
    for folder in (site, other):
        edit(folder / "site.toml", '# senders = ["LAB|HOSPITAL"]', 'senders = ["LAB|NORTH"]')
    names = (str(site), str(other), str(third))

    found = [finding for finding in check(*names, among=names).findings if finding.code == "site-senders"]

    line = next(at for at, text in enumerate((other / "site.toml").read_text().splitlines(), 1) if "senders =" in text)
    assert [(finding.at, finding.file) for finding in found] == [
        (f"sites/other/site.toml:{line}:1", str(other / "site.toml")),
        ("sites/third/site.toml:1:1", str(third / "site.toml")),
    ]


def test_fault_of_two_sites_is_told_once(site: Path) -> None:
    """The packaged tables are checked with each site; what is wrong in them is one thing."""
    other = Path(shutil.copytree(site, site.parent / "other"))

    assert check(site, other).findings == ()
    assert check(site, other).fixtures == 4


def test_packaged_finding_stands_in_the_packaged_folder(site: Path) -> None:
    """A site's row that spoils a packaged one leads to the packaged file."""
    (site / "units").mkdir()
    (site / "units" / "conversions.csv").write_text(
        "whoop_code,from,to,factor,rule,molar_mass\nCREATININE,umol/L,mg/dL,1.1312,molar,113.12\n", encoding="utf-8"
    )

    found = check(site).findings

    packaged = [finding for finding in found if finding.at.startswith("whoop/")]
    assert packaged
    assert {Path(finding.file).resolve() for finding in packaged} == {mappings_folder() / "whoop" / "observations.csv"}
    assert not any(finding.fix for finding in found)


def test_fault_of_the_settings_says_what_to_do() -> None:
    """Like any other finding."""
    (finding,) = setting_findings([Fault("translator.toml:2:1", "setting-value", "`whoop.workers`: must be ...")])

    assert (finding.file, finding.line, finding.column) == ("translator.toml", 2, 1)
    assert "docs/settings.md" in finding.next
