"""A site's settings over the tables."""

from __future__ import annotations

import pytest

from translator.errors import Fault, TableError
from translator.mapping_files import packaged_files
from translator.translate.load import load_tables
from translator.translate.tables import StatusRow, Tables

OBSERVATIONS = "whoop/observations.csv"
HEADER = b"system,code,same_as,assume_unit,example_in,example_out\n"


def site(**files: bytes) -> Tables:
    """Load the tables of a site of these files."""
    return load_tables(packaged_files(), files, "acme")


def faults(files: dict[str, bytes]) -> list[Fault]:
    """Load tables that are refused, and give what is wrong with them."""
    with pytest.raises(TableError) as caught:
        load_tables(packaged_files(), files, "acme")
    return caught.value.faults


def test_status_row_of_a_site_stands_where_the_setting_stands() -> None:
    """A decision by a setting names its line, the others stay with their tables."""
    tables = site(**{"site.toml": b'[hl7v2.report_status]\nblank = "derive"\nA = "hold"\nR = "partial"\n'})
    rows = tables.report_status["hl7v2"]
    assert rows[""] == StatusRow("sites/acme/site.toml:2", "", "derive")
    assert rows["A"] == StatusRow("sites/acme/site.toml:3", "A", "hold", reason="status-undecided")
    assert rows["R"] == StatusRow("sites/acme/site.toml:4", "R", "send", "partial")
    assert rows["F"].at.startswith("hl7v2/0123-report-status.csv:")
    assert tables.report_status["fhir"]["unknown"].action == "hold"


def test_setting_wins_over_a_row_of_the_same_code() -> None:
    """Where a site says a thing twice, its settings count."""
    tables = site(
        **{
            "site.toml": b'[hl7v2.report_status]\nR = "partial"\n',
            "hl7v2/0123-report-status.csv": b"code,action,status,reason\nR,refuse,,unverified\n",
        }
    )
    assert tables.report_status["hl7v2"]["R"].action == "send"


def test_accepted_type_has_no_reason_to_be_refused() -> None:
    """Only the listed types are opened."""
    tables = site(**{"site.toml": b'[hl7v2]\naccept_types = ["OUL^R22"]\n'})
    assert (tables.message_types["OUL^R22"], tables.message_types["OUL^R23"]) == ("", "specimen-oriented")


def test_site_takes_a_placeholder_away() -> None:
    """A row without a reason removes one text, whatever its case, and adds none."""
    tables = site(**{"placeholders.csv": b"text,reason\nqns,\nto be phoned,placeholder-value\n"})
    assert "qns" not in tables.placeholders
    assert tables.placeholders["to be phoned"] == tables.placeholders["tnp"] == "placeholder-value"


@pytest.mark.parametrize(
    ("files", "at", "code", "words"),
    [
        pytest.param(
            {"site.toml": b'[hl7v2]\ndefault_charset = "8859/-1"\n'},
            "site.toml:2:1",
            "table-setting",
            "did you mean 8859/",
            id="charset-that-is-none",
        ),
        pytest.param(
            {"site.toml": b'[hl7v2]\ndefault_charset = "UNICODE"\n'},
            "site.toml:2:1",
            "table-setting",
            "no charset that can be read; did you mean",
            id="charset-that-is-not-readable",
        ),
        pytest.param(
            {"site.toml": b'[hl7v2]\ndefault_charset = "latin1"\n'},
            "site.toml:2:1",
            "table-setting",
            "; the names are those of HL7: ASCII, ISO IR6",
            id="charset-by-another-name",
        ),
        pytest.param(
            {"site.toml": b'[values.rank]\nLDL = ["18262-6", "13457-8"]\n'},
            "site.toml:2:1",
            "table-setting",
            "did you mean 13457-7?",
            id="rank-of-no-row",
        ),
        pytest.param(
            {"site.toml": b'[values.rank]\nLLD = ["18262-6"]\n'},
            "site.toml:2:1",
            "table-setting",
            "no row gives this WHOOP code; did you mean LDL?",
            id="rank-of-no-whoop-code",
        ),
        pytest.param(
            {OBSERVATIONS: HEADER + b"L,CHOL,2093-3,mg/dxl,185,185 mg/dL\n"},
            f"{OBSERVATIONS}:2:4",
            "table-value",
            "unit-unknown",
            id="assumed-unit-unknown",
        ),
        pytest.param(
            {OBSERVATIONS: HEADER + b"L,CHOL,2093-3,ukat/L,185,185 mg/dL\n"},
            f"{OBSERVATIONS}:2:4",
            "table-value",
            "unit-not-convertible",
            id="assumed-unit-not-convertible",
        ),
        pytest.param(
            {"placeholders.csv": b"text,reason\nphoned,\n"},
            "placeholders.csv:2:2",
            "table-value",
            "there is none of this text",
            id="placeholder-that-is-none",
        ),
        pytest.param(
            {"placeholders.csv": b"text\nQNS\n"},
            "placeholders.csv:1:2",
            "table-column-missing",
            "`reason` is missing",
            id="placeholders-without-the-column",
        ),
    ],
)
def test_setting_that_contradicts_the_tables_is_a_fault(
    files: dict[str, bytes], at: str, code: str, words: str
) -> None:
    """What could have no effect is refused with its place."""
    (fault,) = faults(files)
    assert (fault.at, fault.code) == (f"sites/acme/{at}", code)
    assert words in fault.text
