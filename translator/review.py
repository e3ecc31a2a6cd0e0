"""
Take messages of the ledger up again with the tables of now: release what was held, replay what is asked for.

Each message is translated anew from the bytes that are kept, in the order in which it came. What then may be sent, the
ledger decides (ledger/refile.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from translator.config import Settings
from translator.errors import LedgerError
from translator.lane_turns import turns
from translator.ledger import (
    CannotRefileError,
    Choice,
    Decision,
    DeskSession,
    HeldItem,
    Ledger,
    Refiled,
    Version,
    live_versions,
)
from translator.record.outcome import Outcome
from translator.reviewer import Reviewer

Watch: TypeAlias = Callable[[int, int], None]

# So many messages a rehearsal takes up at a time, while nobody else can write.
_TURN = 32
REPLAYED = frozenset({"held", "ignored", "refused", "duplicate", "dropped"})
"""The states of entries that a replay takes up; what was sent, or may have been, is not among them."""


def _unseen(_done: int, _total: int) -> None:
    """Nobody looks on."""


class Reviewed(Struct, frozen=True):
    """What became of every message that was taken up, and why some could not be."""

    refiled: list[Refiled]
    troubles: list[str]

    @property
    def freed(self) -> int:
        """How many entries are queued now, or messages that have none."""
        return sum(len(one.freed) or bool(one.bodies) for one in self.refiled)

    @property
    def is_whole(self) -> bool:
        """Tell that all of it was freed or settled, and that there was something."""
        does = any(one.freed or one.settled or one.bodies for one in self.refiled)
        return does and not self.troubles and not any(one.held for one in self.refiled)

    def told(self, *, rehearsed: bool) -> str:
        """Sum it up in a sentence: what is freed, what needs nothing more, and why the others stay."""
        entries, bodies = sum(len(one.freed) for one in self.refiled), sum(len(one.bodies) for one in self.refiled)
        settled = sum(len(one.settled) for one in self.refiled)
        left = Counter(reason for one in self.refiled for reason in one.held.values())
        would = "would be " if rehearsed else ""
        why = ", ".join(f"{count} {reason}" for reason, count in left.most_common())
        stays = (
            f"{left.total()} {'stays' if left.total() == 1 else 'stay'} held ({why})" if left else "nothing stays held"
        )
        freed = f"{entries} {'entry' if entries == 1 else 'entries'} {would}freed"
        sent = f"in {bodies} {'submission' if bodies == 1 else 'submissions'}"
        return f"{freed} {sent}{f', {settled} settled' if settled else ''}; {stays}"


def release(
    ledger: Ledger,
    settings: Settings,
    items: Iterable[HeldItem],
    decision: Decision,
    *,
    accepted: Collection[str] = (),
    rehearses: bool,
    watch: Watch = _unseen,
) -> Reviewed:
    """
    Free what of some held items translates now.

    Shape: `accepted` are reasons that the person overrules. Where it `rehearses`, nothing is changed. `watch` is told
    how many messages are done, and of how many, while others may write to the ledger.
    """
    chosen: dict[int, set[str]] = {}
    for item in items:
        chosen.setdefault(item.message, set()).add(item.at)
    choices = {
        message_id: Choice(ats=frozenset(ats) if ats != {""} else None, accepted=frozenset(accepted))
        for message_id, ats in sorted(chosen.items())
    }
    return _review(ledger, settings, choices, decision, accepted, rehearses=rehearses, watch=watch)


def replay(
    ledger: Ledger, settings: Settings, message_ids: Iterable[int], decision: Decision, *, rehearses: bool
) -> Reviewed:
    """Translate messages again, and queue what was not sent before and may be sent now."""
    choices = dict.fromkeys(sorted(set(message_ids)), Choice(states=REPLAYED))
    return _review(ledger, settings, choices, decision, (), rehearses=rehearses)


def _review(
    ledger: Ledger,
    settings: Settings,
    choices: Mapping[int, Choice],
    decision: Decision,
    accepted: Collection[str],
    *,
    rehearses: bool,
    watch: Watch = _unseen,
) -> Reviewed:
    reviewer = Reviewer(ledger, settings, accepted)
    troubles: dict[int, str] = {}
    refiled: dict[int, Refiled] = {}

    def take_up(session: DeskSession, message_id: int, outcome: Outcome) -> None:
        try:
            refiled[message_id] = session.refile(message_id, outcome, reviewer.policies, choices[message_id], decision)
        except CannotRefileError as error:
            troubles[message_id] = str(error)

    if rehearses:
        for turn in _turns(ledger, reviewer, choices, troubles):
            # Translated before the session begins: while it lasts, nobody else can write.
            outcomes = [*_outcomes(reviewer, turn, troubles)]
            with ledger.desk().session(rehearses=True) as session:
                for message_id, outcome in outcomes:
                    take_up(session, message_id, outcome)
            watch(len(refiled), len(choices))
    else:
        for message_id, outcome in _outcomes(reviewer, choices, troubles):
            with ledger.desk().session(rehearses=False) as session:
                take_up(session, message_id, outcome)
            watch(len(refiled), len(choices))
    by_number = sorted(troubles.items())
    return Reviewed([refiled[number] for number in sorted(refiled)], [text for _, text in by_number])


def _turns(
    ledger: Ledger, reviewer: Reviewer, message_ids: Iterable[int], troubles: dict[int, str]
) -> Iterator[list[int]]:
    """
    Divide messages so that a rehearsal is exact, and never keeps the ledger to itself for long.

    Shape: in one session each message sees what the ones before it on its lanes would leave.
    """
    desk = ledger.desk()
    lanes = {number: desk.lanes_of(number, outcome) for number, outcome in _outcomes(reviewer, message_ids, troubles)}
    return turns(lanes, _TURN)


def _outcomes(
    reviewer: Reviewer, message_ids: Iterable[int], troubles: dict[int, str]
) -> Iterator[tuple[int, Outcome]]:
    for message_id in message_ids:
        try:
            yield message_id, reviewer.translate(message_id)
        except LedgerError as error:
            troubles[message_id] = str(error)


def drop(
    ledger: Ledger,
    settings: Settings,
    items: Iterable[HeldItem],
    decision: Decision,
    *,
    then: str,
    rehearses: bool = False,
) -> None:
    """
    Drop held items, all of them or none, and say what their orders are then.

    Shape: where it `rehearses`, nothing is changed.
    Raises: ConfigError where `then` must be chosen and is not.
    """
    chosen: dict[int, set[str]] = {}
    for item in items:
        chosen.setdefault(item.message, set()).add(item.at)
    by_message = {message_id: ats if ats != {""} else None for message_id, ats in chosen.items()}
    with ledger.desk().session(rehearses=rehearses) as session:
        lanes = session.drop_held(by_message, decision)
        session.conclude(lanes, Reviewer(ledger, settings).policies, then)


def conclude(
    ledger: Ledger,
    settings: Settings,
    service_request_ids: Iterable[str],
    decision: Decision,
    *,
    then: str,
    rehearses: bool,
) -> None:
    """
    Tell the vendor what some orders are, all of them or none, where no rule could say so.

    Raises: LedgerError where that is not true of one, or not to be said any more.
    """
    with ledger.desk().session(rehearses=rehearses) as session:
        for service_request_id in service_request_ids:
            session.conclude_order(service_request_id, Reviewer(ledger, settings).policies, then, decision)


def decide(
    ledger: Ledger,
    settings: Settings,
    submission_ids: Iterable[int],
    decision: Decision,
    *,
    then: str = "",
    rehearses: bool,
) -> None:
    """
    Resend, accept or drop submissions that block their lanes, all of them or none.

    Raises: LedgerError where this cannot be decided of one; ConfigError where `then` must be chosen and is not.
    """
    with ledger.desk().session(rehearses=rehearses) as session:
        lanes = {session.decide(submission_id, decision) for submission_id in submission_ids}
        if decision.deed == "drop":
            session.conclude(lanes, Reviewer(ledger, settings).policies, then)


class HeldView(Struct, frozen=True, omit_defaults=True):
    """
    One held entry beside what it is compared with.

    Shape: `held` is the version that waits, `known` are those that its lane has seen of the same result. `remedy` is
    that of its reason.
    """

    item: HeldItem
    held: Version
    known: tuple[Version, ...] = ()
    remedy: str = ""


def show_held(ledger: Ledger, settings: Settings, items: Iterable[HeldItem]) -> Iterator[HeldView]:
    """Show held entries, with the values that they hold as the lab sent them."""
    reviewer = Reviewer(ledger, settings)
    for item in items:
        known = ledger.desk().versions(item.service_request_id, item.code) if item.code else []
        own = next((one for one in known if (one.message, one.at) == (item.message, item.at)), None)
        # What the tables held has no source in the ledger: it is read from the message again.
        held = own if own is not None and own.status else reviewer.read(item)
        others = tuple(one for one in live_versions(known) if one is not own)
        yield HeldView(item, held, others, reviewer.remedy(item.cause or item.reason))
