"""Check the name of a new site; it becomes a folder's name and stands in places, correlations and the ledger. (pure)"""

from __future__ import annotations

import re
from collections.abc import Collection

from translator.errors import ConfigError

_LONGEST = 40
_NAME = re.compile(rf"[a-z][a-z0-9_-]{{0,{_LONGEST - 1}}}")
# Windows keeps these for devices, whatever ending follows.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")


def check_name(name: str, packaged: Collection[str]) -> str:
    """
    Give the name back where it is one.

    Shape: small letters, digits, `-` and `_`, a letter first; `packaged` are the sites that come with the program: it
    looks there first, so a folder of the same name would never be found.
    Raises: ConfigError that says what is wrong, with a name that would do.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"`{name}` is no name for a site: small letters, digits, `-` and `_`, a letter first, "
            f"at most {_LONGEST} characters{_suggestion(name, packaged)}"
        )
    if _DEVICE.fullmatch(name):
        raise ConfigError(
            f"`{name}` is a device on Windows, so no folder can have this name{_suggestion(name, packaged)}"
        )
    if name in packaged:
        raise ConfigError(f"`{name}` is a site that comes with the program{_suggestion(name, packaged)}")
    return name


def _suggestion(name: str, packaged: Collection[str]) -> str:
    """What is left of the name, with another word behind it where that is taken."""
    near = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_0123456789")[:_LONGEST].rstrip("-_")
    if _DEVICE.fullmatch(near) or near in packaged:
        near += "-lab"
    return f"; `{near}` would do" if near else ""
