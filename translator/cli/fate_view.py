"""Show what became of an entry in the ledger: its calls and their answers, its versions, and what people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from translator.cli.output import Listing

if TYPE_CHECKING:
    from translator.ledger_provenance import LedgerFate


def show_fate(fate: LedgerFate, asked_by: str) -> None:
    """Print the fate of a message, or of an entry of it; `asked_by` are the tables that the answer above is by."""
    click.echo()
    where = f" at {fate.site}" if fate.site else ""
    click.echo(f"ledger message {fate.message}, received {_time(fate.received_at)}{where}: {_state(fate)}")
    if fate.pruned_at:
        click.echo(f"  bytes and values were taken out on {_time(fate.pruned_at)}; what is left is the account")
    for entry in fate.entries:
        why = " ".join(filter(None, (entry.reason, f"({entry.cause})" if entry.cause else "")))
        click.echo(f"  {' '.join(filter(None, (entry.at, entry.code, entry.state, why, entry.table)))}")
    words = (("replaces", fate.replaces), ("replaced by", fate.replaced_by), ("repeats", fate.repeats))
    for name, other in words:
        if other:
            click.echo(f"  {name} {other}")
    if fate.same_bytes:
        click.echo(f"  the same bytes came as {', '.join(map(str, fate.same_bytes))}")
    _show_tables(fate, asked_by)
    _show_sent(fate)
    _show_versions(fate)
    decided = Listing("table", ("when", "decided", "by", "reason", "entries"), "Decisions")
    for one in fate.decisions:
        decided.add(one, _time(one.at), one.deed, one.by, one.reason, ", ".join(one.entries))
    decided.close()


def _state(fate: LedgerFate) -> str:
    return f"{fate.state} ({fate.reason})" if fate.reason else fate.state


def _show_tables(fate: LedgerFate, asked_by: str) -> None:
    """Say by which tables it was decided, and which are those of now, where they differ."""
    made_by = [(f"submissions[{one.submission}]", one.tables_sha256) for one in fate.submissions]
    for what, sha256 in made_by or [("it", fate.tables_sha256)]:
        click.echo(f"  {what} was decided by tables {sha256}")
    if fate.today is not None:
        click.echo(
            f"  the tables of now are {fate.today.tables_sha256}; by them the message would be {fate.today.state}"
        )
    elif any(sha256 != asked_by for _, sha256 in made_by or [("", fate.tables_sha256)]):
        click.echo(f"  the tables of now are {asked_by}: what stands above is by them, and need not be what was sent")


def _show_sent(fate: LedgerFate) -> None:
    calls = Listing("table", ("what", "lane", "position", "state", "started", "ended", "outcome", "answer"), "Calls")
    for one in fate.submissions:
        lane = f"{one.destination} {one.service_request_id}"
        place = (f"submissions[{one.submission}] {one.kind}", lane, str(one.position), one.state)
        if not one.attempts:
            calls.add(one, *place, "", "", "not tried", "")
        for attempt in one.attempts:
            times = (_time(attempt.started_at), _time(attempt.ended_at))
            calls.add(one, *place, *times, attempt.outcome or "under way", attempt.answer)
    for status in fate.statuses:
        lane = f"{status.destination} {status.service_request_id}"
        place = (f"status {bytes(status.body).decode()}", lane, str(status.position), status.state)
        for attempt in status.attempts:
            times = (_time(attempt.started_at), _time(attempt.ended_at))
            calls.add(status, *place, *times, attempt.outcome or "under way", attempt.answer)
        if not status.attempts:
            calls.add(status, *place, "", "", "not tried", "")
    calls.close()


def _show_versions(fate: LedgerFate) -> None:
    columns = ("", "version", "position", "received", "value", "unit", "status", "state", "reason")
    versions = Listing("table", columns, "Versions of this result on its lane")
    for one in fate.versions:
        place = "" if one.position is None else str(one.position)
        mark = ">" if one.is_asked else ""
        said = (one.value, one.unit, one.status, one.state, one.reason)
        versions.add(one, mark, one.id, place, _time(one.received_at), *said)
    versions.close()


def _time(text: str) -> str:
    return text[:19].replace("T", " ")
