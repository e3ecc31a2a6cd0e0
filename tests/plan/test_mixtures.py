"""Two sets of tables, and what is mixed of them."""

from __future__ import annotations

from tests.lab_messages import GLUCOSE, Obx, oru
from tests.plan.table_sets import GLUCOSE_ID, MARK_ID, texts
from translator.pipeline import Pipeline
from translator.plan.causes import Watch
from translator.plan.mixtures import AFTER, BEFORE, Mixtures
from translator.plan.watched import Entry

GLUCOSE_ENTRY: Entry = ("observations", ("http://loinc.org", "2345-7"))


def test_mixture_has_one_change_of_the_other_side() -> None:
    """Each side can be given each change of the other, and nothing else."""
    mixtures = Mixtures(texts(), texts("no-glucose", "comma"))
    change = next(each for each in mixtures.changes if each.id == GLUCOSE_ID)

    with_it, without_it = (mixtures.mixture(side, change).pipeline.tables for side in (BEFORE, AFTER))

    assert ("http://loinc.org", "2345-7") not in with_it.observations
    assert ("http://loinc.org", "2345-7") in without_it.observations
    assert (with_it.site.decimal_mark, without_it.site.decimal_mark) == ("", ",")


def test_mixture_that_was_given_up_is_made_again() -> None:
    """Only so many are kept; the others say the same when they are asked again."""
    mixtures = Mixtures(texts(), texts("no-glucose", "comma"), kept=1)
    first, second = mixtures.changes
    raw = oru([Obx(GLUCOSE, "92")])

    one = mixtures.mixture(BEFORE, first)
    kept = mixtures.mixture(BEFORE, first)
    mixtures.mixture(BEFORE, second)
    again = mixtures.mixture(BEFORE, first)

    assert kept is one
    assert again is not one
    assert again.pipeline.translate(raw).json == one.pipeline.translate(raw).json


def test_settings_count_wherever_one_looks() -> None:
    """Nobody sees whether a setting is looked at, so it may always be the cause."""
    mixtures = Mixtures(texts(), texts("no-glucose", "comma"))

    assert [change.id for change in mixtures.behind([])] == [MARK_ID]
    assert [change.id for change in mixtures.behind([GLUCOSE_ENTRY])] == [MARK_ID, GLUCOSE_ID]


def test_watch_says_where_each_observation_looks() -> None:
    """Also where its route is remembered, and where it was forgotten since."""
    tables = Mixtures(texts(), texts()).tables[AFTER]
    watch = Watch(tables, [GLUCOSE_ENTRY], "hl7v2", most=1)
    message = Pipeline(tables).read(oru([Obx(GLUCOSE, "92"), Obx(GLUCOSE, "93"), Obx("2085-9^HDL^LN", "55")]))
    glucose, again, hdl = message.reports[0].observations

    seen = []
    for observation in (glucose, again, hdl, glucose):
        watch.translate(observation)
        seen.append(watch.seen(observation))

    assert seen == [{GLUCOSE_ENTRY}, {GLUCOSE_ENTRY}, frozenset(), {GLUCOSE_ENTRY}]
