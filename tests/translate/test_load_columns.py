"""What a cell may hold, as checks that say what is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.load_columns import TABLES, number, positive, reason_code, some_of, whoop_code


@pytest.mark.parametrize("cell", ["1_000", "1,5", "1e3", "nan", "Infinity", "+1", ".5", "5.", "١٢", "1 ", "--1"])
def test_number_takes_no_form_that_only_python_reads(cell: str) -> None:
    """`Decimal` is too kind: these are all refused."""
    assert number(cell)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_number_takes_every_plain_decimal(value: Decimal) -> None:
    """A number written out in full is one."""
    assert number(f"{value:f}") == ""


@pytest.mark.parametrize("cell", ["0", "0.000", "-1", "-0.5", "x"])
def test_positive_refuses_zero_and_less(cell: str) -> None:
    """A factor, a step or a molar mass of zero is none."""
    assert positive(cell)


@pytest.mark.parametrize("cell", ["0.0001", "1", "10"])
def test_positive_takes_what_is_above_zero(cell: str) -> None:
    """Small factors are fine."""
    assert positive(cell) == ""


@pytest.mark.parametrize(
    ("cell", "fits"),
    [
        pytest.param("unmapped-code", True, id="two-words"),
        pytest.param("unbalanced", True, id="one-word"),
        pytest.param("Unmapped", False, id="upper-case"),
        pytest.param("unmapped_code", False, id="underscore"),
        pytest.param("unmapped-", False, id="hyphen-at-the-end"),
    ],
)
def test_reason_code_is_kebab_case(cell: str, *, fits: bool) -> None:
    """Reasons are stable lower-case names."""
    assert (reason_code(cell) == "") is fits


@pytest.mark.parametrize(
    ("cell", "fits"),
    [
        pytest.param("HBA1C_IFCC", True, id="digits"),
        pytest.param("VITAMIN_D_25_OH", True, id="number-word"),
        pytest.param("hdl", False, id="lower-case"),
        pytest.param("HDL-C", False, id="hyphen"),
    ],
)
def test_whoop_code_is_upper_case_words(cell: str, *, fits: bool) -> None:
    """WHOOP's codes look like constants."""
    assert (whoop_code(cell) == "") is fits


@pytest.mark.parametrize(
    ("cell", "fits"),
    [pytest.param("held|info", True, id="two"), pytest.param("held|", False, id="one-empty")],
)
def test_some_of_takes_words_joined_by_a_bar(cell: str, *, fits: bool) -> None:
    """Every part must be a word of the list."""
    assert (some_of("held", "info")(cell) == "") is fits


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_has_a_key(name: str) -> None:
    """Rows that nothing names cannot be overridden or found twice."""
    assert TABLES[name].key
