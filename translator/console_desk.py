"""
Decide for the console what the command line decides: the same functions, rehearsed first, in the name of an account.

What a person saw is bound to what is done by a mark: a digest of the rows that the decision is about, and of their
states. Where that has changed meanwhile, nothing is done, and it is shown anew.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from translator import review
from translator.cancelling import cancel_order
from translator.config import Settings
from translator.errors import LedgerError
from translator.ledger import Decision, HeldItem, Ledger, RateBudget, UndecidedItem
from translator.mapping_files import packaged_tables
from translator.reviewer import Reviewer
from translator.translate.tables import ReasonRow, Tables
from translator.vendors import DESTINATIONS, rate_budget
from translator.web.console_deeds import VERBS, ChangedError, Foreseen, HeldShown, Intent

MOST_AT_ONCE = 500
"""So many messages are taken up in one decision: the ledger writes nothing else meanwhile."""

_CHANGED = "This, or your choice, has changed since you looked. Nothing was done: this is what would happen now."
_STATES = {"resend": ("unknown", "rejected"), "accept": ("unknown",), "give-up": ("unknown", "rejected")}
_DEEDS = {"give-up": "drop"}
_BECOMES = {"resend": "queued again", "accept": "delivered", "drop": "given up"}
LAB = "lab"


class ConsoleDesk:
    """
    The decisions of one ledger, for its console.

    Shape: `settings` gives those of now, so that a reload is seen.
    """

    def __init__(self, ledger: Ledger, settings: Callable[[], Settings]) -> None:
        self._ledger = ledger
        self._settings = settings
        self._reasons = packaged_tables().reasons

    # What the console shows

    def held(self, items: Iterable[HeldItem]) -> Iterator[HeldShown]:
        """Show held entries with the values that they hold."""
        for shown in review.show_held(self._ledger, self._settings(), items):
            yield HeldShown(shown.item, shown.held, shown.known)

    def tables(self, message: int) -> Tables:
        """Give the tables by which a message would be translated now."""
        settings = self._settings()
        try:
            return Reviewer(self._ledger, settings).tables(message)
        except LedgerError:
            return packaged_tables()

    def reasons(self) -> Mapping[str, ReasonRow]:
        """Explain every reason."""
        return self._reasons

    def rates(self) -> Mapping[str, RateBudget]:
        """Say how many calls each destination may get."""
        settings = self._settings()
        whoop, acurable = DESTINATIONS
        rates = {whoop: rate_budget(settings.whoop)}
        return rates | ({acurable: rate_budget(settings.acurable)} if settings.acurable.url else {})

    # What is decided

    def foresee(self, intent: Intent) -> Foreseen:
        """
        Say what a decision would do; nothing is changed.

        Raises: TranslatorError where it cannot be decided so.
        """
        return self._carry_out(intent, "", None)

    def decide(self, intent: Intent, by: str, mark: str) -> Foreseen:
        """
        Carry a decision out as it was foreseen under `mark`.

        Raises: ChangedError where that is not what would happen now; TranslatorError.
        """
        return self._carry_out(intent, by, mark)

    def _carry_out(self, intent: Intent, by: str, mark: str | None) -> Foreseen:
        """Do it where there is a mark of what was seen; else only rehearse it."""
        act = {
            "release": self._release,
            "drop": self._drop,
            "replay": self._replay,
            "resend": self._settle,
            "accept": self._settle,
            "give-up": self._settle,
            "conclude": self._conclude,
            "cancel": self._cancel,
            "pause": self._pause,
            "resume": self._pause,
        }[intent.verb]
        return act(intent, Decision(_DEEDS.get(intent.verb, intent.verb), by, intent.reason), mark)

    def _release(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        items, more = self._items(intent)
        seen = _seen(mark, intent, [item.id for item in items])
        accepted = (intent.accept,) if intent.accept else ()
        rehearses = mark is None
        done = review.release(self._ledger, self._settings(), items, decision, accepted=accepted, rehearses=rehearses)
        flags = [f"--accept {intent.accept}"] if intent.accept else []
        return _released(done, _held_command("release", intent, flags), seen, more, rehearses=rehearses)

    def _drop(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        items, more = self._items(intent)
        seen = _seen(mark, intent, [item.id for item in items])
        review.drop(self._ledger, self._settings(), items, decision, then=intent.then, rehearses=mark is None)
        would = "would be " if mark is None else ""
        rows = tuple((str(item.message), item.at, item.code, item.reason) for item in items)
        flags = [f"--then {intent.then}"] if intent.then else []
        return Foreseen(
            f"{len(items)} {would}dropped{more}",
            _held_command("drop", intent, flags),
            seen,
            ("message", "at", "code", "reason"),
            rows,
            is_empty=not items,
        )

    def _replay(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        view = self._ledger.show(intent.message)
        seen = _seen(mark, intent, [str(intent.message), *(entry.state for entry in view.entries)])
        rehearses = mark is None
        done = review.replay(self._ledger, self._settings(), [intent.message], decision, rehearses=rehearses)
        command = f"translator ledger replay {intent.message}"
        return _released(done, f"{command}{_reason(intent)} --yes", seen, "", rehearses=rehearses)

    def _settle(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        states = _STATES[intent.verb]
        if intent.destination == LAB:
            return self._settle_at_lab(intent, decision, mark)
        found = [one for one in self._ledger.desk().undecided(states) if one.id == intent.number]
        seen = _seen(mark, intent, [f"{one.id} {one.state} {one.attempts}" for one in found])
        if not found:
            raise LedgerError(f"submission {intent.number} is not {' or '.join(states)}, or it is decided already")
        numbers = [one.id for one in found]
        rehearses = mark is None
        review.decide(self._ledger, self._settings(), numbers, decision, then=intent.then, rehearses=rehearses)
        return self._settled(intent, decision, found[0], seen, rehearses=rehearses)

    def _settle_at_lab(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        """Decide about what was brought to the lab."""
        name, lab = f"{LAB}:{intent.number}", self._ledger.lab()
        found = [one for one in lab.undecided(_STATES[intent.verb]) if one.id == name]
        seen = _seen(mark, intent, [f"{one.id} {one.state} {one.attempts}" for one in found])
        if not found:
            raise LedgerError(f"{name} waits for no such decision, or it is decided already")
        lab.decide([name], decision, rehearses=mark is None)
        (one,) = found
        command = f"translator {one.state} {decision.deed} {name}{_reason(intent)} --yes"
        columns = ("id", "message", "what", "answer", "attempts")
        row = (name, str(one.message), one.kind, one.answer, str(one.attempts))
        summary = f"{name} {'would be' if mark is None else 'is'} {_BECOMES[decision.deed]}"
        return Foreseen(summary, command, seen, columns, (row,))

    def _settled(
        self, intent: Intent, decision: Decision, one: UndecidedItem, seen: str, *, rehearses: bool
    ) -> Foreseen:
        flags = [f"--then {intent.then}"] if intent.then else []
        command = " ".join(["translator", one.state, decision.deed, str(one.id), *flags])
        would = "would be " if rehearses else "is "
        becomes = _BECOMES[decision.deed]
        behind = f"; {one.waiting} behind it can go on" if one.waiting else ""
        columns = ("submission", "message", "destination", "what", "answer", "attempts")
        row = (str(one.id), str(one.message), one.destination, one.kind, one.answer, str(one.attempts))
        summary = f"submission {one.id} {would}{becomes}{behind}"
        return Foreseen(summary, f"{command}{_reason(intent)} --yes", seen, columns, (row,))

    def _conclude(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        lane = self._ledger.browsing().lane(intent.number)
        seen = _seen(mark, intent, [f"{step.number} {step.state}" for step in lane.steps])
        requests, then = [lane.service_request_id], intent.then
        review.conclude(self._ledger, self._settings(), requests, decision, then=then, rehearses=mark is None)
        would = "would be" if mark is None else "is"
        command = f"translator held conclude {lane.service_request_id} --then {then}{_reason(intent)} --yes"
        return Foreseen(f"the order of lane {lane.number} {would} {then}", command, seen)

    def _cancel(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        """Cancel the order that a call is about."""
        found = [one for one in self._ledger.desk().orders() if any(call.id == intent.number for call in one.calls)]
        if not found:
            raise LedgerError(f"the ledger has no order with a call {intent.number}")
        (order,) = found
        seen = _seen(mark, intent, [f"{call.id} {call.state} {call.attempts}" for call in order.calls])
        is_withdrawn = cancel_order(self._ledger, self._settings(), order, decision, rehearses=mark is None)
        would = "would be" if mark is None else "is"
        became = "taken back: it was never sent" if is_withdrawn else "cancelled: the vendor is told so"
        command = f"translator orders cancel {shlex.quote(order.reference)}{_reason(intent)} --yes"
        return Foreseen(f"the order of submission {intent.number} {would} {became}", command, seen)

    def _pause(self, intent: Intent, decision: Decision, mark: str | None) -> Foreseen:
        name, gate = intent.destination, self._ledger.destinations()
        standing = gate.standing(name)
        if name not in {*DESTINATIONS, "all"}:
            raise LedgerError("there is no such destination")
        seen = _seen(mark, intent, [name, standing.paused_by])
        pauses = decision.deed == "pause"
        if mark is not None and pauses:
            gate.pause(name, decision.reason)
        elif mark is not None:
            gate.resume(name)
        would = "would be" if mark is None else "is"
        command = f"translator ledger {decision.deed} {name}{_reason(intent) if pauses else ''}"
        is_empty = not pauses and not standing.paused_by
        return Foreseen(f"{name} {would} {'paused' if pauses else 'called again'}", command, seen, is_empty=is_empty)

    def _items(self, intent: Intent) -> tuple[list[HeldItem], str]:
        """Choose the held entries that a decision is about, as the flags of `translator held` do; not too many."""
        desk = self._ledger.desk()
        if intent.message:
            items = [item for item in desk.held(message_ids=[intent.message]) if not intent.at or item.at == intent.at]
        else:
            items = [item for item in desk.held(cause=intent.cause) if not intent.code or item.code == intent.code]
        allowed = set(list(dict.fromkeys(item.message for item in items))[:MOST_AT_ONCE])
        chosen = [item for item in items if item.message in allowed]
        left = len(items) - len(chosen)
        return chosen, f"; {left} more wait for the next time" if left else ""


def _seen(mark: str | None, intent: Intent, rows: Sequence[str]) -> str:
    """
    Make the mark of what is looked at, and of what was chosen to be done with it.

    Raises: ChangedError where a mark is given, and it is another one.
    """
    found = hashlib.sha256(json.dumps([intent.accept, intent.then, *rows]).encode()).hexdigest()[:32]
    if mark is not None and mark != found:
        raise ChangedError(_CHANGED)
    return found


def _released(done: review.Reviewed, command: str, seen: str, more: str, *, rehearses: bool) -> Foreseen:
    rows = tuple(
        (
            str(one.message),
            ", ".join(one.freed),
            ", ".join(one.settled),
            ", ".join(f"{at} {reason}".strip() for at, reason in one.held.items()),
        )
        for one in done.refiled
    )
    return Foreseen(
        f"{done.told(rehearsed=rehearses)}{more}",
        command,
        seen,
        ("message", "freed", "settled", "stays held"),
        rows,
        tuple(done.troubles),
        is_empty=not done.refiled and not done.troubles,
    )


def _held_command(verb: str, intent: Intent, flags: Sequence[str]) -> str:
    words = ["translator", "held", verb]
    if intent.message:
        words.append(shlex.quote(f"{intent.message}:{intent.at}" if intent.at else str(intent.message)))
    else:
        words.append(f"--cause {intent.cause}")
        words += [f"--code {shlex.quote(intent.code)}"] if intent.code else []
    words += flags
    return " ".join(words) + _reason(intent) + (" --yes" if verb == "release" else "")


def _reason(intent: Intent) -> str:
    """Write the flag; where a reason must be given and is not there yet, its place."""
    words = intent.reason or ("..." if VERBS[intent.verb].asks_reason else "")
    return f" --reason {shlex.quote(words)}" if words else ""
