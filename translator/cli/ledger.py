"""`translator ledger`: look into the durable account of every message."""

from __future__ import annotations

import click

from translator.cli.ending import FINDINGS
from translator.cli.ledger_destinations import destination_commands
from translator.cli.ledger_place import existing
from translator.cli.ledger_replay import command as replay
from translator.cli.ledger_storage import storage_commands
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say
from translator.errors import ConfigError


@click.group("ledger")
@common
def command(flags: Flags) -> None:
    """
    Look into the ledger and look after it.

    \b
    Examples:
      translator ledger list --state held
      translator ledger show 12
      translator ledger verify --ledger lab.db
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@command.command("list")
@click.option("--state", metavar="STATE", help="Only messages with this state, or with an entry in it.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the newest N.")
@common
def list_messages(flags: Flags, state: str | None, limit: int | None) -> int:
    """
    List the messages of the ledger, oldest first.

    \b
    Examples:
      translator ledger list
      translator ledger list --state unknown --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy
    from translator.ledger.states import ENTRY_STATES, MESSAGE_STATES  # noqa: PLC0415

    states = sorted({*ENTRY_STATES, *MESSAGE_STATES})
    if state and state not in states:
        raise ConfigError(f"--state: there is no such state; write one of {', '.join(states)}")
    listing = Listing(flags.form, ("message", "received", "file", "type", "state", "entries", "reason"))
    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        for row in ledger.messages(state=state or "", limit=limit):
            entries = ", ".join(f"{count} {name}" for name, count in row.entries.items())
            file = f"{row.file}:{row.index}"
            received = row.received_at[:19].replace("T", " ")
            listing.add(row, str(row.message), received, file, row.type, row.state, entries, row.reason)
    listing.close()
    return 0


@command.command("show")
@click.argument("message", type=click.IntRange(min=1))
@common
def show_message(flags: Flags, message: int) -> int:
    """
    Show one message: its entries, submissions and attempts.

    \b
    Examples:
      translator ledger show 12
      translator ledger show 12 --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        view = ledger.show(message)
    if flags.form == "json":
        Listing("json", ()).add(view.json)
        return 0
    why = f" ({view.reason})" if view.reason else ""
    say(f"message {view.message}, {view.source.type}, received {view.received_at}: {view.state}{why}")
    entries = Listing("table", ("at", "state", "reason", "cause", "table", "code"), "Entries")
    for entry in view.entries:
        entries.add(entry, entry.at, entry.state, entry.reason, entry.cause, entry.table, entry.code)
    entries.close()
    sent = Listing("table", ("lane", "position", "state", "attempts", "body"), "Submissions")
    for one in view.submissions:
        attempts = ", ".join(f"{attempt.outcome or 'under way'} {attempt.answer}".strip() for attempt in one.attempts)
        lane = f"{one.destination} {one.service_request_id}"
        sent.add(one, lane, str(one.position), one.state, attempts, bytes(one.body).decode())
    for status in view.statuses:
        attempts = ", ".join(f"{each.outcome or 'under way'} {each.answer}".strip() for each in status.attempts)
        lane = f"{status.destination} {status.service_request_id}"
        sent.add(status, lane, str(status.position), status.state, attempts, bytes(status.body).decode())
    sent.close()
    decided = Listing("table", ("when", "decided", "by", "reason", "entries"), "Decisions")
    for decision in view.decisions:
        told = (decision.at, decision.deed, decision.by, decision.reason)
        decided.add(decision, *told, ", ".join(decision.entries))
    decided.close()
    return 0


@command.command("verify")
@common
def verify(flags: Flags) -> int:
    """
    Check that the ledger balances and is undamaged.

    Exit code 1 only for an imbalance or damage, not because something is held or unknown.

    \b
    Examples:
      translator ledger verify
      translator ledger verify --ledger /var/lib/translator/lab.db
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.ledger import Balance, Ledger  # noqa: PLC0415 - the ledger is heavy

    settings = flags.settings()
    with Ledger.open(existing(settings), key=settings.ledger_key) as ledger:
        findings = ledger.verify()
        # Nothing that a damaged database counts can be trusted.
        is_damaged = any(finding.code == "damaged" for finding in findings)
        balance = Balance(0, 0, (), {}) if is_damaged else ledger.balance()
    counts = " + ".join(f"{count} {state}" for state, count in balance.by_state.items()) or "0"
    if flags.form == "json":
        line = {"balanced": not findings, "messages": balance.messages, "entries": balance.entries}
        Listing("json", ()).add(
            line
            | {"states": balance.by_state, "submissions": balance.submissions, "statuses": balance.statuses}
            | {"findings": findings}
        )
        return FINDINGS if findings else 0
    listing = Listing("table", ("at", "code", "what is wrong"), "Findings")
    for finding in findings:
        listing.add(finding, finding.at, finding.code, finding.text)
    listing.close()
    click.echo(f"{balance.messages} messages: {balance.entries} in = {counts}")
    click.echo("not balanced or damaged" if findings else "balanced, undamaged")
    return FINDINGS if findings else 0


for more in (*storage_commands, *destination_commands, replay):
    command.add_command(more)
