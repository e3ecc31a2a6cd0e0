"""What the console shows and to whom, over a real socket: a viewer never sees a patient, an operator leaves a trail."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.ledger.conftest import Clock
from tests.web.interesting import PATIENT_DATA
from tests.web.person import Person, parsed, words
from translator.ledger import Ledger
from translator.ledger.database import connect
from translator.web.console_visit import HEADERS, REFRESH_HEADER

_SEEN = re.compile(
    r"/|/login|/logout|/decide(/do)?|/static/[a-z.]+"
    r"|/(held|undecided|lanes|messages|orders|rates|trail)(/[0-9]+)?|/held/[0-9a-f]{16}|/messages/search"
    r"|/messages\?(state=[a-z]+|before=[0-9]+)(&state=[a-z]+)?"
)
HOUR = 3600.0


def leaks(page: str) -> list[str]:
    """Name the marks of patients that stand in a page."""
    return [mark for mark in PATIENT_DATA if mark in page]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="redirected"),
        pytest.param("/login", id="page"),
        pytest.param("/static/console.js", id="script"),
        pytest.param("/static/nothing.js", id="no-such-file"),
        pytest.param("/nowhere", id="no-such-page"),
        pytest.param("/messages/1", id="not-logged-in"),
    ],
)
def test_every_answer_keeps_other_sites_and_caches_out(stranger: Person, path: str) -> None:
    """The headers stand on pages, files, redirects and failures alike, and nothing in a page goes around them."""
    answer = stranger.get(path)

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in HEADERS["content-security-policy"]
    assert "unsafe" not in HEADERS["content-security-policy"]


def test_no_page_has_script_or_style_of_its_own(operator: Person) -> None:
    """What the policy would block is not there: no inline script, style or handler."""
    pages = operator.crawl()

    assert len(pages) > 40
    inline = r"<script(?! src)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://(?!loinc|unitsofmeasure|lab\.example)"
    found = {path: re.findall(rf"<[^>]*(?:{inline})[^>]*>", page.text) for path, page in pages.items()}
    assert {path: each for path, each in found.items() if each} == {}


def test_nobody_sees_anything_without_logging_in(stranger: Person, operator: Person) -> None:
    """Each page leads to the login; each form is refused."""
    pages = [path for path in operator.crawl() if not path.startswith("/static")]

    answers = {path: stranger.get(path) for path in pages}

    assert {(answer.status_code, answer.headers["location"]) for answer in answers.values()} == {(303, "/login")}


def test_viewer_sees_no_patient_anywhere(viewer: Person) -> None:
    """Not by any link, in any state, nor in what forms carry; and the pages are not empty."""
    pages = viewer.crawl()

    assert {path: leaks(page.text) for path, page in pages.items() if leaks(page.text)} == {}
    assert {page.status_code for page in pages.values()} == {200}
    assert {"/", "/held", "/undecided", "/lanes", "/messages", "/rates"} <= set(pages)
    assert "unmapped-code" in pages["/"].text
    assert "read-timeout" in pages["/undecided"].text


def test_words_of_a_person_about_a_pause_are_no_viewers_business(
    viewer: Person, operator: Person, ledger: Ledger
) -> None:
    """They may be about anybody; what the program says of a vendor is not."""
    ledger.destinations().pause("whoop", "Avery has moved away")
    seen = [[words(person.get(path)) for path in ("/", "/rates")] for person in (viewer, operator)]

    assert [["Avery has moved away" in page for page in pages] for pages in seen] == [[False] * 2, [True] * 2]
    assert all("paused by a person" in page for pages in seen for page in pages)


def test_operator_sees_the_patients(operator: Person) -> None:
    """Every mark that a viewer must not see is there to be seen: the search for it can fail."""
    pages = operator.crawl()

    seen = {mark for page in pages.values() for mark in leaks(page.text)}
    assert seen == set(PATIENT_DATA)
    assert {page.status_code for page in pages.values()} == {200}


def test_viewer_is_refused_what_an_operator_sees(viewer: Person, operator: Person) -> None:
    """Whoever knows an address is not let in by it; neither is a form."""
    hidden = [path for path in operator.crawl() if path not in viewer.crawl()]

    answers = [viewer.get(path) for path in hidden]
    (form,) = parsed(viewer.get("/")).forms
    posted = viewer.client.post("/decide", data={**form, "verb": "replay", "message": "1"})
    searched = viewer.client.post("/messages/search", data={**form, "words": "CTRL-1"})

    assert len(hidden) > 20
    assert {answer.status_code for answer in (*answers, posted, searched)} == {403}
    assert [leaks(answer.text) for answer in (*answers, posted, searched) if leaks(answer.text)] == []


def test_addresses_carry_numbers_only(operator: Person) -> None:
    """No link and no form's address has an id of a patient or an order in it, so no log of a proxy has."""
    pages = operator.crawl()

    links = {link.partition("#")[0] for page in pages.values() for link in parsed(page).links}
    assert sorted(link for link in links if link and not _SEEN.fullmatch(link)) == []


def test_looks_at_patients_are_noted(operator: Person, ledger: Ledger) -> None:
    """Who saw which message, order, lane or search is in the trail; what was searched for is not."""
    before = len(ledger.access().trail())
    operator.get("/messages/1")
    operator.get("/lanes/1")
    (search,) = (form for form in parsed(operator.get("/messages")).forms if "words" in form)
    operator.send(search, words="CTRL-1")

    trail = ledger.access().trail()

    told = [(deed.who, deed.deed, deed.subject, deed.detail) for deed in trail[: len(trail) - before]]
    assert told == [
        ("ada", "saw", "a search", "1 messages"), ("ada", "saw", "lane 1", ""), ("ada", "saw", "message 1", ""),
    ]  # fmt: skip
    assert leaks(str(trail)) == []
    assert "message 1" in words(operator.get("/trail"))


def test_account_comes_before_everything_else(viewer: Person) -> None:
    """The sum stands first, and its parts come to what came in."""
    page = words(viewer.get("/"))

    found = re.search(r"(\d+) in = ([\w +]+?) 6 delivered the vendor", page)
    assert found is not None
    assert int(found[1]) == sum(int(number) for number in re.findall(r"\d+", found[2]))
    assert page.index(found[0]) < page.index("Oldest undelivered") < page.index("Held by cause")


def test_imbalance_is_said_first(viewer: Person, tmp_path: Path) -> None:
    """A ledger that lost an entry says so above its sum."""
    database = connect(tmp_path / "lab.db")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE message SET entry_count = entry_count + 1 WHERE id = 1"))
    database.close()

    page = viewer.get("/")

    assert page.text.index("The ledger does not balance") < page.text.index("What came in")
    assert 'role="alert"' in page.text


def test_troubles_of_the_service_are_shown(viewer: Person, troubles: dict[str, str]) -> None:
    """What keeps the service from taking messages in stands on the first page."""
    troubles["mllp"] = "the port is taken"

    assert "mllp: the port is taken" in words(viewer.get("/"))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("/messages/999999", "no message 999999", id="message"),
        pytest.param("/lanes/999999", "no lane 999999", id="lane"),
        pytest.param("/undecided/999999", "submission 999999", id="submission"),
        pytest.param("/orders/999999", "no order with a call 999999", id="order"),
        pytest.param("/held/0123456789abcdef", "Nothing is held for this cause", id="cause"),
        pytest.param(f"/messages/{'9' * 40}", "no such page", id="number-above-the-ledger's"),
        pytest.param(f"/lanes/{'9' * 5000}", "no such page", id="number-above-python's"),
        pytest.param("/nowhere", "no such page", id="page"),
    ],
)
def test_what_is_not_there_is_said_plainly(operator: Person, path: str, told: str) -> None:
    """A number that leads nowhere gives a page of ours."""
    answer = operator.get(path)

    assert (answer.status_code, told in words(answer)) == (404, True)


def test_address_that_only_takes_forms_says_so(operator: Person) -> None:
    """Who reloads the page of a decision by its address finds the way back to the others."""
    answer = operator.get("/decide")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "nothing to show" in words(answer)
    assert "/held" in parsed(answer).links


def test_page_that_is_not_there_tells_a_stranger_nothing(stranger: Person) -> None:
    """The same page, without a way to any other."""
    answer = stranger.get("/nowhere")

    assert (answer.status_code, "/held" in parsed(answer).links) == (404, False)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        pytest.param("CTRL-1", 1, id="control-id"),
        pytest.param("00000000-0000-4000-8000-000000000001", 4, id="service-request"),
        pytest.param("ORD-1", 1, id="order"),
        pytest.param("ctrl", 0, id="nothing"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_search_finds_by_the_numbers_of_others(operator: Person, wanted: str, count: int) -> None:
    """Control id, service request and order lead to their messages."""
    (search,) = (form for form in parsed(operator.get("/messages")).forms if "words" in form)

    found = operator.send(search, words=wanted)

    assert len(set(re.findall(r'href="(/messages/[0-9]+)"', found.text))) == count


def test_list_of_messages_goes_on(operator: Person, ledger: Ledger, store: Callable[[int], None]) -> None:
    """A page ends with the way to older ones, and the last page has none."""
    store(60)

    first = operator.get("/messages")
    older = next(link for link in parsed(first).links if "before=" in link)
    second = operator.get(older)

    numbers = [re.findall(r'href="/messages/([0-9]+)"', page.text) for page in (first, second)]
    assert sorted({int(number) for page in numbers for number in page}) == [row.message for row in ledger.messages()]
    assert not any("before=" in link for link in parsed(second).links)


def test_session_ends_after_the_hours_without_a_click(operator: Person, clock: Clock) -> None:
    """A page that asks by itself keeps nobody logged in; a click does."""
    clock.move(7 * HOUR)
    clicked = operator.get("/")
    clock.move(7 * HOUR)
    asked = operator.get("/", **{REFRESH_HEADER: "1"})
    clock.move(7 * HOUR)
    late = operator.get("/")

    assert [answer.status_code for answer in (clicked, asked, late)] == [200, 200, 303]
