"""Read the settings of a site's `site.toml` (pure)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from translator.errors import Fault
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_rows import canonical, decoded, suggestion
from translator.translate.site import SETTINGS, Setting, Site
from translator.translate.toml_places import line_of, place_of, syntax_fault

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_GROUPS = {name.split(".")[0] for name in _BY_NAME if "." in name}


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
        return f"{self.file}:{line_of(_path(name, code), self.text)}"

    def fault(self, name: str, complaint: str, code: str = "") -> Fault:
        """What is wrong with a setting."""
        return Fault(self.where(name, code), "table-setting", f"`{name}` {complaint}")

    def where(self, name: str, code: str = "") -> str:
        """Where a setting stands, with its column: `sites/acme/site.toml:4:1`."""
        line, column = place_of(_path(name, code), self.text)
        return f"{self.file}:{line}:{column}"


def _path(name: str, code: str) -> tuple[str, ...]:
    return (*name.split("."), *filter(None, (code,)))


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
            faults.append(unset.fault(name, f"must be {setting.words}", _wrong_code(setting, value)))
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


def _wrong_code(setting: Setting, value: object) -> str:
    """The first code of a table of codes that may not stand there; nothing for a setting that is none."""
    codes = value.items() if isinstance(value, Mapping) else ()
    return next((code for code, word in codes if setting.read({code: word}) is None), "")


def _unknown(settings: Settings, name: str) -> Fault:
    at = settings.where(name)
    if name in _GROUPS:
        return Fault(at, "table-setting", f"`{name}` is a table of settings; write [{name}]")
    return Fault(at, "table-setting", f"unknown setting `{name}`{suggestion(name, (*_BY_NAME, *sorted(_GROUPS)))}")


def _contradictions(settings: Settings) -> Iterator[Fault]:
    site = settings.site
    if site.group_mark and site.group_mark == (site.decimal_mark or "."):
        yield settings.fault("values.group_mark", "is the same as the decimal mark, so no number could be read")
