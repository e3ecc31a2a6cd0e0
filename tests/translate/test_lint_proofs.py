"""Units and factors against a UCUM library that is handed in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from translator.mapping_files import packaged_files
from translator.translate.lint import lint_tables
from translator.translate.lint_factors import proof_of
from translator.translate.load import load_tables

FILES = packaged_files()
CONVERSIONS = "whoop_code,from,to,factor,offset,rule,step,molar_mass,source\n"


class Invented:
    """A library that knows the packaged factors by heart, and of everything else what a test tells it."""

    def __init__(self, ratios: dict[tuple[str, str], Decimal | None], unread: tuple[str, ...] = ()) -> None:
        self._ratios = ratios
        self._unread = unread
        self.asked: list[tuple[str, str, Decimal | None]] = []

    @property
    def name(self) -> str:
        """Its name in findings."""
        return "invented 1"

    def reads(self, unit: str) -> bool:
        """Read what it was not told to refuse."""
        return unit not in self._unread

    def ratio(self, start: str, end: str, molar_mass: Decimal | None = None) -> Decimal | None:
        """Give what it was told, else the packaged factor, else one."""
        self.asked.append((start, end, molar_mass))
        if (start, end) in self._ratios:
            return self._ratios[start, end]
        return PACKAGED.get((start, end, molar_mass is not None), Decimal(1))


PACKAGED = {
    (rule.unit_from, rule.unit_to, rule.rule == "molar"): rule.factor
    for rule in load_tables(FILES).conversions.values()
    if rule.rule != "molar"
}


def found(name: str, text: str, library: Invented) -> list[tuple[str, str, str]]:
    """Lint one table of a site with a library; give what is found there."""
    site = {name: text.encode()}
    tables = load_tables(FILES, site, "acme")
    prefix = f"sites/acme/{name}:"
    return [
        (fault.at.removeprefix(prefix), fault.code, fault.text)
        for fault in lint_tables(FILES, site, tables, site_name="acme", library=library)
        if fault.at.startswith(prefix)
    ]


@pytest.mark.parametrize(
    ("row", "ratio", "text"),
    [
        pytest.param("PLASMA,g/L,mg/dL,100,0,scale,,,", Decimal(100), "", id="agrees"),
        pytest.param("PLASMA,g/L,mg/dL,100,0,scale,,,", Decimal(10), "invented 1 gives 10", id="disagrees"),
        pytest.param("PLASMA,g/L,mg/dL,100,0,scale,,,", None, "different quantities", id="other-dimension"),
        pytest.param("PLASMA,mmol/L,mg/dL,18,0,molar,,180.156,", Decimal("18.0156"), "", id="within-a-thousandth"),
        pytest.param(
            "PLASMA,mmol/L,mg/dL,18.0156,0,molar,,180.156,", Decimal("1.80156"), "gives 1.80156", id="ten-times"
        ),
        pytest.param("ALT,ukat/L,U/L,60,0,affine,0.1,,by definition", Decimal(60), "", id="affine"),
        pytest.param(
            "ALT,ukat/L,U/L,6,0,affine,0.1,,our lab", Decimal(60), "units alone give 60", id="affine-ten-times"
        ),
        pytest.param("ALT,ukat/L,U/L,60,1,affine,0.1,,lab", Decimal(60), "and no offset", id="affine-with-an-offset"),
        pytest.param("INSULIN,pmol/L,u[IU]/mL,0.16,0,affine,0.1,,lab", None, "", id="arbitrary-units"),
        pytest.param("HBA1C,mmol/mol,%,0.0915,2.15,affine,0.1,,", Decimal("0.1"), "", id="master-equation"),
    ],
)
def test_factor_is_held_against_the_library(row: str, ratio: Decimal | None, text: str) -> None:
    """A factor that it reckons otherwise is named with its figure; what units alone decide, nobody can state."""
    start, end = row.split(",")[1:3]
    faults = found("units/conversions.csv", f"{CONVERSIONS}{row}\n", Invented({(start, end): ratio}))
    proofs = [fault for fault in faults if fault[1] == "table-unit-proof"]
    assert [(at, text in words) for at, _, words in proofs] == ([("2:4", True)] if text else [])


def test_molar_rule_is_asked_with_its_molar_mass() -> None:
    """Between mass and moles there is no ratio without it; a rule that lacks it has its own finding."""
    library = Invented({})
    rows = "PLASMA,mmol/L,mg/dL,18.0156,0,molar,,180.156,\nPLASMA,umol/L,mg/dL,1,0,molar,,,\n"
    found("units/conversions.csv", CONVERSIONS + rows, library)
    assert ("mmol/L", "mg/dL", Decimal("180.156")) in library.asked
    assert ("umol/L", "mg/dL", None) in library.asked


@pytest.mark.parametrize(
    ("row", "ratio", "text"),
    [
        pytest.param("mgs,mg/dL,,", Decimal(1), "", id="the-same"),
        pytest.param("mgs,mg/dL,,", Decimal(10), "as 10 mg/dL", id="another-size"),
        pytest.param("mgs,mg/dL,,", None, "as another quantity", id="another-quantity"),
        pytest.param("mgs,mg/dL,,as this laboratory writes it", None, "", id="with-a-note"),
        pytest.param("mg/dL,mg/dL,,", None, "", id="itself"),
        pytest.param("no-ucum,mg/dL,,", None, "", id="no-ucum"),
    ],
)
def test_spelling_with_two_meanings_says_why(row: str, ratio: Decimal | None, text: str) -> None:
    """What UCUM reads otherwise is a decision of a person, whose reason stands in the note."""
    spelling, unit = row.split(",")[:2]
    library = Invented({(spelling, unit): ratio}, ("no-ucum",))
    faults = found("units/spellings.csv", f"spelling,ucum,whoop_code,note\n{row}\n", library)
    assert [(at, code, text in words) for at, code, words in faults] == (
        [("2:1", "table-spelling", True)] if text else []
    )


def test_unit_that_is_no_ucum_is_found_once_and_not_reckoned_with() -> None:
    """Each cell that has it is named; its rows are not asked about further."""
    library = Invented({}, ("mg/wk",))
    faults = found("units/spellings.csv", "spelling,ucum,whoop_code,note\nmgw,mg/wk,,held: test\n", library)
    assert [(at, code) for at, code, _ in faults] == [("2:2", "table-unit-unknown"), ("2:2", "table-unit-proof")]
    assert ("mgw", "mg/wk", None) not in library.asked


@pytest.mark.parametrize(
    ("code", "start", "end", "proof"),
    [
        pytest.param("HBA1C", "mmol/mol", "%", "master equation", id="glycated haemoglobin"),
        pytest.param("TOTAL_CHOLESTEROL", "mmol/L", "mg/dL", "molar mass", id="moles to mass"),
        pytest.param("", "u[IU]/mL", "m[IU]/L", "size", id="one size by two names"),
    ],
)
def test_conversion_says_what_proves_it(code: str, start: str, end: str, proof: str) -> None:
    """One word for whoever reads the table."""
    assert proof_of(load_tables(FILES).conversions[code, start, end]) == proof
