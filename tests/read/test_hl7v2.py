"""Any bytes become a message; whatever is wrong with it, every OBX gets its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.read.samples import CHARSETS, LEXICON, cpu_seconds, header, message
from translator.read.er7 import NULL, Delimiters
from translator.read.hl7v2 import read_message
from translator.read.wire import split_stream
from translator.record.report import Finding, Message
from translator.record.values import Numeric, Text

RESULT = "OBX|1|NM|718-7^Hb^LN||14.2|g/dL|||||F"


def read(raw: bytes, first_line: int = 1) -> Message:
    """Read a message with the lexicon of these tests."""
    return read_message(raw, LEXICON, first_line)


def places(found: Message) -> list[str]:
    """List the place of every observation, in order of number."""
    every = (seen.at for report in found.reports for seen in report.observations)
    return sorted(every, key=lambda at: int(at[4:-1]))


def numbered(count: int) -> list[str]:
    """List the places that `count` observations must have."""
    return [f"OBX[{n}]" for n in range(1, count + 1)]


def test_header_is_read() -> None:
    """Type, version, control id and sender are the header's own."""
    found = read(message("OBR|1", RESULT))

    assert (found.format, found.type, found.version) == ("hl7v2", "ORU^R01", "2.5.1")
    assert (found.control_id, found.sender) == ("C-1", "LAB/NORTH")
    assert (found.refused, found.held, found.findings) == (None, (), ())


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param(header(event="ORU^R01^ORU_R01"), ("ORU^R01", "LAB/NORTH"), id="with-structure"),
        pytest.param(header(event="ORU"), ("ORU", "LAB/NORTH"), id="without-event"),
        pytest.param("MSH|^~\\&|LAB^1.2^ISO~X|||||| ORU ^ R01 |1|P|2.5", ("ORU^R01", "LAB"), id="parts-and-spaces"),
        pytest.param("MSH|^~\\&||NORTH||||  |ORU^R01|1|P|2.5", ("ORU^R01", "NORTH"), id="facility-only"),
        pytest.param("MSH|^~\\&", ("", ""), id="header-breaks-off"),
    ],
)
def test_header_field_is_its_first_component(first: str, expected: tuple[str, str]) -> None:
    """Repetitions and further components of the header are not read."""
    found = read(message(first=first))

    assert (found.type, found.sender) == expected


@pytest.mark.parametrize(
    ("first", "refused"),
    [
        pytest.param(header(processing="T"), ("not-production", "MSH-11.1"), id="training"),
        pytest.param(header(processing="D"), ("not-production", "MSH-11.1"), id="debugging"),
        pytest.param(header(processing="T^A"), ("not-production", "MSH-11.1"), id="training-of-an-archive"),
        pytest.param(header(event="OML^O21"), ("order-message", "MSH-9"), id="order"),
        pytest.param(header(event="ADT^A08"), ("message-type", "MSH-9"), id="unlisted-type"),
        pytest.param(header(event="ORU^^ORU_R99"), ("message-type", "MSH-9"), id="unlisted-structure"),
        pytest.param(header(event="ORU^R99"), ("message-type", "MSH-9"), id="unlisted-event"),
        pytest.param(header().replace("2.5.1", "3.0"), ("version-not-read", "MSH-12"), id="version-3"),
        pytest.param(header().replace("2.5.1", "2x5"), ("version-not-read", "MSH-12"), id="no-version"),
        pytest.param("MSH|^^~\\&|", ("malformed", "MSH"), id="component-stands-twice"),
        pytest.param("MSH|", ("malformed", "MSH"), id="no-delimiters"),
        pytest.param("PID|1", ("malformed", "MSH"), id="no-header"),
    ],
)
def test_refused_message_still_places_every_observation(first: str, refused: tuple[str, str]) -> None:
    """A message that is refused says why once, and its observations are all there."""
    found = read(message("OBR|1", RESULT, "OBX", "OBX1", first=first))

    assert found.refused
    assert (found.refused.code, found.refused.at) == refused
    assert found.held == ()
    assert places(found) == numbered(2)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("2.5.1^USA", id="composite"),
        pytest.param("2", id="major-only"),
        pytest.param("", id="blank"),
        pytest.param("2.9", id="newest"),
    ],
)
def test_version_2_is_read(version: str) -> None:
    """The version is a hint; any 2.x is read, and a blank one too."""
    assert read(message(RESULT, first=header().replace("2.5.1", version))).refused is None


@pytest.mark.parametrize("processing", ["", "p", "X"], ids=["blank", "lower-case", "unknown"])
def test_message_that_is_not_said_to_be_production_is_held(processing: str) -> None:
    """Only P is production."""
    (held,) = read(message(RESULT, first=header(processing=processing))).held

    assert (held.code, held.at) == ("processing-id-missing", "MSH-11.1")


@pytest.mark.parametrize(
    ("raw", "first_line", "text"),
    [
        pytest.param(message("OBR|1", "OBX|1|TX|x||one", "two|||||F"), 1, "line 4", id="rest-of-a-value"),
        pytest.param(message("OBR|1", "free text", "more"), 8, "line 10", id="first-of-several"),
        pytest.param(message("OBR|1", "  " + RESULT), 1, "line 3", id="indented-segment"),
        pytest.param(message("OBR|1", "  OBX"), 1, "line 3", id="indented-name"),
        pytest.param(message("OBR|1", "obx|1"), 1, "line 3", id="name-in-lower-case"),
        pytest.param(message("OBR|1", "OBX^1"), 1, "line 3", id="another-separator"),
        pytest.param(message("OBR|1").replace(b"\r", b"\r\n") + b"free", 1, "line 3", id="both-line-ends"),
        pytest.param(message("OBR|1", "", "free").replace(b"\r", b"\n"), 1, "line 4", id="line-feeds"),
    ],
)
def test_line_that_is_no_segment_holds_the_message(raw: bytes, first_line: int, text: str) -> None:
    """What a raw line break cut apart cannot be put together; the first such line is named by its number."""
    (held,) = read(raw, first_line).held

    assert held.code == "raw-line-break"
    assert held.text.startswith(f"{text} ")


def test_indented_observation_is_still_counted() -> None:
    """A segment that does not start its line is read, so that it is accounted for, and the message is held."""
    found = read(message("OBR|1", "\t" + RESULT, "  OBX", RESULT))

    assert places(found) == numbered(3)
    assert [finding.code for finding in found.held] == ["raw-line-break"]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"\xef\xbb\xbf", id="byte-order-mark"),
        pytest.param(b"\xef\xbb\xbf\x0b", id="byte-order-mark-and-start-block"),
        pytest.param(b"\x0b", id="start-block"),
        pytest.param(b"\r\n \t", id="white-space"),
    ],
)
def test_what_stands_before_the_header_is_passed_over(start: bytes) -> None:
    """Framing and white space before MSH change nothing."""
    raw = message("OBR|1", RESULT, charset="UNICODE UTF-8")

    assert read(start + raw) == read(raw)


@pytest.mark.parametrize(
    ("charset", "codec", "held"),
    [
        pytest.param("8859/1", "iso8859_1", [], id="as-declared"),
        pytest.param("8859/1~UNICODE UTF-8", "iso8859_1", [], id="first-repetition-counts"),
        pytest.param("UNICODE UTF-8", "iso8859_1", ["charset-mismatch"], id="not-as-declared"),
        pytest.param("UNICODE", "utf_8", ["charset-unknown"], id="not-readable"),
    ],
)
def test_charset_is_that_of_msh_18(charset: str, codec: str, held: list[str]) -> None:
    """A charset that cannot be read as declared holds the message, and its observations are there."""
    found = read(message("OBR|1", "OBX|1|ST|x||5 \u00b5g", charset=charset, codec=codec))

    assert [finding.code for finding in found.held] == held
    assert held or found.reports[0].observations[0].value == Text("5 \u00b5g")
    assert places(found) == numbered(1)


def test_charset_is_found_behind_a_long_header() -> None:
    """However long the header, its charset is the whole name."""
    first = header(charset="8859/15")
    sender = "L" * (4096 - first.index("8859/15") - len("8859/1") + len("LAB"))

    found = read(message("OBR|1", "OBX|1|ST|x||5 \u20ac", first=first.replace("LAB", sender), codec="iso8859_15"))

    assert found.reports[0].observations[0].value == Text("5 \u20ac")


def test_undeclared_bytes_are_marked() -> None:
    """High bytes without a declared charset are findings of the fields that are read and of the segments."""
    found = read(message("OBR|1", "OBX|1|ST|x||5 \u00b5g", codec="utf_8"))

    assert found.findings == (Finding("undeclared-bytes", "OBX", "bytes above 127 and MSH-18 declares no charset"),)
    assert [finding.at for finding in found.reports[0].observations[0].findings] == ["OBX[1]-5"]


@pytest.mark.parametrize(
    "delimiters",
    [
        pytest.param("|^", id="component-only"),
        pytest.param("|^~", id="without-escape"),
        pytest.param("|^~\\", id="without-subcomponent"),
        pytest.param("|^~\\&#", id="with-truncation"),
        pytest.param("*:+!%", id="others"),
    ],
)
def test_delimiters_are_the_messages_own(delimiters: str) -> None:
    """Whatever MSH-1 and MSH-2 say is obeyed, and what they leave out is not used."""
    result = RESULT.replace("|", delimiters[0]).replace("^", delimiters[1])
    order = f"OBR{delimiters[0]}1{delimiters[0]}P1"

    found = read(message(order, result, first=header(delimiters)))

    (report,) = found.reports
    assert (found.refused, found.held) == (None, ())
    assert report.service_requests[0][1].value == "P1"
    assert [coding.code for coding in report.observations[0].codes] == ["718-7"]


@pytest.mark.parametrize("value", ["<script>", "a b", "5.4"])
def test_findings_have_no_content(value: str) -> None:
    """What a reader says about a message never repeats it."""
    found = read(message("OBR|1", value, first=header(processing="")))

    assert found.held
    assert not any(value in finding.text for finding in found.held)


LINES = st.sampled_from(
    [
        *(header(), header("*:+!%"), header("|^"), header(charset="UNICODE UTF-16"), header(charset="ISO IR87")),
        *(header(charset="BIG-5"), header(charset="8859/1"), header(processing="T"), "MSH|", "MSH", "PID|1||A"),
        *(
            "ORC|RE|1",
            "OBR|1|1",
            RESULT,
            "OBX",
            "OBX|",
            "OBX*1",
            " OBX|1",
            "OBX|1|SN|x||<^1^-^",
            "SPM|1",
            "DSC|",
            "text",
        ),
    ]
)
PARTS = st.lists(
    LINES.map(str.encode) | st.sampled_from([b"\r", b"\r\n", b"\n", b"\r", b"\r"]) | st.binary(max_size=6), max_size=24
)


@given(raw=PARTS.map(b"".join))
@example(raw=b"")
@example(raw=header("|^").encode() + b"\r")
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_a_message(raw: bytes) -> None:
    """No bytes are an error, and no observation has the place of another one."""
    found = read(raw)

    assert places(found) == numbered(len(places(found)))


@given(
    first=st.sampled_from(
        [
            *(header(charset=name, processing=kind) for name in ("", *CHARSETS) for kind in ("P", "T")),
            *(header("*:+!%"), header("|^"), header(event="ADT^A01"), header().replace("2.5.1", "9")),
        ]
    ),
    lines=st.lists(
        st.tuples(
            st.sampled_from([b"", b"", b" ", b"\t "]),
            st.sampled_from([b"OBX", b"OBX", b"OBR", b"PID", b"SPM", b"text", b"NTE"]),
            st.just(b"") | st.binary(max_size=12).map(lambda raw: b"|" + re.sub(rb"[\r\n]", b"", raw)),
            st.sampled_from([b"\r", b"\n", b"\r\n", b"\r\r"]),
        )
    ),
)
@settings(max_examples=400, deadline=None)
def test_every_observation_has_one_place_whatever_else_is_wrong(
    first: str, lines: list[tuple[bytes, bytes, bytes, bytes]]
) -> None:
    """Training, unknown type, wrong charset, stray text, any bytes in the fields: each OBX is there once."""
    separator = first[3].encode()
    body = b"".join(space + name + rest.replace(b"|", separator, 1) + end for space, name, rest, end in lines)

    found = read(first.encode() + b"\r" + body)

    assert places(found) == numbered(sum(name == b"OBX" for _, name, _, _ in lines))


FREE_TEXT = st.text(st.characters(codec="iso8859_1", categories=["L", "N", "P", "S"]), min_size=1, max_size=12).filter(
    lambda text: text != NULL
)


@st.composite
def written_messages(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, str]]]:
    """Write values by the book: any delimiters, line end and charset."""
    characters = draw(st.permutations("|^~\\&#*:+!%$;"))[:6]
    delimiters = Delimiters(*characters)
    charset, codec = draw(st.sampled_from([("8859/1", "iso8859_1"), ("UNICODE UTF-8", "utf_8")]))
    values = draw(
        st.lists(
            st.tuples(st.just("ST"), FREE_TEXT)
            | st.tuples(st.just("NM"), st.decimals(0, 10**6, places=2).map(lambda number: f"{number:f}")),
            max_size=6,
        )
    )
    book = {
        delimiters.escape: "E",
        delimiters.field: "F",
        delimiters.component: "S",
        delimiters.subcomponent: "T",
        delimiters.repetition: "R",
    }
    table = str.maketrans({char: f"{delimiters.escape}{name}{delimiters.escape}" for char, name in book.items()})
    lines = [header("".join(characters), charset), "OBR"]
    lines += [delimiters.field.join(["OBX", "1", kind, "x", "", value.translate(table)]) for kind, value in values]
    end = draw(st.sampled_from(["\r", "\n", "\r\n"]))
    return end.join([*lines, ""]).encode(codec), values


@given(written=written_messages())
@settings(max_examples=200, deadline=None)
def test_written_values_read_back(written: tuple[bytes, list[tuple[str, str]]]) -> None:
    """What a sender writes by the book comes back as it was, in any delimiters, line ends and charset."""
    raw, values = written
    (piece,) = split_stream([raw])

    found = read(piece.raw)

    (report,) = found.reports
    assert (found.refused, found.held) == (None, ())
    assert [
        seen.value.lexical if isinstance(seen.value, Numeric) else getattr(seen.value, "text", None)
        for seen in report.observations
    ] == [value for _, value in values]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("OBX|1|TX|x||" + "\\" * 1_000_000, id="backslashes"),
        pytest.param("OBX|1|NM|x||1" + " " * 1_000_000 + "x", id="spaces-in-a-number"),
        pytest.param("OBX|1|NM|x||" + "1" * 1_000_000, id="digits"),
        pytest.param("OBX|1|CWE|x||" + "^" * 1_000_000, id="components"),
        pytest.param("OBX|1|TX|x||" + "~" * 1_000_000, id="repetitions"),
        pytest.param("OBX" + "|" * 1_000_000, id="fields"),
        pytest.param("\r".join([RESULT] * 30_000), id="observations"),
        pytest.param("\r".join(["OBR|1|A|B", "OBX"] * 20_000), id="orders"),
        pytest.param("\r".join(["free text"] * 100_000), id="stray-lines"),
    ],
)
def test_cost_grows_with_the_message_and_no_faster(line: str) -> None:
    """No megabyte takes more than a moment."""
    raw = message("OBR|1", line)

    with cpu_seconds(5):
        assert read(raw).format == "hl7v2"


@pytest.mark.parametrize(
    ("processing", "codes"),
    [
        pytest.param("", [], id="blank"),
        pytest.param("X", ["processing-id-missing"], id="unknown"),
    ],
)
def test_empty_processing_id_is_production_where_the_site_says_so(processing: str, codes: list[str]) -> None:
    """Only the empty one: a code that nobody knows still holds the message."""
    lexicon = structs.replace(LEXICON, accept_blank_processing_id=True)

    found = read_message(message("OBR|1", RESULT, first=header(processing=processing)), lexicon)

    assert [held.code for held in found.held] == codes


def test_training_message_is_refused_whatever_the_site_says() -> None:
    """No setting opens production to training messages."""
    lexicon = structs.replace(LEXICON, accept_blank_processing_id=True)

    found = read_message(message("OBR|1", RESULT, first=header(processing="T")), lexicon)

    assert found.refused is not None


@pytest.mark.parametrize(
    ("mark", "charset", "codec", "text"),
    [
        pytest.param(b"", "", "iso8859_1", "5 \u00b5g", id="default"),
        pytest.param(b"", "UNICODE UTF-8", "utf_8", "5 \u00b5g", id="declared"),
        pytest.param(b"\xef\xbb\xbf", "", "utf_8", "5 \u00b5g", id="byte-order-mark"),
    ],
)
def test_default_charset_is_for_messages_that_declare_none(mark: bytes, charset: str, codec: str, text: str) -> None:
    """What a message says of itself comes before what the site says of its sender."""
    lexicon = structs.replace(LEXICON, default_charset="8859/1")
    raw = message("OBR|1", f"OBX|1|ST|x||{text}", charset=charset, codec=codec)

    found = read_message(mark + raw, lexicon)

    assert (found.held, found.findings) == ((), ())
    assert found.reports[0].observations[0].value == Text(text)


def test_structure_of_another_type_names_no_event() -> None:
    """MSH-9.3 tells the event only where it is one of the message's own type."""
    assert read(message("OBR|1", RESULT, first=header(event="ORU^^R99"))).refused is None


@pytest.mark.parametrize(
    ("pointer", "held"),
    [
        pytest.param("NEXT", ["message-continued"], id="pointer"),
        pytest.param('""', [], id="deleted"),
        pytest.param("", [], id="none"),
    ],
)
def test_message_that_continues_another_is_held(pointer: str, held: list[str]) -> None:
    """MSH-14 is filled only in the second half of a message."""
    fields = header().split("|")
    fields[13] = pointer

    assert [finding.code for finding in read(message("OBR|1", RESULT, first="|".join(fields))).held] == held


def test_continued_segment_is_read_as_one() -> None:
    """A segment that ADD continues is joined before it is read, and that is remarked on."""
    found = read(message("OBR|1", "OBX|1|TX|x||one ", "ADD|two||||||", "ADD|F"))
    (seen,) = found.reports[0].observations

    assert (seen.value, seen.status) == (Text("one two", prose=True), "F")
    assert [finding.code for finding in found.findings] == ["segment-continued"] * 2
    assert found.held == ()


def test_order_that_nobody_placed_is_read_for_the_correlation() -> None:
    """The table's reason refuses it, unless the correlation knows the order; its own numbers do not count."""
    lexicon = structs.replace(LEXICON, message_types={"ORU^R30": "point-of-care"})
    found = read_message(message("OBR|1|A", RESULT, first=header(event="ORU^R30")), lexicon)

    assert found.refused is None
    assert found.unplaced
    assert found.unplaced.code == "point-of-care"
    assert [report.is_placed for report in found.reports] == [False]


def test_order_that_the_site_accepts_is_placed() -> None:
    """A site that accepts the type says that its order numbers are real ones."""
    lexicon = structs.replace(LEXICON, message_types={"ORU^R30": ""})
    found = read_message(message("OBR|1|A", RESULT, first=header(event="ORU^R30")), lexicon)

    assert (found.refused, found.unplaced) == (None, None)
    assert [report.is_placed for report in found.reports] == [True]
