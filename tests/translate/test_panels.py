"""`whoop/panels.csv`: what makes a panel complete."""

from __future__ import annotations

import pytest

from translator.errors import TableError
from translator.mapping_files import packaged_files, packaged_tables, site_tables
from translator.translate.lint import lint_tables
from translator.translate.load import load_tables

HEADER = "panel,display,whoop_codes,source,note\n"


def test_packaged_table_lists_no_panel() -> None:
    """WHOOP publishes no list, so none is invented."""
    assert packaged_tables().panels == {}


def test_site_lists_its_panels() -> None:
    """The codes of a row make its panel complete."""
    assert site_tables("example").panels == {"LIPID": frozenset({"TOTAL_CHOLESTEROL", "HDL", "LDL"})}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param("LIPID,,hdl,,\n", "not a WHOOP code", id="lower-case"),
        pytest.param("LIPID,,HDL|HDL,,\n", "stands twice", id="twice"),
        pytest.param("LIPID,,HDL|,,\n", "not a WHOOP code", id="open-end"),
        pytest.param(",,HDL,,\n", "panel", id="no-panel"),
    ],
)
def test_faulty_panel_is_refused(row: str, words: str) -> None:
    """A row that could not be read is named with its place."""
    with pytest.raises(TableError, match=words):
        load_tables(packaged_files(), {"whoop/panels.csv": (HEADER + row).encode()}, "acme")


def test_panel_of_an_unknown_code_is_a_finding() -> None:
    """A code that nothing gives would keep the panel open for ever."""
    site = {"whoop/panels.csv": f"{HEADER}LIPID,,HDL|HLD,,\n".encode()}
    tables = load_tables(packaged_files(), site, "acme")

    faults = lint_tables(packaged_files(), site, tables, None, "acme")

    assert [(fault.at, fault.code) for fault in faults] == [("sites/acme/whoop/panels.csv:2:3", "table-panel")]
