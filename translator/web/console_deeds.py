"""
Say what a person may decide in the console, and what the parts above must be able to do for it. (pure)

The console shows and asks; what a decision does is the business of `review` and of the ledger's desk, which the command
line calls, too. Every decision is foreseen first: shown with what it would do, and done only as it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from translator.errors import TranslatorError
from translator.ledger import HeldItem, RateBudget, Version
from translator.translate.tables import ReasonRow, Tables


class ChangedError(TranslatorError):
    """What a decision is about is not any more what the person saw; nothing was changed."""


class Intent(Struct, frozen=True):
    """
    What a person wants done.

    Shape: `verb` is one of `VERBS`. Of the others only what the verb is about is filled: a cause (and its code), a
    message (and one entry of it), a destination, or the `number` of a submission or a lane. `accept` is a reason that
    is overruled, `then` what the order is afterwards.
    """

    verb: str
    cause: str = ""
    code: str = ""
    message: int = 0
    at: str = ""
    number: int = 0
    destination: str = ""
    accept: str = ""
    then: str = ""
    reason: str = ""

    @property
    def subject(self) -> str:
        """The row of the ledger that it is about, for the trail; never a value or an id of the lab's."""
        if self.cause:
            return f"cause {self.cause}"
        if self.message:
            return f"message {self.message}"
        about = f"{VERBS[self.verb].about} {self.number}" if self.number else ""
        return f"{self.destination} {about}".strip()


class Foreseen(Struct, frozen=True):
    """
    What a decision would do, or has done.

    Shape: `rows` under `columns`; `troubles` say what could not be. `command` is the same on the command line. `mark`
    is a digest of what was looked at, another one as soon as that has changed. `is_empty` where nothing is to be done.
    """

    summary: str
    command: str
    mark: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    troubles: tuple[str, ...] = ()
    is_empty: bool = False


class HeldShown(Struct, frozen=True):
    """One held entry beside the versions that its lane knows of the same result."""

    item: HeldItem
    held: Version
    known: tuple[Version, ...]


class Decisions(Protocol):
    """What the console needs of the parts above it."""

    def foresee(self, intent: Intent) -> Foreseen:
        """
        Say what a decision would do; nothing is changed.

        Raises: TranslatorError where it cannot be decided so, with the reason for a person.
        """

    def decide(self, intent: Intent, by: str, mark: str) -> Foreseen:
        """
        Carry a decision out, in the name of an account, as it was foreseen under `mark`.

        Raises: ChangedError where that is not what would happen now; TranslatorError.
        """

    def held(self, items: Iterable[HeldItem]) -> Iterable[HeldShown]:
        """Show held entries with the values that they hold."""

    def tables(self, message: int) -> Tables:
        """Give the tables by which a message would be translated now."""

    def reasons(self) -> Mapping[str, ReasonRow]:
        """Explain every reason."""

    def rates(self) -> Mapping[str, RateBudget]:
        """Say how many calls each destination may get."""


class Verb(Struct, frozen=True):
    """
    One thing that can be decided.

    Shape: `about` is what its number counts. `asks_reason` where the person must say why, `asks_then` where what the
    order is afterwards may have to be chosen, `accepts` where a reason can be overruled.
    """

    label: str
    question: str
    about: str = ""
    asks_reason: bool = False
    asks_then: bool = False
    accepts: bool = False


VERBS: Mapping[str, Verb] = {
    "release": Verb("Release", "Translate this again with the tables of now, and send what may be sent?", accepts=True),
    "drop": Verb("Drop", "Never send this?", asks_reason=True, asks_then=True),
    "replay": Verb("Replay", "Translate the message again, and send what was never sent and may be now?"),
    "resend": Verb("Send again", "Send it again? Only if the vendor does not have it.", "submission", asks_reason=True),
    "accept": Verb("Mark as delivered", "Record that the vendor has it?", "submission", asks_reason=True),
    "give-up": Verb("Give up", "Go on without it?", "submission", asks_reason=True, asks_then=True),
    "conclude": Verb("Conclude", "Tell the vendor what this order is?", "lane", asks_reason=True, asks_then=True),
    "cancel": Verb(
        "Cancel the order", "Take this order back, or have the vendor cancel it?", "submission", asks_reason=True
    ),
    "pause": Verb("Pause", "Send nothing more to this destination until it is resumed?", asks_reason=True),
    "resume": Verb("Resume", "Send to this destination again?"),
}

ENDINGS = ("FULL_RESULTS_READY", "RESULTS_ISSUE")
"""What an order can be told to be."""

OVERRULED = (
    "silent-change", "unit-changed", "ambiguous-repeat", "patient-changed", "time-ambiguous", "cancelled-after-results",
)  # fmt: skip
"""The reasons that a person may overrule."""
