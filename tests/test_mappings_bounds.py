"""The plausible ranges as shipped: mixed-up units fall outside, disease stays inside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from translator.mapping_files import packaged_tables
from translator.translate.tables import ObservationRow

TABLES = packaged_tables()
ROWS = {row.whoop_code: row for row in TABLES.observations.values()}

# Normal values of adults in another customary unit: as a number in the target unit they must be implausible.
OTHER_UNIT = [
    ("TOTAL_CHOLESTEROL", "mmol/L", "3.0", "6.5"),
    ("TOTAL_CHOLESTEROL", "g/L", "1.2", "2.5"),
    ("HDL", "mmol/L", "0.9", "2.6"),
    ("LDL", "mmol/L", "1.0", "4.1"),
    ("VLDL", "mmol/L", "0.1", "1.0"),
    ("NON_HDL_CHOLESTEROL", "mmol/L", "2.0", "4.9"),
    ("TRIGLYCERIDES", "mmol/L", "0.4", "2.3"),
    ("APOB", "g/L", "0.4", "1.3"),
    ("APOA1", "g/L", "1.0", "2.2"),
    ("LIPOPROTEIN_A_MASS", "g/L", "0.01", "0.30"),
    ("GLUCOSE", "mmol/L", "3.9", "7.8"),
    ("GLUCOSE", "g/L", "0.70", "1.10"),
    ("FASTING_GLUCOSE", "mmol/L", "3.9", "5.6"),
    ("ESTIMATED_AVERAGE_GLUCOSE", "mmol/L", "3.9", "8.6"),
    ("HBA1C", "mmol/mol", "29", "42"),
    ("HBA1C", "fraction", "0.040", "0.060"),
    ("HBA1C_IFCC", "%", "4.0", "6.5"),
    ("C_PEPTIDE", "pmol/L", "170", "1100"),
    ("UREA", "g/L", "0.15", "0.45"),
    ("CREATININE", "umol/L", "53", "106"),
    ("CYSTATIN_C", "mg/dL", "0.05", "0.10"),
    ("CYSTATIN_C", "nmol/L", "40", "75"),
    ("SODIUM", "mg/dL", "310", "335"),
    ("CHLORIDE", "mg/dL", "340", "380"),
    ("CALCIUM", "mmol/L", "2.1", "2.6"),
    ("CALCIUM", "mg/L", "85", "105"),
    ("PHOSPHATE", "mmol/L", "0.80", "1.45"),
    ("MAGNESIUM", "mmol/L", "0.66", "1.07"),
    ("TOTAL_PROTEIN", "g/L", "60", "83"),
    ("ALBUMIN", "g/L", "35", "52"),
    ("ALBUMIN", "umol/L", "500", "750"),
    ("GLOBULIN", "g/L", "20", "35"),
    ("ALP", "ukat/L", "0.5", "2.2"),
    ("ALT", "ukat/L", "0.10", "0.85"),
    ("AST", "ukat/L", "0.15", "0.75"),
    ("GGT", "ukat/L", "0.10", "1.10"),
    ("LDH", "ukat/L", "2.0", "4.2"),
    ("CREATINE_KINASE", "ukat/L", "0.5", "3.3"),
    ("URIC_ACID", "umol/L", "150", "480"),
    ("URIC_ACID", "mmol/L", "0.15", "0.48"),
    ("WBC", "cells/uL", "4000", "11000"),
    ("RBC", "10*9/L", "3900", "5900"),
    ("HEMOGLOBIN", "g/L", "120", "175"),
    ("HEMATOCRIT", "L/L", "0.36", "0.52"),
    ("MCH", "fmol", "1.7", "2.1"),
    ("MCHC", "g/L", "320", "360"),
    ("MCHC", "mmol/L", "19.2", "22.3"),
    ("RDW", "fraction", "0.11", "0.15"),
    ("RDW_SD", "%", "11", "15"),
    ("PLATELETS", "/uL", "150000", "450000"),
    ("NEUTROPHILS_ABSOLUTE", "cells/uL", "1500", "8000"),
    ("NEUTROPHILS_PERCENT", "fraction", "0.40", "0.75"),
    ("LYMPHOCYTES_ABSOLUTE", "cells/uL", "1000", "4000"),
    ("LYMPHOCYTES_PERCENT", "fraction", "0.20", "0.45"),
    ("MONOCYTES_ABSOLUTE", "cells/uL", "200", "950"),
    ("EOSINOPHILS_ABSOLUTE", "cells/uL", "15", "500"),
    ("BASOPHILS_ABSOLUTE", "cells/uL", "20", "200"),
    ("FREE_T4", "pmol/L", "9", "23"),
    ("FREE_T4", "pg/mL", "9.3", "17"),
    ("TOTAL_T4", "nmol/L", "58", "154"),
    ("FREE_T3", "ng/dL", "0.20", "0.44"),
    ("TOTAL_T3", "nmol/L", "1.2", "3.1"),
    ("TOTAL_T3", "ng/mL", "0.8", "2.0"),
    ("REVERSE_T3", "nmol/L", "0.14", "0.38"),
    ("CORTISOL", "nmol/L", "138", "690"),
    ("HOMOCYSTEINE", "mg/L", "0.7", "2.0"),
    ("ZINC", "umol/L", "9.2", "20"),
    ("ZINC", "ug/mL", "0.60", "1.30"),
    ("COPPER", "umol/L", "11", "24.4"),
    ("IRON", "mg/L", "0.5", "1.7"),
    ("TIBC", "umol/L", "45", "80"),
    ("TRANSFERRIN_SATURATION", "fraction", "0.15", "0.50"),
    ("TRANSFERRIN", "g/L", "2.0", "3.6"),
    ("FIBRINOGEN", "g/L", "2.0", "4.0"),
]

# Values as extreme as disease (and rescue from it) makes them: they must stay plausible.
DISEASE = [
    ("TOTAL_CHOLESTEROL", "20", "1500"),
    ("HDL", "4", "180"),
    ("LDL", "8", "1000"),
    ("TRIGLYCERIDES", "12", "12000"),
    ("LIPOPROTEIN_A", "1", "900"),
    ("GLUCOSE", "12", "2000"),
    ("HBA1C", "3.2", "22"),
    ("HBA1C_IFCC", "12", "220"),
    ("INSULIN", "0.2", "5000"),
    ("C_PEPTIDE", "0.02", "60"),
    ("BUN", "2", "300"),
    ("UREA", "0.7", "107"),
    ("CREATININE", "0.2", "50"),
    ("EGFR", "2", "180"),
    ("SODIUM", "95", "205"),
    ("POTASSIUM", "1.0", "13"),
    ("CHLORIDE", "45", "170"),
    ("CO2", "2", "60"),
    ("ANION_GAP", "-12", "70"),
    ("CALCIUM", "4.2", "25"),
    ("PHOSPHATE", "1.6", "30"),
    ("MAGNESIUM", "1.2", "20"),
    ("TOTAL_PROTEIN", "2.5", "17"),
    ("ALBUMIN", "0.8", "6.5"),
    ("GLOBULIN", "0.5", "14"),
    ("BILIRUBIN_TOTAL", "0.1", "80"),
    ("ALP", "5", "12000"),
    ("ALT", "3", "25000"),
    ("AST", "4", "45000"),
    ("GGT", "3", "6000"),
    ("LDH", "40", "50000"),
    ("CREATINE_KINASE", "10", "500000"),
    ("URIC_ACID", "0.6", "80"),
    ("WBC", "0.1", "1000"),
    ("RBC", "0.7", "10"),
    ("HEMOGLOBIN", "1.4", "26"),
    ("HEMATOCRIT", "5", "78"),
    ("MCV", "48", "160"),
    ("MCHC", "23", "50"),
    ("RDW", "9", "42"),
    ("PLATELETS", "0", "10000"),
    ("NEUTROPHILS_ABSOLUTE", "0", "500"),
    ("LYMPHOCYTES_ABSOLUTE", "0", "900"),
    ("TSH", "0.001", "1000"),
    ("FREE_T4", "0.1", "7.8"),
    ("FREE_T3", "0.8", "32"),
    ("TOTAL_T3", "10", "900"),
    ("TESTOSTERONE_TOTAL", "3", "10000"),
    ("ESTRADIOL", "1", "60000"),
    ("PROGESTERONE", "0.05", "400"),
    ("PROLACTIN", "0.3", "100000"),
    ("CORTISOL", "0.2", "130"),
    ("PSA_TOTAL", "0", "20000"),
    ("VITAMIN_D_25_OH", "3", "600"),
    ("VITAMIN_B12", "30", "50000"),
    ("HOMOCYSTEINE", "3", "500"),
    ("ZINC", "25", "900"),
    ("COPPER", "26", "500"),
    ("IRON", "5", "10000"),
    ("FERRITIN", "1", "200000"),
    ("CRP", "0", "700"),
    ("ESR", "0", "160"),
    ("FIBRINOGEN", "15", "1500"),
    ("LEAD", "0", "500"),
]

# Rows whose values in another customary unit look like real ones: no bounds can tell, and the note says so.
OVERLAPPING = [
    "LIPOPROTEIN_A",
    "LIPOPROTEIN_A_MASS",
    "INSULIN",
    "C_PEPTIDE",
    "BUN",
    "UREA",
    "CALCIUM",
    "MAGNESIUM",
    "BILIRUBIN_TOTAL",
    "BILIRUBIN_DIRECT",
    "HEMOGLOBIN",
    "FREE_T3",
    "TESTOSTERONE_TOTAL",
    "TESTOSTERONE_FREE",
    "ESTRADIOL",
    "PROGESTERONE",
    "PROLACTIN",
    "CORTISOL",
    "DHEA_S",
    "IGF_1",
    "AMH",
    "VITAMIN_D_25_OH",
    "VITAMIN_D3_25_OH",
    "VITAMIN_B12",
    "FOLATE",
    "IRON",
    "UIBC",
    "FERRITIN",
    "HS_CRP",
    "CRP",
    "LEAD",
    "MERCURY",
    "MONOCYTES_PERCENT",
    "EOSINOPHILS_PERCENT",
    "BASOPHILS_PERCENT",
]


def plausible(row: ObservationRow, number: str) -> bool:
    """Tell whether a number is within a row's bounds."""
    assert row.minimum is not None
    assert row.maximum is not None
    return row.minimum <= Decimal(number) <= row.maximum


@pytest.mark.parametrize(
    ("code", "unit", "low", "high"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in OTHER_UNIT]
)
def test_bounds_shut_out_normal_values_in_another_unit(code: str, unit: str, low: str, high: str) -> None:
    """A normal value in the other customary unit is implausible from end to end."""
    row = ROWS[code]
    assert row.unit != unit
    assert row.maximum is not None
    assert row.minimum is not None
    assert Decimal(high) < row.minimum or Decimal(low) > row.maximum


@pytest.mark.parametrize(("code", "low", "high"), [pytest.param(*case, id=case[0]) for case in DISEASE])
def test_bounds_let_disease_pass(code: str, low: str, high: str) -> None:
    """An extreme but real value is not held."""
    assert plausible(ROWS[code], low)
    assert plausible(ROWS[code], high)


def test_rows_that_bounds_cannot_guard_say_so() -> None:
    """The notes name exactly the analytes whose units overlap."""
    assert sorted(code for code, row in ROWS.items() if "overlap" in row.note) == sorted(OVERLAPPING)


def test_every_numeric_analyte_with_a_twin_unit_is_guarded_or_said_to_overlap() -> None:
    """No mass that has a factor from moles is left without a word."""
    twins = {conversion.whoop_code for conversion in TABLES.conversions.values() if conversion.rule == "molar"}
    assert twins - {case[0] for case in OTHER_UNIT} - set(OVERLAPPING) == set()
