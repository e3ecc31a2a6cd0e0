"""`translator token`: the tokens that programs call the HTTP API with."""

from __future__ import annotations

import re
from pathlib import Path

import click

from translator.cli.deciding import who
from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say, write_line
from translator.errors import ConfigError

_SCOPES = ("translate", "submit", "read")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_DAY_S = 86_400
_COLUMNS = ("name", "scopes", "state", "created", "expires", "used")


@click.group("token")
@common
def command(flags: Flags) -> None:
    """
    Make, list and revoke the tokens of the HTTP API.

    \b
    Examples:
      translator token create lis --scope submit --scope read
      translator token list
      translator token revoke lis
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(_SCOPES),
    multiple=True,
    required=True,
    help="What it may do: translate without keeping, submit messages, read what became of them. May be repeated.",
)
@click.option(
    "--expires", metavar="DAYS", type=click.IntRange(1, 36_500), help="After how many days it ends.  [default: never]"
)
@common
def create(flags: Flags, name: str, scopes: tuple[str, ...], expires: int | None) -> int:
    """
    Make a token and print it, this once: the ledger keeps its hash alone.

    NAME says whose it is; what it sends is known by its name and the Idempotency-Key. A ledger that is not there yet is
    made.

    \b
    Examples:
      translator token create lis --scope submit --scope read
      translator token create trial --scope translate --expires 30
      translator token create lis --scope submit --format json > token.json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    if not _NAME.fullmatch(name):
        raise ConfigError("the name of a token has up to 64 letters, digits, points, dashes and underscores")
    settings = flags.settings()
    is_new = "://" not in settings.ledger and not Path(settings.ledger).exists()
    with Ledger.open(settings.ledger, key=settings.ledger_key) as ledger:
        access = ledger.access()
        made = access.tokens.create(name, scopes, lasts_s=None if expires is None else expires * _DAY_S)
        kept = next(one for one in access.tokens.list() if one.name == name)
        access.note(who(), "token created", name, " ".join(kept.scopes))
    if is_new:
        say(f"{settings.ledger}: there was no ledger here; it was made")
    if flags.form == "json":
        line = {"name": name, "token": made, "scopes": kept.scopes, "created": kept.created, "expires": kept.expires}
        Listing("json", ()).add({key: value for key, value in line.items() if value})
    else:
        # A table would break it in two on a narrow terminal.
        write_line(made.encode())
    say("this is shown only once; keep it where secrets are kept")
    return 0


@command.command("list")
@common
def list_tokens(flags: Flags) -> int:
    """
    List every token that was ever made: what it may do, and whether it still may.

    \b
    Examples:
      translator token list
      translator token list --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    listing = Listing(flags.form, _COLUMNS)
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        for one in ledger.access().tokens.list():
            row = (one.name, " ".join(one.scopes), one.state, one.created, one.expires, one.used)
            line = {"name": one.name, "scopes": one.scopes, "state": one.state, "created": one.created}
            line |= {key: value for key, value in (("expires", one.expires), ("used", one.used)) if value}
            listing.add(line, *row)
    listing.close()
    return 0


@command.command("revoke")
@click.argument("name")
@common
def revoke(flags: Flags, name: str) -> int:
    """
    Let a token do nothing any more; a running service obeys within seconds.

    Exit code 1 if there is no token of this name that still could.

    \b
    Examples:
      translator token revoke lis
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        access = ledger.access()
        was_valid = access.tokens.revoke(name)
        if was_valid:
            access.note(who(), "token revoked", name)
    say(f"{name} is revoked" if was_valid else f"no token `{name}` could do anything; see `translator token list`")
    return 0 if was_valid else FINDINGS
