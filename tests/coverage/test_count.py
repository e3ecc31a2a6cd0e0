"""Every entry of every message is counted once, with its fate; and of what is sent no value and no number is kept."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.coverage.counting import counted, counts_of, tables
from tests.fates import cases
from tests.lab_messages import GLUCOSE, HDL, LOCAL, Obx, oru, service_request
from translator import Translator
from translator.coverage.count import Tally
from translator.coverage.counts import Counts, merge
from translator.record.outcome import FILE_SCHEMA

_OBX = st.builds(
    Obx,
    st.sampled_from([GLUCOSE, HDL, LOCAL, "", "X^Y^Z"]),
    st.sampled_from(["92", "<5", "", '""', "QNS", "1e9"]),
    st.sampled_from(["mg/dL", "mmol/L", "", "furlong"]),
    st.sampled_from(["F", "C", "P", "X", "Z", ""]),
    st.sampled_from(["NM", "SN", "ST", "ED", ""]),
)
MESSAGES = st.lists(st.lists(_OBX, max_size=5).map(oru), max_size=4)


def _states(counts: Counts) -> Counter[str]:
    states = Counter[str]()
    for (_, _, state, *_), count in (*counts.entries.items(), *counts.orders.items()):
        states[state] += count
    return states


@pytest.mark.parametrize("most", [pytest.param(1, id="hardly-any-room"), pytest.param(1000, id="room-for-all")])
@given(messages=MESSAGES)
def test_states_add_up_to_the_entries(messages: list[bytes], most: int) -> None:
    """The counts by state are the entries of the outcomes, whatever there is room for, and so are the messages."""
    tally, outcomes = counted(messages, most=most)

    expected = Counter(entry.state for outcome in outcomes for entry in outcome.entries)
    whole = [outcome for outcome in outcomes if outcome.schema != FILE_SCHEMA]
    assert _states(tally.counts) == expected
    assert (tally.messages, tally.entries) == (len(whole), expected.total())
    assert tally.counts.messages.total() == len(whole)


@pytest.mark.parametrize("form", ["hl7v2", "fhir"])
def test_every_entry_of_every_fixture_is_counted(form: str) -> None:
    """Whatever becomes of a message, its observations and its orders are counted, each once and with its state."""
    for case in cases(form):
        tally = Tally(case.engine.tables)
        outcome = Translator(case.engine.tables, tally.watch).translate(case.raw)

        assert _states(tally.counts) == Counter(entry.state for entry in outcome.entries), case.name


@given(one=MESSAGES, other=MESSAGES)
def test_parts_counted_apart_make_the_whole(one: list[bytes], other: list[bytes]) -> None:
    """Two processes that count a half each come to what one counts."""
    assert merge(counts_of(one), counts_of(other)) == counts_of([*one, *other])


def test_memory_is_bounded_by_what_is_kept() -> None:
    """However many codes come, no more than a given number is kept one by one, and all are counted."""
    messages = [oru([Obx(f"C{number}^^L", "1")]) for number in range(40)]

    counts = counts_of(messages, most=4)

    assert len(counts.entries) == 5
    assert counts.entries.total() == 40


def test_no_value_and_no_number_is_kept() -> None:
    """Neither a value, nor who the patient is, nor a number of the order is in what was counted."""
    message = oru([Obx(GLUCOSE, "91.7"), Obx(LOCAL, "4711.25"), Obx(LOCAL, "said by the nurse", type="ST")])

    written = repr(counts_of([message]))

    for secret in ("91.7", "4711.25", "nurse", "EX-1001", "Sample", "Avery", "19840312", "F-2001", service_request(1)):
        assert secret not in written


def test_long_number_in_place_of_a_word_is_hidden() -> None:
    """Where fields have slipped, a date or somebody's number stands as a unit or a status, and is not shown."""
    written = repr(counts_of([oru([Obx(LOCAL, "1", unit="19840312", status="900001")])]))

    assert "19840312" not in written
    assert "900001" not in written
    assert "unit='#'" in written


def test_endless_code_is_cut() -> None:
    """A code as long as a message takes no more room than another one."""
    written = repr(counts_of([oru([Obx(f"{'C' * 9000}^{'N' * 9000}^L", "1")])]))

    assert len(written) < 3000


def test_file_that_is_no_message_is_counted() -> None:
    """What is wrong with a file as a whole is counted by its reason."""
    counts = counts_of([b""])

    assert counts.files == Counter({("empty-input",): 1})


def test_unreadable_file_is_counted() -> None:
    """A file that the system keeps closed is counted, too."""
    tally = Tally(tables())

    tally.unreadable()

    assert tally.counts.files == Counter({("file-unreadable",): 1})


def test_message_counts_once_for_a_reason() -> None:
    """Three entries of one reason are one message of that reason."""
    counts = counts_of([oru([Obx(LOCAL, "1")] * 3)])

    assert counts.reasons["held", "unmapped-code"] == 1


def test_message_without_entries_counts_for_its_own_reason() -> None:
    """A message that is refused before anything is read into counts by what refused it."""
    counts = counts_of([oru([], processing_id="T")])

    assert counts.reasons == Counter({("refused", "not-production"): 1})


def test_flags_and_ranges_are_counted() -> None:
    """Abnormal flags are counted by repetition; of what no row maps the reference ranges, too."""
    line = "OBX|{}|NM|{}||5|g/L|{}|H~A^x|||F"
    base = oru([]).decode()
    message = base + "".join(
        f"{line.format(number, code, text)}\r"
        for number, (code, text) in enumerate([(LOCAL, "4 - 6"), (LOCAL, "Negative"), (HDL, "40-60")], start=1)
    )

    counts = counts_of([message.encode()])

    assert counts.flags == Counter({("hl7v2", "H"): 3, ("hl7v2", "A"): 3})
    assert [key[1:] for key in counts.ranges] == [("g/L", "4", "6")]


def test_message_without_flags_has_short_segments() -> None:
    """An OBX that ends before its range is counted all the same."""
    counts = counts_of([oru([]) + b"OBX|1|NM|ZZ9^Aura^L||5\r"])

    assert not counts.flags
    assert not counts.ranges
    assert counts.entries.total() == 1


def test_document_names_its_flags_and_its_sender() -> None:
    """FHIR interpretations are flags, and the message header says who sends."""
    document = {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"resource": {"resourceType": "MessageHeader", "source": {"name": "EXLAB"}}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"coding": [{"system": "L", "code": "ZZ9"}]},
                    "valueQuantity": {"value": 4.5},
                    "interpretation": [{"coding": [{"code": "HH"}]}],
                }
            },
        ],
    }

    counts = counts_of([json.dumps(document).encode()])

    assert counts.flags == Counter({("fhir", "HH"): 1})
    assert [key[2] for key in counts.messages] == ["EXLAB"]


def test_unconfirmed_codes_and_answers_are_counted() -> None:
    """What is sent under a code that the vendor has not published is counted, and so are coded answers."""
    blood = Obx("882-1^ABO and Rh^LN", "A POS", unit="", type="ST")

    counts = counts_of([oru([Obx(GLUCOSE, "92"), blood])])

    assert counts.waiting == Counter({("GLUCOSE",): 1})
    assert counts.answers == Counter({("BLOOD_TYPE", "A+"): 1})


def test_code_is_learnt_again_when_the_memo_is_full() -> None:
    """More forms than are remembered change nothing in what is counted."""
    message = oru([Obx(f"C{number}^^L", "1") for number in range(5000)])

    assert counts_of([message, message]).entries.total() == 10_000


@pytest.mark.parametrize("most", [pytest.param(1, id="hardly-any-room"), pytest.param(1000, id="room-for-all")])
@given(messages=MESSAGES)
def test_parts_that_others_counted_add_up_to_the_whole(messages: list[bytes], most: int) -> None:
    """Counted here or taken from those who counted message by message: the same counts, nothing twice."""
    whole, _ = counted(messages, most=most)
    added = Tally(tables(), most)

    for message in messages:
        part, _ = counted([message], most=most)
        added.add(part.take())
        assert (part.messages, part.entries, part.counts) == (0, 0, Counts())

    assert (added.counts, added.messages, added.entries) == (whole.counts, whole.messages, whole.entries)
