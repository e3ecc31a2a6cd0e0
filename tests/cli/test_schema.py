"""`translator schema`: what editors check settings by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from tests.conftest import CommandLine
from translator.cli.schema import FILES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("kind", FILES)
def test_schema_is_printed_and_is_the_one_in_the_docs(command_line: CommandLine, kind: str) -> None:
    """What is committed is what `make docs` writes now."""
    done = command_line("schema", kind)

    assert done.returncode == 0
    assert done.stdout == (DOCS / FILES[kind]).read_bytes()
    Draft7Validator.check_schema(json.loads(done.stdout))


def test_settings_are_meant_where_nothing_is_said(command_line: CommandLine) -> None:
    """Without a word it is the schema of translator.toml."""
    assert command_line("schema").stdout == command_line("schema", "settings").stdout


def test_other_file_is_a_usage_error(command_line: CommandLine) -> None:
    """The two that there are stand in the message."""
    done = command_line("schema", "tables")

    assert done.returncode == 2
    assert b"'settings', 'site'" in done.stderr
