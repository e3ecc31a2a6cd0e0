"""
The console in Debian's Chromium: by keyboard alone, on a phone, in both schemes, with and without scripts.

Screenshots of every page go to the test's folder: `pytest --basetemp=shots tests/web/test_console_browser.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.web import browser as look
from tests.web.interesting import PASSWORD
from translator.ledger import Ledger

pytestmark = look.needs_browser

PAGES = {
    "balance": "/",
    "held": "/held",
    "undecided": "/undecided",
    "lanes": "/lanes",
    "lane": "/lanes/1",
    "messages": "/messages",
    "results": "/messages/8",
    "document": "/messages/11",
    "order": "/messages/13",
    "orders": "/orders",
    "rates": "/rates",
    "trail": "/trail",
    "nothing": "/messages/999",
}
VIEWS = [
    pytest.param(1280, "light", id="desk-light"),
    pytest.param(1280, "dark", id="desk-dark"),
    pytest.param(360, "light", id="phone-light"),
]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one browser for all tests of this file."""
    with look.started() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser, url: str) -> Iterator[Open]:
    """Open the console as somebody; whatever the browser complains of is an error at the end."""
    contexts, complaints = [], []

    def opened(name: str = "ada", *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=url,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text))
        page.goto("/login")
        if name:
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.click("text=Log in >> nth=-1")
            page.wait_for_url("**/")
        return page

    yield opened
    for context in contexts:
        context.close()
    # That a page is refused is what some tests are about.
    assert [told for told in complaints if "responded with a status of 4" not in told] == []


def tab_to(page: Page, wanted: str, most: int = 80) -> None:
    """Press Tab until what has the focus matches a selector; each stop on the way must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert look.ask(page, look.UNSEEN_FOCUS) == []
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"no Tab leads to {wanted}")


def in_sight(page: Page, wanted: str) -> bool:
    """Tell whether a person sees something without moving the page."""
    script = """(each) => {
      const { left, top, width, height } = each.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      return there !== null && (each.contains(there) || there.contains(each));
    }"""
    found: bool = page.locator(wanted).first.evaluate(script)
    return found


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_pages_can_be_read_and_used_by_everybody(open_page: Open, tmp_path: Path, width: int, scheme: str) -> None:
    """Contrast, names, order of headings, size of targets, and no page that must be moved sideways."""
    page = open_page(width=width, scheme=scheme)
    causes = page.locator("td.lead a[href^='/held/']").first.get_attribute("href") or ""
    undecided = (page.goto("/undecided") and page.locator("td.lead a").first.get_attribute("href")) or ""
    found: dict[str, object] = {}

    for name, path in {**PAGES, "cause": causes, "one": undecided}.items():
        page.goto(path)
        page.screenshot(path=str(tmp_path / f"{name}.png"), full_page=True)
        levels = look.ask(page, look.HEADINGS)
        jumps = [after for before, after in zip([0, *levels], levels, strict=False) if after > before + 1]
        found[name] = [
            *(
                look.ask(page, script)
                for script in (look.PALE, look.UNLABELLED, look.SMALL, look.FAINT_EDGES, look.WIDE)
            ),
            jumps,
            [] if levels.count(1) == 1 else levels,
        ]

    assert {name: each for name, each in found.items() if any(each)} == {}  # type: ignore[arg-type]


@look.needs_axe
@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1280, "light", id="desk"), pytest.param(360, "dark", id="phone")]
)
@pytest.mark.parametrize("name", ["ada", "vic"])
def test_judge_of_others_finds_nothing_either(open_page: Open, name: str, width: int, scheme: str) -> None:
    """Every page that the account may see, a value that is lit, and a decision before it is made."""
    page = open_page(name, width=width, scheme=scheme)
    found: dict[str, list[str]] = {}
    links = "() => [...document.querySelectorAll('td.lead a')].map((each) => each.getAttribute('href'))"
    paths = list(PAGES.values())
    for path in ("/", "/undecided", "/orders"):
        page.goto(path)
        paths += page.evaluate(links)[:1]

    for path in (*paths, "/nowhere"):
        page.goto(path)
        found[path] = look.judge(page)
    if name == "ada":
        page.goto("/messages/8")
        page.locator("[data-trace]").first.hover()
        found["lit"] = look.judge(page)
        page.locator("td.deeds button").first.click()
        page.wait_for_selector("text=What would happen")
        found["asked"] = look.judge(page)

    assert {path: told for path, told in found.items() if told} == {}


@pytest.mark.parametrize(("width", "scheme"), VIEWS[1:])
def test_forms_can_be_read_and_used_by_everybody(open_page: Open, tmp_path: Path, width: int, scheme: str) -> None:
    """The same holds for the login, a refused login, a decision before and after it is made."""
    page = open_page("", width=width, scheme=scheme)
    found: dict[str, object] = {}

    def check(name: str) -> None:
        page.screenshot(path=str(tmp_path / f"{name}.png"), full_page=True)
        scripts = (look.PALE, look.UNLABELLED, look.SMALL, look.FAINT_EDGES, look.WIDE)
        found[name] = [told for script in scripts for told in look.ask(page, script)]

    check("login")
    page.fill("#name", "ada")
    page.fill("#password", "wrong horse battery")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    check("refused")
    page.fill("#name", "ada")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto("/messages/8")
    page.locator("td.deeds button").first.click()
    check("asked")
    page.click("button.primary")
    check("done")

    assert {name: each for name, each in found.items() if each} == {}


def test_held_cause_is_released_by_keyboard_alone(open_page: Open, ledger: Ledger, tmp_path: Path) -> None:
    """From the login to the decision: Tab, Enter and letters; the focus is seen at every step."""
    page = open_page("")
    page.keyboard.type("ada")
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    tab_to(page, "nav a[href='/held']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/held")
    tab_to(page, "td.deeds button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What would happen")
    tab_to(page, "#reason")
    page.keyboard.type("mended by telephone")
    tab_to(page, "button.primary")
    page.screenshot(path=str(tmp_path / "asked.png"))
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Done:")

    (done, *_) = ledger.access().trail(1)
    assert (done.who, done.deed, done.subject) == ("ada", "release", "cause unmapped-code")


@pytest.mark.parametrize(
    ("path", "value", "bytes_of"),
    [
        pytest.param("/messages/8", "48", ["48"], id="hl7v2"),
        pytest.param("/messages/11", "185", ["185"], id="fhir"),
        pytest.param("/messages/13", "London", ["London"], id="order"),
    ],
)
def test_pointing_at_a_value_lights_its_bytes_and_its_steps(
    open_page: Open, tmp_path: Path, path: str, value: str, bytes_of: list[str]
) -> None:
    """By mouse and by keyboard alike; and pointing at the bytes lights the value."""
    page = open_page()
    page.goto(path)
    target = page.locator(f".body a >> text={value}").first

    target.hover()
    pointed = page.locator("mark.lit").all_inner_texts()
    steps = page.locator(".trace.lit .steps").all_inner_texts()
    rows = page.locator(".trace.lit .row").count()
    seen = [in_sight(page, "mark.lit"), in_sight(page, ".trace.lit summary")]
    page.screenshot(path=str(tmp_path / "pointed.png"), full_page=True)
    page.reload()
    tab_to(page, f"[data-key='{target.get_attribute('data-key')}']")
    focused = page.locator("mark.lit").all_inner_texts()
    page.reload()
    page.locator("mark", has_text=bytes_of[0]).filter(has_text=bytes_of[0]).last.hover()
    back = page.locator(".body a.lit").count()

    assert (pointed, focused) == (bytes_of, bytes_of)
    assert (len(steps), rows > 0, back > 0, seen) == (1, True, True, [True, True])
    assert bytes_of[0] in steps[0]


def test_console_works_without_scripts(open_page: Open, ledger: Ledger, tmp_path: Path) -> None:
    """A value is a link to its bytes, which are lit then; steps can be opened, and a decision made."""
    page = open_page(scripts=False)
    page.goto("/messages/8")
    page.locator(".body a >> text=48").click()
    ground = "(mark) => getComputedStyle(mark).backgroundColor"
    lit = page.locator("mark", has_text="48").last.evaluate(ground)
    unlit = page.locator("mark", has_text="mg/dL").first.evaluate(ground)
    page.locator("details summary").first.click()
    opened = page.locator(".steps").first.is_visible()
    page.screenshot(path=str(tmp_path / "without.png"), full_page=True)
    page.goto("/rates")
    page.locator("td.deeds button").first.click()
    page.fill("#reason", "planned work")
    page.click("button.primary")

    assert (lit != unlit, opened) == (True, True)
    assert [one.paused for one in ledger.destinations().standings() if one.paused] == ["planned work"]


def test_first_page_looks_again_by_itself(open_page: Open, troubles: dict[str, str]) -> None:
    """New figures come without a click, and what a person is at is left alone."""
    page = open_page("vic")
    page.clock.install()
    page.goto("/")
    troubles["mllp"] = "the port is taken"

    page.clock.run_for(16_000)
    page.wait_for_selector("text=the port is taken")
    troubles.clear()
    page.locator("main a").first.focus()
    page.clock.run_for(16_000)

    assert page.locator("text=the port is taken").count() == 1
