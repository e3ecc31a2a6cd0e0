"""
Debian's Chromium through Playwright, or Playwright's own, and what it can be asked about a page's accessibility.

`python -m tests.web.browser` says which one it is, and fails where there is none that starts.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REQUIRED = os.environ.get("CONSOLE_BROWSER") == "required"
"""Set by .ci/run: a browser that is not there is a failure then, and no reason to leave tests out."""

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALLED = "chromium*/*/chrome", "chromium*/*/headless_shell", "chromium*/*/chrome-headless-shell"
"""What a browser is called on the path, and where `playwright install chromium` puts it."""


def find(path: str | None = None, installed: Path | None = None) -> str:
    """Find a browser on the path, or among those that Playwright has installed; empty where there is none."""
    folder = installed or Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    on_path = (shutil.which(name, path=path) for name in NAMES)
    return next(filter(None, chain(on_path, (str(one) for each in INSTALLED for one in sorted(folder.glob(each))))), "")


CHROMIUM = find()

needs_browser = pytest.mark.skipif(
    not CHROMIUM and not REQUIRED,
    reason="there is no Chromium (Debian, Ubuntu: apt-get install chromium; elsewhere: .venv/bin/playwright install "
    "chromium), so the console is not looked at",
)

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--metrics-recording-only",
]  # fmt: skip


@contextmanager
def started() -> Iterator[Browser]:
    """Start Chromium; what it says of a page that it cannot show is an error."""
    assert CHROMIUM, "CONSOLE_BROWSER=required, and there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


AXE = Path(__file__).parents[1] / "accept" / "node" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; see `make peers`")


def judge(page: Page) -> list[str]:
    """Have axe-core judge a page by WCAG 2.2 AA and by what is good practice; gives what it finds and cannot tell."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_JUDGE)
    return found


_JUDGE = """async () => {
  const told = await axe.run(document, { resultTypes: ["violations", "incomplete"] });
  return [...told.violations, ...told.incomplete].flatMap(
    ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}"""


def ask(page: Page, script: str) -> list[Any]:
    """Ask a page by one of the scripts below."""
    found: list[Any] = page.evaluate(_CONTRAST + script)
    return found


UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a")]
  .filter((each) => !(each.innerText || "").trim() && !(each.labels || []).length && !each.getAttribute("aria-label"))
  .map((each) => each.outerHTML.slice(0, 120))"""
"""What a person can use and nobody can name."""

HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")].map((each) => Number(each.tagName[1]))"""
"""The levels of the headings in their order."""

SMALL = """() => [...document.querySelectorAll("button, select, input:not([type=hidden]), nav a, summary, td.lead a")]
  .filter((each) => each.checkVisibility() && each.getClientRects().length)
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width < 24 || box.height < 24)
  .map(([each, box]) => `${each.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""
"""Targets of less than 24 by 24 pixels that do not stand in a sentence (WCAG 2.2, 2.5.8)."""

WIDE = "() => document.documentElement.scrollWidth > innerWidth ? [document.documentElement.scrollWidth] : []"
"""Pages that must be moved sideways."""

PALE = """() => {
  const pale = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [text, element] = [walker.currentNode.textContent.trim(), walker.currentNode.parentElement];
    if (!text || !element.checkVisibility() || element.closest("option, .skip, .unseen")) continue;
    const style = getComputedStyle(element);
    const found = contrast(colour(style.color), ground(element));
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (found < (large ? 3 : 4.5)) pale.add(`${found.toFixed(2)} ${element.outerHTML.slice(0, 100)}`);
  }
  return [...pale];
}"""
"""Texts that do not stand out from their ground by 4.5 to 1 (3 to 1 where large)."""

FAINT_EDGES = """() => [...document.querySelectorAll("button, select, input:not([type=hidden])")]
  .filter((each) => each.checkVisibility())
  .filter((each) => Math.max(
    contrast(colour(getComputedStyle(each).borderTopColor), ground(each.parentElement)),
    contrast(ground(each), ground(each.parentElement))) < 3)
  .map((each) => each.outerHTML.slice(0, 100))"""
"""Controls whose shape does not stand out by 3 to 1 (WCAG 2.2, 1.4.11)."""

UNSEEN_FOCUS = """() => {
  const seen = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      && contrast(colour(style.outlineColor), ground(each.parentElement)) >= 3;
  };
  return document.activeElement === document.body || seen(document.activeElement)
    ? [] : [document.activeElement.outerHTML.slice(0, 100)];
}"""
"""What has the focus, where nobody can see it."""

_CONTRAST = """
const colour = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const light = ([red, green, blue]) => {
  const [r, g, b] = [red, green, blue].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((left, right) => left - right);
  return (high + 0.05) / (low + 0.05);
};
const ground = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const found = colour(getComputedStyle(each).backgroundColor);
    if (found.length < 4 || found[3] > 0.5) return found;
  }
  return [255, 255, 255];
};
"""


if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit("there is no Chromium")
    with started() as browser:
        print(f"{CHROMIUM}, version {browser.version}")  # noqa: T201 - for a person
