"""Tables that do not load: what can be found all the same, and nothing that only a missing row makes."""

from __future__ import annotations

import pytest

from translator.mapping_files import packaged_files
from translator.translate.example import ExampleTranslator
from translator.translate.lint_partly import lint_partly

FILES = packaged_files()
OBSERVATIONS = "whoop/observations.csv"
SPELLINGS = "units/spellings.csv"
HEADER = "system,code,same_as,min,example_in,example_out\n"
GOOD = "L,CHOL,2093-3,,185 mg/dL,185 mg/dL\n"
WRONG = "L,CHOL,2093-3,,185 mg/dL,186 mg/dL\n"
UNREAD = "L,HDL,2085-9,ten,55 mg/dL,55 mg/dL\n"
NOWHERE = "L,HDL,2085-8,,55 mg/dL,55 mg/dL\n"
OWN_LOINC = "http://loinc.org,2085-9,,ten,55 mg/dL,55 mg/dL\n"


def lint(rows: str, files: dict[str, bytes] | None = None, spellings: str = "") -> list[str]:
    """Give line and code of what is found in a site's observations, and the places elsewhere."""
    site = {OBSERVATIONS: (HEADER + rows).encode()} | ({SPELLINGS: spellings.encode()} if spellings else {})
    faults = lint_partly(files or FILES, site, ExampleTranslator, "acme")
    prefix = f"sites/acme/{OBSERVATIONS}:"
    return [f"{fault.at.removeprefix(prefix).partition(':')[0]} {fault.code}" for fault in faults]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param(UNREAD + WRONG, ["2 table-value", "3 table-example"], id="cell-and-example"),
        pytest.param(NOWHERE + WRONG, ["2 table-loinc", "3 table-example"], id="nowhere-and-example"),
        pytest.param(UNREAD + NOWHERE.replace("HDL", "H"), ["2 table-value", "3 table-loinc"], id="both-stages"),
        pytest.param(UNREAD + GOOD, ["2 table-value"], id="sound-row"),
        pytest.param(UNREAD + GOOD.replace("L,CHOL", "L,X\u2011Y"), ["2 table-value", "3 table-lookalike"], id="mark"),
    ],
)
def test_other_rows_are_looked_at(rows: str, found: list[str]) -> None:
    """A fault of one row hides none of another."""
    assert lint(rows) == found


def test_row_that_others_inherit_from_makes_no_findings_by_its_absence() -> None:
    """What its heirs come to is known once it is mended."""
    assert lint(OWN_LOINC + NOWHERE.replace("2085-8", "2085-9") + WRONG) == ["2 table-value"]


def test_examples_wait_for_the_other_tables() -> None:
    """The unit of an example may be spelled in the very row that is wrong."""
    row = "L,CHOL,2093-3,,185 furlong,185 mg/dL\n"
    assert lint(row, spellings="spelling,ucum\nfurlong ,mg/dL\n") == [f"sites/acme/{SPELLINGS} table-space"]


def test_packaged_tables_at_fault_come_first() -> None:
    """What a site says rests on them."""
    files = {**FILES, "placeholders.csv": b"text,reason\n"}
    assert lint(WRONG, files) == ["placeholders.csv table-column-missing"]
