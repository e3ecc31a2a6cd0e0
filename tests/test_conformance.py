"""What --strict finds: the rules of the version that a message names, by path and never by value."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, Obx, oru
from translator import Translator
from translator.conformance import check_conformance, with_conformance

ENGINE = Translator.load()
OBX = "OBX|1|NM|2093-3^Cholesterol^LN||185|mg/dL|||||F"
OBR = "OBR|1|P-1|F-1|24331-1^Lipid panel^LN|||20260105090000|||||||||||||||20260105100000|||F"
PID = "PID|1||900001^^^LAB^MR||Example^Test||19800101|F"


def message(*segments: str, version: str = "2.5.1", event: str = "ORU^R01^ORU_R01", charset: str = "") -> bytes:
    """Write segments below a header."""
    header = rf"MSH|^~\&|LIS|LAB|HUB|LAB|20260105103000||{event}|MSG1|P|{version}||||||{charset}"
    return "".join(f"{line}\r" for line in (header, *segments)).encode()


def findings(raw: bytes) -> list[tuple[str, str, str]]:
    """Name code, severity and place of everything that is found."""
    return [(found.code, found.severity, found.at) for found in check_conformance(raw, ENGINE.tables)]


@pytest.mark.parametrize("version", ["2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2"])
def test_conformant_message_has_no_findings(version: str) -> None:
    """A plain result message follows the rules of every version."""
    assert findings(message(PID, OBR, OBX, version=version)) == []


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        pytest.param((PID, OBR, "OBX|1|NM|||185|mg/dL|||||F"), [("error", "OBX[1]-3")], id="required-field"),
        pytest.param((PID, OBR, OBX.replace("2093-3^", "2093-3^^^^^^^")), [("error", "OBX[1]-3")], id="too-many-parts"),
        pytest.param((PID, OBR, OBX.replace("|F", "|Q")), [("warning", "OBX[1]-11")], id="code-outside-its-table"),
        pytest.param((PID, OBR, OBX.replace("|185|", "|high|")), [("error", "OBX[1]-5")], id="word-as-a-number"),
        pytest.param((PID, OBR, OBX.replace("|185|", "|1^2|")), [("error", "OBX[1]-5")], id="number-in-parts"),
        pytest.param((PID, OBR, OBX.replace("|NM|", "|QQ|")), [("warning", "OBX[1]-2")], id="unknown-value-type"),
        pytest.param((PID, OBR, OBX.replace("|NM|", "|CWE|")), [], id="value-type-that-hl7apy-forgot"),
        pytest.param((PID, OBR, OBX.replace("OBX|1|", "OBX|a|")), [("error", "OBX[1]-1")], id="set-id-of-letters"),
        pytest.param((PID, OBR, OBX + "|||" + "20260199x"), [("error", "OBX[1]-14.1")], id="time-of-letters"),
        pytest.param((PID, OBR, OBX.replace("|NM|", "|QQ^|")), [("error", "OBX[1]-2")], id="value-type-in-parts"),
        pytest.param(
            (PID, OBR, OBX.replace("|NM|", "|CE|").replace("185", "A&B^a")),
            [("error", "OBX[1]-5.1")],
            id="parts-of-a-part",
        ),
        pytest.param((PID, OBR, OBX + "~F"), [("error", "OBX[1]-11")], id="repeated-once-too-often"),
        pytest.param((PID, OBR, OBX + "|" * 15 + "x"), [("error", "OBX[1]-26")], id="more-fields-than-defined"),
        pytest.param((PID, OBR, OBX.replace("^LN", "^99LOCAL")), [], id="coding-system-of-the-sender"),
        pytest.param((PID, OBR, OBX.replace("|mg/dL|", '|""|')), [], id="null-has-no-form"),
        pytest.param((PID, OBR, "ZZZ|anything^at&all", OBX), [], id="segment-of-the-sender"),
        pytest.param((PID, OBR, OBX, "SPM|1|||SER"), [], id="specimen"),
        pytest.param((PID, OBR, OBX, "SPM|1|||SER", OBX), [], id="observation-of-a-specimen"),
        pytest.param((PID, OBR, OBX, "SPM|1"), [("error", "SPM-4")], id="specimen-without-type"),
        pytest.param((PID, OBR, OBX, OBR, OBX, PID, OBR, OBX), [], id="two-patients"),
        pytest.param((PID, OBX, OBR, OBX), [("error", "OBX[1]")], id="observation-before-its-order"),
        pytest.param((PID, OBR, OBX, "EVN|R01|20260105"), [("error", "EVN")], id="segment-of-another-message"),
        pytest.param((PID, OBR, OBX, "XYZ|1"), [("error", "XYZ"), ("error", "XYZ")], id="unknown-segment"),
        pytest.param((PID,), [("error", "")], id="no-order"),
        pytest.param((PID, PID, OBR), [("error", "PID[2]")], id="patient-twice"),
    ],
)
def test_broken_rule_is_found_in_its_place(segments: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """Each finding has the path of the field or segment, and a warning is what a sender may have its reasons for."""
    assert findings(message(*segments)) == [("not-conformant", severity, at) for severity, at in expected]


def test_required_part_is_found_in_its_place() -> None:
    """A component that later versions require is named with its number."""
    assert findings(message(PID.replace("900001", ""), OBR, OBX, version="2.8")) == [
        ("not-conformant", "error", "PID-3.1")
    ]


def test_specimen_in_an_old_version_is_one_finding() -> None:
    """A segment that came later than the version is named, and does not throw the others out of step."""
    found = findings(message(PID, OBR, OBX, "SPM|1|||SER", version="2.4"))

    assert {at for _, _, at in found} == {"SPM"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            message(PID, OBR, OBX, version="2.9"), [("conformance-unchecked", "error", "MSH-12")], id="later-version"
        ),
        pytest.param(message(PID, version=""), [("conformance-unchecked", "error", "MSH-12")], id="no-version"),
        pytest.param(
            message(PID, version="2.4", event="OUL^R22"),
            [("conformance-unchecked", "warning", "MSH-9")],
            id="message-of-a-later-version",
        ),
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"PID|1\r", [], id="no-header"),
        pytest.param(b"MSH|^^\r", [], id="no-delimiters"),
    ],
)
def test_what_cannot_be_compared_is_said(raw: bytes, expected: list[tuple[str, str, str]]) -> None:
    """Where there is no definition, nothing passes as conformant."""
    assert findings(raw) == expected


def test_message_is_compared_in_its_own_delimiters_and_charset() -> None:
    """Other delimiters, line ends and characters change nothing."""
    raw = message(PID, OBR, OBX.replace("|F", "|Q").replace("mg/dL", "\u00b5g/dL"), charset="UNICODE UTF-8")
    swapped = raw.translate(bytes.maketrans(b"|^~\\&", b"!@#$%")).replace(b"\r", b"\r\n")

    assert findings(b"\xef\xbb\xbf" + swapped) == findings(raw) == [("not-conformant", "warning", "OBX[1]-11")]


def test_comparison_changes_no_state() -> None:
    """Findings stand beside the outcome; they hold nothing."""
    raw = oru([Obx(CHOLESTEROL, "185")]).replace(b"OBX|1|", b"OBX|a|")
    outcome = ENGINE.translate(raw)

    compared = with_conformance(raw, outcome, ENGINE.tables)

    assert (compared.state, compared.entries, compared.submissions) == (
        "translated",
        outcome.entries,
        outcome.submissions,
    )
    assert ("not-conformant", "OBX[1]-1") in [(found.code, found.at) for found in compared.diagnostics]


def test_finding_about_a_file_stays_as_it_is() -> None:
    """What belongs to no message is compared with nothing."""
    (outcome,) = ENGINE.translate_stream(BytesIO(b""))

    assert with_conformance(b"", outcome, ENGINE.tables) is outcome


def test_document_is_said_to_be_unchecked() -> None:
    """FHIR has no definitions here, so nothing is claimed."""
    outcome = ENGINE.translate(b"{}")

    assert with_conformance(b"{}", outcome, ENGINE.tables).diagnostics[-1].code == "conformance-unchecked"


SEGMENTS = st.sampled_from(["PID", "ORC", "OBR", "OBX", "NTE", "SPM", "ZZ1", "QQQ", "MSH"])


@given(segments=st.lists(st.tuples(SEGMENTS, st.text('12^~&|\\ "F.Secret', max_size=30)), max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_message_is_compared_without_its_values(segments: list[tuple[str, str]]) -> None:
    """No message is an error, and no finding repeats what was sent."""
    raw = message(*(f"{name}|{rest}Secret" for name, rest in segments))

    found = check_conformance(raw, ENGINE.tables)

    assert not any("Secret" in finding.text + finding.at for finding in found)
