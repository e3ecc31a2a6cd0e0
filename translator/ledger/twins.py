"""
Recognise a message that came before, byte for byte, while some of it waits for a person or was dropped by one.

Theory: what waits for a person waits once, however often the laboratory sends it. So what is held again for the reason
for which it is held already is a duplicate, and so is what somebody has dropped. Where the tables decide otherwise now,
the new message takes the place of the old one: what that still held is settled, and cannot be released a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, and_, bindparam, exists, or_, select, text, update

from translator.ledger import schema
from translator.ledger.moves import move
from translator.ledger.placement import Placed
from translator.ledger.vault import Vault
from translator.record.outcome import Outcome

HELD_BEFORE, DROPPED_BEFORE, TAKEN_AGAIN = "held-before", "dropped-before", "taken-again"

_entry, _message = schema.entry, schema.message


class Fate(NamedTuple):
    """What becomes of one entry, or of a message without any."""

    state: str
    reason: str = ""
    cause: str = ""


class _Known(Struct, frozen=True):
    """One entry of an earlier message that is held, or was; `id` is its row."""

    id: int
    at: str
    fate: Fate


class Twin(Struct):
    """
    What earlier messages of the same bytes have left open, or a person has dropped.

    Shape: `entries` by number; `bare` are messages without entries, by their row.
    """

    entries: dict[int, list[_Known]] = {}
    bare: dict[int, Fate] = {}

    def dropped(self, outcome: Outcome, submission: int) -> frozenset[int]:
        """Number the observations of a submission that a person has dropped."""
        return frozenset(
            entry.observation
            for number, entry in enumerate(outcome.entries)
            if entry.submission == submission
            and entry.observation is not None
            and any(known.at == entry.at and known.fate.state == "dropped" for known in self.entries.get(number, ()))
        )


class Repeat(Struct, frozen=True):
    """
    What of a message its twin has decided already.

    Shape: `numbers` gives by entry why it is a duplicate; `whole` why the message is one. `settled` are rows of entries
    that this message takes the place of, `settled_bare` those of messages without entries.
    """

    numbers: Mapping[int, str] = {}
    whole: str = ""
    settled: tuple[int, ...] = ()
    settled_bare: tuple[int, ...] = ()

    def asks(self, outcome: Outcome, placed: Sequence[Placed], state: Fate) -> bool:
        """Tell whether something of the message waits for a person, so that its next twin has to look at it."""
        if state.state == "held":
            return True
        return any(
            fate.state == "held" and number not in self.numbers
            for number, (_, fate) in enumerate(_fates(outcome, placed))
        )


NOTHING = Repeat()


def find_twins(connection: Connection, vault: Vault, hashes: Collection[str]) -> dict[str, Twin]:
    """Find, by the hash of a message, what earlier ones of the same bytes have left open or dropped."""
    named = {name: sha256 for sha256 in hashes for name in (sha256, vault.hash("sha256", sha256))}
    twins: dict[str, Twin] = {}
    for row in connection.execute(_TWINS, {"hashes": list(named)}).mappings():
        _note(twins.setdefault(named[row["sha256"]], Twin({}, {})), row)
    return twins


def _note(twin: Twin, row: RowMapping) -> None:
    if row["number"] is not None:
        known = _Known(row["entry_id"], row["at"], Fate(row["entry_state"], row["entry_reason"], row["cause"]))
        twin.entries.setdefault(row["number"], []).append(known)
    elif row["entry_count"] == 0 and row["state"] == "held":
        twin.bare[row["id"]] = Fate("held", row["reason"])
    elif row["entry_count"] == 0 and row["reason"] == "dropped":
        twin.bare[row["id"]] = Fate("dropped")


def compare(outcome: Outcome, placed: Sequence[Placed], state: Fate, twin: Twin | None) -> Repeat:
    """
    Compare what becomes of a message with what its twin has left. (pure)

    Shape: `state` is that of the message as a whole.
    """
    if twin is None:
        return NOTHING
    if not outcome.entries:
        return _compare_bare(state, twin.bare)
    numbers: dict[int, str] = {}
    settled: list[int] = []
    is_held = False
    for number, (at, fate) in enumerate(_fates(outcome, placed)):
        known = [one for one in twin.entries.get(number, ()) if one.at == at]
        if fate.state == "held" and (why := _why(fate, [one.fate for one in known])):
            numbers[number] = why
        else:
            is_held |= fate.state == "held"
            settled += [one.id for one in known if one.fate.state == "held"]
    whole = next(iter(numbers.values()), "") if state.state == "held" and not is_held else ""
    return Repeat(numbers, whole, tuple(settled))


def _compare_bare(state: Fate, bare: Mapping[int, Fate]) -> Repeat:
    why = _why(state, list(bare.values())) if state.state == "held" else ""
    if why:
        return Repeat(whole=why)
    return Repeat(settled_bare=tuple(row for row, fate in bare.items() if fate.state == "held"))


def _why(fate: Fate, known: Sequence[Fate]) -> str:
    if fate in known:
        return HELD_BEFORE
    return DROPPED_BEFORE if any(one.state == "dropped" for one in known) else ""


def _fates(outcome: Outcome, placed: Sequence[Placed]) -> Iterator[tuple[str, Fate]]:
    for entry in outcome.entries:
        if entry.submission is not None and entry.observation is not None:
            verdict = placed[entry.submission].revision.verdicts[entry.observation]
            yield entry.at, Fate(verdict.state, verdict.reason, verdict.cause)
        else:
            yield entry.at, Fate(entry.state, entry.reason, entry.cause)


def settle_twins(connection: Connection, repeats: Collection[Repeat]) -> None:
    """Settle what earlier messages still held and these ones take the place of."""
    entries = [row for repeat in repeats for row in repeat.settled]
    bare = [row for repeat in repeats for row in repeat.settled_bare]
    if entries:
        chosen = _entry.c.id.in_(entries)
        theirs = connection.execute(select(_entry.c.message_id).where(chosen).distinct()).scalars().all()
        move(connection, _entry, chosen, "duplicate", reason=TAKEN_AGAIN, cause="")
        held = exists().where(_entry.c.message_id == _message.c.id, _entry.c.state == "held")
        bare += connection.execute(select(_message.c.id).where(_message.c.id.in_(theirs), ~held)).scalars().all()
    if bare:
        waiting = and_(_message.c.id.in_(bare), _message.c.state == "held")
        connection.execute(update(_message).where(waiting).values(state="duplicate", reason=TAKEN_AGAIN))


_TWINS = (
    select(
        _message.c.id, _message.c.sha256, _message.c.state, _message.c.reason, _message.c.entry_count,
        _entry.c.id.label("entry_id"), _entry.c.number, _entry.c.at, _entry.c.state.label("entry_state"),
        _entry.c.reason.label("entry_reason"), _entry.c.cause,
    )
    .outerjoin(
        _entry,
        and_(
            _entry.c.message_id == _message.c.id,
            # What was dropped after it was queued or tried was no decision about the result itself.
            or_(_entry.c.state == "held", and_(_entry.c.state == "dropped", _entry.c.submission_id.is_(None))),
        ),
    )
    .where(
        # Written as it stands in the condition of the index, so that the database uses that.
        text("message.asked = 1"),
        _message.c.sha256.in_(bindparam("hashes", expanding=True)),
    )
    .order_by(_message.c.id)
)  # fmt: skip
