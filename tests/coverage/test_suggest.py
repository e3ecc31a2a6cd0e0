"""What a code may mean is ranked by evidence that is named, piece by piece."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from msgspec import structs

from tests.coverage.counting import tables
from translator.coverage.buckets import bucket_of
from translator.coverage.suggest import Seen, Suggester, Suggestion, spread_of
from translator.record.values import Coding
from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow

SUGGESTER = Suggester(tables())
ROWS = {row.code: row for row in tables().observations.values() if row.system == LOINC}


def seen(
    name: str,
    unit: str = "",
    values: str = "",
    ranges: str = "",
    code: str = "ZZ1",
    system: str = "L",
    beside: dict[ObservationRow, int] | None = None,
) -> Seen:
    """Write what was seen of one code."""
    spread = Counter((unit, bucket_of(Decimal(value))) for value in values.split())
    ends = Counter((unit, *each.split("-")) for each in ranges.split())
    return Seen((Coding(system, code, name),), {unit: 3}, spread, ends, beside or {})


def best(found: Seen) -> Suggestion:
    """Give the first suggestion."""
    return SUGGESTER.suggest(found)[0]


@pytest.mark.parametrize(
    ("name", "unit", "code"),
    [
        pytest.param("Cholesterol", "mg/dL", "2093-3", id="name"),
        pytest.param("CHOL", "mmol/L", "14647-2", id="short-name-in-moles"),
        pytest.param("Haemoglobin", "g/L", "718-7", id="british-spelling"),
        pytest.param("White blood cells", "10*3/uL", "6690-2", id="phrase"),
        pytest.param("LDL calculated", "mg/dL", "13457-7", id="words-beside-the-point"),
        pytest.param("Calculated", "mg/dL", "", id="nothing-but-words-beside-the-point"),
        pytest.param("SARS-CoV-2", "", "", id="nothing-of-ours"),
        pytest.param("", "mg/dL", "", id="a-unit-alone"),
        pytest.param("4711", "mg/dL", "", id="a-number-for-a-name"),
    ],
)
def test_likeliest_row_comes_first(name: str, unit: str, code: str) -> None:
    """A name leads to its row, and the unit decides between mass and moles; a unit alone leads nowhere."""
    found = SUGGESTER.suggest(seen(name, unit, code="4711"))

    assert (found[0].code if found else "") == code


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        pytest.param("Creatinine, Urine", "mg/dL", id="another-sample"),
        pytest.param("Glucose, CSF", "mg/dL", id="spinal-fluid"),
        pytest.param("Cortisol, Saliva", "ug/dL", id="saliva"),
        pytest.param("Magnesium, RBC", "mg/dL", id="in-cells"),
        pytest.param("Free PSA", "ng/mL", id="free-for-total"),
        pytest.param("PSA % free", "%", id="share-for-total"),
        pytest.param("Calcium, ionized", "mg/dL", id="ionized-for-total"),
        pytest.param("Bilirubin, Indirect", "mg/dL", id="indirect-for-direct"),
        pytest.param("Testosterone, Bioavailable", "ng/dL", id="bioavailable-for-total"),
        pytest.param("Glucose 2 hr post", "mg/dL", id="after-a-challenge"),
        pytest.param("17-OH Progesterone", "ng/dL", id="another-hormone"),
        pytest.param("Estrone", "pg/mL", id="a-part-of-a-word"),
        pytest.param("25-OH Vitamin D2", "ng/mL", id="a-part-of-a-sum"),
        pytest.param("Hemoglobin S", "%", id="another-haemoglobin"),
        pytest.param("Albumin/Creatinine Ratio", "mg/g", id="a-ratio-with-another"),
        pytest.param("T3 Uptake", "%", id="uptake"),
        pytest.param("Alkaline phosphatase isoenzymes", "U/L", id="isoenzymes"),
    ],
)
def test_what_another_thing_is_called_leads_nowhere(name: str, unit: str) -> None:
    """A word that tells one analyte from another counts for more than all that is alike."""
    assert SUGGESTER.suggest(seen(name, unit, values="5 6 7")) == ()


@pytest.mark.parametrize(
    ("name", "unit", "code"),
    [
        pytest.param("Testosterone, Free", "pg/mL", "2991-8", id="free"),
        pytest.param("T4, Free (Direct)", "ng/dL", "3024-7", id="free-by-another-method"),
        pytest.param("Glucose, Fasting", "mg/dL", "1558-6", id="fasting"),
        pytest.param("Neutrophils", "%", "770-8", id="percent-by-its-unit"),
        pytest.param("Neutrophils", "10*3/uL", "751-8", id="absolute-by-its-unit"),
        pytest.param("HbA1c IFCC", "mmol/mol", "59261-8", id="ifcc"),
        pytest.param("Hemoglobin A1c", "%", "4548-4", id="ngsp"),
        pytest.param("Vitamin D, 25-Hydroxy", "ng/mL", "62292-8", id="sum"),
        pytest.param("25-OH Vitamin D3", "ng/mL", "1989-3", id="part-that-has-a-row"),
        pytest.param("LDL Direct", "mg/dL", "18262-6", id="direct"),
        pytest.param("LDL Cholesterol Calc", "mg/dL", "13457-7", id="calculated"),
        pytest.param("LDL Cholesterol", "mg/dL", "2089-1", id="nobody-says-how"),
        pytest.param("Bilirubin, Direct", "mg/dL", "1968-7", id="direct-bilirubin"),
        pytest.param("C-Reactive Protein, Cardiac", "mg/L", "30522-7", id="high-sensitivity"),
        pytest.param("Cholesterin gesamt", "mg/dL", "2093-3", id="german"),
    ],
)
def test_words_that_tell_choose_the_row(name: str, unit: str, code: str) -> None:
    """Free or total, direct or calculated, a percentage or a count: the row that says the same comes first."""
    assert best(seen(name, unit)).code == code


def test_code_is_a_name_only_as_it_is() -> None:
    """UCREA is the creatinine of urine, and no typing error for urea; CREA is creatinine."""
    assert SUGGESTER.suggest(seen("", "mg/dL", code="UCREA")) == ()
    assert best(seen("", "mg/dL", code="CREA")).code == "2160-0"


def test_what_speaks_against_a_row_is_named() -> None:
    """Where something else leads to a row, what its name says against it stands there, too."""
    found = best(seen("Glucose, Urine", "mg/dL", beside={ROWS["2345-7"]: 7}))

    assert "against it: the name says `urine`, and the row's does not" in found.evidence


def test_every_piece_of_evidence_is_named() -> None:
    """Name, unit, ranges and values each say what they found, with the figures."""
    found = best(seen("Glucose", "mg/dL", values="92 101 88", ranges="70-99"))

    assert found.whoop_code == "GLUCOSE"
    assert found.evidence == (
        "the same name: `Glucose` and `Glucose [Mass/volume] in Serum or Plasma` (100 %)",
        "the unit `mg/dL` is mg/dL",
        "100 % of the reference ranges lie within 8 to 3000 mg/dL",
        "100 % of the values (3) lie within 8 to 3000 mg/dL",
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(seen("Glucose", "mg/dL"), seen("Glucose", "furlong"), id="unit-fits"),
        pytest.param(seen("Glucose", "furlong"), seen("Glucose", ""), id="unit-is-missing"),
        pytest.param(seen("Glucose", ""), seen("Glucose", "10*3/uL"), id="unit-does-not-lead-there"),
        pytest.param(seen("Glucose", "mg/dL", values="90"), seen("Glucose", "mg/dL", values="5"), id="values"),
        pytest.param(seen("Glucose", "mg/dL", values="90 5"), seen("Glucose", "mg/dL", values="5"), id="half"),
        pytest.param(seen("Glucose", "mg/dL", ranges="70-99"), seen("Glucose", "mg/dL", ranges="3-6"), id="ranges"),
        pytest.param(seen("Glucose"), seen("Glucos"), id="same-name-before-a-like-one"),
        pytest.param(seen("Glucose", system="L"), seen("Glucose", system=LOINC), id="loinc-code-of-its-own"),
    ],
)  # fmt: skip
def test_evidence_counts(better: Seen, worse: Seen) -> None:
    """What fits raises the points, and what does not lowers them."""
    points = {each.whoop_code: each.points for each in SUGGESTER.suggest(worse)}

    assert best(better).points > points.get("GLUCOSE", 0)


def test_code_under_another_system_is_found() -> None:
    """A LOINC code under a name of LOINC that no table has is told as what it is."""
    found = best(seen("", "mg/dL", code="2345-7", system="LNC"))

    assert found.code == "2345-7"
    assert found.evidence[0] == "the code is the LOINC code 2345-7, under the system `LNC`"


def test_code_that_stands_beside_a_row_elsewhere_is_found() -> None:
    """What the same code stood beside in other messages is the best that one can know."""
    found = best(seen("Sugar", "mg/dL", beside={ROWS["2345-7"]: 7}))

    assert (found.code, found.evidence[0]) == ("2345-7", "stands beside 2345-7 in 7 other results")


def test_number_speaks_against_a_row_of_text() -> None:
    """A blood group is no number."""
    text = best(seen("ABO and Rh group [Type] in Blood"))
    number = {
        each.code: each.points for each in SUGGESTER.suggest(seen("ABO and Rh group [Type] in Blood", values="5"))
    }

    assert text.code == "882-1"
    assert number.get("882-1", 0) < text.points


def test_ratio_without_a_unit_fits() -> None:
    """A row that takes numbers without a unit takes one."""
    found = best(seen("Cholesterol.total/Cholesterol in HDL [Mass Ratio] in Serum or Plasma", values="4"))

    assert "no unit was sent, and the row has none" in found.evidence


def test_one_whoop_code_is_suggested_once() -> None:
    """Of several rows of one WHOOP code only the best is named, and at most three in all."""
    found = SUGGESTER.suggest(seen("Cholesterol", "mg/dL"))

    assert len({each.whoop_code for each in found}) == len(found) <= 3
    assert [each.points for each in found] == sorted((each.points for each in found), reverse=True)


def test_points_are_of_a_hundred() -> None:
    """However much speaks for a row, nobody is sure but the analyst."""
    everything = seen("Glucose", "mg/dL", "92", "70-99", code="2345-7", beside={ROWS["2345-7"]: 9})

    assert best(everything).points == 99


def test_row_without_bounds_says_nothing_of_values() -> None:
    """Where a row has no bounds, neither ranges nor values speak for it or against it."""
    rows = {key: structs.replace(row, minimum=None) for key, row in tables().observations.items()}
    suggester = Suggester(structs.replace(tables(), observations=rows))

    found = suggester.suggest(seen("Glucose", "mg/dL", "92", "70-99"))[0]

    assert not [piece for piece in found.evidence if "lie within" in piece]


def test_spread_is_sorted_by_codes() -> None:
    """What is counted by codes and more becomes one counter for each set of codes."""
    codes = (Coding("L", "A"),)

    assert spread_of(Counter({(codes, "g/L", 1): 2, (codes, "g/L", 2): 3})) == {codes: {("g/L", 1): 2, ("g/L", 2): 3}}
