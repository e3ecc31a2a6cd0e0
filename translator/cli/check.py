"""`translator check`: settings, tables, the example of every row and the fixtures of every site."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from translator.cli.ending import FINDINGS, USAGE
from translator.cli.options import Flags, common_with
from translator.cli.output import Listing, say
from translator.config import CONFIG_VARIABLE, FILE_NAME, variable_name
from translator.config_places import SettingsFile
from translator.errors import ConfigError, SettingsError

if TYPE_CHECKING:
    from translator.checkup import Checked, Finding, MendedFile

GITHUB = "github"
# A row of a site may upset a hundred packaged ones; the first few show how.
_MOST_OTHERS = 10


@click.command("check")
@click.option("--fix", is_flag=True, help="Mend in the site's files what can only be meant one way, then check.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--write-expected",
    is_flag=True,
    help="Write what the site's fixtures come to where nothing was expected, or something else.",
)
@common_with(GITHUB)
def command(flags: Flags, *, fix: bool, diff: bool, write_expected: bool) -> int:
    """
    Check settings, tables, examples and fixtures.

    Checks `translator.toml`, the packaged tables, and every site that the settings name: what the loader refuses, what
    the lints find, whether each row's `example_in` still gives its `example_out`, and whether each message in the
    site's `fixtures/` still comes to its `expected.json`. Units are held against a UCUM library where one is installed
    (the extra `units`).

    Each finding has its place, what is wrong and what to do; `--format github` writes annotations for a pull request.
    --fix mends spaces, look-alike characters, separators, quotes and line ends in the site's files, never in packaged
    ones, and says what it did.

    Exit code 1 if anything is found, or there is nothing to check; 2 if the settings cannot be read.

    \b
    Examples:
      translator check
      translator check --site mappings/sites/acme
      translator check --site ./acme --diff
      translator check --site ./acme --fix
      translator check --site ./acme --write-expected
      translator check --format github
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.checkup import check_sites, setting_findings, sites_of  # noqa: PLC0415 - --help needs no tables
    from translator.site_check import Confirmed  # noqa: PLC0415 - the same
    from translator.ucum import installed_library  # noqa: PLC0415 - the same

    began = time.monotonic()
    try:
        settings = flags.settings()
    except SettingsError as error:
        _print(setting_findings(error.faults), flags)
        say(f"{len(error.faults)} wrong in the settings; nothing else was checked")
        return USAGE
    names = sites_of(settings)
    if (fix or diff or write_expected) and not names:
        raise ConfigError("only the files of a site are written to: name it with --site")
    if diff:
        return _show_mended(names)
    if fix:
        _mend(names)
    library = installed_library()
    confirmed = Confirmed(settings.whoop.confirmed_codes, _place(flags.config, "whoop.confirmed_codes"))
    checked = check_sites(names, library, among=settings.sites, write_expected=write_expected, confirmed=confirmed)
    _print(checked.findings, flags)
    _summarise(checked, library.name if library else "", time.monotonic() - began)
    return FINDINGS if checked.findings or not checked.examples else 0


def _place(config: str | None, key: str) -> str:
    """Where a setting stands: in a variable, else in the settings file."""
    path = Path(config or os.environ.get(CONFIG_VARIABLE) or FILE_NAME)
    if variable_name(key) in os.environ or not path.is_file():
        return "environment:1:1"
    return SettingsFile(str(path), path.read_text(encoding="utf-8-sig")).at(key)


def _mend(names: Iterable[str]) -> None:
    from translator.checkup import shown, write_mended  # noqa: PLC0415 - --help needs no tables

    files = _mendable(names)
    write_mended(files)
    for file in files:
        for line, column, text in file.mended.repairs:
            say(f"fixed {shown(file.path)}:{line}:{column}: {text}")
    if not files:
        say("nothing to fix")


def _show_mended(names: Iterable[str]) -> int:
    from translator.checkup import shown  # noqa: PLC0415 - --help needs no tables

    files = _mendable(names)
    for file in files:
        name = shown(file.path)
        before, after = (data.decode("utf-8").splitlines(keepends=True) for data in (file.before, file.mended.data))
        for line in difflib.unified_diff(before, after, name, f"{name} (fixed)"):
            click.echo(line.removesuffix("\n"))
    repairs = sum(len(file.mended.repairs) for file in files)
    say(f"--fix would mend {repairs} in {_count(len(files), 'file')}" if files else "nothing to fix")
    return FINDINGS if files else 0


def _mendable(names: Iterable[str]) -> list[MendedFile]:
    from translator.checkup import mendable_files  # noqa: PLC0415 - --help needs no tables

    return [file for name in names for file in mendable_files(name)]


def _print(findings: Sequence[Finding], flags: Flags) -> None:
    if flags.format == GITHUB:
        for finding in findings:
            click.echo(_annotation(finding))
    elif flags.form == "table":
        packaged = [each for each in findings if each.code.startswith("table-") and not each.at.startswith("sites/")]
        # Where nothing of a site is wrong, the packaged tables themselves are what is being mended.
        left_out = packaged[_MOST_OTHERS:] if len(packaged) < len(findings) else []
        for finding in findings:
            if finding not in left_out:
                click.echo(str(finding))
        if left_out:
            click.echo(f"and {len(left_out)} more in the packaged tables; --format json lists them")
        _print_remedies(findings)
    else:
        listing = Listing(flags.form, ())
        for finding in findings:
            listing.add(finding)


def _print_remedies(findings: Sequence[Finding]) -> None:
    if findings:
        click.echo("\nWhat to do (`translator explain CODE` says more):")
    for code, remedy in {finding.code: finding.next for finding in findings}.items():
        click.echo(f"  {code}: {remedy}")


def _annotation(finding: Finding) -> str:
    text = f"{finding.text}. {finding.next}".replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = PurePath(finding.file).as_posix().replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::error file={file},line={finding.line},title={finding.code}::{text}"


def _summarise(checked: Checked, library: str, seconds: float) -> None:
    from translator.checkup import shown  # noqa: PLC0415 - --help needs no tables

    for path in checked.written:
        say(f"wrote {shown(path)}: read it before you keep it")
    for name in checked.bare:
        say(
            f"the site {name} has no fixtures: nothing shows what whole messages come to (mappings/README.md, Fixtures)"
        )
    for name in checked.unread:
        say(f"{name} tables do not load: fixtures, and what only whole tables show, were not looked at yet")
    units = f"held against {library}" if library else "held against sizes and molar masses only, as ucumvert is missing"
    if checked.conversions:
        say(f"units: {checked.conversions} conversions {units}")
    fixable = sum(finding.fix for finding in checked.findings)
    found = _count(len(checked.findings), "finding") if checked.findings else "nothing found"
    more = f"; --fix mends {fixable} of them" if fixable else ""
    say(
        f"checked {_count(checked.files, 'file')}, {_count(checked.examples, 'example')} and "
        f"{_count(checked.fixtures, 'fixture')} in {seconds:.1f} s: {found}{more}"
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
