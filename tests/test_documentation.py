"""Prose that a test keeps honest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from translator.cli import VERBS
from translator.cli.reference import commands_page, settings_page
from translator.config import variable_name
from translator.config_keys import KEYS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "mappings").glob("*.md")])


@pytest.mark.parametrize(
    ("name", "page"),
    [
        pytest.param("commands.md", commands_page, id="commands"),
        pytest.param("settings.md", settings_page, id="settings"),
    ],
)
def test_generated_page_is_current(name: str, page: object) -> None:
    """The page is what `make docs` writes now."""
    assert callable(page)
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("key", [key.name for key in KEYS])
def test_settings_page_has_the_key(key: str) -> None:
    """Every key and its variable stand in docs/settings.md."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert f"| `{key}` |" in page
    assert f"`{variable_name(key)}`" in page


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_readme_names_the_verb(verb: str) -> None:
    """No verb is missing from the README."""
    assert f"translator {verb}" in README


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_list_of_verbs_says_what_the_verb_says(verb: str) -> None:
    """The line in `translator --help` is the first line of the verb's own help."""
    opening = commands_page().split(f"## translator {verb}\n", maxsplit=1)[1]

    assert VERBS[verb] in opening.split("##", maxsplit=1)[0]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"make ([a-z]+(?:-[a-z]+)*)", README))))
def test_readme_names_targets_that_exist(name: str) -> None:
    """Every `make` target in the README is in the Makefile."""
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("page", PROSE, ids=[str(page.relative_to(ROOT)) for page in PROSE])
def test_local_links_lead_somewhere(page: Path) -> None:
    """A link to a file of this repository finds it."""
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_index_lists_every_page() -> None:
    """A page that nobody finds is not read."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").iterdir() if path.suffix != ".png"} - {"README.md"}

    assert [page for page in sorted(pages) if f"]({page})" not in index] == []


@pytest.mark.parametrize("page", PROSE, ids=[str(page.relative_to(ROOT)) for page in PROSE])
def test_links_within_a_page_lead_to_a_heading(page: Path) -> None:
    """A link to a section is made of its heading, as GitHub makes it."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert [link for link in re.findall(r"\]\(#([^)]+)\)", text) if link not in anchors] == []


def test_readme_names_tests_that_exist() -> None:
    """Every test that the README calls a proof is there."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", README))
    sources = {path: (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else "" for path, _ in named}

    assert named
    assert [pair for pair in named if not sources[pair[0]] or f"def {pair[1]}" not in sources[pair[0]]] == []


def test_constraints_name_packages_and_hashes_only() -> None:
    """Every pinned package has a hash, and no address of any index or machine stands beside it."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())[1:]

    assert "://" not in text
    assert not re.search(r"^\s*(-|file:|/)(?!-hash)", text, flags=re.MULTILINE)
    assert all(re.match(r"[a-z0-9-]+==[\w.]+", entry) and "--hash=sha256:" in entry for entry in entries)


def test_constraints_pin_every_dependency() -> None:
    """What pyproject.toml asks for, core and dev, is pinned."""
    asked = re.findall(r'^    "([\w.-]+)>=', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    pinned = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )

    assert len(asked) > 10
    assert [name for name in asked if name.replace(".", "-").lower() not in pinned] == []
