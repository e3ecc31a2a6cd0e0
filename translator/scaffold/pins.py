"""Name the versions that are installed here, so that a site's checks run elsewhere with the same."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra == [\"']([^\"']*)[\"']")


def pins(name: str, extra: str = "") -> dict[str, str]:
    """
    The version of a distribution, and of every package that it and one of its extras need, as installed here.

    Shape: names in their normal form, sorted behind the first.
    Absent: what only another extra or another system needs, unless it is installed for another reason.
    """
    versions: dict[str, str] = {}
    waiting = [name]
    while waiting:
        needed = waiting.pop()
        known = _installed(needed) if needed not in versions else None
        if known is not None:
            versions[needed] = known["Version"]
            of_extra = extra if needed == name else ""
            waiting.extend(filter(None, (_needed(each, of_extra) for each in known.get_all("Requires-Dist") or ())))
    return dict(sorted(versions.items(), key=lambda item: (item[0] != name, item[0])))


def _installed(name: str) -> PackageMetadata | None:
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


def _needed(requirement: str, extra: str) -> str:
    """The normal name in `click>=8.1.8; python_version > "3"`; empty where only another extra asks for it."""
    found = _NAME.match(requirement)
    asked = _EXTRA.search(requirement)
    if found is None or (asked is not None and asked[1] != extra):
        return ""
    return re.sub(r"[-_.]+", "-", found[0]).lower()
