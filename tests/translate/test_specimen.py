"""A code of blood is held where every specimen is known to be something else, and only there."""

from __future__ import annotations

import pytest

from tests.observations import written
from translator.record.report import Observation, Report
from translator.record.values import Coding, Numeric
from translator.translate.observation import ObservationTranslator
from translator.translate.specimen import hold_other_specimens
from translator.translate.tables import Tables

SERUM_GLUCOSE = written("OBX[1]", (Coding("http://loinc.org", "2345-7"),), Numeric("92"), "NM", "mg/dL", status="F")
MCV = written("OBX[1]", (Coding("http://loinc.org", "787-2"),), Numeric("90"), "NM", "fL", status="F")


@pytest.mark.parametrize(
    ("seen", "specimens", "fate"),
    [
        pytest.param(SERUM_GLUCOSE, (), "translated", id="none-named"),
        pytest.param(SERUM_GLUCOSE, ("SER",), "translated", id="serum"),
        pytest.param(SERUM_GLUCOSE, ("BLD",), "translated", id="blood"),
        pytest.param(SERUM_GLUCOSE, ("UR",), "specimen-contradicts", id="urine"),
        pytest.param(SERUM_GLUCOSE, ("122575003",), "specimen-contradicts", id="urine-in-snomed"),
        pytest.param(SERUM_GLUCOSE, ("UR", "CSF"), "specimen-contradicts", id="two-others"),
        pytest.param(SERUM_GLUCOSE, ("UR", "SER"), "translated", id="one-of-them-fits"),
        pytest.param(SERUM_GLUCOSE, ("UR", "X9"), "translated", id="one-of-them-is-unknown"),
        pytest.param(SERUM_GLUCOSE, ("ur",), "translated", id="another-spelling-is-unknown"),
        pytest.param(MCV, ("UR",), "translated", id="name-does-not-say-blood"),
    ],
)
def test_specimen_that_contradicts_holds(
    seen: Observation, specimens: tuple[str, ...], fate: str, tables: Tables
) -> None:
    """Only certainty holds: the name says blood, and each specimen is listed as none."""
    verdict = ObservationTranslator(tables, "hl7v2").translate(seen)

    hold_other_specimens(Report("OBR[1]", specimens=specimens), [verdict], tables)

    assert (verdict.reason or verdict.state) == fate
    assert (verdict.payload is None) == (fate != "translated")


def test_what_is_held_already_keeps_its_reason(tables: Tables) -> None:
    """The specimen is no second reason."""
    held = written("OBX[1]", (Coding("L", "ZZ9"),), Numeric("92"), status="F")
    verdict = ObservationTranslator(tables, "hl7v2").translate(held)

    hold_other_specimens(Report("OBR[1]", specimens=("UR",)), [verdict], tables)

    assert verdict.reason == "unmapped-code"
