"""The example of every mapping row comes true."""

from __future__ import annotations

import pytest

from tests.translate.conftest import SITE_ROWS
from translator.mapping_files import packaged_files, packaged_tables
from translator.translate.example import ExampleTranslator
from translator.translate.lint import lint_tables
from translator.translate.load import load_tables
from translator.translate.tables import ObservationRow, Tables

TABLES = packaged_tables()
ROWS = [pytest.param(row, id=f"{row.code}-{row.whoop_code}") for row in TABLES.observations.values()]


@pytest.mark.parametrize("row", ROWS)
def test_row_gives_what_its_example_says(row: ObservationRow) -> None:
    """`example_in` becomes `example_out` by the rules that results go through."""
    assert ExampleTranslator(TABLES)(row, row.example_in) == row.example_out


def test_row_that_only_ignores_is_no_fault(site_tables: Tables) -> None:
    """A site row without a WHOOP code has no target to compare."""
    faults = lint_tables(packaged_files(), {"whoop/observations.csv": SITE_ROWS}, site_tables, site_name="acme")

    assert faults == []


def test_example_of_a_site_is_written_as_its_sender_writes() -> None:
    """A decimal comma is for the site's own rows; the packaged ones keep the point."""
    rows = b"system,code,same_as,example_in,example_out\nL,CHOL,2093-3,"
    site = {
        "site.toml": b'[values]\ndecimal_mark = ","\n',
        "whoop/observations.csv": rows + b'"185,5 mg/dL",185.5 mg/dL\n',
    }
    tables = load_tables(packaged_files(), site, "acme")

    assert lint_tables(packaged_files(), site, tables, ExampleTranslator(tables), "acme") == []
