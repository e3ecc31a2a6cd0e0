"""What is written as OML^O21 is read back to the same orders."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.write import written
from tests.write.test_oru import HEAD, PATIENT
from translator.errors import WriteError
from translator.mapping_files import packaged_tables
from translator.pipeline import Pipeline
from translator.record.order import Order
from translator.record.report import Identifier
from translator.record.values import Coding
from translator.write.oml import write_oml

ORDER = Order(
    "ORC[1]",
    "create",
    "NW",
    Identifier("O-1"),
    codes=(Coding("L", "HSAT", "Home sleep test"),),
    patient=PATIENT,
    times=(HEAD.time,),
)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Read by the packaged tables."""
    return Pipeline(packaged_tables())


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_written_orders_are_read_back_as_they_were(pipeline: Pipeline, data: st.DataObject) -> None:
    """Numbers, codes, names, addresses, telephones, organisations and answers survive, whatever letters are in them."""
    orders = data.draw(written.orders(HEAD.time))

    read = pipeline.read(write_oml(HEAD, orders))

    assert (read.refused, read.held) == (None, ())
    assert tuple(structs.replace(order, places={}) for order in read.orders) == orders


@pytest.mark.parametrize(
    ("orders", "why"),
    [
        pytest.param((structs.replace(ORDER, control=""),), "neither", id="nobody-says-what-is-to-be-done"),
        pytest.param((structs.replace(ORDER, codes=()),), "OML_O21", id="nobody-says-what-is-ordered"),
        pytest.param((), "0", id="nothing"),
        pytest.param((ORDER, structs.replace(ORDER, patient=structs.replace(PATIENT, sex="F"))), "2", id="two-people"),
    ],
)
def test_what_is_no_order_is_not_written(orders: tuple[Order, ...], why: str) -> None:
    """The text says why, and of whom it says nothing."""
    with pytest.raises(WriteError, match=why) as raised:
        write_oml(HEAD, orders)

    assert "EX-1001" not in str(raised.value)


def test_time_of_fhir_is_written_as_hl7_writes_it() -> None:
    """WHOOP sends instants; ORC-9 is a DTM."""
    raw = write_oml(HEAD, [structs.replace(ORDER, times=("2026-03-01T10:00:00.123456Z",))])

    assert b"\rORC|NW|O-1|||||||20260301100000.1234+0000\r" in raw
