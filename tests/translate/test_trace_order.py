"""What a trace of an order says where fixtures do not reach: settings, lists in a layout, older versions."""

from __future__ import annotations

from msgspec import structs

from tests.translate.test_acurable import ORDER, TABLES, with_layout
from translator.record.outcome import Entry
from translator.translate.trace_order import trace_body_field, trace_order

BODY = {
    "reports": "{emit_on?}",
    "parts": ["{patient.given?}", {"who": "Mr {patient.family}"}],
    "none": "{address.country?}",
}


def test_setting_is_named_with_its_line() -> None:
    """What the site sets is read from no message."""
    tables = with_layout(emit_on="reviewed", bodies={**TABLES.order_layout.bodies, "order": BODY})

    steps = trace_body_field(ORDER, "reports", "hl7v2", tables)

    assert [(step.name, step.result, step.table.partition(":")[0]) for step in steps] == [
        ("setting", "reviewed", "acurable/order.toml"),
        ("layout", "reviewed", ""),
    ]


def test_parts_of_a_list_are_counted_as_they_are_sent() -> None:
    """A part that is left out has no number."""
    nameless = structs.replace(ORDER.patient.name, given=())
    order = structs.replace(ORDER, patient=structs.replace(ORDER.patient, name=nameless))
    tables = with_layout(bodies={**TABLES.order_layout.bodies, "order": BODY})

    assert trace_body_field(order, "parts[0].who", "hl7v2", tables)[-1].given == "Mr {patient.family}"
    assert trace_body_field(ORDER, "parts[1].who", "hl7v2", tables)[-1].given == "Mr {patient.family}"


def test_older_version_says_only_its_fate() -> None:
    """Nobody looks at what it asked for."""
    entry = Entry("ORC[1]", "ignored", "superseded")
    (step,) = trace_order(structs.replace(ORDER, is_replaced=True), entry, "hl7v2", (), TABLES)

    assert (step.name, step.given, step.result) == ("fate", "superseded", "ignored")
