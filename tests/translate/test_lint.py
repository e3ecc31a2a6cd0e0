"""The lints: what loads, and would be wrong."""

from __future__ import annotations

import pytest

from translator.errors import Fault
from translator.mapping_files import packaged_files
from translator.translate.lint import TranslateExample, lint_tables
from translator.translate.load import load_tables
from translator.translate.tables import ObservationRow

FILES = packaged_files()
HEADER = (
    "system,code,same_as,display,whoop_code,kind,wire_unit,unit,unit_sent,dimensionless,min,max,negative,ignore,"
    "confirmed,example_in,example_out,source,note\n"
)
GOOD = "L,X,,Invented,INVENTED,numeric,mg/dL,mg/dL,mg/dL,no,1,10,no,,no,5 mg/dL,5 mg/dL,test,\n"


def lint(
    site: dict[str, str], files: dict[str, bytes] | None = None, translate_example: TranslateExample | None = None
) -> list[Fault]:
    """Lint the packaged tables with a site's."""
    files = files or FILES
    encoded = {name: text.encode() for name, text in site.items()}
    tables = load_tables(files, encoded, "acme")
    return lint_tables(files, encoded, tables, translate_example, "acme")


def lint_row(row: str) -> list[tuple[str, str]]:
    """Lint one observation row of a site; give place and code of what is found."""
    faults = lint({"whoop/observations.csv": HEADER + row})
    return [(fault.at.removeprefix("sites/acme/whoop/observations.csv:"), fault.code) for fault in faults]


def test_sound_row_has_no_finding() -> None:
    """The row that the other tests break is in order."""
    assert lint_row(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param("L,X", "http://loinc.org,2093-4", [("2:2", "table-loinc")], id="loinc-check-digit"),
        pytest.param("L,X", "http://loinc.org,X1", [("2:2", "table-loinc")], id="loinc-form"),
        pytest.param("L,X", "L,X\u2011Y", [("2:2", "table-lookalike")], id="no-break-hyphen"),
        pytest.param("5 mg/dL,5 mg/dL", "5\u00a0mg/dL,5 mg/dL", [("2:16", "table-lookalike")], id="no-break-space"),
        pytest.param(
            "5 mg/dL,5", "\u22125 \u03bcg/dL,5", [("2:16", "table-lookalike"), ("2:16", "table-lookalike")], id="two"
        ),
        pytest.param("Invented,", "Invented \u2013 x,", [], id="dash-in-prose"),
        pytest.param(",mg/dL,no", ",mg/dL ,no", [("2:9", "table-space")], id="space-after-a-unit"),
        pytest.param("Invented,", "Invented ,", [("2:4", "table-space")], id="space-after-prose"),
        pytest.param(",1,10,", ",11,10,", [("2:1", "table-bounds")], id="min-above-max"),
        pytest.param(",1,10,", ",-1,10,", [("2:1", "table-bounds")], id="negative-not-said"),
        pytest.param(",1,10,no", ",-1,10,yes", [], id="negative-said"),
        pytest.param(",1,10,", ",1,,", [("2:1", "table-bounds")], id="no-max"),
        pytest.param(",1,10,", ",,10,", [("2:1", "table-bounds")], id="no-min"),
        pytest.param(",1,10,no,,", ",,,no,not ours,", [], id="ignored-without-bounds"),
        pytest.param("5 mg/dL,5 mg/dL", ",5 mg/dL", [("2:1", "table-example")], id="no-example-in"),
        pytest.param("5 mg/dL,5 mg/dL", "5 mg/dL,", [("2:1", "table-example")], id="no-example-out"),
        pytest.param(",INVENTED,", ",HDL,", [("2:1", "table-target")], id="other-bounds-than-its-whoop-code"),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,",
            ",mg/dL,mg/wk,mg/wk,",
            [("2:1", "table-unit-unreachable"), ("2:8", "table-unit-unknown")],
            id="unit-without-spelling",
        ),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,", ",mmol/L,mg/dL,mg/dL,", [("2:1", "table-unit-unreachable")], id="no-way-to-target"
        ),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,",
            ",K/uL,10*3/uL,10*3/uL,",
            [("2:1", "table-unit-unreachable"), ("2:7", "table-ucum-trap"), ("2:7", "table-unit-unknown")],
            id="kelvin",
        ),
    ],
)
def test_row_that_would_be_wrong_is_found(old: str, new: str, found: list[tuple[str, str]]) -> None:
    """One change to a sound row gives just these findings."""
    assert old in GOOD
    assert lint_row(GOOD.replace(old, new, 1)) == found


def test_loinc_of_same_as_has_a_check_digit_too() -> None:
    """A packaged row with a wrong LOINC is found where a site names it."""
    files = {**FILES, "whoop/observations.csv": FILES["whoop/observations.csv"].replace(b",2093-3,", b",2093-4,")}
    site = "system,code,same_as,example_in,example_out\nL,CHOL,2093-4,1 mg/dL,1 mg/dL\n"
    found = [(fault.at, fault.code) for fault in lint({"whoop/observations.csv": site}, files)]
    assert found == [
        ("sites/acme/whoop/observations.csv:2:3", "table-loinc"),
        ("whoop/observations.csv:2:2", "table-loinc"),
    ]


def test_reason_that_does_not_exist_is_found() -> None:
    """The list of reasons is closed."""
    found = lint({"placeholders.csv": "text,reason\nZZZ,placeholder-valu\n"})
    assert [(fault.at, fault.code) for fault in found] == [("sites/acme/placeholders.csv:2:2", "table-reason")]


@pytest.mark.parametrize(
    ("row", "at"),
    [
        pytest.param("Q,send,,", "2:3", id="sent-without-status"),
        pytest.param("Q,hold,,", "2:4", id="held-without-reason"),
        pytest.param("Q,send,final,", "", id="sent"),
        pytest.param("Q,hold,,unverified", "", id="held"),
    ],
)
def test_status_row_says_what_is_sent_or_why_not(row: str, at: str) -> None:
    """A status row without a status or a reason would leave a hole in the account."""
    name = "hl7v2/0085-observation-status.csv"
    found = lint({name: f"code,action,status,reason\n{row}\n"})
    assert [fault.at for fault in found] == ([f"sites/acme/{name}:{at}"] if at else [])


def test_example_that_comes_out_otherwise_is_found() -> None:
    """The finding names what came out and what the row says."""

    def stub(row: ObservationRow, _: str) -> str:
        return "6 mg/dL" if row.whoop_code == "INVENTED" else row.example_out

    faults = lint({"whoop/observations.csv": HEADER + GOOD}, translate_example=stub)
    text = "example_in `5 mg/dL` gives `6 mg/dL`, example_out says `5 mg/dL`"
    assert faults == [Fault("sites/acme/whoop/observations.csv:2:1", "table-example", text)]


def test_every_example_is_run() -> None:
    """Each row's example_in reaches the translation once."""
    seen: list[tuple[str, str]] = []

    def stub(row: ObservationRow, example: str) -> str:
        seen.append((row.at, example))
        return row.example_out

    assert lint({}, translate_example=stub) == []
    rows = load_tables(FILES).observations.values()
    assert seen == [(row.at, row.example_in) for row in rows]


def test_example_of_a_study_that_comes_out_otherwise_is_found() -> None:
    """What an order code stands for is shown by its own example."""
    row = 'L,HSAT,Home sleep test,order,1,neck_sensor,HSAT^^L,"order: 2 nights, neck_sensor"\n'
    header = "system,code,display,kind,nights,sensors,example_in,example_out\n"

    (fault,) = lint({"acurable/study-codes.csv": header + row})

    assert fault.code == "table-example"
    assert "gives `order: 1 night, neck_sensor`" in fault.text
