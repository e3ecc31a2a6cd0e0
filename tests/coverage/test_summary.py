"""What was counted is said in an analyst's words: codes, units, statuses, fates, and what nobody uses or reads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from tests.coverage.counting import counted, coverage_of, tables
from tests.coverage.test_count import MESSAGES
from tests.coverage.test_counts import COUNTS
from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, Obx, oru
from translator.coverage.counts import OTHERS, Counts, within_bounds
from translator.coverage.report import Coverage, SeenCode
from translator.coverage.summary import summarise
from translator.mapping_files import packaged_files
from translator.translate.load import load_tables

ORDERS = Path(__file__).parents[2] / "fixtures" / "orders"


def _code(found: Coverage, code: str) -> SeenCode:
    return next(each for each in found.codes if each.codings and each.codings[0].code == code)


@given(MESSAGES)
def test_sums_agree_with_each_other(messages: list[bytes]) -> None:
    """Codes, fates and states are sums of the same entries, and add up alike."""
    found = coverage_of(*messages)

    totals = found.totals
    assert sum(found.entries.values()) == totals.entries == totals.observations + totals.orders
    assert sum(code.count for code in found.codes) == totals.observations
    assert sum(fate.entries for fate in found.fates) == totals.entries
    assert sum(found.messages.values()) == totals.messages
    assert all(sum(code.states.values()) == code.count for code in found.codes)


@given(COUNTS)
def test_whatever_was_counted_is_summed_up(counts: Counts) -> None:
    """Counts at their bounds, too, come to a report that is JSON."""
    known = Counts(
        entries=Counter({("hl7v2", *key[1:]): count for key, count in counts.entries.items()}),
        reports=Counter({("fhir", *key[1:]): count for key, count in counts.reports.items()}),
        flags=Counter({("fhir", *key[1:]): count for key, count in counts.flags.items()}),
        panels=Counter({("hl7v2", *key[1:]): count for key, count in counts.panels.items()}),
        messages=Counter({("hl7v2", *key[1:]): count for key, count in counts.messages.items()}),
        reasons=counts.reasons,
        orders=counts.orders,
        filled=counts.filled,
        files=counts.files,
        waiting=counts.waiting,
        answers=counts.answers,
    )

    found = json.loads(summarise(within_bounds(known, 2), tables()).json)

    assert found["schema"] == "translator.coverage/1"
    assert OTHERS not in {each["at"] for each in found.get("unread", ())}


def test_mapped_code_says_its_row_and_what_it_ends_in() -> None:
    """A code with a row names it; its entries are counted by state and reason."""
    messages = [oru([Obx(GLUCOSE, "92")]), oru([Obx(GLUCOSE, "90", unit="furlong")])]

    found = _code(coverage_of(*messages), "2345-7")

    assert found.mapped
    assert not found.is_open
    assert (found.whoop_code, found.count) == ("GLUCOSE", 2)
    assert found.row.startswith("whoop/observations.csv:")
    assert found.states == {"translated": 1, "held": 1}
    assert found.reasons == {"unit-unknown": 1}
    assert found.units == {"furlong": 1, "mg/dL": 1}
    assert found.value_types == {"NM": 2}


def test_code_without_a_row_is_open_and_has_suggestions() -> None:
    """A local code is named with its problem and what it may be."""
    found = _code(coverage_of(oru([Obx("GLU^Glucose^L", "92")])), "GLU")

    assert found.is_open
    assert (found.problem, found.states) == ("unmapped-code", {"held": 1})
    assert found.suggestions[0].code == "2345-7"


def test_code_that_stands_beside_a_mapped_one_elsewhere_leads_there() -> None:
    """A local code that once came with its LOINC code is suggested by that."""
    both, alone = Obx("SUG^Sugar^L^2345-7^Glucose^LN", "92"), Obx("SUG^Sugar^L", "90")

    found = coverage_of(oru([both, alone]))

    (open_code,) = [code for code in found.codes if code.is_open]
    assert open_code.suggestions[0].code == "2345-7"
    assert "stands beside 2345-7 in 1 other results" in open_code.suggestions[0].evidence


def test_ignored_code_wants_no_row() -> None:
    """What stands where the standard has no results is not somebody's work."""
    message = oru([Obx(GLUCOSE, "92")]) + b"SPM|1|||SER\rOBX|2|NM|VOL^Volume^L||5|mL|||||F\r"

    found = _code(coverage_of(message), "VOL")

    assert not found.mapped
    assert not found.is_open
    assert not found.suggestions


def test_row_that_ignores_is_no_gap() -> None:
    """A site's row that says never is a row."""
    found = _code(coverage_of(oru([Obx("QCLOT^Lot^L", "7")]), of=tables("example")), "QCLOT")

    assert found.mapped
    assert found.ignored
    assert not found.whoop_code


def test_every_code_is_ranked() -> None:
    """However many codes there are, each has its suggestions."""
    found = coverage_of(oru([Obx(f"GLU{number:03}^Glucose^L", "92") for number in range(520)]))

    assert sum(bool(code.suggestions) for code in found.codes) == 520


@pytest.mark.parametrize(
    ("result", "becomes"),
    [
        pytest.param(Obx(GLUCOSE, "92"), "as sent", id="target"),
        pytest.param(Obx(GLUCOSE, "92", unit="MG/DL"), "respelled", id="other-spelling"),
        pytest.param(Obx(GLUCOSE, "5.4", unit="mmol/L"), "converted", id="moles"),
        pytest.param(Obx(GLUCOSE, "92", unit="furlong"), "unit-unknown", id="unknown"),
        pytest.param(Obx(GLUCOSE, "92", unit=""), "unit-missing", id="none"),
        pytest.param(Obx(LOCAL, "92"), "no row", id="code-without-a-row"),
        pytest.param(Obx(LOCAL, "92", unit=""), "no row", id="number-without-unit-or-row"),
    ],
)
def test_unit_says_what_becomes_of_it(result: Obx, becomes: str) -> None:
    """Each unit of each code says whether it is sent, converted or held."""
    (unit,) = coverage_of(oru([result])).units

    assert (unit.unit, unit.count, unit.becomes) == (result.unit, 1, becomes)


def test_words_say_what_is_done_with_them() -> None:
    """Statuses come with what the tables make of them; an unknown one is held."""
    results = [Obx(GLUCOSE, "92"), Obx(HDL, "50", status="Q9"), Obx(CHOLESTEROL, "", status="X")]

    found = coverage_of(oru(results, status="ZZ"))

    means = {(each.at, each.word): each.means for each in found.statuses}
    assert means["OBX-11", "F"] == "send"
    assert means["OBX-11", "Q9"] == "unknown-status"
    assert means["OBR-25", "ZZ"] == "unknown-status"
    assert [(each.at, each.word) for each in found.senders] == [("MSH-3/MSH-4", "EXLAB/NORTH")]
    assert [each.word for each in found.panels] == ["24331-1 Lipid panel"]
    assert [each.word for each in found.types] == ["ORU^R01"]
    assert [each.word for each in found.value_types] == ["NM"]


def test_first_day_names_reasons_with_remedies() -> None:
    """What is held comes first, with its messages, its entries and what to do."""
    found = coverage_of(oru([Obx(LOCAL, "1"), Obx(LOCAL, "2"), Obx(GLUCOSE, "92")]))

    first = found.fates[0]
    assert (first.state, first.reason, first.messages, first.entries) == ("held", "unmapped-code", 1, 2)
    assert first.remedy == tables().reasons["unmapped-code"].remedy
    assert found.fates[-1].state == "translated"


def test_file_faults_come_with_a_remedy() -> None:
    """A file that the system keeps closed has no row in reasons.csv, and is told all the same."""
    tally, _ = counted([b""])
    tally.unreadable()

    found = summarise(tally.counts, tables())

    assert {each.reason: bool(each.remedy) for each in found.files} == {"empty-input": True, "file-unreadable": True}
    assert found.has_findings
    assert not found.is_empty


def test_rows_that_nothing_led_to_are_named() -> None:
    """A used row is not silent, the site's unused ones are marked, and answers count where their code came at all."""
    blood = Obx("882-1^ABO and Rh^LN", "A POS", unit="", type="ST")

    found = coverage_of(oru([Obx("CHOL^Chol^L", "185"), blood]), of=tables("example"))

    silent = {each.row.split(" ")[0]: each.site for each in found.silent}
    assert "CHOL" not in silent
    assert silent["HDLC"] is True
    assert silent["2345-7"] is False
    answers = {each.row for each in found.silent if each.at == "whoop/coded-values.csv"}
    assert "BLOOD_TYPE O+" in answers
    assert "BLOOD_TYPE A+" not in answers


def test_row_that_only_a_held_result_led_to_is_not_silent() -> None:
    """A row is used where any of the codings leads to it, whatever becomes of the result."""
    found = coverage_of(oru([Obx(GLUCOSE, "92")], processing_id="T"))

    assert not any(each.row.startswith("2345-7 ") for each in found.silent)


def test_orders_are_counted_by_their_codes() -> None:
    """An order's code is known by its study, and ends in its state."""
    raw = (ORDERS / "a-new-order-is-sent" / "order.hl7").read_bytes()
    unknown = (ORDERS / "a-code-that-no-row-has-is-held" / "order.hl7").read_bytes()

    found = coverage_of(raw, unknown, of=tables("example"))

    assert found.totals.orders == 2
    studies = {bool(each.study): (each.states, each.reasons) for each in found.order_codes}
    assert studies[True] == ({"translated": 1}, {})
    assert studies[False] == ({"held": 1}, {"unmapped-order": 1})


def test_all_covered_has_no_findings() -> None:
    """Where everything is translated there is nothing to do; unconfirmed codes are told beside."""
    found = coverage_of(oru([Obx(GLUCOSE, "92")]))

    assert not found.has_findings
    assert found.waiting == {"GLUCOSE": 1}


def test_nothing_is_empty() -> None:
    """No message and no fault is nothing to look at."""
    assert coverage_of().is_empty


def test_interrupted_is_said() -> None:
    """What was stopped says so."""
    assert summarise(Counts(), tables(), interrupted=True).interrupted


def test_places_that_the_site_lists_are_read() -> None:
    """A note is unread, unless the site says that it holds an order number."""
    message = oru([Obx(GLUCOSE, "92")]).replace(b"OBX|1", b"NTE|1||ABC\rOBX|1")
    listed = load_tables(packaged_files(), {"site.toml": b'service_request.places = ["NTE-3", "OBR-2"]\n'}, "acme")

    assert "NTE" in {each.at for each in coverage_of(message).unread}
    assert {"NTE", "NTE-3"}.isdisjoint(each.at for each in coverage_of(message, of=listed).unread)


def test_report_is_the_same_whatever_came_first() -> None:
    """Lists do not hang on the order of files."""
    one, other = oru([Obx(GLUCOSE, "92"), Obx(LOCAL, "1")]), oru([Obx(HDL, "50"), Obx("A^B^L", "1")])

    assert coverage_of(one, other) == coverage_of(other, one)


def test_document_is_summed_up_in_its_own_words() -> None:
    """FHIR says its types of value, its statuses and its elements by their own names."""
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "method": {"text": "hexokinase"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
        "valueQuantity": {"value": 92, "unit": "mg/dL"},
        "component": [{"code": {"text": "part"}, "valueString": "x"}],
    }
    report = {"resourceType": "DiagnosticReport", "status": "final", "result": [{"reference": "#o"}], "code": {}}
    report["contained"] = [observation | {"id": "o"}]

    found = coverage_of(json.dumps(report).encode())

    assert {(each.at, each.word) for each in found.value_types} == {
        ("Observation.value[x]", "valueQuantity"),
        ("Observation.value[x]", "valueString"),
    }
    assert {each.at for each in found.statuses} == {"Observation.status", "DiagnosticReport.status"}
    assert "Observation.method" in {each.at for each in found.unread}


def test_empty_archive_lists_no_rows() -> None:
    """Where nothing was sent, that nothing led to a row says nothing."""
    assert coverage_of().silent == ()


def test_study_that_no_order_asks_for_is_silent() -> None:
    """A row for the code of an order is listed like one for a result; the one that an order led to is not."""
    order = b"MSH|^~\\&|A|B|||20260101||ORM^O01|1|P|2.5.1\rPID|1||X\rORC|NW|O1\rOBR|1|O1||HSAT^Sleep^L\r"

    rows = {each.row: each.site for each in coverage_of(order, of=tables("mappings/sites/example")).silent}

    assert rows["HSAT2 order"]
    assert "HSAT order" not in rows
