"""What the loader says of `acurable/order.toml`, and how a layout is filled in."""

from __future__ import annotations

import pytest

from translator.errors import TableError
from translator.mapping_files import packaged_files
from translator.translate.load import load_tables
from translator.translate.order_layout import OrderLayout, StudyRow
from translator.translate.study import study_example
from translator.translate.tables import Tables

FILES = packaged_files()
BODY = (
    '[body.order]\nall = "{reference} {address.lines} {address.city} {address.county} {address.postcode} {study.nights}'
)
REST = "{patient.reference} {patient.dob} {patient.email} {patient.mobile} {organisation.name} {organisation.reference}"


def load(text: str | bytes, studies: str = "") -> Tables:
    """Load the packaged tables with a site's layout over them."""
    site = {"acurable/order.toml": text.encode() if isinstance(text, str) else text}
    if studies:
        header = "system,code,kind,nights,sensors,example_in,example_out\n"
        site["acurable/study-codes.csv"] = (header + studies).encode()
    return load_tables(FILES, site, "acme")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("sensor = []", "1:1", "unknown setting `sensor`; did you mean sensors?", id="unknown-setting"),
        pytest.param("\nlayout_confirmed = 1", "2:1", "must be true or false", id="no-flag"),
        pytest.param("sensors = []", "1:1", "must be a list out of", id="no-sensor"),
        pytest.param('sensors = ["ear"]', "1:1", "must be a list out of", id="unknown-sensor"),
        pytest.param('emit_on = "never"', "1:1", 'must be one of "complete"', id="unknown-moment"),
        pytest.param("telephones = 7", "1:1", "must be a list out of", id="no-list"),
        pytest.param("phone_questions = 7", "1:1", "must be a list of texts", id="no-questions"),
        pytest.param('phone_questions = ["PHONE"]', "1:1", "must be a list of texts", id="question-without-system"),
        pytest.param("phone_answers = 7", "1:1", "must be a list of texts", id="no-answers"),
        pytest.param("organisations = 7", "1:1", "must be a list of tables", id="no-organisations"),
        pytest.param('organisations = [{ name = "A" }]', "1:1", "must be a list of tables", id="no-reference"),
        pytest.param(
            'organisations = [{ name = "A", reference = "" }]', "1:1", "must be a list of tables", id="blank-reference"
        ),
        pytest.param("body = 7", "1:1", "unknown setting `body`", id="no-bodies"),
        pytest.param("[body.orders]\na = 1", "1:1", "unknown body `orders`; did you mean order?", id="unknown-body"),
        pytest.param("[body]\norder = 7", "2:1", "must be a table", id="no-body"),
        pytest.param("[body.order]\na = 1", "1:1", "leaves out `{reference}`", id="required-field"),
        pytest.param(
            '[body.order-cancel]\na = ["{refrence}"]', "1:1", "`{refrence}` that nobody fills", id="placeholder"
        ),
        pytest.param(
            "[body.order-cancel]\na = [{ requiresPhone = true }, 7]", "1:1", "says requiresPhone", id="phone-for-all"
        ),
        pytest.param("sensors = ", "1:1", "this is not TOML", id="no-toml"),
        pytest.param(b"\xff", "1:1", "is not UTF-8", id="no-text"),
    ],
)
def test_fault_of_a_layout_is_said_with_its_place(text: str | bytes, place: str, words: str) -> None:
    """A layout that could not be sent is refused before anything is."""
    with pytest.raises(TableError) as caught:
        load(text)

    found = [str(fault) for fault in caught.value.faults]
    assert any(f"sites/acme/acurable/order.toml:{place}" in fault and words in fault for fault in found), found


def test_packaged_layout_is_needed() -> None:
    """Without it nothing says how an order is written."""
    with pytest.raises(TableError, match=r"acurable/order\.toml:1:1"):
        load_tables({name: data for name, data in FILES.items() if name != "acurable/order.toml"})


def test_body_of_a_site_is_its_own() -> None:
    """A body is replaced whole, settings one by one."""
    layout = load(f'emit_on = "reviewed"\n{BODY} {REST}"\n').order_layout

    assert layout.emit_on == "reviewed"
    assert list(layout.bodies["order"]) == ["all"]
    assert layout.sensors == ("neck_sensor",)


def test_layout_is_filled_as_it_is_drawn() -> None:
    """A whole placeholder keeps its type, one within text becomes text, an optional one may leave its key out."""
    drawn = {
        "n": "{study.nights}",
        "t": "for {study.nights}: {address.lines}",
        "gone": "{emit_on?}",
        "l": ["{emit_on?}", 7],
    }
    layout = OrderLayout(bodies={"order": drawn})

    assert layout.needs("order") == ("study.nights", "address.lines")
    assert layout.uses("order") == {"study.nights", "address.lines", "emit_on"}
    assert layout.fill("order", {"study.nights": 2, "address.lines": ["A", "B"]}) == {
        "n": 2,
        "t": "for 2: A, B",
        "l": [7],
    }


def test_study_that_needs_what_nobody_has_is_a_fault() -> None:
    """The loader checks nights, sensors and kind of every row."""
    with pytest.raises(TableError) as caught:
        load("", "L,A,trial,0,ear,A^^L,x\n")

    assert [fault.at for fault in caught.value.faults] == [
        f"sites/acme/acurable/study-codes.csv:2:{column}" for column in (3, 4, 5)
    ]


def test_control_that_is_done_needs_no_reason() -> None:
    """What is not done says why, and what is done does not."""
    site = {"hl7v2/0119-order-control.csv": b"code,action,reason\nNW,create,order-news\nZZ,hold,\n"}

    with pytest.raises(TableError) as caught:
        load_tables(FILES, site, "acme")

    assert [fault.at.rsplit(":", 2)[1] for fault in caught.value.faults] == ["2", "3"]


def test_example_says_what_a_code_comes_to() -> None:
    """The code stands as in OBR-4; what no row has is held."""
    tables = load("", 'L,A,order,2,neck_sensor|oximeter,A^^L,"order: 2 nights, neck_sensor|oximeter"\n')

    assert study_example("A^^L", tables) == "order: 2 nights, neck_sensor|oximeter"
    assert study_example("B", tables) == "held:unmapped-order"
    assert isinstance(tables.studies["L", "A"], StudyRow)
