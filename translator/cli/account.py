"""`translator account`: who may use the console."""

from __future__ import annotations

import re
import sys

import click

from translator.cli.deciding import who
from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import ConfigError

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.IGNORECASE | re.ASCII)
_ROLES = ("viewer", "operator")


@click.group("account")
@common
def command(flags: Flags) -> None:
    """
    Open, list and close the accounts of the console.

    A viewer sees the account without patient data: balance, causes, counts, rates. An operator sees everything and
    decides. The password is asked for, or read from the first line of stdin; it is never an argument.

    \b
    Examples:
      translator account add ada --role operator
      translator account list
      translator account password ada
      translator account close ada
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="viewer", show_default=True, help="What the person may do.")
@common
def add(flags: Flags, name: str, role: str) -> int:
    """
    Open an account for NAME.

    \b
    Examples:
      translator account add ada --role operator
      translator account add wallboard <password.txt
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    if not _NAME.fullmatch(name):
        raise ConfigError("a name has letters, digits, `.`, `_`, `@` and `-`, and at most 64 of them")
    settings = flags.settings()
    with Ledger.open(settings.ledger, key=settings.ledger_key) as ledger:
        access = ledger.access()
        access.accounts.add(name, _password(), role)
        access.note(who(), "opened", f"account {name}", role)
    say(f"{name} may log in as {role}")
    return 0


@command.command("list")
@common
def list_accounts(flags: Flags) -> int:
    """
    List every account that was ever opened.

    \b
    Examples:
      translator account list
      translator account list --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    listing = Listing(flags.form, ("name", "role", "state", "created"), "Accounts")
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        for one in ledger.access().accounts.list():
            state = "open" if one.is_open else "closed"
            line = {"name": one.name, "role": one.role, "state": state, "created": one.created}
            listing.add(line, one.name, one.role, state, one.created[:19].replace("T", " "))
    listing.close()
    return 0


@command.command("close")
@click.argument("name")
@common
def close(flags: Flags, name: str) -> int:
    """
    Let nobody log in as NAME any more; who is logged in is logged out. The trail stays.

    \b
    Examples:
      translator account close ada
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        access = ledger.access()
        was_open = any(one.name == name and one.is_open for one in access.accounts.list())
        access.accounts.close(name)
        access.note(who(), "closed", f"account {name}")
    say(f"{name} is closed" if was_open else f"{name} was closed already")
    return 0 if was_open else FINDINGS


@command.command("password")
@click.argument("name")
@common
def set_password(flags: Flags, name: str) -> int:
    """
    Change the password of NAME; who is logged in is logged out.

    \b
    Examples:
      translator account password ada
      translator account password ada <password.txt
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        access = ledger.access()
        access.accounts.set_password(name, _password())
        access.note(who(), "changed the password", f"account {name}")
    say(f"{name} has a new password")
    return 0


def _password() -> str:
    """
    Ask for a password twice; without a terminal take the first line of stdin.

    Raises: ConfigError where there is none.
    """
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    given = sys.stdin.buffer.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not given:
        raise ConfigError("there is no password on stdin; run this on a terminal, or give it one line")
    return given
