"""The versions that a site's checks are pinned to: those that are installed here."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from translator.scaffold.pins import pins


def test_pins_are_what_is_installed() -> None:
    """The distribution comes first, then every package behind it, each as it is here."""
    found = pins("translator")

    assert next(iter(found)) == "translator"
    assert list(found)[1:] == sorted(found.keys() - {"translator"})
    assert found == {name: version(name) for name in found}


@pytest.mark.parametrize(
    "name", [pytest.param("click", id="named-by-us"), pytest.param("mako", id="needed-by-what-we-need")]
)
def test_pins_hold_what_is_needed(name: str) -> None:
    """Packages of packages are pinned, too."""
    assert name in pins("translator")


@pytest.mark.parametrize("name", ["pytest", "ruff", "mypy", "schemathesis"])
def test_pins_hold_nothing_of_an_extra(name: str) -> None:
    """What only development needs stays out of a site's gate."""
    assert name not in pins("translator")


def test_package_that_is_not_there_has_no_pin() -> None:
    """What another system needs is not installed here, and so not pinned."""
    assert pins("there-is-no-such-package") == {}


def test_pins_hold_the_extra_that_is_asked_for() -> None:
    """The gate holds units against a library, of the version that is installed here."""
    assert pins("translator", "units")["ucumvert"] == version("ucumvert")
    assert "pytest" not in pins("translator", "units")
