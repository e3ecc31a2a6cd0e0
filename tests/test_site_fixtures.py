"""The fixtures of a site: a message, what it must come to, and a readable difference where it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from translator import Translator
from translator.errors import ConfigError
from translator.site_fixtures import run_fixtures

ROOT = Path(__file__).parents[1] / "fixtures" / "hl7v2"
CASE = "a-missing-unit-is-assumed-where-the-site-declares-it"
NAME = "a-unit-is-assumed"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site with one fixture that nothing is expected of yet."""
    folder = tmp_path / "acme"
    shutil.copytree(ROOT / CASE / "site", folder)
    (folder / "fixtures" / NAME).mkdir(parents=True)
    shutil.copy(ROOT / CASE / "message.hl7", folder / "fixtures" / NAME / "message.hl7")
    return folder


def run(site: Path, *, write: bool = False) -> list[tuple[str, str, str]]:
    """Run the fixtures; give place, code and text of what is wrong."""
    done = run_fixtures(site, "acme", Translator.load(str(site)), write=write)
    prefix = "sites/acme/fixtures/"
    return [(fault.at.removeprefix(prefix), fault.code, fault.text) for fault in done.faults]


def expected(site: Path) -> Any:
    """Read what is expected."""
    return json.loads((site / "fixtures" / NAME / "expected.json").read_text(encoding="utf-8"))


def expect(site: Path, outcomes: object) -> None:
    """Write what is expected, as a person would."""
    text = outcomes if isinstance(outcomes, str) else json.dumps(outcomes, indent=1)
    (site / "fixtures" / NAME / "expected.json").write_text(text, encoding="utf-8")


def test_what_is_written_is_what_is_expected_next_time(site: Path) -> None:
    """Missing expectations are a finding; once written they hold, and are not written again."""
    before = run(site)
    written = run_fixtures(site, "acme", Translator.load(str(site)), write=True).written
    again = run_fixtures(site, "acme", Translator.load(str(site)), write=True)

    assert [(at, code) for at, code, _ in before] == [(f"{NAME}/expected.json:1:1", "fixture-incomplete")]
    assert written == (site / "fixtures" / NAME / "expected.json",)
    assert (again.total, again.faults, again.written) == (1, [], ())


def test_expected_file_has_what_a_site_decides_and_nothing_else(site: Path) -> None:
    """No hash, no line of a table and no text for people, which change with every release."""
    run(site, write=True)

    (outcome,) = expected(site)
    assert list(outcome) == ["state", "submissions", "entries", "diagnostics"]
    assert outcome["submissions"][0]["body"]["observations"][0]["value_numeric"] == 186
    assert outcome["entries"][1] == {"at": "OBX[2]", "state": "held", "reason": "unit-missing"}
    assert set(outcome["diagnostics"][0]) == {"code", "severity", "at"}


def test_row_above_changes_no_fixture(site: Path) -> None:
    """A table that grows moves lines, not results."""
    run(site, write=True)
    table = site / "whoop" / "observations.csv"
    head, _, rest = table.read_text(encoding="utf-8").partition("\n")
    fresh = ",".join({"system": "L", "code": "NEW", "ignore": "x"}.get(name, "") for name in head.split(","))
    columns = head.split(",") + ([] if "ignore" in head.split(",") else ["ignore"])
    lines = [",".join(columns), fresh + ("" if "ignore" in head.split(",") else ",x")]
    lines += [line + ("" if "ignore" in head.split(",") else ",") for line in rest.splitlines()]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert run(site) == []


def test_difference_is_told_by_path_and_line(site: Path) -> None:
    """One finding for each value that differs, at the line of what was expected."""
    run(site, write=True)
    outcomes = expected(site)
    outcomes[0]["submissions"][0]["body"]["observations"][0]["unit"] = "mmol/L"
    del outcomes[0]["entries"][2]
    expect(site, outcomes)
    text = (site / "fixtures" / NAME / "expected.json").read_text(encoding="utf-8")
    line = next(at for at, each in enumerate(text.splitlines(), 1) if '"unit": "mmol/L"' in each)

    found = run(site)

    assert found[0] == (
        f"{NAME}/expected.json:{line}:1",
        "fixture-differs",
        '[0].submissions[0].body.observations[TOTAL_CHOLESTEROL].unit: expected "mmol/L", got "mg/dL"',
    )
    assert found[1][1:] == (
        "fixture-differs",
        '[0].entries[OBX[3]]: expected nothing, got {"at":"OBX[3]","state":"held","reason":"unit-missing"}',
    )


def test_many_differences_are_cut(site: Path) -> None:
    """Ten are shown, and how many more there are."""
    expect(site, [{"entries": [{"at": f"OBX[{number}]", "state": "held"} for number in range(20, 40)]}])

    found = run(site)

    assert len(found) == 11
    assert found[-1][2].startswith("and ")


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        pytest.param("[{,]", "1:3", "not JSON", id="no-json"),
        pytest.param('[\n "a": 1]', "2:5", "not JSON", id="second-line"),
        pytest.param("{}", "1:1", "no list", id="no-list"),
    ],
)
def test_expected_file_that_cannot_be_read_is_named(site: Path, text: str, at: str, words: str) -> None:
    """A comma too many is a finding with its place, not a crash."""
    expect(site, text)

    ((place, code, said),) = run(site)
    assert (place, code) == (f"{NAME}/expected.json:{at}", "fixture-unreadable")
    assert words in said


def test_expected_file_that_is_no_text_is_named(site: Path) -> None:
    """Bytes that are no UTF-8 have no line to show."""
    (site / "fixtures" / NAME / "expected.json").write_bytes(b"[\xff]")

    assert [(at, code) for at, code, _ in run(site)] == [(f"{NAME}/expected.json:1:1", "fixture-unreadable")]


def test_expected_file_of_very_many_brackets_is_named(site: Path) -> None:
    """What no program can read is a finding, and no crash."""
    expect(site, "[" * 100_000)
    assert [(at, code) for at, code, _ in run(site)] == [(f"{NAME}/expected.json:1:1", "fixture-unreadable")]


def test_correlation_that_is_no_text_is_named(site: Path) -> None:
    """A spreadsheet may have saved it as UTF-16."""
    (site / "fixtures" / NAME / "correlation.csv").write_bytes("key,service_request_id\n".encode("utf-16"))
    assert [(at, code) for at, code, _ in run(site)] == [(f"{NAME}/correlation.csv:1:1", "table-encoding")]


def test_message_beside_the_folders_is_named_whatever_its_name(site: Path) -> None:
    """It would never be run; a page of notes is none."""
    (site / "fixtures" / "lipids.hl7").write_bytes(b"MSH")
    (site / "fixtures" / "README.md").touch()
    assert ("lipids.hl7:1:1", "fixture-incomplete") in [found[:2] for found in run(site)]
    assert not [at for at, _, _ in run(site) if "README" in at]


def test_packed_message_is_named(site: Path) -> None:
    """Nobody could read what it shows."""
    case = site / "fixtures" / NAME
    (case / "message.hl7").rename(case / "message.hl7.gz")
    assert [found[:2] for found in run(site)] == [(f"{NAME}/message.hl7.gz:1:1", "fixture-incomplete")]


def test_folder_has_one_message(site: Path) -> None:
    """None and two are findings, and neither is written for."""
    (site / "fixtures" / "empty").mkdir()
    shutil.copy(site / "fixtures" / NAME / "message.hl7", site / "fixtures" / NAME / "message.txt")
    (site / "fixtures" / "message.hl7").touch()
    (site / "fixtures" / "README.md").touch()
    (site / "fixtures" / ".git").mkdir()

    found = run(site, write=True)

    assert [(at, code) for at, code, _ in found] == [
        (f"{NAME}:1:1", "fixture-incomplete"),
        ("empty:1:1", "fixture-incomplete"),
        ("message.hl7:1:1", "fixture-incomplete"),
    ]
    assert ["2 messages" in found[0][2], "no message" in found[1][2], "no folder" in found[2][2]] == [True] * 3


def test_site_without_fixtures_has_none(tmp_path: Path) -> None:
    """Nothing is run, and the count says so."""
    assert run_fixtures(tmp_path, "acme", Translator.load()).total == 0


def test_correlation_of_a_fixture_counts(site: Path) -> None:
    """An order number is found in the file beside the message; a bad file is a finding at its line."""
    case = site / "fixtures" / NAME
    message = (case / "message.hl7").read_bytes().replace(b"3fa85f64-5717-4562-b3fc-2c963f66afa6", b"A-1009")
    (case / "message.hl7").write_bytes(message)
    table = case / "correlation.csv"
    table.write_text("key,service_request_id\nA-1009,3fa85f64-5717-4562-b3fc-2c963f66afa6\n", encoding="utf-8")
    run(site, write=True)

    assert expected(site)[0]["submissions"][0]["service_request_id"] == "3fa85f64-5717-4562-b3fc-2c963f66afa6"

    table.write_text("key,service_request_id\nA-1009,nobody\n", encoding="utf-8")
    assert [(at, code) for at, code, _ in run(site)] == [(f"{NAME}/correlation.csv:2:2", "not-a-uuid")]


def test_fhir_fixture_is_a_fixture(site: Path) -> None:
    """The ending of the message's name says nothing; its bytes do."""
    case = site / "fixtures" / "a-bare-report"
    case.mkdir()
    fhir = ROOT.parent / "fhir" / "a-bare-report-with-contained-resources-is-read"
    shutil.copy(fhir / "message.json", case / "message.json")
    run(site, write=True)

    assert json.loads((case / "expected.json").read_text(encoding="utf-8"))[0]["state"] == "translated"


def test_file_that_cannot_be_read_is_a_configuration_error(site: Path) -> None:
    """A folder in the place of the message is named."""
    message = site / "fixtures" / NAME / "message.hl7"
    message.unlink()
    message.mkdir()

    with pytest.raises(ConfigError, match=r"message\.hl7: cannot be read"):
        run(site)


def test_expected_file_that_is_a_folder_is_a_configuration_error(site: Path) -> None:
    """It is not taken for a missing one and written over."""
    (site / "fixtures" / NAME / "expected.json").mkdir()

    assert [code for _, code, _ in run(site)] == ["fixture-incomplete"]
    with pytest.raises(ConfigError, match=r"expected\.json: cannot be written"):
        run(site, write=True)


def test_number_with_a_point_is_written_as_it_is_sent(site: Path) -> None:
    """A payload of 54.9 is 54.9 in the expected file, and equals itself when it is read again."""
    message = site / "fixtures" / NAME / "message.hl7"
    message.write_bytes(message.read_bytes().replace(b"2085-9^HDL cholesterol^LN||55|", b"2085-9^HDL^LN||54.9|mg/dL"))
    run(site, write=True)

    body = expected(site)[0]["submissions"][0]["body"]
    assert {each["code"]: each["value_numeric"] for each in body["observations"]}["HDL"] == 54.9
    assert run(site) == []


def test_outcome_that_nobody_expected_stands_at_the_top(site: Path) -> None:
    """An empty list has no line of its own to point to."""
    expect(site, [])

    ((at, code, text),) = run(site)

    assert (at, code) == (f"{NAME}/expected.json:1:1", "fixture-differs")
    assert text.startswith("[0]: expected nothing, got {")
