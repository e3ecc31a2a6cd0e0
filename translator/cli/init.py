"""`translator init`: the folder of a new site, with everything that the first three commands need."""

from __future__ import annotations

from pathlib import Path

import click

from translator.cli.options import Flags, common
from translator.cli.output import say, write_line

PURPOSES = {
    "README.md": "what to do next, and what is where",
    "TABLES.md": "how to read a row; every column and setting",
    "sites/{site}/whoop/observations.csv": "your laboratory's codes: edit this one",
    "sites/{site}/site.toml": "habits of your sender, all off",
    "sites/{site}/fixtures/": "a message, and what must come of it",
    "feed/sample.hl7": "three invented messages; one code has no row",
    "translator.toml": "settings: the ledger, and where results go",
    "ledger.key": "encrypts the ledger; for you alone, not for git",
    ".github/workflows/tables.yml": "checks every change of the tables",
    "accepted.csv": "what a change may change; reviewed",
    ".gitignore": "keeps patient data and the key out of git",
}
"""What is in the folder, and what for."""

NEXT_STEPS = {
    "translator coverage feed": "what the feed brings, and which code no row maps",
    "translator check": "lint the tables, run their examples and the fixtures",
    "translator translate feed": "what would be posted, and the fate of every result",
}
"""What works as printed inside the new folder; a test runs each."""


@click.command("init")
@click.argument("name", metavar="SITE")
@common
def command(flags: Flags, name: str) -> int:
    """
    Make a folder for a new site, with a sample feed, tables, fixtures and settings.

    Makes ./SITE and in it tables to edit (sites/SITE), three invented messages, a fixture, translator.toml, a new key
    for the ledger, and a workflow that checks every change. SITE is small letters, digits, `-` and `_`. What is there
    is never written over: either the whole folder is made, or nothing.

    Exit code 2 where the name will not do, or something has it already.

    \b
    Examples:
      translator init acme
      translator init north-lab --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.scaffold.site_folder import KEY_FILE, make_site_folder  # noqa: PLC0415 - --help needs none

    folder, files = make_site_folder(name, Path())
    if flags.form == "json":
        _print_json(folder, files)
    else:
        _print(folder)
    say(f"keep a copy of {folder / KEY_FILE} elsewhere: without it the ledger cannot be read")
    return 0


def _print(folder: Path) -> None:
    click.echo(f"made {folder}/\n")
    _print_lines({path.format(site=folder.name): purpose for path, purpose in PURPOSES.items()})
    click.echo(f"\nnext:\n\n  cd {folder}")
    _print_lines(NEXT_STEPS)
    click.echo()


def _print_lines(lines: dict[str, str]) -> None:
    width = max(map(len, lines))
    for name, says in lines.items():
        click.echo(f"  {name:<{width}}  {says}")


def _print_json(folder: Path, files: list[str]) -> None:
    import msgspec  # noqa: PLC0415 - --help needs none

    line = {"site": folder.name, "folder": str(folder), "files": files, "next": [f"cd {folder}", *NEXT_STEPS]}
    write_line(msgspec.json.encode({"schema": "translator.init/1", **line}))
