"""What a comparison finds over messages: all that differs, each once, and the same from both ends."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.lab_messages import GLUCOSE, HDL, Obx, oru
from tests.plan.table_sets import EDITS, GLUCOSE_ID, HDL_ID, MESSAGES, compared, one, texts, whole
from translator.plan.comparer import Comparer
from translator.plan.comparison import SEVERAL, CauseTally, Comparison, Example, Tally, merged
from translator.plan.results import VALUE, Difference
from translator.portions import file_finding
from translator.record.outcome import Outcome

sets = st.sets(st.sampled_from(sorted(EDITS)), max_size=5).map(lambda names: texts(*sorted(names)))


def mirrored(found: Comparison) -> Comparison:
    """See a comparison from the other end."""
    return structs.replace(found, causes={cause: _mirrored(tally) for cause, tally in found.causes.items()})


def _mirrored(tally: CauseTally) -> CauseTally:
    differences = {
        Difference(how.kind, how.after, how.before, how.what): _swapped(one_of_them)
        for how, one_of_them in tally.differences.items()
    }
    return CauseTally(tally.messages, differences)


def _swapped(tally: Tally) -> Tally:
    examples = tuple(structs.replace(each, before=each.after, after=each.before) for each in tally.examples)
    return structs.replace(tally, examples=examples)


@settings(max_examples=8)
@given(sets)
def test_set_has_no_difference_from_itself(tables: object) -> None:
    """The same tables make the same of every message."""
    comparer = Comparer(tables, tables)  # type: ignore[arg-type]

    found = whole(comparer)

    assert comparer.tables[0].sha256 == comparer.tables[1].sha256
    assert (found.messages, found.changed, found.changed_values, found.causes) == (len(MESSAGES), 0, 0, {})


@settings(max_examples=15)
@given(sets, sets)
def test_comparison_is_its_own_mirror_image(before: object, after: object) -> None:
    """Which of two sets is called the new one changes no count and no cause."""
    forth = whole(Comparer(before, after, shows_values=True))  # type: ignore[arg-type]
    back = whole(Comparer(after, before, shows_values=True))  # type: ignore[arg-type]

    assert mirrored(back) == forth


@settings(max_examples=15)
@given(sets, sets)
def test_every_changed_value_has_one_cause(before: object, after: object) -> None:
    """The values of all causes are the changed values, and each cause is made of changes of the tables."""
    comparer = Comparer(before, after)  # type: ignore[arg-type]
    names = {change.id for change in comparer.changes}

    for part in compared(comparer):
        assert sum(tally.values for tally in part.causes.values()) == part.changed_values
        assert part.changed == bool(part.causes)
        assert all(cause == SEVERAL or (cause and names.issuperset(cause)) for cause in part.causes)


@settings(max_examples=8)
@given(sets, sets, st.integers(0, len(MESSAGES)))
def test_processes_find_together_what_one_finds(before: object, after: object, cut: int) -> None:
    """A comparer that was sent to another process compares its messages as this one would."""
    comparer = Comparer(before, after)  # type: ignore[arg-type]
    other = pickle.loads(pickle.dumps(comparer))  # noqa: S301 - our own

    parts = compared(comparer)
    theirs = [part for number in range(cut, len(MESSAGES)) for part in other.compare(one(MESSAGES[number], number))]

    assert merged([*parts[:cut], *theirs], 3) == merged(parts, 3)


def test_row_that_was_added_frees_its_values() -> None:
    """The plan tells what was held and is sent, and what becomes of the report."""
    found = whole(Comparer(texts("no-glucose"), texts()), [oru([Obx(GLUCOSE, "92"), Obx(HDL, "55")])] * 2)

    tally = found.causes[(GLUCOSE_ID,)]
    assert (found.messages, found.values, found.changed, found.changed_values) == (2, 4, 2, 2)
    assert (tally.messages, tally.values, tally.reports) == (2, 2, 2)
    assert {(how.before_words, how.after_words): one.count for how, one in tally.differences.items()} == {
        ("held unmapped-code", "translated GLUCOSE mg/dL final unconfirmed"): 2,
        ("submitted partial", "submitted final"): 2,
    }


@pytest.mark.parametrize(
    ("shows_values", "values"),
    [pytest.param(False, ("", ""), id="hidden"), pytest.param(True, ("184.8", "185"), id="shown")],
)
def test_values_are_shown_only_where_asked_for(shows_values: bool, values: tuple[str, str]) -> None:  # noqa: FBT001
    """An example names a position; a value is of a patient."""
    comparer = Comparer(texts(), texts("factor"), shows_values=shows_values)
    message = oru([Obx("2093-3^Cholesterol^LN", "4.78", "mmol/L")])

    (tally,) = whole(comparer, [message]).causes.values()
    ((how, found),) = tally.differences.items()

    assert how.what == ("value",)
    assert how.after_words == "translated TOTAL_CHOLESTEROL mg/dL final; another value"
    assert found.examples == (Example("lab.hl7", 0, "OBX[1]", *values),)


def test_so_many_examples_are_kept() -> None:
    """One number bounds what is kept of each difference, within a message and over messages."""
    comparer = Comparer(texts(), texts("hdl-bounds"), examples=1)
    message = oru([Obx(HDL, "55"), Obx(GLUCOSE, "92")])

    tally = whole(comparer, [message] * 3).causes[(HDL_ID,)]

    assert {len(found.examples) for found in tally.differences.values()} == {1}
    assert tally.values == 3


def test_value_that_is_gone_from_one_side_has_an_example() -> None:
    """A report that is submitted under one set alone has nothing on the other side."""
    comparer = Comparer(texts("no-glucose"), texts(), shows_values=True)

    tally = whole(comparer, [oru([Obx(GLUCOSE, "92")])]).causes[(GLUCOSE_ID,)]

    shown = {(how.kind, how.before_words): found.examples[0] for how, found in tally.differences.items()}
    assert shown[VALUE, "held unmapped-code"] == Example("lab.hl7", 0, "OBX[1]", "", "92")
    assert shown["report", "nothing"] == Example("lab.hl7", 0)


def test_ledger_is_asked_for_changed_values_only() -> None:
    """What it says is counted with the difference."""
    asked: list[Collection[str]] = []

    def known(_: Outcome, __: Outcome, ats: Collection[str]) -> Mapping[str, Sequence[str]]:
        asked.append(ats)
        return {"OBX[1]": ("delivered", "differs")}

    comparer = Comparer(texts(), texts("no-glucose"))
    message = oru([Obx(GLUCOSE, "92"), Obx(HDL, "55")])

    (found,) = comparer.compare(one(message), known)

    assert asked == [["OBX[1]"]]
    assert found.causes[(GLUCOSE_ID,)].ledger == {"delivered": 1, "differs": 1}


def test_finding_about_a_file_is_counted_by_itself() -> None:
    """It is no message, and nothing of it is compared."""
    finding = file_finding("lab.hl7", "malformed", "line 3")

    (found,) = Comparer(texts(), texts("no-glucose")).compare(lambda _: [(b"", finding)])

    assert found == Comparison(findings={"malformed": 1})
