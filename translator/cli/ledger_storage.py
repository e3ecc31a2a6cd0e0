"""`translator ledger`, the part that keeps the ledger as a whole: backups, keys, retention."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import click

from translator.cli.count_progress import CountProgress
from translator.cli.ending import FINDINGS
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import ConfigError
from translator.secrets import Secret, parse_secret
from translator.site_key import write_key

_DAYS = {"d": 1, "w": 7, "y": 365}
_DAY_S = 86_400


class Age(click.ParamType[float]):
    """An age such as `90d`, in seconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number of days, weeks or years."""
        found = re.fullmatch(r"(\d{1,5})([dwy])", str(value))
        if found is None:
            self.fail("write a number of days, weeks or years, such as 90d, 12w or 2y", param, ctx)
        return int(found[1]) * _DAYS[found[2]] * _DAY_S


@click.command("backup")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path, dir_okay=False))
@common
def backup(flags: Flags, path: Path) -> int:
    """
    Write a backup of this moment to a new file; the ledger may be in use.

    What is encrypted stays so, and needs the same key. Any ledger can be restored from it, SQLite or PostgreSQL.

    \b
    Examples:
      translator ledger backup /backup/lab-2026-03-01.backup
      translator ledger backup lab.backup --ledger postgresql://lab@db.example/translator
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        ledger.storage().back_up(path)
    Listing(flags.form, ("backup",)).print_one({"backup": str(path), "bytes": path.stat().st_size}, str(path))
    return 0


@click.command("restore")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path, dir_okay=False))
@common
def restore(flags: Flags, path: Path) -> int:
    """
    Make a ledger of a backup, in a place where there is none.

    What was queued in the backup may have been sent since, so it becomes `unknown`, and delivery is paused. See to both
    before you resume: what came in after the backup is not in it.

    Exit code 1 if anything is unknown.

    \b
    Examples:
      translator ledger restore /backup/lab-2026-03-01.backup --ledger lab.db
      translator ledger restore lab.backup --ledger postgresql://lab@db.example/translator
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger.restore import restore as restore_ledger  # noqa: PLC0415 - the ledger is heavy

    restored = restore_ledger(path, flags.settings().ledger, time.time_ns() // 1000)
    cells = (str(restored.messages), str(restored.unknown))
    Listing(flags.form, ("messages", "unknown")).print_one(restored, *cells)
    say("delivery is paused; decide what is unknown, submit what came in since, then `translator ledger resume all`")
    return FINDINGS if restored.unknown else 0


@click.command("prune")
@click.option("--older-than", "age_s", metavar="AGE", type=Age(), required=True, help="Such as 90d, 12w or 2y.")
@click.option("--yes", is_flag=True, help="Do it; without it only the counts are shown.")
@common
def prune(flags: Flags, age_s: float, yes: bool) -> int:  # noqa: FBT001 - click's
    """
    Delete messages and identities of a certain age, and keep the account.

    Of each message there remain states, codes and keyed hashes: the ledger still balances, and a re-send is known.
    What is held, queued or undecided stays, however old.

    \b
    Examples:
      translator ledger prune --older-than 90d
      translator ledger prune --older-than 90d --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        storage = ledger.storage()
        if yes:
            with CountProgress("messages") as shown:
                pruning = storage.prune(age_s, shown)
        else:
            pruning = storage.plan_pruning(age_s)
    cells = (str(pruning.messages), str(pruning.correlations), str(pruning.kept))
    Listing(flags.form, ("messages", "correlations", "kept: undecided")).print_one(pruning, *cells)
    say("pruned" if yes else "nothing was changed; --yes prunes")
    return 0


@click.command("erase")
@click.option("--patient", metavar="ID", required=True, help="Identifier as results carry it; `-` reads it from stdin.")
@click.option("--yes", is_flag=True, help="Do it; without it only the counts are shown.")
@common
def erase(flags: Flags, patient: str, yes: bool) -> int:  # noqa: FBT001 - click's
    """
    Delete one person from the ledger, and keep the account.

    Takes the bytes of every message on the person's service requests, and of every other that names the identifier
    (PID-2 to PID-4, a FHIR patient's identifier, WHOOP's id of the member), their requisitions, order numbers, events
    and birth date. What is needed to know a re-send is kept as a keyed hash. Held observations are dropped. While
    anything of theirs is queued or undecided nothing is erased.

    \b
    Examples:
      translator ledger erase --patient - < id.txt
      translator ledger erase --patient - --yes < id.txt
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    wanted = (sys.stdin.read() if patient == "-" else patient).strip()
    if not wanted:
        raise ConfigError("the identifier is empty; write it after --patient, or into stdin for `-`")
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        storage = ledger.storage()
        found = storage.erase(wanted) if yes else storage.plan_erasure(wanted)
    counts = {
        "messages": len(found.message_ids),
        "service_requests": found.lanes,
        "orders": found.correlations,
        "held": found.held,
        "undecided": found.undecided,
    }
    Listing(flags.form, (*counts,)).print_one(counts, *map(str, counts.values()))
    if not any(counts.values()):
        say("nothing of this person is here")
        return FINDINGS
    say("erased; backups made before still hold it" if yes else "nothing was changed; --yes erases")
    return 0


@click.command("rekey")
@click.option("--new-key", metavar="SECRET", help="Where the new key is: file:PATH or env:NAME.")
@common
def rekey(flags: Flags, new_key: str | None) -> int:
    """
    Encrypt every row anew, with another key or for the first time.

    What runs with the old key must be restarted with the new one. A rekey may be cut short: run it again, with the
    new key set as `ledger_key`, and it goes on.

    \b
    Examples:
      translator ledger rekey --new-key file:/etc/translator/ledger-2.key
      translator ledger rekey
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger, CountProgress("rows") as shown:
        done = ledger.storage().rekey(_secret(new_key), shown)
    Listing(flags.form, ("rows", "key")).print_one(done, str(done.rows), done.key)
    if new_key:
        say(f"from now on `ledger_key` must be {new_key}; the old key opens only older backups")
    return 0


def _secret(text: str | None) -> Secret | None:
    if text is None:
        return None
    try:
        return parse_secret(text)
    except ValueError as error:
        raise ConfigError(f"--new-key: {error}") from None


@click.group("key")
@common
def key(flags: Flags) -> None:
    """
    Make the key that encrypts a ledger.

    \b
    Examples:
      translator ledger key create /etc/translator/ledger.key
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@key.command("create")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path, dir_okay=False))
@common
def create_key(flags: Flags, path: Path) -> int:
    """
    Write a new key to a new file that only its owner can read.

    \b
    Examples:
      translator ledger key create /etc/translator/ledger.key
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger.keys import parse_key  # noqa: PLC0415 - the ledger is heavy

    made = parse_key(write_key(path))
    Listing(flags.form, ("path", "key")).print_one({"path": str(path), "key": made.id}, str(path), made.id)
    say(f'set `ledger_key = "file:{path}"`, and keep a copy elsewhere: without it the ledger cannot be read')
    return 0


storage_commands = (backup, restore, prune, erase, rekey, key)
