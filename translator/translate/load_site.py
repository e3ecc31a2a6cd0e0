"""Read the settings of a site's `site.toml` (pure)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from translator.errors import Fault
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_rows import canonical, decoded, suggestion
from translator.translate.site import SETTINGS, Site

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_GROUPS = {name.split(".")[0] for name in _BY_NAME if "." in name}
_KEY = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")


class Settings(NamedTuple):
    """
    A site's settings with what is needed to say where each stands.

    Shape: `file` is the name that places begin with (`sites/acme/site.toml`).
    """

    site: Site
    file: str
    text: str

    def at(self, name: str, code: str = "") -> str:
        """Where a setting, or one code of it, stands: `sites/acme/site.toml:4`."""
        return f"{self.file}:{line_of((*name.split('.'), *filter(None, (code,))), self.text)}"

    def fault(self, name: str, complaint: str, code: str = "") -> Fault:
        """What is wrong with a setting."""
        return Fault(f"{self.at(name, code)}:1", "table-setting", f"`{name}` {complaint}")


def site_settings(site: Mapping[str, bytes], site_name: str, faults: list[Fault]) -> Settings:
    """The settings; what is wrong is appended to `faults`."""
    file = f"sites/{site_name}/{SITE_SETTINGS}"
    text = decoded(file, canonical(site[SITE_SETTINGS]), faults) if SITE_SETTINGS in site else None
    if text is None:
        return Settings(Site(), file, "")
    try:
        sent = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(syntax_fault(file, text, str(error)))
        return Settings(Site(), file, text)
    unset = Settings(Site(), file, text)
    fields: dict[str, Any] = {}
    for name, value in _named(sent):
        setting = _BY_NAME.get(name)
        if setting is None:
            faults.append(_unknown(unset, name))
            continue
        fields[setting.field] = setting.read(value)
        if fields[setting.field] is None:
            faults.append(unset.fault(name, f"must be {setting.words}"))
    if any(value is None for value in fields.values()):
        return unset
    settings = Settings(Site(**fields), file, text)
    faults.extend(_contradictions(settings))
    return settings


def _named(sent: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Every setting by its full name; a group that is no table is given as it is."""
    for name, value in sent.items():
        if name in _GROUPS and isinstance(value, dict):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _unknown(settings: Settings, name: str) -> Fault:
    at = f"{settings.at(name)}:1"
    if name in _GROUPS:
        return Fault(at, "table-setting", f"`{name}` is a table of settings; write [{name}]")
    return Fault(at, "table-setting", f"unknown setting `{name}`{suggestion(name, _BY_NAME)}")


def _contradictions(settings: Settings) -> Iterator[Fault]:
    site = settings.site
    if site.group_mark and site.group_mark == (site.decimal_mark or "."):
        yield settings.fault("values.group_mark", "is the same as the decimal mark, so no number could be read")


def line_of(path: tuple[str, ...], text: str) -> int:
    """The first line whose key shares most of the path: a code of an inline table stands where its table begins."""
    best, length = 1, 0
    for line, key in _keys(text):
        if key == path[: len(key)] and len(key) > length:
            best, length = line, len(key)
    return best


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """The line on which each key of a TOML file begins."""
    return {key: line for line, key in _keys(text)}


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The full key that begins on each line; lines inside a value give keys that no setting has."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if content.startswith("["):
            table = _parts(content.strip("[]"))
            yield number, table
        elif "=" in content and not content.startswith("#"):
            yield number, (*table, *_parts(content.split("=")[0]))


def _parts(key: str) -> tuple[str, ...]:
    return tuple("".join(parts) for parts in _KEY.findall(key))


def syntax_fault(file: str, text: str, message: str) -> Fault:
    """The place of what is no TOML that tomllib gives only in words: `Invalid value (at line 3, column 8)`."""
    what, _, place = message.rpartition(" (at ")
    digits = "".join(character if character.isdigit() else " " for character in place).split()
    line, column = (digits[0], digits[1]) if len(digits) > 1 else (str(text.count("\n") + 1), "1")
    return Fault(f"{file}:{line}:{column}", "table-syntax", f"this is not TOML: {what or message}")
