"""Read the settings of a site's `site.toml` (pure)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from translator.errors import Fault
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_rows import canonical, decoded, suggestion

# Every setting that a site may make, and what it must be. A setting that nobody reads yet must not stand here.
SETTINGS: Mapping[str, tuple[type, str]] = {"description": (str, "text in quotes")}


def site_settings(site: Mapping[str, bytes], site_name: str, faults: list[Fault]) -> dict[str, object]:
    """The settings by name; what is wrong is appended to `faults`."""
    if SITE_SETTINGS not in site:
        return {}
    file = f"sites/{site_name}/{SITE_SETTINGS}"
    body = canonical(site[SITE_SETTINGS])
    text = decoded(file, body, faults)
    if text is None:
        return {}
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(_syntax_fault(file, text, str(error)))
        return {}
    for name, value in settings.items():
        complaint = _complaint(name, value)
        if complaint:
            faults.append(Fault(f"{file}:{_line_of(name, text)}:1", "table-setting", complaint))
    return settings


def _complaint(name: str, value: object) -> str:
    if name not in SETTINGS:
        return f"unknown setting `{name}`{suggestion(name, SETTINGS)}"
    kind, words = SETTINGS[name]
    return "" if isinstance(value, kind) else f"`{name}` must be {words}"


def _line_of(name: str, text: str) -> int:
    """The first line that begins with the setting's name, as a key or as a table."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip(" \t[\"'").startswith(name):
            return number
    return 1


def _syntax_fault(file: str, text: str, message: str) -> Fault:
    """Find the place that tomllib gives only in words: `Invalid value (at line 3, column 8)`."""
    what, _, place = message.rpartition(" (at ")
    digits = "".join(character if character.isdigit() else " " for character in place).split()
    line, column = (digits[0], digits[1]) if len(digits) > 1 else (str(text.count("\n") + 1), "1")
    return Fault(f"{file}:{line}:{column}", "table-syntax", f"this is not TOML: {what or message}")
