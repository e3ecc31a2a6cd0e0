"""The lints: what loads, and would be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.errors import Fault, TableError
from translator.mapping_files import packaged_files
from translator.translate.example import ExampleTranslator
from translator.translate.lint import TranslateExample, lint_tables
from translator.translate.load import load_tables
from translator.translate.tables import ObservationRow, Tables

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
    places = [(fault.at.removeprefix("sites/acme/whoop/observations.csv:"), fault.code) for fault in faults]
    return sorted(places, key=lambda found: (*map(int, found[0].split(":")), found[1]))


def test_sound_row_has_no_finding() -> None:
    """The row that the other tests break is in order."""
    assert lint_row(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param("L,X", "http://loinc.org,2093-4", [("2:2", "table-loinc")], id="loinc-check-digit"),
        pytest.param("L,X", "http://loinc.org,X1", [("2:2", "table-loinc")], id="loinc-form"),
        pytest.param("L,X", "L,X\u2011Y", [("2:2", "table-lookalike")], id="no-break-hyphen"),
        pytest.param("L,X", "L,X\u041d", [("2:2", "table-lookalike")], id="cyrillic-in-a-latin-word"),
        pytest.param("L,X", "L,\u0413\u041b\u042e", [], id="cyrillic-word"),
        pytest.param("L,X", "L,\uff38", [("2:2", "table-lookalike")], id="full-width"),
        pytest.param("L,X", "L,X\x07Y", [("2:2", "table-lookalike")], id="control-character"),
        pytest.param("L,X", "L,X\u200eY", [("2:2", "table-lookalike")], id="mark-of-direction"),
        pytest.param("L,X", "L,Ha\u0308", [("2:2", "table-lookalike")], id="letter-of-two-characters"),
        pytest.param("L,X", "L,H\u00e4", [], id="letter-with-an-accent"),
        pytest.param("5 mg/dL,5 mg/dL", "5\u00a0mg/dL,5 mg/dL", [("2:16", "table-lookalike")], id="no-break-space"),
        pytest.param(
            "5 mg/dL,5", "\u22125 \u03bcg/dL,5", [("2:16", "table-lookalike"), ("2:16", "table-lookalike")], id="two"
        ),
        pytest.param("Invented,", "Invented \u2013 x,", [], id="dash-in-prose"),
        pytest.param(
            ",mg/dL,no", ",mg/dL ,no", [("2:9", "table-space"), ("2:9", "table-unit-sent")], id="space-after-a-unit"
        ),
        pytest.param("Invented,", "Invented ,", [("2:4", "table-space")], id="space-after-prose"),
        pytest.param(",1,10,", ",11,10,", [("2:11", "table-bounds")], id="min-above-max"),
        pytest.param(",1,10,", ",-1,10,", [("2:11", "table-bounds")], id="negative-not-said"),
        pytest.param(",1,10,no", ",-1,10,yes", [], id="negative-said"),
        pytest.param(",1,10,", ",1,,", [("2:12", "table-bounds")], id="no-max"),
        pytest.param(",1,10,", ",,10,", [("2:11", "table-bounds")], id="no-min"),
        pytest.param(",1,10,no,,", ",,,no,not ours,", [], id="ignored-without-bounds"),
        pytest.param("L,X,", "LN,X,", [("2:1", "table-system")], id="short-name-of-a-system"),
        pytest.param(
            "numeric,mg/dL,mg/dL,mg/dL,no,1,10", "text,,,,,1,", [("2:11", "table-bounds")], id="text-with-a-min"
        ),
        pytest.param(
            "numeric,mg/dL,mg/dL,mg/dL,no,1,10", "text,,,,,,10", [("2:12", "table-bounds")], id="text-with-a-max"
        ),
        pytest.param("numeric,mg/dL,mg/dL,mg/dL,no,1,10", "text,,,,,,", [], id="text"),
        pytest.param(",mg/dL,mg/dL,mg/dL,", ",,,,", [("2:8", "table-unit-sent")], id="number-without-a-unit"),
        pytest.param(",mg/dL,no", ",,no", [("2:9", "table-unit-sent")], id="unit-that-is-not-sent"),
        pytest.param(",mg/dL,no", ",mmol/L,no", [("2:9", "table-unit-sent")], id="other-unit-than-is-sent"),
        pytest.param(",mg/dL,no", ",furlong,no", [("2:9", "table-unit-sent")], id="no-unit-is-sent"),
        pytest.param(",mg/dL,no", ",MG/DL,no", [], id="another-spelling-is-sent"),
        pytest.param(",mg/dL,no", ",mg/dL,yes", [("2:10", "table-unit-sent")], id="dimension-without-a-unit"),
        pytest.param(",mg/dL,mg/dL,mg/dL,no,1,10", ",{ratio},{ratio},,yes,1,10", [], id="ratio-without-a-unit"),
        pytest.param("5 mg/dL,5 mg/dL", ",5 mg/dL", [("2:16", "table-example")], id="no-example-in"),
        pytest.param("5 mg/dL,5 mg/dL", "5 mg/dL,", [("2:17", "table-example")], id="no-example-out"),
        pytest.param(",INVENTED,", ",HDL,", [("2:11", "table-target")], id="other-bounds-than-its-whoop-code"),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,",
            ",mg/dL,mg/wk,mg/wk,",
            [("2:7", "table-unit-unreachable"), ("2:8", "table-unit-unknown"), ("2:9", "table-unit-sent")],
            id="unit-without-spelling",
        ),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,", ",mmol/L,mg/dL,mg/dL,", [("2:7", "table-unit-unreachable")], id="no-way-to-target"
        ),
        pytest.param(
            ",mg/dL,mg/dL,mg/dL,",
            ",K/uL,10*3/uL,10*3/uL,",
            [("2:7", "table-ucum-trap"), ("2:7", "table-unit-unknown"), ("2:7", "table-unit-unreachable")],
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
    assert faults == [Fault("sites/acme/whoop/observations.csv:2:17", "table-example", text)]


def test_every_example_is_run() -> None:
    """Each row's example_in reaches the translation once."""
    seen: list[tuple[str, str]] = []

    def stub(row: ObservationRow, example: str) -> str:
        seen.append((row.at, example))
        return row.example_out

    assert lint({}, translate_example=stub) == []
    rows = load_tables(FILES).observations.values()
    assert seen == [(row.at, row.example_in) for row in rows]


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        pytest.param(
            "whoop/coded-values.csv",
            "whoop_code,value_text,spellings\nBLOOD_TYP,A+,A pos\n",
            "2:1 table-answer",
            "did you mean BLOOD_TYPE?",
            id="answer-of-no-row",
        ),
        pytest.param(
            "whoop/coded-values.csv",
            "whoop_code,value_text,spellings\nHDL,high,HIGH\n",
            "2:1 table-answer",
            "is a number",
            id="answer-of-a-number",
        ),
        pytest.param(
            "whoop/coded-values.csv",
            "whoop_code,system,code,value_text\nBLOOD_TYPE,SCT,112144000,A+\n",
            "2:2 table-system",
            "write http://snomed.info/sct",
            id="answer-under-a-short-name",
        ),
        pytest.param(
            "whoop/coded-values.csv",
            "whoop_code,value_text,spellings,note\nBLOOD_TYPE,A+,A\u2013pos,as sent: with a dash\n",
            "",
            "",
            id="answer-as-sent",
        ),
        pytest.param(
            "whoop/responses.csv",
            "answer,outcome\nread-timout,unknown\n",
            "2:1 table-value",
            "404",
            id="answer-of-nobody",
        ),
        pytest.param(
            "whoop/responses.csv", "answer,outcome\n418,refused\n4xx,refused\nkilled,unknown\n", "", "", id="status"
        ),
        pytest.param(
            "acurable/responses.csv", "answer,outcome\n4x,unknown\n", "2:1 table-value", "4xx", id="half-a-class"
        ),
        pytest.param(
            "hl7v2/0211-charset.csv", "name,codec\nX,latin-99\n", "2:2 table-value", "no encoding", id="no-encoding"
        ),
        pytest.param("hl7v2/0211-charset.csv", "name,codec\nX,cp1252\nY,\n", "", "", id="encoding"),
        pytest.param(
            "hl7v2/message-types.csv", "type,read,reason\nORU-R01,yes,\n", "2:1 table-value", "ORU^R01", id="no-type"
        ),
        pytest.param("hl7v2/message-types.csv", "type,read,reason\nMedia,no,document-only\n", "", "", id="resource"),
        pytest.param(
            "whoop/panels.csv",
            "panel,whoop_codes\nLIPID,HDL|LDI\n",
            "2:2 table-panel",
            "mean LDL?",
            id="panel-of-no-row",
        ),
        pytest.param(
            "whoop/order-codes.csv",
            "panel,system,code\nLIPID_PANEL,LN,24331-2\n",
            "2:3 table-loinc",
            "check digit",
            id="order-without-check-digit",
        ),
        pytest.param(
            "whoop/order-codes.csv",
            "panel,system,code\nLIPID_PANEL,L,X\nOTHER,L,X\n",
            "3:3 table-duplicate",
            "LIPID_PANEL is ordered by it as well",
            id="two-panels-of-one-code",
        ),
        pytest.param("whoop/order-codes.csv", "panel,system,code\nLIPID_PANEL,LN,24331-1\n", "", "", id="order"),
        pytest.param(
            "acurable/study-codes.csv",
            'system,code,kind,nights,sensors,example_in,example_out\nLN,X,order,1,neck_sensor,X^^L,"held:unmapped-order"\n',
            "2:1 table-system",
            "http://loinc.org",
            id="study-under-a-short-name",
        ),
        pytest.param(
            "placeholders.csv", "text,reason\nn\u2011a,value-missing\n", "2:1 table-lookalike", "U+2011", id="lookalike"
        ),
        pytest.param(
            "placeholders.csv",
            "text,reason,note\nn\u2011a,value-missing,as sent: by the analyser\n",
            "",
            "",
            id="as-sent",
        ),
        pytest.param(
            "site.toml", '[hl7v2]\nsenders = ["LAB "]\n', "2:12 table-space", "a text has a space", id="toml-space"
        ),
        pytest.param(
            "site.toml", '[hl7v2]\nsenders = ["LAB\u00a0X"]\n', "2:12 table-lookalike", "U+00A0", id="toml-blank"
        ),
        pytest.param("site.toml", "description = 'St Mary\u2019s'  # \u00a0\n", "", "", id="toml-apostrophe"),
        pytest.param("site.toml", '[values]\ngroup_mark = " "\n', "", "", id="toml-mark-that-is-a-space"),
        pytest.param(
            "acurable/order.toml",
            'phone_answers = ["JA\u200b"]\n',
            "1:18 table-lookalike",
            "zero-width",
            id="layout-blank",
        ),
        pytest.param("acurable/order.toml", 'phone_answers = ["JA "]\n', "", "", id="layout-space"),
    ],
)
def test_every_table_has_its_lints(name: str, text: str, place: str, words: str) -> None:
    """One row or setting gives just this finding, at its cell, and says what is wrong."""
    faults = lint({name: text})

    found = [f"{fault.at.removeprefix(f'sites/acme/{name}:')} {fault.code}" for fault in faults]
    assert found == ([place] if place else [])
    assert all(words in fault.text for fault in faults)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        pytest.param("GLUCOSE,numeric,mg/dL,mg/dL,mg/dL,no,8,3000,no,,no,92 mg/dL,92 mg/dL,,", [], id="units-apart"),
        pytest.param(
            "PLAIN,numeric,mmol/L,mg/dL,mg/dL,no,1,3000,no,,no,92 mg/dL,92 mg/dL,,",
            ["table-range"],
            id="units-mixed-up",
        ),
        pytest.param(
            "PLAIN,numeric,mmol/L,mg/dL,mg/dL,no,1,3000,no,,no,92 mg/dL,92 mg/dL,,values in mmol/L overlap",
            [],
            id="said",
        ),
        pytest.param(
            "PLAIN,numeric,mmol/L,mg/dL,mg/dL,no,1,3000,no,,no,92 mg/dL,92 mg/dL,,values in g/L overlap",
            ["table-range"],
            id="said-of-another-unit",
        ),
        pytest.param(
            "PLAIN,numeric,mmol/L,mg/dL,mg/dL,no,1,3000,no,,no,<1 mg/dL,<1 mg/dL,,", [], id="example-of-a-limit"
        ),
        pytest.param(
            "OTHER,numeric,g/L,mg/dL,mg/dL,no,0.01,3000,no,,no,92 mg/dL,92 mg/dL,,", ["table-range"], id="wire-unit"
        ),
        pytest.param("OTHER,numeric,mg/dL,mg/dL,mg/dL,no,0.01,3000,no,,no,92 mg/dL,92 mg/dL,,", [], id="not-customary"),
    ],
)
def test_bounds_tell_customary_units_apart(row: str, found: list[str]) -> None:
    """A usual value must be implausible where its number is taken in another unit, or a note says that it is not."""
    site = {
        "whoop/observations.csv": f"{HEADER}L,X,,Invented,{row}\n",
        "units/conversions.csv": (
            "whoop_code,from,to,factor,offset,rule,step,molar_mass\nPLAIN,mmol/L,mg/dL,18.0156,0,molar,,180.156\n"
        ),
    }
    faults = lint(site)
    assert [fault.code for fault in faults if fault.at.startswith("sites/acme/whoop")] == found


def test_overlap_that_the_packaged_row_notes_holds_for_a_site_too() -> None:
    """A site's row inherits bounds without the note that explains them."""
    assert (
        lint(
            {"whoop/observations.csv": "system,code,same_as,example_in,example_out\nL,CORT,2143-6,13 ug/dL,13 ug/dL\n"}
        )
        == []
    )


@settings(max_examples=60)
@given(old=st.sampled_from(sorted(set(GOOD))), new=st.text(max_size=3), at=st.integers(0, 80))
def test_table_that_passes_loads_and_does_what_it_says(old: str, new: str, at: int) -> None:
    """Whatever is typed into a row, it is refused, found, or comes out as its own example says."""
    row = GOOD[:at] + GOOD[at:].replace(old, new, 1)
    site = {"whoop/observations.csv": (HEADER + row).encode()}
    tables = loaded(site)
    translate_example = ExampleTranslator(tables) if tables else None
    if tables and translate_example and not lint_tables(FILES, site, tables, translate_example, "acme"):
        own = [each for each in tables.observations.values() if each.at.startswith("sites/acme/")]
        assert [translate_example(each, each.example_in) for each in own] == [each.example_out for each in own]


def loaded(site: dict[str, bytes]) -> Tables | None:
    """Load the tables; None where they are refused."""
    try:
        return load_tables(FILES, site, "acme")
    except TableError:
        return None


def test_example_of_a_study_that_comes_out_otherwise_is_found() -> None:
    """What an order code stands for is shown by its own example."""
    row = 'L,HSAT,Home sleep test,order,1,neck_sensor,HSAT^^L,"order: 2 nights, neck_sensor"\n'
    header = "system,code,display,kind,nights,sensors,example_in,example_out\n"

    (fault,) = lint({"acurable/study-codes.csv": header + row})

    assert fault.code == "table-example"
    assert "gives `order: 1 night, neck_sensor`" in fault.text


@pytest.mark.parametrize(
    ("code", "confirmed", "found"),
    [
        pytest.param("TOTAL_CHOLESTROL", "", ["2:3 table-answer"], id="a-letter-less"),
        pytest.param("TOTAL_CHOLESTROL", "yes", [], id="confirmed"),
        pytest.param("VITAMIN_D_125_OH", "", [], id="another-number"),
        pytest.param("LIPOPROTEIN_X", "", [], id="another-of-the-family"),
        pytest.param("SELENIUM", "", [], id="another-analyte"),
    ],
)
def test_code_that_is_almost_a_packaged_one_is_found(code: str, confirmed: str, found: list[str]) -> None:
    """It would reach WHOOP under a name that nobody knows there."""
    header = "system,code,whoop_code,kind,wire_unit,unit,unit_sent,min,max,confirmed,example_in,example_out\n"
    row = f"L,X,{code},numeric,mg/dL,mg/dL,mg/dL,1,10,{confirmed},5 mg/dL,5 mg/dL\n"
    faults = lint({"whoop/observations.csv": header + row})
    places = [fault.at.removeprefix("sites/acme/whoop/observations.csv:") for fault in faults]
    assert [f"{at} {fault.code}" for at, fault in zip(places, faults, strict=True)] == found
