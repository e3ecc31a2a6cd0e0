"""Count what came in and where it is: the sum that must always come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, func, select

from translator.ledger import schema
from translator.ledger.positions import STATUS


class BalanceLine(Struct, frozen=True):
    """How many entries are in one state for one reason."""

    state: str
    reason: str
    cause: str
    count: int


class Balance(Struct, frozen=True):
    """
    What came in and where it is: `entries` is always the sum over `lines`.

    Shape: `submissions` counts results by state, `statuses` workflow statuses.
    """

    messages: int
    entries: int
    lines: tuple[BalanceLine, ...]
    submissions: dict[str, int]
    statuses: dict[str, int] = {}

    @property
    def by_state(self) -> dict[str, int]:
        """Count the entries by state alone."""
        counts: dict[str, int] = defaultdict(int)
        for line in self.lines:
            counts[line.state] += line.count
        return dict(counts)


def read_balance(connection: Connection, message_ids: Sequence[int] | None = None) -> Balance:
    """Count everything, or only what some messages brought."""
    table, sent = schema.entry, schema.submission
    keys = (table.c.state, table.c.reason, table.c.cause)
    entries: Counter[tuple[str, str, str]] = Counter()
    submissions: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    messages = 0
    for chosen in schema.of_messages(table.c.message_id, message_ids):
        for *key, count in connection.execute(select(*keys, func.count()).where(chosen).group_by(*keys)):
            entries[key[0], key[1], key[2]] += count
    for chosen in schema.of_messages(sent.c.message_id, message_ids):
        kinds = (sent.c.kind, sent.c.state)
        for kind, state, count in connection.execute(select(*kinds, func.count()).where(chosen).group_by(*kinds)):
            (statuses if kind == STATUS else submissions)[state] += count
    for chosen in schema.of_messages(schema.message.c.id, message_ids):
        messages += connection.execute(select(func.count(schema.message.c.id)).where(chosen)).scalar_one()
    return Balance(
        messages=messages,
        entries=entries.total(),
        lines=tuple(BalanceLine(*key, count) for key, count in sorted(entries.items())),
        submissions=dict(sorted(submissions.items())),
        statuses=dict(sorted(statuses.items())),
    )
