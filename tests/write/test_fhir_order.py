"""What is written as a Bundle of ServiceRequest is read back to the same orders."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.write import written
from tests.write.test_oml import ORDER
from tests.write.test_oru import HEAD
from translator.errors import WriteError
from translator.mapping_files import packaged_tables
from translator.pipeline import Pipeline
from translator.record.order import Order
from translator.write.fhir_order import write_order_bundle


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Read by the packaged tables."""
    return Pipeline(packaged_tables())


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_written_orders_are_read_back_as_they_were(pipeline: Pipeline, data: st.DataObject) -> None:
    """Numbers, codes, names, addresses, telephones, organisations and answers survive, whatever letters are in them."""
    orders = data.draw(written.fhir_orders())

    read = pipeline.read(write_order_bundle(HEAD, orders))

    assert (read.refused, read.held) == (None, ())
    assert tuple(map(_without_places, read.orders)) == orders


def _without_places(order: Order) -> Order:
    answers = tuple(structs.replace(answer, at="") for answer in order.answers)
    return structs.replace(order, at="", answers=answers, places={})


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(structs.replace(ORDER, control="update"), id="a-change-has-no-status"),
        pytest.param(structs.replace(ORDER, control=""), id="nobody-says-what-is-to-be-done"),
    ],
)
def test_what_fhir_has_no_status_for_is_not_written(order: Order) -> None:
    """A bundle that says active would order it again."""
    with pytest.raises(WriteError, match="status"):
        write_order_bundle(HEAD, [order])


def test_patient_of_several_orders_is_there_once() -> None:
    """Every order refers to the same resource."""
    raw = write_order_bundle(HEAD, [ORDER, structs.replace(ORDER, control="cancel")])

    assert raw.count(b'"resourceType":"Patient"') == 1
