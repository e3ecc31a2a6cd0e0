"""Which entries of the tables are looked at."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.lab_messages import GLUCOSE, HDL, Obx, oru
from tests.plan.table_sets import EDITS, texts
from translator.pipeline import Pipeline
from translator.plan.watched import UNSEEN, Entry, differing, shared, watched
from translator.translate.load import build_tables
from translator.translate.tables import Tables

TABLES = build_tables(texts())


def others(name: str) -> Tables:
    """Index the packaged tables with one edit made."""
    return build_tables(texts(name))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        pytest.param("no-glucose", ("observations", ("http://loinc.org", "2345-7")), id="row"),
        pytest.param("final-is-corrected", ("observation_status.hl7v2", "F"), id="status"),
        pytest.param("factor", ("conversions", ("TOTAL_CHOLESTEROL", "mmol/L", "mg/dL")), id="conversion"),
        pytest.param("comma", ("site", ""), id="settings"),
    ],
)
def test_difference_is_named_by_table_and_key(name: str, entry: Entry) -> None:
    """Lines that moved are differences, too; they lead to no change."""
    assert entry in differing(TABLES, others(name))
    assert entry in differing(others(name), TABLES)


def test_equal_tables_differ_in_nothing() -> None:
    """A set has no difference from itself."""
    assert differing(TABLES, build_tables(texts())) == frozenset()


def test_code_with_listed_answers_only_is_an_entry() -> None:
    """Whether a code takes listed answers alone is looked at like any row."""
    assert ("answered_codes", "HDL") in differing(TABLES, _answered())


def _answered() -> Tables:

    return structs.replace(TABLES, answered_codes=TABLES.answered_codes | {"HDL"})


def test_only_what_is_looked_at_is_noted() -> None:
    """A message of glucose looks at the row of glucose, and at no other."""
    glucose: Entry = ("observations", ("http://loinc.org", "2345-7"))
    hdl: Entry = ("observations", ("http://loinc.org", "2085-9"))
    seen: set[Entry] = set()

    Pipeline(watched(TABLES, [glucose, hdl, ("site", "")], seen)).translate(oru([Obx(GLUCOSE, "92")]))

    assert seen == {glucose}


def test_answered_code_that_is_looked_for_is_noted() -> None:
    """The set of answered codes is watched like a table."""
    seen: set[Entry] = set()
    tables = watched(TABLES, [("answered_codes", "BLOOD_TYPE")], seen)

    assert "HDL" not in tables.answered_codes
    assert seen == set()
    assert "BLOOD_TYPE" in tables.answered_codes
    assert seen == {("answered_codes", "BLOOD_TYPE")}


def test_who_goes_through_a_table_looks_at_all_of_it() -> None:
    """Going through a table, and counting it, notes every watched entry."""
    entries: list[Entry] = [("observation_status.hl7v2", "F"), ("observation_status.hl7v2", "C")]
    for look in (list, len):
        seen: set[Entry] = set()

        look(watched(TABLES, entries, seen).observation_status["hl7v2"])

        assert seen == set(entries)


@pytest.mark.parametrize("name", EDITS)
def test_watched_tables_say_the_same(name: str) -> None:
    """Watching changes no outcome."""
    tables = others(name)
    raw = oru([Obx(GLUCOSE, "92"), Obx(HDL, "40")])

    outcome = Pipeline(watched(tables, differing(TABLES, tables), set())).translate(raw)

    assert outcome.json == Pipeline(tables).translate(raw).json


def test_shared_tables_are_kept_once() -> None:
    """What is equal is the very same object, and what is not is as it was."""
    ours = shared(others("no-glucose"), TABLES)

    assert ours.spellings is TABLES.spellings
    assert ours.observations == others("no-glucose").observations
    assert "site" in UNSEEN
