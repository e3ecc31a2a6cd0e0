"""The page of an archive stands by itself: everything escaped, nothing from elsewhere, nothing of a patient."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from msgspec import structs

from tests.coverage.counting import counted, coverage_of, tables
from tests.lab_messages import GLUCOSE, LOCAL, Obx, oru, service_request
from translator.coverage.report import Code, Coverage, SeenCode, Unread
from translator.coverage.summary import summarise
from translator.coverage_page import page_of

HOSTILE = "<script>alert(1)</script>"
_VOID = frozenset({"meta", "link", "br"})


class _Reader(HTMLParser):
    """Check that every element is closed where it was opened, and note what could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids |= {value for name, value in attrs if name == "id" and value}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def _rich() -> Coverage:
    """Sum up a small archive that has a bit of everything."""
    results = [
        Obx(GLUCOSE, "92"),
        Obx("GLU^Glucose^L", "90"),
        Obx(LOCAL, "5", unit="furlong"),
        Obx("Q^Q^L", "1", "", "Z"),
    ]
    extra = b"NTE|1||read by nobody\rSPM|1|||SER\rOBX|9|NM|VOL^Volume^L||5|mL||H|||F\r"
    tally, _ = counted([oru(results), oru([Obx(GLUCOSE, "92")]) + extra, b""], tables("example"))
    return summarise(tally.counts, tables("example"))


def test_page_is_whole_and_stands_alone() -> None:
    """Every element is closed, every link leads into the page, and nothing runs or is loaded."""
    reader = _read(page_of(_rich()))

    assert reader.tags.isdisjoint({"script", "img", "iframe", "object", "embed", "form"})
    assert not reader.handlers
    assert {link[1:] for link in reader.links if link.startswith("#")} <= reader.ids
    assert [link for link in reader.links if not link.startswith("#")] == ["data:,"]


def test_page_loads_nothing_by_its_style() -> None:
    """The style names no resource, and the policy forbids any."""
    page = page_of(_rich())

    assert not re.search(r"url\(|@import|https?://(?!loinc\.org)", page)
    assert "default-src 'none'" in page


def test_page_says_what_was_counted() -> None:
    """Codes, suggestions with evidence, fates with remedies, charts and unread fields are there."""
    said = " ".join(_read(page_of(_rich())).said)

    for words in (
        "unmapped-code",
        "Add the code to the site",
        "the same name: `Glucose`",
        "furlong",
        "NTE",
        "EXLAB/NORTH",
    ):
        assert words in said
    assert "svg" in _read(page_of(_rich())).tags


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(oru([Obx(f"{HOSTILE}^{HOSTILE}^{HOSTILE}", "1")]), id="code"),
        pytest.param(oru([Obx(LOCAL, "1", unit=HOSTILE)]), id="unit"),
        pytest.param(oru([Obx(LOCAL, "1", status=HOSTILE)]), id="status"),
        pytest.param(oru([Obx(LOCAL, "1", type=HOSTILE)]), id="type"),
        pytest.param(oru([Obx(GLUCOSE, "92")]).replace(b"EXLAB", HOSTILE.encode()), id="sender"),
        pytest.param(oru([Obx(GLUCOSE, "92")], status=HOSTILE), id="report-status"),
        pytest.param(oru([Obx('"><b onmouseover=1>^x^L', "1")]), id="attribute"),
    ],
)
def test_hostile_words_are_text(message: bytes) -> None:
    """Whatever a sender writes where a code belongs is shown, and never becomes an element."""
    reader = _read(page_of(coverage_of(message)))

    assert reader.tags.isdisjoint({"script", "b onmouseover"})
    assert not reader.handlers


def test_element_with_a_hostile_name_is_text() -> None:
    """The name of a FHIR element is shown as it is written."""
    found = structs.replace(_rich(), unread=(Unread(f"Observation.{HOSTILE}", 1),))

    assert "script" not in _read(page_of(found)).tags


def test_hidden_characters_are_shown() -> None:
    """What no reader would see, and what turns a line round, is marked."""
    code = SeenCode("hl7v2", (Code("L", "A\u202eB", "N\x07"),), 1, {"held": 1})

    said = " ".join(_read(page_of(structs.replace(_rich(), codes=(code,)))).said)

    assert "A\ufffdB" in said
    assert "N\ufffd" in said


def test_page_has_nothing_of_a_patient() -> None:
    """Neither a value nor a name, a birth date or a number is on the page."""
    page = page_of(coverage_of(oru([Obx(GLUCOSE, "91.7"), Obx(LOCAL, "4711.25"), Obx(LOCAL, "a remark", type="ST")])))

    for secret in (
        "91.7",
        "4711.25",
        "a remark",
        "EX-1001",
        "Sample",
        "Avery",
        "19840312",
        "F-2001",
        service_request(1),
    ):
        assert secret not in page


def test_empty_page_is_a_page() -> None:
    """Where there was nothing, the page says so in each part."""
    reader = _read(page_of(coverage_of()))

    assert "Nothing." in " ".join(reader.said)


def test_stopped_count_says_so() -> None:
    """What was stopped before its end cannot be taken for the whole."""
    page = page_of(structs.replace(_rich(), interrupted=True))

    assert "stopped before the end" in page


def test_long_list_ends_with_what_is_left_out() -> None:
    """A table has so many rows, and says how many there are beside."""
    said = " ".join(_read(page_of(coverage_of(oru([Obx(f"C{number}^^L", "1") for number in range(130)])))).said)

    assert "30 more are in the JSON" in said


def test_marks_of_the_climb_keep_apart() -> None:
    """The share of results grows with every code, up to all of them."""
    page = page_of(coverage_of(oru([Obx(GLUCOSE, "92"), *(Obx(f"C{number}^^L", "1") for number in range(9))])))

    assert ">10 %<" in page
    assert ">100 %<" in page
