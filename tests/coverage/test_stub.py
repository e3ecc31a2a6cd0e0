"""A stub has one row for each code to map, and the check names what is still to be filled in."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from msgspec import structs

from tests.coverage.counting import coverage_of, tables
from tests.fates import cases
from tests.lab_messages import GLUCOSE, Obx, oru
from translator.coverage.counts import OTHERS
from translator.coverage.report import Code, SeenCode
from translator.coverage.stub import orders_stub_of, stub_of
from translator.errors import TableError
from translator.mapping_files import packaged_files
from translator.scaffold import site_folder
from translator.translate.load import load_tables
from translator.translate.tables import Tables


def _rows(*results: Obx) -> list[dict[str, str]]:
    stub = stub_of(coverage_of(oru(results)))
    rows = list(csv.DictReader(StringIO(stub.text)))
    assert len(rows) == stub.rows
    return rows


def _loaded(text: str) -> Tables:
    return load_tables(packaged_files(), {"whoop/observations.csv": text.encode()}, "acme")


SUGAR = Obx('SUG^Glucose, "blood"^L', "92")


def test_row_is_in_the_site_s_format_and_suggests_in_its_note() -> None:
    """System and code as sent, the name that was seen, and in the note how often, in which unit, and what it may be."""
    row, other = _rows(SUGAR, SUGAR, Obx("QQ^^", "1", unit=""), Obx(GLUCOSE, "92"))

    assert (row["system"], row["code"], row["same_as"], row["display"]) == ("L", "SUG", "", 'Glucose, "blood"')
    assert row["note"].startswith("TO FILL IN: seen 2 times | in mg/dL (2) | maybe same_as 2345-7 ")
    assert (other["system"], other["code"], other["note"]) == ("", "QQ", "TO FILL IN: seen once")


def test_check_names_every_row_that_is_not_filled_in() -> None:
    """A stub as it was written is refused, with a place for each row."""
    text = stub_of(coverage_of(oru([SUGAR, Obx("QQ^^L", "1")]))).text

    with pytest.raises(TableError) as refused:
        _loaded(text)

    assert {fault.at for fault in refused.value.faults} == {
        "sites/acme/whoop/observations.csv:2:1",
        "sites/acme/whoop/observations.csv:3:1",
    }


def test_filled_in_stub_is_a_table() -> None:
    """With `same_as` in each row the tables load, and the code is mapped."""
    text = stub_of(coverage_of(oru([SUGAR]))).text
    header, row = text.splitlines()

    loaded = _loaded(f"{header}\n{row.replace('L,SUG,,', 'L,SUG,2345-7,')}\n")

    assert loaded.observations["L", "SUG"].whoop_code == "GLUCOSE"
    assert not coverage_of(oru([SUGAR]), of=loaded).has_findings


def test_reason_other_than_a_missing_row_is_in_the_note() -> None:
    """A code with a wrong check digit says so, since a row would not be the remedy."""
    (row,) = _rows(Obx("2345-8^Glucose^LN", "92"))

    assert "invalid-loinc (translator explain invalid-loinc)" in row["note"]


def test_name_is_no_formula_in_a_spreadsheet() -> None:
    """What a sender calls a code is never run by whoever opens the file."""
    (row,) = _rows(Obx("QQ^=HYPERLINK(1)^L", "1"))

    assert row["display"] == "'=HYPERLINK(1)"


def test_code_with_several_companies_has_one_row() -> None:
    """One local code that comes alone and with others is written once, with all that was seen of it."""
    rows = _rows(Obx("QQ^Q^L", "1"), Obx("QQ^Q^L^X1^X^99X", "1"))

    assert [row["code"] for row in rows] == ["QQ"]
    assert rows[0]["note"].startswith("TO FILL IN: seen 2 times")


def test_what_has_no_code_has_no_row() -> None:
    """Neither an observation without a code, nor one that was cut, nor the sum of the others can be mapped by a row."""
    found = coverage_of(oru([Obx("", "1"), Obx(f"{'C' * 200}^Cut^L", "1")]))
    others = SeenCode("hl7v2", (Code("", OTHERS),), 5, {"held": 5})

    stub = stub_of(structs.replace(found, codes=(*found.codes, others)))

    assert (stub.rows, stub.left_out) == (0, 3)


@pytest.mark.parametrize("code", ["=cmd", "+1", "@SUM", "A\x1b[31m", "A\u202eB"])
def test_code_that_a_spreadsheet_would_run_has_no_row(code: str) -> None:
    """A key must stand as it is sent, so a formula or a hidden character cannot be written down; it is counted."""
    stub = stub_of(coverage_of(oru([Obx(f"{code}^Odd^L", "1"), SUGAR])))

    assert (stub.rows, stub.left_out) == (1, 1)
    assert code not in stub.text


def test_columns_are_those_of_a_site_s_table() -> None:
    """A row can be moved into the table that `translator init` has made, as it is."""
    text = stub_of(coverage_of(oru([SUGAR]))).text
    template = Path(site_folder.__file__).parent / "template"

    (table,) = template.rglob("observations.csv")
    assert text.splitlines()[0] == table.read_text(encoding="utf-8").splitlines()[0]


def test_order_without_a_study_has_a_row() -> None:
    """Codes of orders have a table of their own; filled in, it loads."""
    order = next(case.raw for case in cases("hl7v2") if b"|ORM^O01" in case.raw)
    text = orders_stub_of(coverage_of(order)).text
    header, row = text.splitlines()

    cells = dict(zip(header.split(","), row.split(","), strict=True))
    filled = cells | {"kind": "order", "nights": "1", "sensors": "neck_sensor"}
    filled |= {"example_in": f"{cells['code']}^^{cells['system']}", "example_out": '"order: 1 night, neck_sensor"'}
    loaded = load_tables(
        packaged_files(), {"acurable/study-codes.csv": f"{header}\n{','.join(filled.values())}\n".encode()}, "acme"
    )

    assert cells["note"] == "TO FILL IN: seen once"
    assert (cells["system"], cells["code"]) in loaded.studies
    assert orders_stub_of(coverage_of(order, of=loaded)).rows == 0


def test_mapped_codes_are_left_out() -> None:
    """Where every code has a row nothing is written."""
    assert stub_of(coverage_of(oru([Obx(GLUCOSE, "92")]), of=tables())).rows == 0
