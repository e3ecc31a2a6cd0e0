"""Times without an offset, in the zone that the site names."""

from __future__ import annotations

import pytest

from tests.lab_messages import HDL, Obx, oru
from translator import Outcome, Translator
from translator.mapping_files import packaged_files
from translator.translate.load import load_tables

BERLIN = Translator(load_tables(packaged_files(), {"site.toml": b'time_zone = "Europe/Berlin"'}, "acme"))
PLAIN = Translator.load()


def translated(at: str, engine: Translator = BERLIN) -> Outcome:
    """Translate a result of this time."""
    return engine.translate(oru([Obx(HDL, "55")], at=at))


@pytest.mark.parametrize(
    ("at", "ordered_at"),
    [
        pytest.param("20260301101000", "20260301091000.000000", id="winter"),
        pytest.param("20260701101000", "20260701081000.000000", id="summer"),
        pytest.param("20260701101000+0000", "20260701101000.000000", id="with-an-offset"),
    ],
)
def test_order_of_time_is_that_of_the_site(at: str, ordered_at: str) -> None:
    """Report and observation carry the moment that the sender's clock meant."""
    (submission,) = translated(at).submissions

    assert (submission.ordered_at, submission.sources[0].ordered_at) == (ordered_at, ordered_at)


def test_report_of_the_repeated_hour_is_held() -> None:
    """02:30 came twice that night, so nobody can say what is newer than it."""
    outcome = translated("20261025023000")

    assert (outcome.state, outcome.submissions) == ("held", ())
    assert [(entry.reason, entry.cause) for entry in outcome.entries] == [("report-held", "time-ambiguous")]


def test_report_of_the_repeated_hour_passes_without_a_zone() -> None:
    """A site that names no zone takes its sender's clocks as they are."""
    assert translated("20261025023000", PLAIN).state == "translated"
