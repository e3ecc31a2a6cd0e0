"""From bytes to outcomes: one message, a file of many, and what is neither."""

from __future__ import annotations

import pickle
from io import BytesIO

import pytest

from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru
from translator import Outcome, Translator
from translator.mapping_files import packaged_tables
from translator.pipeline import Pipeline
from translator.read.wire import LARGEST_MESSAGE
from translator.record.report import Message

ENGINE = Translator.load()
FIRST = oru([Obx(CHOLESTEROL, "185")])
SECOND = oru([Obx(HDL, "55"), Obx(CHOLESTEROL, "185")], control_id="MSG2")
STRAY = b"OBX|1|NM|2093-3^C^LN||185|mg/dL|||||F\r"


def outcomes(raw: bytes) -> list[Outcome]:
    """Translate a file of these bytes."""
    return list(ENGINE.translate_stream(BytesIO(raw), name="lab.hl7"))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b"", "empty-input", id="nothing"),
        pytest.param(b" \r\n", "empty-input", id="blank"),
        pytest.param(b"%PDF-1.7", "malformed", id="pdf"),
        pytest.param(b"MSH", "malformed", id="three-letters"),
        pytest.param(b"{", "malformed", id="half-json"),
        pytest.param(b"[]", "malformed", id="json-list"),
        pytest.param(FIRST.decode().encode("utf-16"), "charset-wide", id="utf-16"),
        pytest.param(FIRST + SECOND, "several-messages", id="two-messages"),
        pytest.param(STRAY + FIRST, "malformed", id="stray-before-a-message"),
        pytest.param(b"BHS|^~\\&|LAB\r" + STRAY + FIRST, "malformed", id="stray-in-an-envelope"),
    ],
)
def test_bytes_that_are_not_one_message_are_refused(raw: bytes, code: str) -> None:
    """One call takes one message; what else there is is said, and accounted for."""
    outcome = ENGINE.translate(raw)

    assert (outcome.state, outcome.diagnostics[0].code) == ("refused", code)
    assert len(outcome.entries) == raw.count(b"OBX|")
    assert len({entry.at for entry in outcome.entries}) == len(outcome.entries)


def test_message_in_its_envelope_is_one_message() -> None:
    """Batch headers and MLLP framing around a single message are no second message."""
    assert ENGINE.translate(b"\x0bFHS|^~\\&|L\rBHS|^~\\&|L\r" + FIRST + b"BTS|1\rFTS|1\r\x1c\r").state == "translated"


def test_file_gives_one_outcome_per_message() -> None:
    """Messages are counted from 0, with the file's name and their own hash."""
    found = outcomes(FIRST + SECOND)

    assert [(outcome.source.file, outcome.source.index) for outcome in found] == [("lab.hl7", 0), ("lab.hl7", 1)]
    assert found[0].source.sha256 != found[1].source.sha256


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        pytest.param(b"", ["empty-input"], id="empty"),
        pytest.param(b"\x0b\x1c\r", ["empty-input"], id="an-empty-frame"),
        pytest.param(b"FHS|^~\\&|L\rBHS|^~\\&|L\rBTS|0\rFTS|1\r", ["empty-input"], id="an-empty-batch"),
        pytest.param(b"%PDF-1.7", ["malformed"], id="pdf"),
        pytest.param(FIRST.decode().encode("utf-16"), ["charset-wide"], id="utf-16"),
        pytest.param(FIRST.decode().encode("utf-16-be"), ["charset-wide"], id="utf-16-without-mark"),
        pytest.param(FIRST.decode().encode("utf-32-le"), ["charset-wide"], id="utf-32-without-mark"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS|2\r", ["", "batch-count"], id="too-few"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS|x\r", ["", "batch-count"], id="no-number"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS|01\r", [""], id="leading-nought"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS|\r", [""], id="no-claim"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS\r", [""], id="a-trailer-of-its-name-alone"),
        pytest.param(b"FHS|^~\\&|L\r" + FIRST + b"FTS", [""], id="a-name-alone-at-the-end"),
        pytest.param(FIRST + b"BTS\x1a\x00", [""], id="padding-for-a-separator"),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST + b"BTS|1\rFTS|2\r", ["", "batch-count"], id="too-few-batches"),
        pytest.param(FIRST + b"BHS|^~\\&|L\r" + FIRST + b"BTS|1\r", ["", ""], id="a-message-before-the-batch"),
        pytest.param(b"FHS|^~\\&|L\r" + FIRST + SECOND + b"FTS|1\r", ["", ""], id="one-batch-without-header"),
        pytest.param(b"FHS|^~\\&|L\r" + FIRST + b"FTS|0\r", ["", "batch-count"], id="no-batch-claimed"),
        pytest.param(
            b"FHS|^~\\&\r" + (b"BHS|^~\\&\r" + FIRST + SECOND + b"BTS|2\r") * 2 + b"FTS|2\r", [""] * 4, id="nested"
        ),
        pytest.param(
            b"FHS|^~\\&\r" + (b"BHS|^~\\&\r" + FIRST + b"BTS|2\r") * 2 + b"FTS|3\r",
            ["", "batch-count", "", "batch-count", "batch-count"],
            id="nested-and-wrong",
        ),
        pytest.param(
            b"BHS|^~\\&|L\r" + FIRST + b"BTS|" + b"9" * 5000, ["", "batch-count"], id="a-count-of-5000-digits"
        ),
        pytest.param(b"BHS|^~\\&|L\r" + FIRST, ["", "batch-unfinished"], id="no-batch-trailer"),
        pytest.param(b"FHS|^~\\&|L\r" + FIRST, ["", "batch-unfinished"], id="no-file-trailer"),
        pytest.param(
            b"BHS|^~\\&|L\r" + FIRST + b"BHS|^~\\&|L\r" + FIRST + b"BTS|1\r",
            ["", "batch-unfinished", ""],
            id="no-trailer-before-the-next-batch",
        ),
        pytest.param(b"garbage\r" + FIRST, ["malformed", ""], id="garbage-first"),
        pytest.param(FIRST + b"\x1c\rgarbage", ["", "malformed"], id="garbage-after-a-frame"),
        pytest.param(b"BHS|^~\\&|L\rgarbage\r" + FIRST + b"BTS|1\r", ["malformed", ""], id="garbage-in-an-envelope"),
        pytest.param(STRAY + FIRST, ["malformed", ""], id="results-of-no-message"),
    ],
)
def test_file_as_a_whole_is_judged_too(raw: bytes, codes: list[str]) -> None:
    """A wrong count holds nothing, and bytes of no message are never passed over."""
    found = [outcome.diagnostics[0].code if outcome.state == "refused" else "" for outcome in outcomes(raw)]

    assert found == codes


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(FIRST + b"NTE|1||" + b"x" * LARGEST_MESSAGE, id="hl7v2"),
        pytest.param(b'{"resourceType": "Bundle", "id": "' + b"x" * LARGEST_MESSAGE, id="fhir"),
    ],
)
def test_too_large_message_is_refused_and_counted(raw: bytes) -> None:
    """Above the limit a message is refused by name; what lies below the limit is accounted for."""
    (outcome,) = outcomes(raw)

    assert (outcome.state, outcome.diagnostics[0].code) == ("refused", "too-large")
    assert [(entry.state, entry.reason) for entry in outcome.entries] == [("refused", "too-large")] * raw.count(b"OBX|")


@pytest.mark.parametrize(
    ("raw", "states"),
    [
        pytest.param(b"\x0b" + FIRST, ["held"], id="alone"),
        pytest.param(b"\x0b" + FIRST + b"\x0b" + SECOND + b"\x1c\r", ["held", "translated"], id="before-another"),
    ],
)
def test_message_whose_frame_never_ends_is_held(raw: bytes, states: list[str]) -> None:
    """A message that may be cut off is never taken for whole, and its neighbours are not touched."""
    found = outcomes(raw)

    assert [outcome.state for outcome in found] == states
    assert {entry.cause for entry in found[0].entries} == {"truncated"}


def test_refused_message_stays_refused_when_truncated() -> None:
    """What refuses a message counts before what holds it."""
    (outcome,) = outcomes(b"\x0b" + FIRST.replace(b"|P|", b"|T|"))

    assert [(outcome.state, outcome.diagnostics[0].code)] == [("refused", "not-production")]


def test_results_of_no_message_are_accounted_for() -> None:
    """An OBX line outside every message has an entry, too."""
    stray, _ = outcomes(STRAY + FIRST)

    assert [(entry.at, entry.state) for entry in stray.entries] == [("OBX[1]", "refused")]


def test_submission_offers_its_body_three_ways() -> None:
    """As bytes to send, as plain values, and typed."""
    (submission,) = ENGINE.translate(FIRST).submissions

    assert submission.body["observations"][0]["value_numeric"] == submission.payload.observations[0].value_numeric
    assert submission.body_json.startswith(b'{"status":"final"')


def test_site_is_loaded_by_name() -> None:
    """A packaged site's own codes are known."""
    local = oru([Obx("CHOL^Cholesterol^L", "185")])

    assert (ENGINE.translate(local).state, Translator.load("example").translate(local).state) == ("held", "translated")


def test_watch_sees_every_message_as_it_was_read() -> None:
    """Whoever watches sees each message once with its bytes and its outcome, and a pickled translator without him."""
    seen: list[tuple[bytes, Message, Outcome]] = []
    engine = Translator(Translator.load().tables, lambda *each: seen.append(each))
    one, other = oru([Obx(HDL, "55")]), oru([Obx(CHOLESTEROL, "185")])

    found = [*engine.translate_stream(BytesIO(one + other))]
    apart = pickle.loads(pickle.dumps(engine)).translate(one)  # noqa: S301 - our own bytes

    assert [(raw, outcome) for raw, _, outcome in seen] == [(one, found[0]), (other, found[1])]
    assert [message.reports[0].observations[0].codes[0].code for _, message, _ in seen] == ["2085-9", "2093-3"]
    assert apart.entries == found[0].entries


def test_sender_of_each_of_very_many_is_its_own() -> None:
    """What is remembered of headers is bounded, and nobody is taken for another."""
    names = [f"LAB{number}" for number in range(300)]

    pipeline = Pipeline(packaged_tables())

    found = [pipeline.read(FIRST.replace(b"EXLAB|", f"{name}|".encode(), 1)).sender for name in [*names, *names]]

    assert [sender.partition("/")[0] for sender in found] == [*names, *names]
