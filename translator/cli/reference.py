"""Write what docs/ has of commands, settings and schemas from the commands and keys themselves: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from translator.cli import VERBS, cli
from translator.cli.schema import FILES, schema_page
from translator.config import FILE_NAME, variable_name
from translator.config_checks import Key
from translator.config_keys import KEYS
from translator.secrets import Secret

_WIDTH = 100

_SETTINGS_HEAD = f"""# Settings

Written by `make docs`; do not edit.

One `{FILE_NAME}` per site, named with `--config` or `TRANSLATOR_CONFIG`, else taken from the current folder if it is
there. An environment variable wins over the file, a flag over both. A key that is not listed here is an error. Paths
in the file are relative to the file; paths in variables and flags to the current folder.

An editor that knows TOML schemas (Taplo, Even Better TOML) completes and checks a file whose first line names the
schema: `#:schema translator.schema.json`. It stands beside this page ([translator.schema.json](translator.schema.json),
for a site's `site.toml` [site.schema.json](site.schema.json)), and `translator schema` prints it.

A secret never stands in a setting: write `env:NAME` or `file:PATH`, and it is read when it is needed.

```toml
site = "example"
ledger = "lab.db"

[whoop]
client_id = "env:WHOOP_CLIENT_ID"
client_secret = "file:/run/secrets/whoop"
confirmed_codes = ["TSH", "ALT"]
```

| key | what | default | variable | meaning |
| --- | --- | --- | --- | --- |
"""

_COMMANDS_HEAD = """# Commands

Written by `make docs`; do not edit.

Data goes to stdout, everything else to stderr. Exit codes: **0** all well; **1** findings (something held, refused,
unbalanced, failed, or nothing to check); **2** usage or configuration error.
"""


def commands_page() -> str:
    """Render the help of every verb and subverb as docs/commands.md."""
    settings = {**cli.context_settings, "max_content_width": _WIDTH, "terminal_width": _WIDTH}
    root = click.Context(cli, info_name="translator", **settings)
    parts = [_COMMANDS_HEAD]
    for name in sorted(VERBS):
        command = cli.get_command(root, name)
        if command is not None:
            parts.extend(_helps(root, name, command))
    return "\n".join(parts)


def settings_page() -> str:
    """Render every key as docs/settings.md."""
    rows = [
        f"| `{key.name}` | {key.kind} | {_default(key.default)} | `{variable_name(key.name)}` | {key.meaning} |"
        for key in KEYS
    ]
    tables = [_rows_part(key) for key in KEYS if key.rows]
    return _SETTINGS_HEAD + "\n".join([*rows, *tables]) + "\n"


def _rows_part(key: Key) -> str:
    rows = [
        f"| `{row.name}` | {row.kind} | {'required' if row.is_required else _default(row.default)} | {row.meaning} |"
        for row in key.rows
    ]
    head = f"\n## `[[{key.name}]]`\n\n| key | what | default | meaning |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows)


def _helps(parent: click.Context, name: str, command: click.Command) -> Iterator[str]:
    ctx = click.Context(command, info_name=name, parent=parent)
    yield f"## {ctx.command_path}\n\n```text\n{command.get_help(ctx)}\n```\n"
    if isinstance(command, click.Group):
        for subname, subverb in sorted(command.commands.items()):
            yield from _helps(ctx, subname, subverb)


def _default(value: object) -> str:
    if isinstance(value, Secret):
        return f"`{value.reference}`"
    if isinstance(value, tuple) and value:
        return "`{}`".format(", ".join(value))
    return f"`{value}`" if value else "none"


def main(folder: str) -> None:
    """Write both pages and both schemas into a folder."""
    pages = {"commands.md": commands_page(), "settings.md": settings_page()}
    pages |= {name: schema_page(kind) for kind, name in FILES.items()}
    for name, text in pages.items():
        Path(folder, name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
