"""Building the tables: whole or not at all, a site's rows over the packaged ones, one hash for one content."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import TableError
from translator.mapping_files import packaged_files
from translator.translate.load import load_tables, tables_hash
from translator.translate.load_rows import canonical
from translator.translate.tables import Tables

LOINC = "http://loinc.org"
OBSERVATIONS = "whoop/observations.csv"
FILES = packaged_files()


def faults_of(files: dict[str, bytes], site: dict[str, bytes] | None = None) -> list[str]:
    """Load tables that must be refused, and give the faults as text."""
    with pytest.raises(TableError) as caught:
        load_tables(files, site, "acme")
    return [str(fault) for fault in caught.value.faults]


def with_site(**tables: str) -> Tables:
    """Load the packaged tables with a site's; underscores of the names stand for slashes."""
    return load_tables(FILES, {f"{name.replace('_', '/')}.csv": text.encode() for name, text in tables.items()}, "acme")


def test_tables_survive_pickling() -> None:
    """An engine may travel to another process."""
    tables = load_tables(FILES)
    assert pickle.loads(pickle.dumps(tables)) == tables  # noqa: S301 - our own bytes


def test_missing_table_is_a_fault() -> None:
    """A set without one of its tables is refused."""
    files = {name: data for name, data in FILES.items() if name != "placeholders.csv"}
    assert faults_of(files) == ["placeholders.csv:1:1: table-missing: this table is missing"]


def test_unknown_table_is_a_fault_that_suggests_a_name() -> None:
    """A misspelled file is not passed over."""
    expected = "whoop/observation.csv:1:1: table-unknown: no table has this name; did you mean whoop/observations.csv?"
    assert faults_of({**FILES, "whoop/observation.csv": b""}) == [expected]


def test_unknown_table_of_a_site_is_a_fault() -> None:
    """The place names the site."""
    expected = "sites/acme/placeholder.csv:1:1: table-unknown: no table has this name; did you mean placeholders.csv?"
    assert faults_of(FILES, {"placeholder.csv": b""}) == [expected]


def test_faults_of_all_files_come_together_in_order() -> None:
    """One run shows everything that must be mended."""
    broken = {**FILES, "reasons.csv": b"code;kind\n", "hl7v2/0211-charset.csv": b"name,codec,note\nA,,\nA,,\n,x,\n"}
    places = [fault.split(": ")[0] for fault in faults_of(broken)]
    assert places == ["hl7v2/0211-charset.csv:3:1", "hl7v2/0211-charset.csv:4:1", "reasons.csv:1:1"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("X^Y,yes,waveform,", "hl7v2/message-types.csv:2:3", id="read-with-a-reason"),
        pytest.param("X^Y,no,,", "hl7v2/message-types.csv:2:3", id="refused-without-a-reason"),
    ],
)
def test_message_type_has_a_reason_exactly_where_it_is_not_read(row: str, expected: str) -> None:
    """A refusal without a reason would say nothing."""
    files = {**FILES, "hl7v2/message-types.csv": f"type,read,reason,note\n{row}\n".encode()}
    assert [fault.split(": ")[0] for fault in faults_of(files)] == [expected]


CODED = "whoop_code,system,code,display,value_text,spellings,note\n"


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        pytest.param("RH_TYPE,s,1,,pos,,\nRH_TYPE,s,1,,neg,,\n", "whoop/coded-values.csv:3:3", id="code"),
        pytest.param("RH_TYPE,,,,pos,D+|d  x,\nRH_TYPE,,,,neg,D X,\n", "whoop/coded-values.csv:3:6", id="spelling"),
    ],
)
def test_answer_with_two_meanings_is_a_fault(rows: str, at: str) -> None:
    """Nobody could say which text to send."""
    faults = faults_of({**FILES, "whoop/coded-values.csv": (CODED + rows).encode()})
    assert faults == [f"{at}: table-duplicate: {'code' if at.endswith('3') else 'spellings'}: {DUPLICATE}"]


DUPLICATE = "line 2 gives another value_text for this answer"


def test_answer_that_is_listed_twice_alike_is_no_fault() -> None:
    """Two codes may share a spelling where the text is the same."""
    rows = CODED + "RH_TYPE,s,1,,pos,D+,\nRH_TYPE,t,9,,pos,D+,\n"
    tables = load_tables({**FILES, "whoop/coded-values.csv": rows.encode()})
    assert tables.coded_values["RH_TYPE", "", "d+"] == "pos"


def test_code_without_answers_still_takes_listed_answers_only() -> None:
    """A row without value_text closes a code."""
    tables = load_tables({**FILES, "whoop/coded-values.csv": (CODED + "RH_TYPE,,,,,,\n").encode()})
    assert tables.answered_codes == {"RH_TYPE"}
    assert not tables.coded_values


def test_site_may_change_an_answer() -> None:
    """A site's answer replaces the packaged one of the same code."""
    tables = with_site(**{"whoop_coded-values": "whoop_code,value_text,spellings\nRH_TYPE,POS,Positive\n"})
    assert tables.coded_values["RH_TYPE", "", "positive"] == "POS"
    assert tables.coded_values["BLOOD_TYPE", "", "a pos"] == "A+"


def test_local_code_inherits_from_its_loinc() -> None:
    """`same_as` brings all that decides; what the row says about itself stays its own."""
    tables = with_site(whoop_observations="system,code,same_as,example_in\nL,CHOL,14647-2,5 mmol/L\n")
    row, parent = tables.observations["L", "CHOL"], tables.observations[LOINC, "14647-2"]
    assert (row.whoop_code, row.kind, row.wire_unit, row.unit, row.minimum, row.confirmed) == (
        parent.whoop_code,
        parent.kind,
        parent.wire_unit,
        parent.unit,
        parent.minimum,
        parent.confirmed,
    )
    assert (row.at, row.example_in, row.example_out, row.display) == (
        "sites/acme/whoop/observations.csv:2",
        "5 mmol/L",
        "",
        "",
    )


def test_cell_of_a_site_goes_before_the_inherited_one() -> None:
    """A site narrows a bound and keeps the rest."""
    tables = with_site(whoop_observations=f"system,code,max\n{LOINC},2345-7,900\n")
    row = tables.observations[LOINC, "2345-7"]
    assert (row.minimum, row.maximum, row.whoop_code) == (Decimal(8), Decimal(900), "GLUCOSE")


def test_code_that_is_ignored_needs_no_target() -> None:
    """A site can silence a code without mapping it."""
    tables = with_site(whoop_observations="system,code,ignore\nL,LOT,reagent lot\n")
    assert (tables.observations["L", "LOT"].ignore, tables.observations["L", "LOT"].whoop_code) == ("reagent lot", "")


@pytest.mark.parametrize(
    ("table", "faults"),
    [
        pytest.param(
            "system,code,same_as\nL,CHOL,2039-3\n",
            ["2:3: table-loinc: same_as: no LOINC code has this form and check digit; did you mean 2093-3?"],
            id="wrong-loinc",
        ),
        pytest.param(
            "system,code,same_as\nL,GLURINE,55550-8\n",
            [
                (
                    "2:3: table-value: same_as: no row of http://loinc.org has this code; "
                    "it wants a row of its own, with its whoop_code"
                )
            ],
            id="loinc-without-a-row",
        ),
        pytest.param(
            "system,code,whoop_code\nL,CHOL,HDL\n",
            ["2:1: table-value: kind: must not be empty without `same_as` or `ignore`"],
            id="half-a-row",
        ),
        pytest.param(
            "code,same_as\nCHOL,2093-3\n", ["1:3: table-column-missing: column `system` is missing"], id="no-system"
        ),
    ],
)
def test_local_code_that_leads_nowhere_is_a_fault(table: str, faults: list[str]) -> None:
    """A site's row must say what its code means."""
    found = faults_of(FILES, {OBSERVATIONS: table.encode()})
    assert sorted(found) == sorted(f"sites/acme/{OBSERVATIONS}:{fault}" for fault in faults)


def test_packaged_table_has_no_column_same_as() -> None:
    """Packaged rows are whole, so that each can be read alone."""
    changed = FILES[OBSERVATIONS].replace(b"source,note", b"source,same_as", 1)
    assert [fault.split(": ")[1] for fault in faults_of({**FILES, OBSERVATIONS: changed})] == [
        "table-column-unknown",
        "table-column-missing",
    ]


@pytest.mark.parametrize("name", sorted(FILES))
def test_hash_counts_every_table(name: str) -> None:
    """No table can change unseen."""
    assert tables_hash({**FILES, name: FILES[name] + b"x"}, {}) != tables_hash(FILES, {})


def test_hash_counts_the_site() -> None:
    """A site's table is not a packaged one of the same name."""
    hashes = {tables_hash({"a": b"1"}, {}), tables_hash({}, {"a": b"1"}), tables_hash({"a": b"1"}, {"a": b"1"})}
    assert len(hashes) == 3


@given(st.dictionaries(st.sampled_from("abc"), st.binary(max_size=4)), st.data())
def test_hash_changes_when_content_moves(files: dict[str, bytes], data: st.DataObject) -> None:
    """Other content, other hash; the order in which files are found does not count."""
    other = data.draw(st.dictionaries(st.sampled_from("abc"), st.binary(max_size=4)))
    same = {name: canonical(body) for name, body in files.items()} == {
        name: canonical(body) for name, body in other.items()
    }
    assert (tables_hash(files, {}) == tables_hash(dict(reversed(other.items())), {})) is same


def test_hash_is_the_same_on_every_system() -> None:
    """Line ends and byte order marks of a checkout do not count."""
    windows = {name: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") for name, data in FILES.items()}
    assert load_tables(windows) == load_tables(FILES)
