"""`whoop/order-codes.csv`: the lab is ordered its own codes, and known by them in what it sends back."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.lab_messages import service_request
from tests.translate.test_requisition_orders import REQUISITION
from translator.errors import TableError
from translator.mapping_files import packaged_files, packaged_tables, site_tables
from translator.record.correlation import Correlation, CorrelationRow
from translator.record.requisition import RequestedTest
from translator.record.values import Coding
from translator.translate.lab_codes import in_lab_codes, unmapped_panels
from translator.translate.lint import lint_tables
from translator.translate.load import load_tables
from translator.translate.service_request import no_correlation

TABLE, HEADER = "whoop/order-codes.csv", "panel,system,code,display\n"
ROW = CorrelationRow("x:2", "R-1", service_request(1), key_type="group", panel="LIPID_PANEL")


def test_packaged_table_orders_what_whoop_publishes_by_its_own_code() -> None:
    """No laboratory's code is invented."""
    assert packaged_tables().order_codes == {
        "CBC": Coding("WHOOP", "CBC", "Complete blood count"),
        "LIPID_PANEL": Coding("WHOOP", "LIPID_PANEL", "Lipid panel"),
    }


def test_site_orders_by_its_own_code() -> None:
    """Its row stands in the place of the packaged one, under the system that HL7 has a name for."""
    tables = load_tables(packaged_files(), {TABLE: f"{HEADER}HEART,LN,57698-3,Lipids\n".encode()}, "acme")

    assert tables.order_codes["HEART"] == Coding("http://loinc.org", "57698-3", "Lipids")
    assert site_tables("example").order_codes["LIPID_PANEL"] == Coding("L", "LIPID", "Lipid panel")


@pytest.mark.parametrize(
    ("status", "unmapped"),
    [
        pytest.param("active", ("HEART",), id="wanted"),
        pytest.param("revoked", ("HEART",), id="to-be-cancelled"),
        pytest.param("completed", (), id="done"),
    ],
)
def test_panel_without_a_row_is_named(status: str, unmapped: tuple[str, ...]) -> None:
    """Only where it is to be ordered or cancelled; each once."""
    tests = (*REQUISITION.tests, *(RequestedTest(service_request(n), "HEART", status) for n in (5, 6)))

    assert unmapped_panels(structs.replace(REQUISITION, tests=tests), packaged_tables()) == unmapped


@pytest.mark.parametrize(
    ("row", "code", "where"),
    [
        pytest.param("HEART,LN,57698-4,\n", "table-loinc", 3, id="check-digit"),
        pytest.param("HEART,L,H1,\nMEN,L,H1,\n", "table-duplicate", 3, id="one-code-for-two-panels"),
    ],
)
def test_code_that_would_order_the_wrong_thing_is_a_finding(row: str, code: str, where: int) -> None:
    """With its place."""
    site = {TABLE: (HEADER + row).encode()}
    tables = load_tables(packaged_files(), site, "acme")

    (fault,) = lint_tables(packaged_files(), site, tables, None, "acme")

    assert (fault.code, fault.at) == (code, f"sites/acme/{TABLE}:{row.count(chr(10)) + 1}:{where}")


def test_panel_without_a_code_is_refused() -> None:
    """A row that orders nothing is no row."""
    with pytest.raises(TableError, match="must not be empty"):
        load_tables(packaged_files(), {TABLE: f"{HEADER}HEART,L,,\n".encode()}, "acme")


def test_panel_is_known_by_the_lab_code_too() -> None:
    """Beside WHOOP's own, since a lab may repeat either."""
    find = in_lab_codes(Correlation([ROW]), site_tables("example"))

    assert [hit.panel for hit in find("group", "R-1", "")] == ["LIPID_PANEL", "LIPID"]
    assert find("group", "R-2", "") == ()


@pytest.mark.parametrize("lookup", [no_correlation, Correlation([ROW])], ids=["no-correlation", "no-codes-of-the-lab"])
def test_lookup_is_left_alone_where_nothing_is_to_be_added(lookup: Correlation) -> None:
    """What is not needed costs nothing."""
    tables = site_tables("example") if lookup is no_correlation else packaged_tables()

    assert in_lab_codes(lookup, tables) is lookup
