"""Show a plan: JSON Lines for programs, a table for people, and what it comes to in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
import msgspec
from msgspec import Struct, structs

from translator.cli.output import Form, Listing, say, write_line
from translator.plan.accepted import Found, Judgement, name_of, text_of
from translator.plan.comparer import Comparer
from translator.plan.comparison import Cause, CauseTally, Comparison, Example, Tally
from translator.plan.results import REPORT, VALUE, Difference
from translator.plan.table_changes import TableChange
from translator.record.standing import CORRECTION, DIFFERS, HELD, NEW, NOTHING, WITHHELD

SCHEMA = "translator.plan/1"
SUMMARY = "translator.plan-summary/1"
COLUMNS = ("before", "after", "count", "messages")
_ARCHIVE = "archive-"
_MOST_IDLE = 20


class Plan(Struct, frozen=True):
    """
    What a plan has found.

    Shape: `against` names the other tables, `found` are the rows of a file of accepted changes, `judgement` what of it
    is accepted. `unread` counts files; `is_complete` tells that nobody broke it off.
    Absent: `judgement` is None where no such file was named.
    """

    against: str
    comparer: Comparer
    whole: Comparison
    found: tuple[Found, ...]
    judgement: Judgement | None
    unread: int
    is_complete: bool
    has_ledger: bool

    @property
    def missed(self) -> int:
        """How many files, or files in archives, could not be read."""
        damaged = sum(count for code, count in self.whole.findings.items() if code.startswith(_ARCHIVE))
        return self.unread + damaged

    @property
    def changes(self) -> Mapping[str, TableChange]:
        """The changes of the tables by name."""
        return {change.id: change for change in self.comparer.changes}

    @property
    def without_effect(self) -> list[TableChange]:
        """The changes that make no difference here."""
        effective = self.whole.together.union(*self.whole.causes)
        return [change for change in self.comparer.changes if change.id not in effective]


def show(plan: Plan, form: Form) -> None:
    """Print the plan on stdout, and on stderr what it comes to."""
    causes = sorted(plan.whole.causes.items(), key=lambda item: (-item[1].values, -item[1].messages, item[0]))
    for cause, tally in causes:
        if form == "json":
            write_line(msgspec.json.encode(_cause_line(plan, cause, tally)))
        else:
            _draw(plan, cause, tally)
    if form == "json":
        write_line(msgspec.json.encode(_summary_line(plan)))
    for line in _words(plan):
        say(line)


def _draw(plan: Plan, cause: Cause, tally: CauseTally) -> None:
    """Draw one cause: what was changed, and below it what that does."""
    known = plan.changes
    for line in [line for name in cause if name in known for line in _change_words(known[name])] or [name_of(cause)]:
        click.echo(line)
    columns = [*COLUMNS]
    columns += ["accepted"] if plan.judgement else []
    columns += ["ledger"] if plan.has_ledger else []
    columns += ["such as"] if plan.comparer.examples else []
    listing = Listing("table", columns)
    for how, one in _by_count(tally):
        cells = [how.before_words, how.after_words, _count_words(how, one), str(one.messages)]
        if plan.judgement:
            cells.append("no" if _is_open(plan, cause, how) else "yes")
        if plan.has_ledger:
            cells.append("\n".join(f"{count} {word}" for word, count in one.ledger.items()))
        if plan.comparer.examples:
            cells.append("\n".join(map(_example, one.examples)))
        listing.add(None, *cells)
    listing.close()


def _count_words(how: Difference, tally: Tally) -> str:
    return _count(tally.count, how.kind) if how.kind != VALUE else str(tally.count)


def _by_count(tally: CauseTally) -> list[tuple[Difference, Tally]]:
    order = sorted(tally.differences.items(), key=lambda item: (item[0].before_words, item[0].after_words))
    return sorted(order, key=lambda item: (item[0].kind != VALUE, -item[1].count))


def _change_words(change: TableChange) -> Iterator[str]:
    display = f" ({change.display})" if change.display else ""
    yield f"{change.after_at or change.before_at}  {change.name}{display}"
    yield f"  {change.text}"


def _example(example: Example) -> str:
    """Name a place as `translator where` takes it."""
    at = f"{example.file}:{example.at}" if example.at else example.file
    at += f" --message {example.index}" if example.index else ""
    values = f": {example.before or 'nothing'} -> {example.after or 'nothing'}"
    return at + (values if example.before or example.after else "")


def _is_open(plan: Plan, cause: Cause, how: Difference) -> bool:
    new = {one.key for one in plan.judgement.new} if plan.judgement else set()
    key = (name_of(cause), text_of(cause, plan.changes), how.kind, how.before_words, how.after_words)
    return plan.judgement is None or key in new


def _cause_line(plan: Plan, cause: Cause, tally: CauseTally) -> dict[str, Any]:
    known = plan.changes
    return {
        "schema": SCHEMA,
        "cause": name_of(cause),
        "changes": [_change_line(known[name]) for name in cause if name in known],
        "messages": tally.messages,
        "values": tally.values,
        "reports": tally.count(REPORT),
        **({"ledger": tally.ledger} if plan.has_ledger else {}),
        "differences": [_difference_line(plan, cause, how, one) for how, one in _by_count(tally)],
    }


def _change_line(change: TableChange) -> dict[str, Any]:
    places = {"before_at": change.before_at, "after_at": change.after_at, "display": change.display}
    return {
        "file": change.file,
        "key": change.key,
        **{name: text for name, text in places.items() if text},
        "text": change.text,
        "cells": [{"column": column, "before": was, "after": now} for column, was, now in change.cells],
    }


def _difference_line(plan: Plan, cause: Cause, how: Difference, tally: Tally) -> dict[str, Any]:
    accepted = {"accepted": not _is_open(plan, cause, how)} if plan.judgement else {}
    return {
        **structs.asdict(how),
        "before": _shown(how.before_words, how.before),
        "after": _shown(how.after_words, how.after),
        "count": tally.count,
        "messages": tally.messages,
        **accepted,
        **({"ledger": tally.ledger} if plan.has_ledger else {}),
        "examples": tally.examples,
    }


def _shown(words: str, shown: Struct | None) -> dict[str, Any]:
    fields = structs.asdict(shown) if shown else {}
    return {"words": words, **{name: value for name, value in fields.items() if value}}


def _summary_line(plan: Plan) -> dict[str, Any]:
    whole = plan.whole
    accepted = {
        "accepted": len(plan.found) - len(plan.judgement.new),
        "new": len(plan.judgement.new),
        "stale": [{"at": one.at, "cause": one.found.cause, "accepted": one.found.count, "found": count}
                  for one, count in plan.judgement.stale],
    } if plan.judgement else {}  # fmt: skip
    return {
        "schema": SUMMARY,
        "against": plan.against,
        "tables_sha256": {"before": plan.comparer.tables[0].sha256, "after": plan.comparer.tables[1].sha256},
        "complete": plan.is_complete,
        "messages": whole.messages,
        "values": whole.values,
        "changed_messages": whole.changed,
        "changed_values": whole.changed_values,
        "table_changes": len(plan.comparer.changes),
        "without_effect": [_change_line(change) for change in plan.without_effect],
        "acts_later": [change.id for change in plan.comparer.changes if change.acts_later],
        **accepted,
        **({"ledger": _ledger(plan)} if plan.has_ledger else {}),
        "findings": whole.findings,
        "unread": plan.unread,
    }


def _ledger(plan: Plan) -> dict[str, int]:
    total: dict[str, int] = {}
    for tally in plan.whole.causes.values():
        for word, count in tally.ledger.items():
            total[word] = total.get(word, 0) + count
    return total


def _words(plan: Plan) -> Iterator[str]:
    whole = plan.whole
    if not plan.is_complete:
        yield "broken off: this is what was compared until then"
    if not whole.messages:
        yield "nothing to compare: there is no message"
    yield (
        f"{_count(whole.messages, 'message')} with {_count(whole.values, 'value')} compared against {plan.against}: "
        f"{_count(whole.changed_values, 'value')} in {_count(whole.changed, 'message')} change"
    )
    yield from _words_on_tables(plan)
    if plan.has_ledger and whole.changed:
        yield from _words_on_ledger(_ledger(plan))
    if whole.findings:
        yield "wrong with files: " + ", ".join(f"{count} {code}" for code, count in sorted(whole.findings.items()))
    if plan.judgement:
        yield from _words_on_judgement(plan, plan.judgement)


def _words_on_tables(plan: Plan) -> Iterator[str]:
    if not plan.comparer.changes:
        yield "the tables say the same"
        return
    idle = [change for change in plan.without_effect if not change.acts_later]
    yield f"{_count(len(plan.comparer.changes), 'row or setting', 'rows or settings')} of the tables changed"
    for change in idle[:_MOST_IDLE]:
        yield f"  no difference here: {change.id}: {change.text}"
    if len(idle) > _MOST_IDLE:
        yield f"  no difference here, either: {len(idle) - _MOST_IDLE} more, which --format json lists"
    for change in plan.comparer.changes:
        if change.acts_later:
            yield f"  works on delivery, which no archive shows: {change.id}: {change.text}"


def _words_on_ledger(said: Mapping[str, int]) -> Iterator[str]:
    delivered = said.get("delivered", 0)
    yield (
        f"the ledger has delivered {_count(delivered, 'of the changed values', 'of the changed values')}, and "
        f"{said.get(DIFFERS, 0)} of them not as the tables say now"
    )
    yield (
        "  replaying sends none of these: what was delivered is never sent again, and another table is no correction "
        "by itself"
    )
    again = ", ".join(f"{said.get(word, 0)} {text}" for word, text in _AGAIN.items())
    yield f"  if these messages came again: {again}"


_AGAIN = {
    CORRECTION: "would be sent as corrections",
    NEW: "as new results",
    NOTHING: "not at all (known already)",
    HELD: "would be held",
    WITHHELD: "have no result by the new tables",
}


def _words_on_judgement(plan: Plan, judgement: Judgement) -> Iterator[str]:
    for one, count in judgement.stale:
        yield f"{one.at}: stale: accepts {one.found.count} of {one.found.cause}, found {count}"
    if judgement.new:
        yield f"{len(judgement.new)} of {_count(len(plan.found), 'change')} not accepted"
    elif plan.found:
        yield f"all {_count(len(plan.found), 'change')} accepted"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
