"""The name of a new site: one that works as a folder everywhere, or an error that names one that would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import ConfigError
from translator.scaffold.names import check_name

_WOULD_DO = re.compile(r"`([^`]+)` would do")


@pytest.mark.parametrize("name", ["acme", "a", "north-lab", "lab_2", "a" * 40])
def test_name_of_small_letters_is_taken(name: str) -> None:
    """What works on every system is taken as it is."""
    assert check_name(name, {"example"}) == name


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        pytest.param("Acme", "acme", id="capitals"),
        pytest.param("North Lab", "north-lab", id="space"),
        pytest.param("2nd-lab", "nd-lab", id="digit-first"),
        pytest.param("labs/acme", "labs-acme", id="path"),
        pytest.param("../acme", "acme", id="folder-above"),
        pytest.param("acme/", "acme", id="slash-at-the-end"),
        pytest.param("a" * 41, "a" * 40, id="too-long"),
        pytest.param("con", "con-lab", id="device-of-windows"),
        pytest.param("CON", "con-lab", id="device-in-capitals"),
        pytest.param("example", "example-lab", id="name-of-a-packaged-site"),
    ],
)
def test_wrong_name_is_refused_with_one_that_would_do(name: str, suggested: str) -> None:
    """The error says the rule and offers the nearest name."""
    with pytest.raises(ConfigError, match=re.escape(f"`{suggested}` would do")):
        check_name(name, {"example"})


@pytest.mark.parametrize("name", ["", ".", "..", "-", "42", "検査"])
def test_name_without_a_letter_is_refused_without_a_guess(name: str) -> None:
    """Where nothing is left of a name, nothing is suggested."""
    with pytest.raises(ConfigError, match="is no name for a site") as caught:
        check_name(name, ())

    assert "would do" not in str(caught.value)


@given(st.text(max_size=60))
def test_suggested_name_is_one(name: str) -> None:
    """Whatever was typed: a name that is offered would be taken."""
    try:
        assert check_name(name, {"example"}) == name
    except ConfigError as error:
        offered = _WOULD_DO.search(str(error).rsplit(";", maxsplit=1)[-1])
        assert offered is None or check_name(offered[1], {"example"})
