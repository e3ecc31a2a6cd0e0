"""Acknowledgements: who is told what, by which code, where; in the sender's own delimiters and charset."""

from __future__ import annotations

import re

import hl7
import pytest
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from tests.lab_messages import HDL, Obx, oru
from translator.accept.ack import AWAY, CONTENT, KEPT, NOT_OURS, Verdict, acknowledge, refusal
from translator.accept.ack_header import AckHeader, read_ack_header
from translator.engine import Translator
from translator.mapping_files import packaged_tables
from translator.read.mllp import Acknowledgement, read_acknowledgement
from translator.record.outcome import Diagnostic

ENGINE = Translator(packaged_tables())
CHARSETS = ENGINE.tables.charsets
AT = 1_772_360_100.25
MESSAGE = oru([Obx(HDL, "50")])
LOCATED = (
    "MSA|AE|MSG1\rERR||OBX^3^2|102^Data type error^HL70357|E|value-type-refused^value-type-refused^L|||"
    "this type holds no value\r"
)
WRONG = Diagnostic("value-type-refused", "error", "OBX[3]-2", "this type holds no value")


def header(raw: bytes) -> AckHeader:
    """Read a header that is there."""
    found = read_ack_header(raw, CHARSETS)
    assert found is not None
    return found


def asking(accept: str, application: str) -> bytes:
    """Ask for acknowledgements by MSH-15 and MSH-16."""
    return MESSAGE.replace(b"|2.5.1\r", f"|2.5.1|||{accept}|{application}\r".encode())


def answers(raw: bytes, became: str = KEPT, *diagnostics: Diagnostic) -> list[str]:
    """Write the answers to a message as text, in its charset."""
    found = read_ack_header(raw, CHARSETS)
    said = acknowledge(found, Verdict(became, AT, 0 if became == AWAY else 7, diagnostics))
    return [one.raw.decode(found.codec if found else "ascii") for one in said]


def judged(raw: bytes) -> str:
    """Write the one answer to what the engine makes of a message."""
    outcome = ENGINE.translate(raw)
    became = refusal(outcome.diagnostics) if outcome.state == "refused" else KEPT
    (answer,) = answers(raw, became, *outcome.diagnostics)
    return answer


def test_answer_mirrors_the_header() -> None:
    """Sender and receiver change places; time, number, event, processing id and version are theirs or ours."""
    assert answers(MESSAGE) == [
        "MSH|^~\\&|TRANSLATOR|WHOOP|EXLAB|NORTH|20260301101500.250+0000||ACK^R01^ACK|7A|P|2.5.1\rMSA|AA|MSG1\r"
    ]


@pytest.mark.parametrize(
    ("accept", "application", "codes"),
    [
        # What is asked for, then what is said of a message that is kept, refused, not ours, and could not be kept.
        pytest.param("", "", ["AA", "AE", "AR", "AR"], id="original-mode"),
        pytest.param('""', "", ["AA", "AE", "AR", "AR"], id="null-is-not-valued"),
        pytest.param("AL", "NE", ["CA", "CE", "CR", "CE"], id="commit-always"),
        pytest.param("AL", "", ["CA", "CE", "CR", "CE"], id="commit-always-and-no-word-more"),
        pytest.param("al", "ne", ["CA", "CE", "CR", "CE"], id="small-letters"),
        pytest.param("ER", "NE", ["", "CE", "CR", "CE"], id="commit-only-errors"),
        pytest.param("SU", "NE", ["CA", "", "", ""], id="commit-only-success"),
        pytest.param("NE", "AL", ["AA", "AE", "AR", "AR"], id="application-always"),
        pytest.param("", "AL", ["AA", "AE", "AR", "AR"], id="application-always-and-no-word-more"),
        pytest.param("NE", "ER", ["", "AE", "AR", "AR"], id="application-only-errors"),
        pytest.param("NE", "SU", ["AA", "", "", ""], id="application-only-success"),
        pytest.param("AL", "AL", ["CA AA", "CE", "CR", "CE"], id="both"),
        pytest.param("AL", "ER", ["CA", "CE", "CR", "CE"], id="commit-and-application-errors"),
        pytest.param("ER", "AL", ["AA", "CE", "CR", "CE"], id="commit-errors-and-application"),
        pytest.param("SU", "ER", ["CA", "AE", "AR", "AR"], id="commit-success-and-application-errors"),
        pytest.param("NE", "NE", ["", "", "", ""], id="nothing"),
        pytest.param("XX", "NE", ["CA", "CE", "CR", "CE"], id="a-word-that-is-none-is-answered"),
    ],
)
def test_mode_and_fate_decide_the_codes(accept: str, application: str, codes: list[str]) -> None:
    """A refusal at the first level leaves nothing to say at the second."""
    raw = asking(accept, application)

    said = [
        " ".join(re.findall(r"\rMSA\|(..)", "".join(answers(raw, each)))) for each in (KEPT, CONTENT, NOT_OURS, AWAY)
    ]

    assert said == codes


def test_both_answers_have_numbers_of_their_own() -> None:
    """The commit's and the application's are two messages."""
    said = [hl7.parse(answer) for answer in answers(asking("AL", "AL"))]

    assert [str(one["MSH.F10"]) for one in said] == ["7C", "7A"]


@pytest.mark.parametrize(
    ("old", "new", "code", "error"),
    [
        pytest.param("|P|", "|T|", "AR", "MSH^1^11^1^1|202^Unsupported processing id|not-production", id="training"),
        pytest.param("R01^ORU_R01", "R40", "AR", "MSH^1^9|201^Unsupported event code|alert-only", id="event"),
        pytest.param("ORU^R01", "ADT^A01", "AR", "MSH^1^9|200^Unsupported message type|message-type", id="type"),
        pytest.param(
            "ORU^R01^ORU_R01", "", "AR", "MSH^1^9|101^Required field missing|message-type-missing", id="no-type"
        ),
        pytest.param("|2.5.1\r", "|3.0\r", "AR", "MSH^1^12|203^Unsupported version id|version-not-read", id="version"),
        pytest.param("\rPID", "\rMSH|^~\\&|B\rPID", "AE", "|100^Segment sequence error|several-messages", id="two"),
    ],
)
def test_refusal_says_where_and_what(old: str, new: str, code: str, error: str) -> None:
    """What is not for us is rejected, content that we refuse is an error; each with its place and our reason."""
    answer = judged(MESSAGE.replace(old.encode(), new.encode(), 1))

    place, condition, reason = error.split("|")
    assert f"\rMSA|{code}|MSG1\rERR||{place}|{condition}^HL70357|E|{reason}^{reason}^L|" in answer


def test_held_message_is_accepted() -> None:
    """It waits for us; the sender has done its part."""
    held = MESSAGE.replace(b"2085-9", b"9999-9")

    assert ENGINE.translate(held).state == "held"
    assert "\rMSA|AA|MSG1\r" in judged(held)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("2.5", LOCATED, id="with-places"),
        pytest.param("2.3.1", "MSA|AE|MSG1|value-type-refused\rERR|OBX^3^2^102&Data type error&HL70357\r", id="before"),
        pytest.param("", LOCATED, id="unknown"),
    ],
)
def test_error_is_told_as_its_version_does(version: str, expected: str) -> None:
    """ERR has a field for the place since 2.5; before, all stands in its first field."""
    (answer,) = answers(MESSAGE.replace(b"|2.5.1\r", f"|{version}\r".encode()), CONTENT, WRONG)

    assert answer.endswith(expected)


def test_message_that_could_not_be_kept_is_a_fault_of_ours() -> None:
    """Severity F, table 0516: the message was not processed because the application failed."""
    (answer,) = answers(MESSAGE, AWAY, Diagnostic("not-kept", "error", "", "send it again later"))

    assert "|207^Application internal error^HL70357|F|not-kept^" in answer


def test_errors_are_not_told_without_end() -> None:
    """A message with a thousand faults is told of the first ones."""
    (answer,) = answers(MESSAGE, CONTENT, *[WRONG] * 1000)

    assert answer.count("\rERR|") == 10


def test_warnings_are_not_told() -> None:
    """Only what refuses the message is the sender's business."""
    (answer,) = answers(MESSAGE, CONTENT, Diagnostic("unit-respelled", "info", "OBX[1]-6", ""), WRONG)

    assert answer.count("\rERR|") == 1


def test_delimiters_of_its_own_are_mirrored() -> None:
    """The answer is written with them throughout, and what they mean in our texts is escaped."""
    raw = MESSAGE.translate(bytes.maketrans(b"|^~\\&", b"$%*!@"))
    said = Diagnostic("value-type-refused", "error", "OBX[3]-2", "100% of $")

    (answer,) = answers(raw, CONTENT, said)

    assert answer.startswith("MSH$%*!@$TRANSLATOR$WHOOP$EXLAB$NORTH$20260301101500.250+0000$$ACK%R01%ACK$7A$P$2.5.1\r")
    assert answer.endswith("$100!S! of !F!\r")


def test_number_is_given_back_as_it_was_sent() -> None:
    """Escapes in MSH-10 stay what they are: the delimiters are the same."""
    (answer,) = answers(MESSAGE.replace(b"|MSG1|", b"|A\\T\\B^2|"))

    assert answer.endswith("\rMSA|AA|A\\T\\B^2\r")


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        pytest.param("UNICODE UTF-8", "utf-8", id="utf-8"),
        pytest.param("8859/1", "latin-1", id="latin-1"),
        pytest.param("8859/15", "iso8859-15", id="latin-9"),
    ],
)
def test_charset_is_mirrored(charset: str, codec: str) -> None:
    """MSH-18 is repeated, and so are the bytes of names."""
    line = f"MSH|^~\\&|LÄB|NÖRD|A|B|20260301||ORU^R01|Ü1|P|2.5.1||||||{charset}\r"

    (answer,) = acknowledge(read_ack_header(line.encode(codec), CHARSETS), Verdict(KEPT, AT, 7))

    assert "|A|B|LÄB|NÖRD|" in answer.raw.decode(codec)
    assert f"|2.5.1||||||{charset}\rMSA|AA|Ü1\r" in answer.raw.decode(codec)


@pytest.mark.parametrize("charset", [pytest.param("", id="undeclared"), pytest.param("UNICODE UTF-8", id="wrong")])
def test_bytes_in_no_charset_are_mirrored_as_they_are(charset: str) -> None:
    """The sender finds its number again, whatever it meant by it."""
    line = b"MSH|^~\\&|A|B|C|D|20260301||ORU^R01|\xe4\xff1|P|2.5.1||||||" + charset.encode()

    (answer,) = acknowledge(read_ack_header(line, CHARSETS), Verdict(KEPT, AT, 7))

    assert b"\rMSA|AA|\xe4\xff1\r" in answer.raw


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xef\xbb\xbf" + MESSAGE, id="byte-order-mark"),
        pytest.param(b"\r\n  " + MESSAGE, id="blank-lines"),
        pytest.param(b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + MESSAGE + b"BTS|1\rFTS|1\r", id="envelopes"),
        pytest.param(MESSAGE.replace(b"\r", b"\n"), id="line-feeds"),
    ],
)
def test_header_is_found(raw: bytes) -> None:
    """Wherever the reader finds it."""
    assert header(raw).control_id == "MSG1"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="text"),
        pytest.param(b'{"MSH": 1}', id="json"),
        pytest.param(b"MSH", id="no-delimiters"),
        pytest.param(b"MSH||||", id="no-component-separator"),
        pytest.param(b"MSHX^~\\&X", id="a-letter-as-separator"),
        pytest.param("MSH|^~\\&|A".encode("utf-16-le"), id="utf-16"),
    ],
)
def test_what_is_no_hl7_has_no_header(raw: bytes) -> None:
    """It is answered all the same, by a message that can be read."""
    assert read_ack_header(raw, CHARSETS) is None
    (answer,) = answers(raw, NOT_OURS, Diagnostic("malformed", "error", "MSH", "no MSH"))
    assert hl7.parse(answer).segment("MSA")[1][0] == "AR"


@pytest.mark.parametrize(("kind", "found"), [("ACK", True), ("ACK^R01^ACK", True), ("MCF", True), ("ORU^R01", False)])
def test_acknowledgements_are_known(kind: str, *, found: bool) -> None:
    """Nobody answers an answer."""
    raw = MESSAGE.replace(b"ORU^R01^ORU_R01", kind.encode())

    assert header(raw).is_acknowledgement is found


FATES = st.sampled_from([KEPT, CONTENT, NOT_OURS, AWAY])
FIELD = st.text(st.characters(blacklist_characters="|\r\n\x0b\x1c^~\\&", max_codepoint=255), max_size=8)


@given(st.binary(max_size=80), st.binary(max_size=80), FATES)
def test_any_bytes_are_answered(before: bytes, after: bytes, became: str) -> None:
    """Whatever stands around the header, and whatever the header says."""
    for raw in (before, before + b"\rMSH|" + after, b"MSH" + after, b"MSH|^~\\&|" + after):
        found = read_ack_header(raw, CHARSETS)
        for one in acknowledge(found, Verdict(became, AT, 1, (WRONG,))):
            assert one.raw.startswith(b"MSH")
            assert not {0x0B, 0x1C} & set(one.raw)
            assert one.raw.count(b"\rMSA") == 1


@given(st.permutations("|^~\\&$%*!@#"), FIELD.filter(str.strip), FATES)
def test_answer_is_read_back_by_our_own_reader(marks: list[str], number: str, became: str) -> None:
    """Whatever the delimiters: the code and the number come out as they went in."""
    separator, *others = marks[:5]
    number = "".join(letter for letter in number if letter not in marks)
    fields = ["MSH", "".join(others), "A", "B", "C", "D", "20260301", "", "ORU", f"1{number}1", "P", "2.5.1"]
    raw = separator.join(fields).encode("latin-1")

    (answer,) = acknowledge(header(raw), Verdict(became, AT, 1, (WRONG,)))

    assert read_acknowledgement(answer.raw) == Acknowledgement(answer.code, f"1{number}1")


@pytest.mark.parametrize("became", [KEPT, CONTENT, NOT_OURS, AWAY])
@pytest.mark.parametrize("version", ["2.3.1", "2.4", "2.5.1", "2.6", "2.8"])
def test_answer_is_read_back_by_peers(became: str, version: str) -> None:
    """hl7apy finds every segment where its version of the standard has it; python-hl7 finds the same codes."""
    (answer,) = answers(MESSAGE.replace(b"|2.5.1\r", f"|{version}\r".encode()), became, WRONG)

    apy = parse_message(answer)
    plain = hl7.parse(answer)

    assert apy.msa.msa_1.value == str(plain["MSA.F1"]) == {KEPT: "AA", CONTENT: "AE"}.get(became, "AR")
    assert apy.msa.msa_2.value == str(plain["MSA.F2"]) == "MSG1"
    assert apy.validate()
    assert [segment.name for segment in apy.children] == ["MSH", "MSA", *([] if became == KEPT else ["ERR"])]


def test_answer_to_a_repeat_is_the_same_byte_by_byte() -> None:
    """Nothing in it comes from a clock or from chance."""
    assert answers(MESSAGE, CONTENT, WRONG) == answers(MESSAGE, CONTENT, WRONG)
