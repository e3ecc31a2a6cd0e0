"""The tables as shipped: they load, lint clean, translate their own examples, and are documented column by column."""

from __future__ import annotations

import ast
import codecs
import csv
import re
from pathlib import Path

import pytest

from translator.mapping_files import mappings_folder, packaged_files, packaged_tables, site_files
from translator.translate.codes import LOINC
from translator.translate.example import ExampleTranslator
from translator.translate.lint import lint_tables
from translator.translate.load import load_tables
from translator.translate.load_columns import SITE_COLUMNS, SITE_SETTINGS
from translator.translate.site import SETTINGS, Site
from translator.translate.tables import ObservationRow

TABLES = packaged_tables()
SITES = list((Path(__file__).parent.parent / "fixtures").glob("*/*/site"))
README = (mappings_folder() / "README.md").read_text(encoding="utf-8")
# What an analyst looks up while mapping: all that stands before the reference.
LOOKED_UP = README.split("\n## Habits of a sender", 1)[0]


def headers() -> list[tuple[str, str]]:
    """Give every column of every packaged table."""
    return [
        (name, column)
        for name, data in packaged_files().items()
        if name.endswith(".csv")
        for column in next(csv.reader(data.decode().splitlines()))
    ]


@pytest.mark.parametrize("site", [None, "example"])
def test_shipped_tables_lint_clean_and_examples_come_out(site: str | None) -> None:
    """Every row does what its example says, and no lint finds anything."""
    name, own = site_files(site) if site else ("", {})
    tables = load_tables(packaged_files(), own, name)
    assert lint_tables(packaged_files(), own, tables, ExampleTranslator(tables), name) == []


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.parent.name) for path in sorted(SITES)])
def test_site_of_a_fixture_lints_clean(folder: Path) -> None:
    """What a fixture shows of a site could be taken as it is."""
    name, own = site_files(folder)
    tables = load_tables(packaged_files(), own, name)
    assert lint_tables(packaged_files(), own, tables, ExampleTranslator(tables), name) == []


def test_only_published_codes_are_confirmed() -> None:
    """WHOOP has published four observation codes."""
    confirmed = {row.whoop_code for row in TABLES.observations.values() if row.confirmed}
    assert confirmed == {"TOTAL_CHOLESTEROL", "HDL", "LDL", "BLOOD_TYPE"}
    assert {row.whoop_code for row in TABLES.observations.values() if not row.confirmed} & confirmed == set()


def test_only_ratios_go_without_a_unit() -> None:
    """A number without a unit is right only where there is none."""
    assert {row.unit for row in TABLES.observations.values() if row.dimensionless} == {"{ratio}"}
    assert {row.unit for row in TABLES.observations.values() if row.kind == "numeric" and not row.unit_sent} == {
        "{ratio}"
    }


def test_no_unit_is_sent_with_brackets_or_braces() -> None:
    """WHOOP is told the customary form."""
    assert not [row.at for row in TABLES.observations.values() if set("[]{}") & set(row.unit_sent)]


@pytest.mark.parametrize(
    "code", ["LIPOPROTEIN_A", "LIPOPROTEIN_A_MASS", "INSULIN", "PROLACTIN", "AMH", "SHBG", "HEMOGLOBIN", "HBA1C_IFCC"]
)
def test_what_must_never_be_converted_has_no_factor(code: str) -> None:
    """Isoforms and assays differ: there is no single factor."""
    assert not [key for key in TABLES.conversions if key[0] == code]


def test_international_units_are_enzyme_units_only_for_enzymes() -> None:
    """IU/L is U/L for an enzyme, and nothing else."""
    codes = {code for (code, spelling), ucum in TABLES.spellings.items() if (spelling, ucum) == ("IU/L", "U/L")}
    assert codes == {"ALP", "ALT", "AST", "GGT", "LDH", "CREATINE_KINASE"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.code) for row in TABLES.observations.values() if row.unit])
def test_units_are_known_in_upper_case_too(row: ObservationRow) -> None:
    """Feeds that shout are read: the unit as sent and in capitals mean the target or lead to it."""
    for text in (row.unit_sent, row.unit_sent.upper(), row.wire_unit):
        ucum = TABLES.spellings.get((row.whoop_code, text)) or TABLES.spellings.get(("", text))
        assert not text or ucum in {row.unit, row.wire_unit}


@pytest.mark.parametrize("codec", sorted(set(filter(None, TABLES.charsets.values()))))
def test_codec_is_one_of_pythons(codec: str) -> None:
    """A charset that is named readable can be read."""
    assert codecs.lookup(codec).name


@pytest.mark.parametrize(("name", "column"), [pytest.param(*case, id="/".join(case)) for case in headers()])
def test_readme_says_what_a_column_means(name: str, column: str) -> None:
    """Every header cell stands in its table's section."""
    section = next(part for part in README.split("\n### ") if name in part.split("\n", 1)[0])
    assert f"\n| `{column}`" in section


def test_readme_names_no_column_that_is_not_there() -> None:
    """What is documented exists, except a site's own column."""
    columns = README.split("\n## Columns", 1)[1]
    named = {line.split("`")[1] for line in columns.split("\n") if line.startswith("| `")}
    assert named - {column for _, column in headers()} == SITE_COLUMNS


def test_readme_has_the_row_of_every_setting() -> None:
    """The table of settings is the one that the loader checks by: paste what this expects."""
    rows = [f"| `{each.name}` | {each.words} | {each.meaning} |" for each in SETTINGS]
    assert "\n".join(("| setting | may be | meaning |", "|---|---|---|", *rows)) in README


def test_readme_reads_a_row_as_it_is() -> None:
    """The row that is explained cell by cell is one of the packaged table."""
    section = README.split("\n## How to read a row\n", 1)[1].split("\n## ", 1)[0]
    lines = [line.split("|") for line in section.split("\n") if line.startswith("| `")]
    explained = {name.strip(" `"): cell.strip(" `") for _, name, cell, *_ in lines}
    rows = csv.DictReader(packaged_files()["whoop/observations.csv"].decode().splitlines())
    row = next(row for row in rows if row["code"] == "14647-2")
    assert explained == {name: cell for name, cell in row.items() if name != "note"}


def test_readme_has_every_reason_that_a_table_mends() -> None:
    """What an analyst can do something about is listed in the words of `explain`: paste what this expects."""
    mended = re.compile(r"\.csv|\.toml|site's|\brow\b")
    rows = [
        f"| `{row.code}` | {row.cause} | {row.remedy} |"
        for row in TABLES.reasons.values()
        if "held" in row.kind and mended.search(f"{row.cause} {row.remedy}")
    ]
    assert len(rows) > 15
    assert "\n".join(("| reason | what happened | what to do |", "|---|---|---|", *rows)) in README


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", LOOKED_UP))))
def test_readme_names_reasons_that_exist(code: str) -> None:
    """Words joined by hyphens are reasons, and `explain` knows them."""
    assert code in TABLES.reasons


@pytest.mark.parametrize(
    ("as_sent", "ucum"), [("MG/DL", "mg/dL"), ("mcg/dL", "ug/dL"), ("ug/dL", "ug/dL")], ids=["capitals", "mcg", "micro"]
)
def test_readme_spells_units_as_the_table_does(as_sent: str, ucum: str) -> None:
    """The examples of the section on units are true."""
    assert f"`{ucum}`" in README
    assert TABLES.spellings["", as_sent] == ucum


@pytest.mark.parametrize("table", re.findall(r"^```\n(system,.*?)^```$", README, flags=re.MULTILINE | re.DOTALL))
def test_readme_shows_rows_that_are_in_order(table: str) -> None:
    """Whoever copies them has a table without findings."""
    site = {"whoop/observations.csv": table.encode()}
    tables = load_tables(packaged_files(), site, "acme")

    assert lint_tables(packaged_files(), site, tables, ExampleTranslator(tables), "acme") == []


def test_every_setting_has_an_effect_to_be_read() -> None:
    """A setting is a field of the site, and none is left over."""
    assert sorted(each.field for each in SETTINGS) == sorted(Site.__struct_fields__)


def test_reasons_name_only_settings_that_exist() -> None:
    """A remedy that sends a person to a setting sends them to one."""
    words = " ".join(row.remedy for row in TABLES.reasons.values())
    named = set(re.findall(r"(?:hl7v2|fhir|values|service_request)\.[a-z_]+", words))
    assert len(named) > 5
    assert named <= {each.name for each in SETTINGS}


def test_every_setting_is_off_by_default() -> None:
    """What a site does not say opens nothing."""
    assert not any(getattr(Site(), each.field) for each in SETTINGS)


def test_example_site_shows_every_setting() -> None:
    """What stands behind a # in the example can be taken as it is."""
    name, own = site_files("example")
    shown = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", own[SITE_SETTINGS].decode())
    site = load_tables(packaged_files(), {**own, SITE_SETTINGS: shown.encode()}, name).site
    assert not [field for field in Site.__struct_fields__ if getattr(site, field) == getattr(Site(), field)]


def test_reasons_are_sorted() -> None:
    """A reader finds a reason by its name."""
    assert list(TABLES.reasons) == sorted(TABLES.reasons)


def test_every_finding_is_explained() -> None:
    """`translator explain` knows each code that loaders, lints and the check give, and no code that none gives."""
    folder = Path(__file__).parent.parent / "translator"
    paths = [*folder.glob("translate/l*.py"), *folder.glob("translate/toml_*.py"), *folder.glob("config*.py")]
    paths += [folder / "site_fixtures.py", folder / "site_check.py", folder / "checkup.py"]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    constants = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    kinds = ("table-", "setting-", "fixture-", "site-senders")
    codes = {value for value in constants if isinstance(value, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", value)}
    assert {code for code in codes if code.startswith(kinds)} == {
        code for code in TABLES.reasons if code.startswith(kinds)
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param("201", "accepted", id="created"),
        pytest.param("202", "accepted", id="change-accepted"),
        pytest.param("400", "refused", id="invalid"),
        pytest.param("401", "renew", id="token-expired"),
        pytest.param("403", "pause", id="forbidden"),
        pytest.param("404", "refused", id="unknown-organisation"),
        pytest.param("409", "conflict", id="reference-taken"),
        pytest.param("415", "refused", id="content-type"),
        pytest.param("429", "retry", id="too-fast"),
        pytest.param("500", "unknown", id="server-error"),
        pytest.param("read-timeout", "unknown", id="no-answer"),
        pytest.param("killed", "unknown", id="worker-killed"),
    ],
)
def test_acurable_answers_mean_what_the_vendor_documents(answer: str, outcome: str) -> None:
    """P4: what may have been processed is unknown, and a conflict is told apart by what came before."""
    assert TABLES.responses["acurable"][answer] == outcome


def test_every_loinc_row_stands_under_the_canonical_system() -> None:
    """The packaged table is LOINC's; local codes belong to sites."""
    assert {system for system, _ in TABLES.observations} == {LOINC}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param("201", "accepted", id="created"),
        pytest.param("401", "renew", id="token-expired"),
        pytest.param("second-401", "pause", id="token-refused-again"),
        pytest.param("403", "pause", id="forbidden"),
        pytest.param("404", "refused", id="not-ours"),
        pytest.param("429", "retry", id="too-fast"),
        pytest.param("500", "unknown", id="server-error"),
        pytest.param("502", "unknown", id="bad-gateway"),
        pytest.param("503", "retry", id="unavailable"),
        pytest.param("504", "unknown", id="gateway-timeout"),
        pytest.param("connect-error", "retry", id="no-connection"),
        pytest.param("read-timeout", "unknown", id="no-answer"),
        pytest.param("disconnected", "unknown", id="closed"),
        pytest.param("killed", "unknown", id="worker-killed"),
    ],
)
def test_whoop_answers_mean_what_promise_4_says(answer: str, outcome: str) -> None:
    """Only what was surely not processed is sent again."""
    assert TABLES.responses["whoop"][answer] == outcome


def test_readme_lists_every_finding() -> None:
    """The table of what is checked has each code that the check gives, and no other."""
    section = README.split("\n## What is checked", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.split("\n") if line.startswith("| `")]
    listed = set(re.findall(r"`([a-z-]+)`", " ".join(cells)))
    kinds = ("table-", "setting-", "fixture-", "site-senders")
    assert listed == {code for code in TABLES.reasons if code.startswith(kinds)}
