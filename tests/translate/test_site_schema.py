"""The JSON Schema of site.toml against the loader."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.toml_text import as_toml
from translator.errors import Fault
from translator.mapping_files import site_files
from translator.translate.load_site import site_settings
from translator.translate.site import SETTINGS, TYPES
from translator.translate.site_schema import site_schema

SCHEMA = Draft7Validator(site_schema())


def is_loaded(text: str) -> bool:
    """Tell whether the loader takes the settings."""
    faults: list[Fault] = []
    site_settings({"site.toml": text.encode()}, "acme", faults)
    return not faults


def test_schema_is_one() -> None:
    """What we publish is JSON Schema."""
    Draft7Validator.check_schema(site_schema())


def test_example_site_is_valid() -> None:
    """The file that people copy has no underlined line in an editor."""
    assert SCHEMA.is_valid(tomllib.loads(site_files("example")[1]["site.toml"].decode()))


WORD = st.sampled_from(
    ["", " ", "x", "R4", "R5", "OBR-18", "ORC-2", "final", "preliminary", "derive", "hold", "partial", ",", ".", *TYPES]
)
VALUE: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.integers(0, 3),
    WORD,
    st.lists(WORD, max_size=3),
    st.dictionaries(
        st.sampled_from(["blank", "R", "V", "A", "M", "unknown", "LDL"]), WORD | st.lists(WORD, max_size=2), max_size=2
    ),
)


@given(
    setting=st.sampled_from([each for each in SETTINGS if each.name not in {"time_zone", "values.group_mark"}]),
    value=VALUE,
)
def test_schema_takes_what_the_loader_takes(setting: Any, value: object) -> None:
    """One setting at a time, of whatever kind: both say the same."""
    text = f"{setting.name} = {as_toml(value)}"

    assert SCHEMA.is_valid(tomllib.loads(text)) is is_loaded(text)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        pytest.param('time_zone = "Europe/Berlin"', True, id="zone"),
        pytest.param('time_zone = "UTC"', True, id="zone-without-a-place"),
        pytest.param('time_zone = ""', False, id="empty-zone"),
        pytest.param('values.group_mark = "\'"', True, id="mark"),
        pytest.param('values.group_mark = ";"', False, id="no-mark"),
        pytest.param("descripton = 'x'", False, id="misspelt"),
        pytest.param("[hl7v2]\nsendrs = ['x']", False, id="misspelt-below"),
        pytest.param("hl7v2 = 1", False, id="value-for-a-table"),
    ],
)
def test_both_say_what_is_right(text: str, is_right: bool) -> None:  # noqa: FBT001 - a column of the table
    """Names, and settings that hang together."""
    assert (SCHEMA.is_valid(tomllib.loads(text)), is_loaded(text)) == (is_right, is_right)
