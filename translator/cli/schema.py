"""`translator schema`: the JSON Schema of a settings file, for editors."""

from __future__ import annotations

import json
from typing import Any

import click

from translator.cli.options import Flags, common

FILES = {"settings": "translator.schema.json", "site": "site.schema.json"}


@click.command("schema")
@click.argument("kind", type=click.Choice(tuple(FILES)), default="settings")
@common
def command(flags: Flags, kind: str) -> int:  # noqa: ARG001 - every verb takes the common flags
    """
    Print the JSON Schema of a settings file, for editors.

    `settings` is translator.toml, `site` a site's site.toml. An editor that knows TOML schemas (Taplo, Even Better
    TOML) completes and checks a file whose first line is `#:schema PATH`.

    \b
    Examples:
      translator schema > translator.schema.json
      translator schema site > site.schema.json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    click.echo(schema_page(kind), nl=False)
    return 0


def schema_page(kind: str) -> str:
    """Write one of the schemas as text."""
    return json.dumps(_schema(kind), indent=2, ensure_ascii=False) + "\n"


def _schema(kind: str) -> dict[str, Any]:
    if kind == "site":
        from translator.translate.site_schema import site_schema  # noqa: PLC0415 - --help needs no schema

        return site_schema()
    from translator.config_schema import settings_schema  # noqa: PLC0415 - the same

    return settings_schema()
