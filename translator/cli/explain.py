"""`translator explain`: what a reason or diagnostic code means, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from textwrap import indent, wrap

import click

from translator.cli.options import Flags, common
from translator.cli.output import Listing
from translator.errors import ConfigError
from translator.translate.tables import ReasonRow

_PARTS = ("kind", "cause", "remedy", "example")


@click.command("explain")
@click.argument("code", required=False)
@click.option("--all", "every", is_flag=True, help="List every code; the same as no CODE.")
@common
def command(flags: Flags, code: str | None, *, every: bool) -> int:
    """
    Explain a reason or diagnostic code.

    Says why it happens, what to do, and shows an example. Without CODE it lists them all.

    \b
    Examples:
      translator explain unmapped-code
      translator explain --all
      translator explain --format json | grep held
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.mapping_files import packaged_tables  # noqa: PLC0415 - --help needs no tables

    reasons = packaged_tables().reasons
    if code is None or every:
        _list(reasons, flags)
    else:
        _explain(_find(reasons, code), flags)
    return 0


def _find(reasons: Mapping[str, ReasonRow], code: str) -> ReasonRow:
    if code in reasons:
        return reasons[code]
    near = difflib.get_close_matches(code.lower(), reasons, n=1, cutoff=0.5)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    raise ConfigError(f"there is no code `{code}`{hint}; `translator explain` lists them all")


def _list(reasons: Mapping[str, ReasonRow], flags: Flags) -> None:
    listing = Listing(flags.form, ("code", "kind", "cause"))
    for row in sorted(reasons.values(), key=lambda row: row.code):
        listing.add(_record(row), row.code, row.kind.replace("|", ", "), row.cause)
    listing.close()


def _explain(row: ReasonRow, flags: Flags) -> None:
    if flags.form == "json":
        listing = Listing(flags.form, ())
        listing.add(_record(row))
        return
    click.echo(row.code)
    for part in _PARTS:
        click.echo(f"  {part}")
        click.echo(indent("\n".join(wrap(getattr(row, part), 92)), "    "))


def _record(row: ReasonRow) -> dict[str, str]:
    return {"code": row.code} | {part: getattr(row, part) for part in _PARTS}
