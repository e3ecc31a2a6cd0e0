"""
The walk-through for analysts is true: every command runs as printed, and shows what the page shows.

`--update-fixtures` writes what the terminal shows into the page, to be read in the diff; where `...` leaves something
out, a person does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("the page is followed in a terminal of its own, which Windows has not", allow_module_level=True)

from tests.walkthrough import Done, Reader, Step, comparable, is_as_shown, steps, update

PAGE = Path(__file__).parents[1] / "docs" / "new-analyzer.md"
STEPS = steps(PAGE)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[list[Done]]:
    """Follow the whole page once, in an empty folder."""
    folder = tmp_path_factory.mktemp("walk") / "work"
    folder.mkdir()
    reader = Reader(folder, folder.parent)
    try:
        done = [reader.follow(step) for step in STEPS]
        if request.config.getoption("--update-fixtures"):
            update(PAGE, list(zip(STEPS, done, strict=True)))
        yield done
    finally:
        reader.close()


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[f"line-{one.line}-{one.typed[:40]}" for one in STEPS])
def test_step_does_what_the_page_says(followed: list[Done], number: int) -> None:
    """The exit code is that of the page, and so is what the terminal shows."""
    step, done = STEPS[number], followed[number]

    assert done.exit_code == step.exit_code, done.output
    if step.shown is not None and not is_as_shown(done.output, step.shown):
        assert comparable(done.output) == comparable(step.shown)


def test_page_goes_the_whole_way() -> None:
    """From the folder to the ledger: every verb of the way is in it, once at least."""
    typed = " ".join(step.typed for step in STEPS)
    verbs = ("init", "coverage", "check", "translate", "plan", "sandbox", "submit", "held", "why", "ledger verify")

    assert [verb for verb in verbs if f"translator {verb}" not in typed] == []


@pytest.mark.parametrize(
    ("shown", "is_same"),
    [
        pytest.param("a\nb\nc\n", True, id="as-it-is"),
        pytest.param("a\n...\n", True, id="rest-left-out"),
        pytest.param("...\nc\n", True, id="beginning-left-out"),
        pytest.param("a\n...\nc\n", True, id="middle-left-out"),
        pytest.param("a\nb ...\n", False, id="words-left-out-of-a-word"),
        pytest.param("a\n", False, id="too-little"),
        pytest.param("a\n...\nd\n", False, id="another-end"),
    ],
)
def test_what_is_left_out_stands_for_any_lines(shown: str, is_same: bool) -> None:  # noqa: FBT001 - a case
    """Only whole lines may be left out, and only where the page says so."""
    assert is_as_shown("a\nb\nc\n", shown) is is_same


PIECES = (
    "text\n\n<!-- exit code 1 -->\n```sh\na b\n```\n\n```text\nshown\n```\n\n"
    "<!-- rows of x.csv -->\n```csv\n1,2,3\n```\n```toml\nleft = 1\n```\n"
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Write a page with a piece of each kind."""
    written = tmp_path / "page.md"
    written.write_text(PIECES, encoding="utf-8")
    return written


def test_reading_a_page_finds_its_steps(page: Path) -> None:
    """Commands with what they show, exit codes and rows of tables are told apart."""
    place = PIECES.index("shown")

    assert steps(page) == [Step(4, "a b", "shown\n", 1, "", place), Step(13, "1,2,3\n", None, 0, "x.csv")]


@pytest.mark.parametrize(
    ("shown", "then"),
    [pytest.param("shown", "now", id="all-of-it"), pytest.param("...\nshown", "...\nshown", id="some-left-out")],
)
def test_update_writes_what_the_terminal_shows(page: Path, shown: str, then: str) -> None:
    """What a person shortened stays as it is; all else of the page, too."""
    page.write_text(PIECES.replace("shown", shown), encoding="utf-8")

    update(page, [(step, Done(0, "now  \n")) for step in steps(page)])

    assert page.read_text(encoding="utf-8") == PIECES.replace("shown", then)
