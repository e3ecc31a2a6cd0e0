"""What is said more than once is joined, set aside as a comment, or held; never decided by its order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations import written
from translator.record.report import Finding, Observation
from translator.record.values import Absent, Cleared, Coded, Coding, Limit, Numeric, Text, Value
from translator.translate.observation import ObservationTranslator, Verdict
from translator.translate.repeats import settle_codes, settle_repeats
from translator.translate.tables import Tables

LOINC = "http://loinc.org"
GLUCOSE = (Coding(LOINC, "2345-7"),)
CHOLESTEROL = (Coding(LOINC, "2093-3"),)
LOCAL_CHOLESTEROL = (Coding("L", "CHOL"),)
BLOOD_TYPE = (Coding(LOINC, "882-1"),)
COMMENT = (Coding("L", "CMT"),)
UNMAPPED = (Coding("L", "ZZ9"),)


def number(value: str = "92", **more: object) -> Observation:
    """Make a final glucose."""
    parts: dict[str, object] = {"codes": GLUCOSE, "unit": "mg/dL", "status": "F", "value_type": "NM"} | more
    return written("OBX", value=Numeric(value), **parts)  # type: ignore[arg-type]


def bare(value: Value, **more: object) -> Observation:
    """Make a line with nothing but a value."""
    parts: dict[str, object] = {"codes": GLUCOSE, "value_type": "ST", "bare": True} | more
    return written("OBX", value=value, **parts)  # type: ignore[arg-type]


def line(text: str, **more: object) -> Observation:
    """Make a final line of a comment."""
    value = Text(text) if text else Absent()
    parts: dict[str, object] = {"codes": COMMENT, "value_type": "TX", "status": "F"} | more
    return written("OBX", value=value, **parts)  # type: ignore[arg-type]


def settled(tables: Tables, *observations: Observation) -> list[Verdict]:
    """Settle the observations of one report."""
    translate = ObservationTranslator(tables, "hl7v2").translate
    verdicts = [translate(observation) for observation in observations]
    settle_repeats(verdicts, tables)
    settle_codes(verdicts, {})
    return verdicts


def fates(verdicts: list[Verdict]) -> list[str]:
    """Give reasons, or the state where there is none."""
    return [verdict.reason or verdict.state for verdict in verdicts]


HAEMOLYSED = Text("slightly haemolysed")


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        pytest.param([number(), bare(HAEMOLYSED)], ["translated", "comment"], id="text-behind-a-number"),
        pytest.param(
            [number(), bare(Coded((Coding("L", "HEM"),)), value_type="CE")],
            ["translated", "comment"],
            id="coded-comment",
        ),
        pytest.param([number(), bare(Absent())], ["translated", "comment"], id="blank-line"),
        pytest.param([number(unit="?"), bare(HAEMOLYSED)], ["unit-unknown", "comment"], id="comment-on-a-held-number"),
        pytest.param([bare(HAEMOLYSED), number()], ["status-missing", "ambiguous-repeat"], id="before-the-number"),
        pytest.param(
            [number(), bare(HAEMOLYSED, sub_id="2")], ["ambiguous-repeat", "status-missing"], id="of-another-sub-id"
        ),
        pytest.param([number(), bare(Text("97"))], ["ambiguous-repeat", "status-missing"], id="second-number"),
        pytest.param([number(), bare(Text("9,7"))], ["ambiguous-repeat", "status-missing"], id="perhaps-a-number"),
        pytest.param([number(), bare(Limit("<", "9"))], ["ambiguous-repeat", "status-missing"], id="second-limit"),
        pytest.param(
            [number(), bare(HAEMOLYSED, findings=(Finding("undeclared-bytes", "OBX[2]-5"),))],
            ["ambiguous-repeat", "undeclared-bytes"],
            id="comment-that-cannot-be-read",
        ),
        pytest.param([number(), bare(Cleared())], ["ambiguous-repeat", "retraction"], id="deleted"),
        pytest.param(
            [number(), written("OBX", GLUCOSE, HAEMOLYSED, "ST", "mg/dL", status="F")],
            ["ambiguous-repeat", "value-not-numeric"],
            id="text-with-a-status-of-its-own",
        ),
        pytest.param([number(), number()], ["translated", "translated"], id="twice-the-same"),
        pytest.param([number(), number("97")], ["ambiguous-repeat"] * 2, id="two-numbers"),
        pytest.param(
            [number(sub_id="1"), number("140", sub_id="2"), bare(Text("TNP"), sub_id="3", status="F", bare=False)],
            ["ambiguous-repeat", "ambiguous-repeat", "placeholder-value"],
            id="tolerance-test-with-a-gap",
        ),
        pytest.param([number(), number(status="P")], ["repeat-status-differs"] * 2, id="two-statuses-of-one"),
        pytest.param(
            [number(sub_id="1"), number(sub_id="2", status="P")], ["ambiguous-repeat"] * 2, id="two-statuses-of-two"
        ),
        pytest.param([number(), number(status="D")], ["ambiguous-repeat", "retraction"], id="one-of-them-deleted"),
        pytest.param(
            [number(), bare(Absent(), status="X", bare=False)], ["translated", "not-obtained"], id="not-obtained-again"
        ),
        pytest.param(
            [number(), number("97", place="not-a-result-position")],
            ["translated", "result-out-of-place"],
            id="another-position",
        ),
        pytest.param([number(codes=UNMAPPED), number("9", codes=UNMAPPED)], ["unmapped-code"] * 2, id="unmapped"),
        pytest.param(
            [number("185", codes=CHOLESTEROL), number("190", codes=LOCAL_CHOLESTEROL)],
            ["ambiguous-repeat"] * 2,
            id="two-codes-of-one-meaning",
        ),
        pytest.param(
            [line("A POS", codes=BLOOD_TYPE), line("B POS", codes=BLOOD_TYPE)],
            ["ambiguous-repeat"] * 2,
            id="listed-answers-are-no-lines",
        ),
    ],
)
def test_repeats_are_settled(observations: list[Observation], expected: list[str], site_tables: Tables) -> None:
    """One observation with comments stays; two that differ are both held."""
    assert fates(settled(site_tables, *observations)) == expected


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param([line("one"), line("two")], "one\ntwo", id="blank-sub-ids"),
        pytest.param([line("one", sub_id="1"), line("two", sub_id="2")], "one\ntwo", id="counted-sub-ids"),
        pytest.param([line("one"), line(""), line("two")], "one\n\ntwo", id="blank-line-between"),
        pytest.param([line(""), line("one"), line("")], "one", id="blank-lines-around"),
        pytest.param([line("one"), line("two", status="", bare=True)], "one\ntwo", id="line-without-a-status"),
        pytest.param([line("one"), line("-"), line("two")], "one\n-\ntwo", id="line-like-a-placeholder"),
    ],
)
def test_lines_of_a_text_are_joined(lines: list[Observation], text: str, site_tables: Tables) -> None:
    """They become one text in their order, and the first stands for all when the lab sends again."""
    verdicts = settled(site_tables, *lines)

    assert {verdict.payload.value_text for verdict in verdicts if verdict.payload} == {text}
    assert fates(verdicts) == ["translated"] * len(lines)
    assert verdicts[0].observation.value == Text(text, prose=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([line("one"), line("two", status="P")], ["repeat-status-differs"] * 2, id="statuses-differ"),
        pytest.param([line("one"), line("two", status="")], ["ambiguous-repeat", "status-missing"], id="no-status"),
        pytest.param(
            [line("one"), line("two", value_type="CE")], ["ambiguous-repeat"] * 2, id="coded-answer-beside-a-text"
        ),
        pytest.param([line("one"), line("one")], ["translated"] * 2, id="twice-the-same"),
        pytest.param([line("TNP"), line("")], ["placeholder-value", "value-missing"], id="no-text-at-all"),
    ],
)
def test_other_texts_are_not_joined(lines: list[Observation], expected: list[str], site_tables: Tables) -> None:
    """What is no plain line of the same text is never put into it."""
    assert fates(settled(site_tables, *lines)) == expected


def test_observations_of_fhir_are_no_set(site_tables: Tables) -> None:
    """FHIR has no sub-id: two that differ in status are two that differ."""
    early = written("Bundle.entry[1].resource", GLUCOSE, Text("92"), "valueString", "mg/dL", status="P")
    late = written("Bundle.entry[2].resource", GLUCOSE, Text("92"), "valueString", "mg/dL", status="F")

    assert fates(settled(site_tables, early, late)) == ["ambiguous-repeat"] * 2


VALUES = st.sampled_from(["92", "97", "TNP", "text", ""])
SENT = st.builds(
    lambda value, sub_id, status, is_bare: written(
        "OBX",
        GLUCOSE,
        Text(value) if value else Absent(),
        "ST",
        "" if is_bare else "mg/dL",
        status="" if is_bare else status,
        sub_id=sub_id,
        bare=is_bare,
    ),
    VALUES,
    st.sampled_from(["", "1"]),
    st.sampled_from("FPCX"),
    st.booleans(),
)


@given(st.lists(SENT, max_size=5))
@settings(max_examples=200, deadline=None)
def test_one_code_never_gives_two_values(site_tables: Tables, sent: list[Observation]) -> None:
    """Whatever is repeated, in whatever order, at most one payload is left."""
    verdicts = settled(site_tables, *sent)

    assert len({verdict.payload for verdict in verdicts if verdict.payload}) <= 1
    assert all((verdict.payload is not None) == (verdict.state == "translated") for verdict in verdicts)
