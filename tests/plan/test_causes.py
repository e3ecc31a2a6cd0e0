"""Which change makes a difference: one row, two together, the rest of the report, a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, TSH, Obx, oru, service_request
from tests.plan.table_sets import (
    CHOLESTEROL_ID,
    FACTOR_ID,
    FINAL_ID,
    GLUCOSE_ID,
    HDL_ID,
    HDL_ROW,
    MARK_ID,
    OBSERVATIONS,
    SITE_ROW_ID,
    STATUSES,
    Files,
    causes,
    edited,
    replaced,
    texts,
    whole,
    without,
    written,
)
from translator.mapping_files import site_files
from translator.plan.comparer import Comparer
from translator.plan.comparison import SEVERAL
from translator.plan.table_changes import table_changes

ALL = ("no-glucose", "hdl-bounds", "factor", "final-is-corrected")


@pytest.mark.parametrize(
    ("names", "results", "cause"),
    [
        pytest.param(("no-glucose", "hdl-bounds"), [Obx(GLUCOSE, "92")], GLUCOSE_ID, id="row-taken-away"),
        pytest.param(("no-glucose", "hdl-bounds"), [Obx(HDL, "55")], HDL_ID, id="bound"),
        pytest.param(("factor", "hdl-bounds"), [Obx(CHOLESTEROL, "4.78", "mmol/L")], FACTOR_ID, id="factor"),
        pytest.param(("local-code", "hdl-bounds"), [Obx(LOCAL, "184")], SITE_ROW_ID, id="row-of-the-site"),
        pytest.param(("comma", "hdl-bounds"), [Obx(HDL, "5,6", type="ST")], MARK_ID, id="setting"),
        pytest.param(("final-is-corrected", "hdl-bounds"), [Obx(HDL, "40")], FINAL_ID, id="status"),
    ],
)
def test_of_two_changes_the_one_that_counts_is_named(names: tuple[str, ...], results: list[Obx], cause: str) -> None:
    """The other change touches the message or not; it makes no difference to the value."""
    found = whole(Comparer(texts(), texts(*names)), [oru(results)])

    assert causes(found)[cause] == 1
    assert sum(causes(found).values()) == 1


def test_two_changes_that_do_it_together_are_both_named() -> None:
    """A value whose status and whose bounds changed has two causes, which stand together."""
    found = whole(Comparer(texts(), texts("final-is-corrected", "local-code")), [oru([Obx(LOCAL, "184")])])

    assert causes(found) == {f"{FINAL_ID} + {SITE_ROW_ID}": 1}


def test_what_a_change_does_to_the_rest_of_the_report_is_its_doing() -> None:
    """A corrected report is held whole for one code without a row: the row is the cause of all."""
    message = oru([Obx(HDL, "40", status="C"), Obx(GLUCOSE, "92", status="C")], status="C")

    found = whole(Comparer(texts(), texts("no-glucose", "factor")), [message])

    tally = found.causes[(GLUCOSE_ID,)]
    assert causes(found) == {GLUCOSE_ID: 2}
    assert {how.after_words for how in tally.differences} == {
        "held unmapped-code",
        "held report-held (report-incomplete)",
        "nothing",
    }


def test_row_that_others_inherit_is_the_cause_of_their_change() -> None:
    """The site's row says nothing itself about its unit; the row that it names does."""

    def edit(files: Files, site: Files) -> None:
        written(OBSERVATIONS, "system,code,same_as\nL,ZZ9,2093-3\n", site)
        replaced(OBSERVATIONS, "mg/dL,no,10,3000", "mg/dL,no,10,100", files)
        replaced(OBSERVATIONS, HDL_ROW, HDL_ROW.replace("250", "100"), files)

    found = whole(Comparer(texts("local-code"), edited(edit)), [oru([Obx(LOCAL, "184")])])

    assert causes(found) == {CHOLESTEROL_ID: 1}


def test_order_number_that_a_setting_finds_is_the_setting_s_doing() -> None:
    """What names the service request is tried with the message as a whole."""
    segments = oru([Obx(HDL, "40")], request="").split(b"\r")
    order = segments[3].split(b"|")
    order[18] = service_request(1).encode()
    segments[3] = b"|".join(order)
    settings = '[hl7v2]\nsenders = ["X"]\n[fhir]\nversion = "R4"\n[service_request]\nplaces = ["OBR-18"]\n'
    after = edited(lambda _, site: written("site.toml", settings, site))

    found = whole(Comparer(texts("hdl-bounds"), after), [b"\r".join(segments)])

    assert causes(found) == {"sites/acme/site.toml service_request.places": 1}


def test_change_that_nobody_can_take_apart_is_several() -> None:
    """Where more rows are looked at than are tried, what a report became is the work of several changes together."""
    rows = ["2085-9", "2093-3", "2345-7", "13457-7", "3016-3", "718-7", "789-8", "6690-2", "2160-0", "3094-0", "2951-2",
            "2823-3", "2075-0", "1742-6"]  # fmt: skip

    def edit(files: Files, _: Files) -> None:
        for code in rows:
            without(OBSERVATIONS, f"http://loinc.org,{code},", files)

    message = oru([Obx(f"{code}^x^LN", "40") for code in rows])

    found = whole(Comparer(edited(edit), texts()), [message])

    assert found.causes[SEVERAL].values == 0
    assert {how.after_words for how in found.causes[SEVERAL].differences} == {"submitted partial"}
    assert sum(causes(found).values()) == len(rows)


def test_four_changes_on_one_value_are_several() -> None:
    """More than three changes are not named one by one."""
    before = texts("no-spelling", "no-glucose")
    after = texts("local-code", "final-is-corrected", "factor", "comma")

    found = whole(Comparer(before, after), [oru([Obx(LOCAL, "4,78", "mmol/L", type="ST")])])

    assert causes(found) == {SEVERAL[0]: 1}
    assert found.together == {change.id for change in table_changes(before, after)} - {GLUCOSE_ID}


def test_row_of_the_other_set_is_not_taken_for_the_one_on_its_line() -> None:
    """Two rows of one WHOOP code stay two, wherever the rows around them have stood before."""

    def edit(files: Files, _: Files) -> None:
        without(OBSERVATIONS, "http://loinc.org,2345-7,", files)
        replaced(STATUSES, "F,final,send,final", "F,final,send,corrected", files)
        replaced(OBSERVATIONS, HDL_ROW, HDL_ROW.replace("250", "251"), files)
        # The row of HDL stood where the rows of triglycerides stand.
        lines = files[OBSERVATIONS].decode().split("\n")
        hdl = next(line for line in lines if line.startswith("http://loinc.org,2085-9,"))
        lines.remove(hdl)
        place = next(number for number, line in enumerate(lines) if line.startswith("http://loinc.org,14927-8,"))
        files[OBSERVATIONS] = "\n".join([*lines[:place], hdl, *lines[place:]]).encode()

    twice = [Obx("2571-8^x^LN", "100"), Obx("14927-8^x^LN", "100", "mg/dL")]
    message = oru([*twice, Obx(HDL, "40"), Obx(GLUCOSE, "92")])

    found = whole(Comparer(edited(edit), texts()), [message])

    assert not any(HDL_ID in cause for cause in found.causes)


def test_tsh_is_not_touched() -> None:
    """What no change touches does not differ."""
    found = whole(Comparer(texts(), texts(*ALL)), [oru([Obx(TSH, "1.2", "m[IU]/L", status="P")], status="P")])

    assert (found.messages, found.values, found.changed, found.causes) == (1, 1, 0, {})


ORDER = (Path(__file__).parents[2] / "fixtures/orders/a-city-without-a-county-stands-for-both/order.hl7").read_bytes()


@pytest.mark.parametrize(
    ("name", "old", "new", "cause", "after"),
    [
        pytest.param(
            "acurable/study-codes.csv", ",order,1,neck_sensor,HSAT^", ",order,2,neck_sensor,HSAT^",
            "sites/acme/acurable/study-codes.csv L|HSAT", "another value", id="nights",
        ),
        pytest.param(
            "acurable/order.toml", "organisations = ", 'emit_on = "reviewed"\norganisations = ',
            "acurable/order.toml emit_on", "another value", id="layout",
        ),
    ],
)  # fmt: skip
def test_order_is_compared_by_its_body(name: str, old: str, new: str, cause: str, after: str) -> None:
    """What an order code means, and how an order is laid out, are causes like any other."""

    def edit(_: Files, site: Files) -> None:
        site.update(site_files("example")[1])

    def other(files: Files, site: Files) -> None:
        edit(files, site)
        replaced(name, old, new, site)
        replaced(OBSERVATIONS, HDL_ROW, HDL_ROW.replace("250", "100"), files)

    found = whole(Comparer(edited(edit), edited(other)), [ORDER])

    assert causes(found) == {cause: 1}
    (how,) = found.causes[(cause,)].differences
    assert after in how.after_words
