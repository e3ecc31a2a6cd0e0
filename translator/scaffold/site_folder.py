"""
Make the folder of a new site: all of it, or nothing.

Theory: it is built inside a temporary folder beside its place, so that one rename brings it there. What is cut short
leaves nothing under its name, and what is there is never written over.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from translator.config_schema import settings_schema
from translator.errors import ConfigError
from translator.mapping_files import mappings_folder
from translator.scaffold.names import check_name
from translator.scaffold.pins import pins
from translator.site_key import write_key
from translator.translate.site_schema import site_schema

_TEMPLATE_FOLDER = Path(__file__).parent / "template"
_DISTRIBUTION = "translator"
# What the gate holds units against.
_UNITS = "units"

KEY_FILE = "ledger.key"
"""The key of the new ledger; only its owner may read it."""

_SCHEMAS = ".schemas"
_SETTINGS_HEAD = f"""#:schema ../../{_SCHEMAS}/site.schema.json
# Habits of the sender. Every setting may be left out; what stands behind a # is off.
# TABLES.md says what each one means. Ask the laboratory before you set one.
"""
_CASE = "sites/@SITE@/fixtures/a-limit-stays-a-limit"
_TEMPLATES: Mapping[str, str] = {
    "README.md": "README.md",
    "translator.toml": "translator.toml",
    "sites/@SITE@/whoop/observations.csv": "observations.csv",
    f"{_CASE}/message.hl7": "message.hl7",
    f"{_CASE}/expected.json": "expected.json",
    "feed/sample.hl7": "sample.hl7",
    "accepted.csv": "accepted.csv",
    ".github/workflows/tables.yml": "tables.yml",
    ".gitignore": "gitignore",
    ".gitattributes": "gitattributes",
}


def make_site_folder(name: str, parent: Path) -> tuple[Path, list[str]]:
    """
    Make `parent/name`, and give its path and the files in it.

    Raises: ConfigError where the name is none, where something has that name already, or where it cannot be written.
    """
    sites = mappings_folder() / "sites"
    check_name(name, {entry.name for entry in sites.iterdir()} if sites.is_dir() else set())
    place = parent / name
    if os.path.lexists(place):
        text = f"{place}: there is something of this name already, and nothing of it is touched; choose another name"
        raise ConfigError(text)
    contents = _contents(name)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=parent) as workshop:
            built = Path(workshop, name)
            _write(built, contents)
            built.rename(place)
    except OSError as error:
        raise ConfigError(f"{place}: cannot be made: {error.strerror}") from None
    return place, sorted((*contents, KEY_FILE))


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    for path, text in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    write_key(folder / KEY_FILE)


def _contents(name: str) -> dict[str, str]:
    """The text of every file, by its path in the folder."""
    versions = pins(_DISTRIBUTION, _UNITS)
    words = {
        "@SITE@": name,
        "@VERSION@": versions.pop(_DISTRIBUTION),
        "@PYTHON@": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    texts = {path: (_TEMPLATE_FOLDER / name).read_text(encoding="utf-8") for path, name in _TEMPLATES.items()}
    texts["TABLES.md"] = _packaged("README.md")
    texts["constraints.txt"] = "".join(f"{package}=={version}\n" for package, version in versions.items())
    texts["sites/@SITE@/site.toml"] = _settings()
    texts[f"{_SCHEMAS}/translator.schema.json"] = _json(settings_schema())
    texts[f"{_SCHEMAS}/site.schema.json"] = _json(site_schema())
    return {_filled(path, words): _filled(text, words) for path, text in texts.items()}


def _settings() -> str:
    """The settings of the example site, which shows every one, under a head and a description of their own."""
    shown = _packaged("sites/example/site.toml").split("\ndescription = ", maxsplit=1)[1].split("\n", maxsplit=1)[1]
    return f'{_SETTINGS_HEAD}description = "@SITE@"\n{shown}'


def _packaged(path: str) -> str:
    return (mappings_folder() / path).read_text(encoding="utf-8")


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _filled(text: str, words: Mapping[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
