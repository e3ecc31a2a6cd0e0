"""The settings of a site."""

from __future__ import annotations

import pytest

from translator.errors import Fault
from translator.translate.load_site import Settings, site_settings
from translator.translate.site import Site


def read(data: bytes | None) -> tuple[Settings, list[Fault]]:
    """Read a site's settings and give them with their faults."""
    faults: list[Fault] = []
    return site_settings({} if data is None else {"site.toml": data}, "acme", faults), faults


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(None, Site(), id="no-file"),
        pytest.param(b"", Site(), id="empty-file"),
        pytest.param(b"[hl7v2]\n[fhir]\n", Site(), id="empty-groups"),
        pytest.param(b'\xef\xbb\xbf# a site\r\ndescription = "x"\r\n', Site(description="x"), id="windows"),
        pytest.param(b'hl7v2.default_charset = "8859/1"', Site(default_charset="8859/1"), id="dotted-name"),
        pytest.param(
            b'[hl7v2]\nobservation_status = { blank = "final", V = "final" }',
            Site(observation_status={"": "final", "V": "final"}),
            id="blank-code",
        ),
        pytest.param(
            b'[hl7v2.report_status]\nblank = "derive"\nA = "hold"',
            Site(report_status={"": "derive", "A": "hold"}),
            id="table-of-codes",
        ),
        pytest.param(b'[values.rank]\nLDL = ["1", "2"]', Site(rank={"LDL": ("1", "2")}), id="rank"),
        pytest.param(
            b'[values]\ndecimal_mark = ","\ngroup_mark = "."', Site(decimal_mark=",", group_mark="."), id="marks"
        ),
        pytest.param(
            b'[service_request]\nplaces = ["OBR-18", "ORC-2"]\nnamespaces = ["WHOOP"]',
            Site(places=("OBR-18", "ORC-2"), namespaces=("WHOOP",)),
            id="places-in-order",
        ),
        pytest.param(b"complete_on_final = false", Site(unlisted_stays_partial=True), id="final-is-not-complete"),
        pytest.param(b"complete_on_final = true", Site(), id="final-is-complete"),
        pytest.param(b'time_zone = "Europe/Berlin"', Site(time_zone="Europe/Berlin"), id="time-zone"),
    ],
)
def test_settings_are_read(data: bytes | None, expected: Site) -> None:
    """What is set is there, and nothing else."""
    settings, faults = read(data)
    assert (settings.site, faults) == (expected, [])


@pytest.mark.parametrize(
    ("data", "at", "code", "words"),
    [
        pytest.param(b"# x\ndescripton = 'x'\n", "2:1", "table-setting", "did you mean description?", id="unknown"),
        pytest.param(b"\n[whoop]\nx = 1\n", "2:1", "table-setting", "unknown setting `whoop`", id="unknown-table"),
        pytest.param(b'"\\u0061" = 1\n', "1:1", "table-setting", "unknown setting `a`", id="escaped-name"),
        pytest.param(
            b"[values]\ndecimal_mrak = ','\n", "2:1", "table-setting", "did you mean values.decimal_mark?", id="inner"
        ),
        pytest.param(
            b"\ndecimal_mark = ','\n", "2:1", "table-setting", "did you mean values.decimal_mark?", id="no-group"
        ),
        pytest.param(b"\nhl7v2 = 1\n", "2:1", "table-setting", "write [hl7v2]", id="group-is-no-table"),
        pytest.param(b"description = 1\n", "1:1", "table-setting", "text in quotes", id="wrong-type"),
        pytest.param(b"description = ' '\n", "1:1", "table-setting", "text in quotes", id="empty-text"),
        pytest.param(
            b"[hl7v2]\n# no\naccept_blank_processing_id = 'yes'\n", "3:1", "table-setting", "true or false", id="flag"
        ),
        pytest.param(b"[hl7v2]\naccept_types = ['ORU^R40']\n", "2:1", "table-setting", '"OUL^R22"', id="alert-type"),
        pytest.param(b"[hl7v2]\naccept_types = 'OUL^R22'\n", "2:1", "table-setting", "a list", id="no-list"),
        pytest.param(b"[service_request]\nplaces = ['OBX-3']\n", "2:1", "table-setting", '"OBR-18"', id="place"),
        pytest.param(
            b"[service_request]\nplaces = ['ORC-2', 'ORC-2']\n", "2:1", "table-setting", "a list", id="place-twice"
        ),
        pytest.param(
            b"[hl7v2.observation_status]\nR = 'final'\n", "2:1", "table-setting", 'R = "preliminary"', id="other-word"
        ),
        pytest.param(b"[hl7v2]\nobservation_status = { D = 'final' }\n", "2:24", "table-setting", "codes", id="code"),
        pytest.param(b"[fhir]\nreport_status = 'derive'\n", "2:1", "table-setting", "codes", id="no-table-of-codes"),
        pytest.param(b"[values]\ndecimal_mark = ';'\n", "2:1", "table-setting", "one of", id="mark"),
        pytest.param(b"[values]\ngroup_mark = '.'\n", "2:1", "table-setting", "same as the decimal", id="point-twice"),
        pytest.param(
            b"[values]\ndecimal_mark = ','\ngroup_mark = ','\n", "3:1", "table-setting", "same as", id="comma-twice"
        ),
        pytest.param(b"[hl7v3]\nsenders = ['A']\n", "1:1", "table-setting", "did you mean hl7v2?", id="group"),
        pytest.param(b"[values]\nrank = ['1']\n", "2:1", "table-setting", "table of lists", id="rank-no-table"),
        pytest.param(b"[values.rank]\nLDL = 'x'\n", "2:1", "table-setting", "table of lists", id="rank-no-list"),
        pytest.param(b"[values.rank]\nLDL = []\n", "2:1", "table-setting", "table of lists", id="rank-empty"),
        pytest.param(b"\ndescription = x\n", "2:15", "table-syntax", "not TOML", id="no-toml"),
        pytest.param(b"a = 1\ndescription = '", "2:1", "table-syntax", "not TOML", id="breaks-off"),
        pytest.param(b"time_zone = 'Europe/Atlantis'\n", "1:1", "table-setting", "Europe/Berlin", id="time-zone"),
        pytest.param(b"complete_on_final = 'no'\n", "1:1", "table-setting", "true or false", id="completeness"),
        pytest.param(b"# \xb5\n", "1:3", "table-encoding", "0xB5", id="latin-1"),
    ],
)
def test_fault_of_a_setting_has_its_place(data: bytes, at: str, code: str, words: str) -> None:
    """A wrong setting is named with its line."""
    settings, faults = read(data)
    assert [(fault.at, fault.code) for fault in faults] == [(f"sites/acme/site.toml:{at}", code)]
    assert words in faults[0].text
    assert not settings.site.rank


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b'[hl7v2.report_status]\nblank = "derive"\nA = "hold"\n', 3, id="line-of-its-own"),
        pytest.param(b'\n[hl7v2]\nreport_status = { A = "hold" }\n', 3, id="line-of-its-table"),
        pytest.param(b'hl7v2.report_status.A = "hold"\n', 1, id="dotted"),
        pytest.param(b'[hl7v2]\n\n[hl7v2.report_status]\n"A" = "hold"\n', 4, id="quoted"),
    ],
)
def test_code_of_a_setting_has_its_line(data: bytes, line: int) -> None:
    """A decision by a setting can be traced to where it stands."""
    settings, _ = read(data)
    assert settings.at("hl7v2.report_status", "A") == f"sites/acme/site.toml:{line}"
