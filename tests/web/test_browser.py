"""Which browser the console is looked at with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.web.browser import find


def put(place: Path) -> str:
    """Put a program somewhere."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(stat.S_IRWXU)
    return str(place)


@pytest.mark.parametrize(
    "brought",
    ["chromium-1/chrome-linux/chrome", "chromium_headless_shell-1/chrome-headless-shell-linux64/chrome-headless-shell"],
)
def test_browser_of_the_machine_is_taken_before_that_of_playwright(tmp_path: Path, brought: str) -> None:
    """A clean machine without a package of it has the one that Playwright brings; without both there is none."""
    bin_, installed = tmp_path / "bin", tmp_path / "installed"

    nothing = find(str(bin_), installed)
    second = put(installed / brought)
    from_playwright = find(str(bin_), installed)
    first = put(bin_ / "chromium-browser")
    from_machine = find(str(bin_), installed)

    assert (nothing, from_playwright, from_machine) == ("", second, first)
