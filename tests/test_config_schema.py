"""The JSON Schema of translator.toml against the loader."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.toml_text import as_toml
from translator.config import parse_settings
from translator.config_keys import KEYS
from translator.config_schema import settings_schema
from translator.errors import ConfigError

SCHEMA = Draft7Validator(settings_schema())
DOCS = Path(__file__).parents[1] / "docs"


def is_loaded(text: str) -> bool:
    """Tell whether the loader takes the settings."""
    try:
        parse_settings(text)
    except ConfigError:
        return False
    return True


def test_schema_is_one() -> None:
    """What we publish is JSON Schema, of the draft that editors of TOML read."""
    Draft7Validator.check_schema(settings_schema())


@pytest.mark.parametrize(
    "page", [DOCS / "settings.md", DOCS / "folders.md", DOCS / "mllp.md", DOCS / "operating.md", DOCS / "streams.md"]
)
def test_settings_in_the_docs_are_valid(page: Path) -> None:
    """Every block of settings in the docs could be pasted, and an editor underlines nothing in it."""
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        assert [error.message for error in SCHEMA.iter_errors(tomllib.loads(block))] == []
        assert is_loaded(block)


WORD = st.sampled_from([
    "", " ", "a", "all", "TSH, ALT", "TSH,,ALT", "hold", "resend", "full", "by-hand", "fhir", "text", "warning", "move",
    "env:NAME", "file:/run/secret", "env:9", "file:", "hunter2",
    "127.0.0.1:8780", "[::1]:0", "host:", ":1", "host:65535", "host:65536", "host:٣", "host:00080", "a b:1",
    "https://host", "http://host:80/path", "HTTP://Host", "http://host:0", "http://host:65536", "http://", "ftp://host",
    "http://a@host", "http://host/a b", "http://host:", "mllp://lab:2575", "mllps://lab:1", "mllp://lab", "mllp://lab:1/x",
    "nats://host", "tls://[::1]:4222", "nats://u@host", "nats://host:0", "nats://host, tls://b", "lab.>", "lab.*.a",
    "a..b", ">",
    "203.0.113.7/24", "10.0.0.0/33", "2001:db8::1", "300.1.1.1", "10.0.0.1",
])  # fmt: skip
NUMBER = st.integers(-1, 2000) | st.decimals(0, 700, places=1).map(float)
ROW_KEYS = "path listen site done scan_s allow largest_mb private_key pth stream servers subjects outcomes"
ROW = st.dictionaries(
    st.sampled_from(ROW_KEYS.split()),
    WORD | NUMBER | st.lists(WORD, max_size=2),
    max_size=3,
)
VALUE: st.SearchStrategy[Any] = st.one_of(
    st.booleans(), NUMBER, WORD, st.lists(WORD, max_size=2), st.lists(ROW, max_size=2), st.just({})
)


@given(key=st.sampled_from(KEYS), value=VALUE)
def test_schema_takes_what_the_loader_takes(key: Any, value: object) -> None:
    """One key at a time, of whatever kind: both say the same."""
    # JSON has one kind of number, so for it 4.0 workers are 4; TOML and the loader tell them apart.
    assume(not isinstance(value, float) or not value.is_integer())
    text = f"{key.name} = {as_toml(value)}"

    assert SCHEMA.is_valid(tomllib.loads(text)) is is_loaded(text)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param("[whoop]", True, id="empty-table"),
        pytest.param("[whop]", False, id="unknown-empty-table"),
        pytest.param("legder = 'x'", False, id="misspelt"),
        pytest.param("[whoop]\nurll = 'x'", False, id="misspelt-below"),
        pytest.param("whoop = 1", False, id="value-for-a-table"),
        pytest.param("[[folder]]\npath = 'in'\n[[folder]]\npath = 'in2'\ncomplete = 'renamed'", True, id="two-folders"),
        pytest.param("[[folder]]\ncomplete = 'renamed'", False, id="folder-without-path"),
        pytest.param("[[folder]]\npath = 'in'\npth = 'in'", False, id="folder-with-unknown-key"),
        pytest.param("[[mllp]]\nlisten = 'a:1'\nallow = ['10.0.0.0/8']", True, id="port"),
        pytest.param("[[nats]]\nstream = 'LAB'\nservers = ['tls://a:1']\nsubjects = ['a.>']", True, id="stream"),
        pytest.param("[[nats]]\nstream = 'LAB'\nservers = []", False, id="stream-without-servers"),
        pytest.param("[[nats]]\nstream = 'LAB'\nsubjects = 'a, b..c'", False, id="stream-with-half-a-subject"),
        pytest.param("[whoop]\nworkers = '4'", False, id="quoted-number"),
        pytest.param("[whoop]\nworkflow = 'true'", False, id="quoted-flag"),
        pytest.param("[whoop]\ncalls_per_day = '5'", False, id="quoted-calls"),
        pytest.param("[whoop]\ntimeout_s = 0", False, id="no-time"),
        pytest.param("[whoop]\nworkers = 65", False, id="too-many"),
    ],
)
def test_both_say_what_is_right(text: str, is_right: bool) -> None:  # noqa: FBT001 - a column of the table
    """Names, tables and lists of tables."""
    assert (SCHEMA.is_valid(tomllib.loads(text)), is_loaded(text)) == (is_right, is_right)


@pytest.mark.parametrize("key", KEYS, ids=[key.name for key in KEYS])
def test_schema_says_what_a_key_means(key: Any) -> None:
    """An editor shows for each key what docs/settings.md says."""
    node: Any = settings_schema()
    for part in key.name.split("."):
        node = node["properties"][part]
    assert node["description"] == key.meaning
