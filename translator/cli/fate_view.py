"""Show what became of an entry in the ledger: its calls and their answers, its versions, and what people decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from translator.cli.output import printable
from translator.cli.step_lines import cells, step_lines

if TYPE_CHECKING:
    from translator.ledger import AttemptView, SentFate, StatusView, VersionFate
    from translator.ledger_provenance import LedgerFate


def show_fate(fate: LedgerFate, asked_by: str) -> None:
    """Print the fate of a message, or of an entry of it; `asked_by` are the tables that the answer above is by."""
    for line in _lines(fate, asked_by):
        click.echo(printable(line))


def _lines(fate: LedgerFate, asked_by: str) -> Iterator[str]:
    where = f" at {fate.site}" if fate.site else ""
    yield ""
    yield f"ledger message {fate.message}, received {_time(fate.received_at)}{where}: {_with(fate.state, fate.reason)}"
    if fate.pruned_at:
        yield f"  its bytes and values were taken out on {_time(fate.pruned_at)}; what is left is the account"
    for entry in fate.entries:
        state = _with(entry.state, " ".join(filter(None, (entry.reason, entry.cause))))
        yield f"  {' '.join(filter(None, (entry.at, entry.code)))}: {' '.join(filter(None, (state, entry.table)))}"
    words = (("replaces", fate.replaces), ("replaced by", fate.replaced_by), ("repeats", fate.repeats))
    yield from (f"  {name} {other}" for name, other in words if other)
    if fate.same_bytes:
        yield f"  the same bytes came as {', '.join(map(str, fate.same_bytes))}"
    for one in fate.submissions:
        yield from _sent(one)
    for status in fate.statuses:
        yield from _status(status)
    if len(fate.versions) > 1:
        yield "  versions of this result on its lane, as the lab sent them"
        yield from _columns([_version(one) for one in fate.versions])
    for decision in fate.decisions:
        about = f" ({', '.join(decision.entries)})" if decision.entries else ""
        who = f" by {decision.by}" if decision.by else ""
        why = f": {decision.reason}" if decision.reason else ""
        yield f"  {_time(decision.at)} {decision.deed}{who}{about}{why}"
    yield from _tables(fate, asked_by)


def _sent(one: SentFate) -> Iterator[str]:
    yield (
        f"  submissions[{one.submission}] ({one.kind}), {one.destination} {one.service_request_id}, "
        f"position {one.position}: {one.state}"
    )
    yield from _calls(one.attempts)


def _status(status: StatusView) -> Iterator[str]:
    told = msgspec.json.decode(bytes(status.body)).get("task_business_status", "")
    yield f"  status {told}, position {status.position}: {status.state}"
    yield from _calls(status.attempts)


def _calls(attempts: Iterable[AttemptView]) -> Iterator[str]:
    rows = [
        ("  ", _time(one.started_at), _time(one.ended_at)[11:], one.outcome or "under way", one.answer)
        for one in attempts
    ]
    yield from _columns(rows) if rows else ("    no call yet",)


def _version(one: VersionFate) -> tuple[str, ...]:
    place = "" if one.position is None else f"position {one.position}"
    mark = "  >" if one.is_asked else ""
    said = " ".join(filter(None, (one.value, one.unit, one.status)))
    return mark, one.id, said, _with(one.state, one.reason), place, f"received {_time(one.received_at)}"


def _tables(fate: LedgerFate, asked_by: str) -> Iterator[str]:
    """Say by which tables it was decided, and which are those of now, where they differ."""
    made_by = [(f"submissions[{one.submission}]", one.tables_sha256) for one in fate.submissions]
    decided = made_by or [("it", fate.tables_sha256)]
    yield from (f"  {what} was decided by tables {sha256}" for what, sha256 in decided)
    if fate.today is not None:
        yield f"  the tables of now are others, {fate.today.tables_sha256}"
        yield f"  by them, sent or not, the message would be {fate.today.state}"
        for origin in fate.today.origins:
            yield from (f"    {line}" for line in step_lines(origin.steps))
    elif any(sha256 != asked_by for _, sha256 in decided):
        yield f"  the tables of now are {asked_by}: what stands above is by them, and need not be what was sent"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(cells(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()


def _with(state: str, reason: str) -> str:
    return f"{state} ({reason})" if reason else state


def _time(text: str) -> str:
    return text[:19].replace("T", " ")
