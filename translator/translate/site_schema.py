"""Make the JSON Schema of a site's `site.toml` from the settings that the loader checks by (pure)."""

from __future__ import annotations

from typing import Any

from translator.translate.site import SETTINGS

DRAFT = "http://json-schema.org/draft-07/schema#"


def site_schema() -> dict[str, Any]:
    """Give the JSON Schema of `site.toml`."""
    top: dict[str, Any] = _table()
    for setting in SETTINGS:
        group, dot, name = setting.name.rpartition(".")
        table = top["properties"].setdefault(group, _table()) if dot else top
        table["properties"][name] = {"description": setting.meaning, **setting.schema}
    return {"$schema": DRAFT, "title": "Settings of a site: site.toml", **top}


def _table() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}
