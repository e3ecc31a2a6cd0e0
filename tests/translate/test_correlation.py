"""What a correlation file says, and every fault in it with its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import TableError
from translator.record.correlation import Correlation, CorrelationRow
from translator.translate.correlation import parse_correlation

ONE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
TWO = "4fa85f64-5717-4562-b3fc-2c963f66afa6"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"key,service_request_id\nA1,{ONE}\n", id="plain"),
        pytest.param(f"\ufeffkey,service_request_id\r\nA1,{ONE}\r\n", id="bom-and-crlf"),
        pytest.param(f"key,service_request_id\n\n A1 ,{ONE.upper()}\n,\n", id="spaces-upper-case-empty-lines"),
        pytest.param(f'"service_request_id","key","key_type"\n"{ONE}","A1","placer"', id="quoted-in-another-order"),
        pytest.param(f"key,service_request_id\nA1,{ONE}\nA1,{ONE}\n", id="the-same-row-twice"),
    ],
)
def test_correlation_reads_what_a_spreadsheet_writes(text: str) -> None:
    """The same table in any of its spellings; a key without type may be of any."""
    (row,) = parse_correlation(text)

    assert (row.key, row.service_request_id) == ("A1", ONE)
    assert row.key_type == ("placer" if "placer" in text else "")


def test_correlation_reads_every_column() -> None:
    """Each column has its field, and an empty key type matches any."""
    header = "source,key_type,key,service_request_id,requisition_id,patient,birth_date,panel,created,expires"

    (row,) = parse_correlation(f"{header}\nacme,,A1,{ONE},R1,P1,1980-01-01,LIPID,2026-01-01,2027-01-01", "orders.csv")

    assert row == CorrelationRow(
        "orders.csv:2", "A1", ONE, "acme", "", "R1", "P1", "1980-01-01", "LIPID", "2026-01-01", "2027-01-01"
    )


def test_correlation_keeps_rows_that_contradict() -> None:
    """Two service requests for one key are two hits, and the engine holds."""
    rows = parse_correlation(f"key,service_request_id\nA1,{ONE}\nA1,{TWO}\n")

    assert [row.service_request_id for row in rows] == [ONE, TWO]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("", ["c:1:1 empty-table"], id="empty"),
        pytest.param(f"key;service_request_id\nA1;{ONE}", ["c:1:1 separator"], id="semicolons"),
        pytest.param("key\nA1", ["c:1:1 missing-column"], id="missing-column"),
        pytest.param("key,service_request_id,colour", ["c:1:3 unknown-column"], id="unknown-column"),
        pytest.param("key,service_request_id,key", ["c:1:3 duplicate-column"], id="column-twice"),
        pytest.param("key,service_request_id\nA1", ["c:2:1 cell-count"], id="cells-missing"),
        pytest.param(f"key,service_request_id\n,{ONE}", ["c:2:1 missing-value"], id="no-key"),
        pytest.param("key,service_request_id\nA1,{3fa85f64}", ["c:2:2 not-a-uuid"], id="no-uuid"),
        pytest.param(f"key,service_request_id\nA1,urn:uuid:{ONE}", ["c:2:2 not-a-uuid"], id="urn"),
        pytest.param(f"key_type,key,service_request_id\nnurse,A1,{ONE}", ["c:2:1 unknown-key-type"], id="key-type"),
        pytest.param(f"birth_date,key,service_request_id\nMay,A1,{ONE}", ["c:2:1 not-a-date"], id="birth-date"),
        pytest.param(f"expires,key,service_request_id\nsoon,A1,{ONE}", ["c:2:1 not-a-date"], id="expires"),
        pytest.param(f"expires,key,service_request_id\n31.12.2026,A1,{ONE}", ["c:2:1 not-a-date"], id="expires-german"),
        pytest.param(f'key,service_request_id\nA1,{ONE}\n"A2,{TWO}\n', ["c:3:1 table-syntax"], id="quote-never-closed"),
        pytest.param(f'key,service_request_id\n"A"1,{ONE}\n', ["c:2:1 table-syntax"], id="text-behind-a-quote"),
        pytest.param(f'key,service_request_id\n"{"A" * 140_000},{ONE}\n', ["c:2:1 table-syntax"], id="endless-cell"),
        pytest.param(
            f'key,service_request_id,panel\nA1,{ONE},"x\ny"\nA2,x,\n,x,\n',
            ["c:4:2 not-a-uuid", "c:5:1 missing-value", "c:5:2 not-a-uuid"],
            id="every-fault-on-its-physical-line",
        ),
    ],
)
def test_correlation_names_every_fault(text: str, faults: list[str]) -> None:
    """All faults at once, each with its place."""
    with pytest.raises(TableError) as caught:
        parse_correlation(text, "c")

    assert [f"{fault.at} {fault.code}" for fault in caught.value.faults] == faults


@pytest.mark.parametrize("written", ["2026-12-31", "20261231", "2026-12-31T23:59:59Z", "2026-12-31 23:59"])
def test_row_counts_up_to_its_last_day(written: str) -> None:
    """However the day is written, it is that day."""
    rows = parse_correlation(f"key,service_request_id,expires\nA1,{ONE},{written}\n")

    assert Correlation(rows, today="2026-12-31")("placer", "A1")
    assert not Correlation(rows, today="2027-01-01")("placer", "A1")


def test_correlation_faults_do_not_show_keys() -> None:
    """P6: an order number stays out of error messages."""
    with pytest.raises(TableError) as caught:
        parse_correlation("key,service_request_id\nORDER-4711,PATIENT-1\n")

    assert not {"4711", "PATIENT"} & set(str(caught.value).replace("-", " ").split())


@given(st.text())
def test_correlation_of_any_text_gives_rows_or_faults(text: str) -> None:
    """P7: nothing else is raised."""
    with suppress(TableError):
        assert all(row.key for row in parse_correlation(text))
