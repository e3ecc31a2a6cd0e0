"""Tell of what comes in: what was made of a message, and the commit that keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol, TypeVar

from translator.errors import LedgerError
from translator.record.outcome import Outcome
from translator.tracing.port import CONSUMER, Span, Told, Tracer

NOT_KEPT = "not-kept"
NOTHING: Told = {}
_MOST_REASONS = 16

Hashed = Callable[[str, str], str]
"""The ledger's keyed hash of a text of one kind."""

_Item = TypeVar("_Item")


def begin_receipt(
    tracer: Tracer,
    intake: str,
    began: int = 0,
    *,
    ended_by: Future[Any] | None = None,
    parent: str = "",
    told: Told = NOTHING,
) -> Span:
    """
    Begin to tell of a message that an intake brings, now or a moment ago.

    Shape: `ended_by` is the answer with which it ends; without one the caller ends it. `parent` is the `traceparent`
    of the trace that goes on, `told` what is known of the message before its answer.
    """
    span = tracer.begin(f"receive {intake}", CONSUMER, began or tracer.now(), parent=parent)
    if ended_by is not None and span.context:
        known: Told = {"translator.intake": intake, **told}
        ended_by.add_done_callback(lambda answer: _end_receipt(tracer, span, known, answer))
    return span


def _end_receipt(tracer: Tracer, span: Span, told: Told, answer: Future[Any]) -> None:
    is_kept = not answer.cancelled() and answer.exception() is None
    became: Told = answer.result().told if is_kept else NOTHING
    span.end(tracer.now(), {**told, **became}, error="" if is_kept else NOT_KEPT)


def tell_translated(span: Span, outcome: Outcome, site: str, began: int, ended: int) -> None:
    """Tell what was made of a message: counts, states, reason codes."""
    if not span.context:
        return
    states = Counter(entry.state for entry in outcome.entries)
    reasons = {code for entry in outcome.entries for code in (entry.reason, entry.cause) if code}
    told: dict[str, str | int | Sequence[str]] = {
        "translator.format": outcome.source.format,
        "translator.state": outcome.state,
        "translator.tables": outcome.tables_sha256[:12],
        "translator.submissions": len(outcome.submissions),
        "translator.entries.total": len(outcome.entries),
        "translator.reasons": sorted(reasons)[:_MOST_REASONS],
    }
    told |= {f"translator.entries.{state}": count for state, count in states.items()}
    if site:
        # A site may be named by its folder, which says more of the machine than anybody needs.
        told["translator.site"] = PurePath(site).name
    span.part("translate", began, ended, told)


class Commit(NamedTuple):
    """The commit that several messages share; `hashed` is the ledger's."""

    tracer: Tracer
    spans: Sequence[Span]
    outcomes: Sequence[Outcome]
    hashed: Hashed

    def keep(self, accept: Callable[[], list[int]]) -> list[int]:
        """
        Keep the messages, and tell each of them so; gives their numbers.

        Raises: what `accept` does.
        """
        if not self.tracer.is_on:
            return accept()
        began = self.tracer.now()
        try:
            numbers = accept()
        except LedgerError:
            self._tell(began, [{}] * len(self.spans), error=NOT_KEPT)
            raise
        self._tell(began, [*map(self._told, numbers, self.outcomes)])
        return numbers

    def _told(self, number: int, outcome: Outcome) -> Told:
        return {
            "translator.message": number,
            "translator.commit.messages": len(self.spans),
            "translator.control_id": self.hashed("control_id", outcome.source.control_id),
        }

    def _tell(self, began: int, each: Sequence[Told], *, error: str = "") -> None:
        ended = self.tracer.now()
        for span, told in zip(self.spans, each, strict=True):
            span.part("commit", began, ended, told, error=error)


def timed(tracer: Tracer, items: Iterable[_Item]) -> Iterator[tuple[_Item, int, int]]:
    """Give each item with the times between which it was made."""
    began = tracer.now()
    for item in items:
        yield item, began, tracer.now()
        began = tracer.now()


class Kept(Protocol):
    """A message as the ledger recorded it."""

    @property
    def state(self) -> str:
        """What was decided of it."""


class Keeper(Protocol):
    """Of a ledger, what is asked about messages that it has just kept."""

    def hashed(self, kind: str, text: str) -> str:
        """Hash a text under the ledger's own key."""

    def kept(self, numbers: Sequence[int]) -> Sequence[Kept]:
        """Give how messages were recorded, in the order of their numbers."""


class FileReceipts:
    """Tell of messages that are read from a file and share a commit."""

    def __init__(self, tracer: Tracer, intake: str, keeper: Keeper) -> None:
        self._tracer = tracer
        self._intake = intake
        self._keeper = keeper
        self._taken: list[tuple[Span, Outcome]] = []

    def read(self, outcome: Outcome, site: str, began: int, ended: int) -> str:
        """Tell that a message was read; gives the context that is kept with it."""
        if not self._tracer.is_on:
            return ""
        span = begin_receipt(self._tracer, self._intake, began)
        tell_translated(span, outcome, site, began, ended)
        self._taken.append((span, outcome))
        return span.context

    def commit(self, accept: Callable[[], list[int]]) -> list[int]:
        """
        Keep what was read, and tell of it; gives the numbers of the messages.

        Raises: what `accept` does.
        """
        if not self._tracer.is_on:
            return accept()
        spans, outcomes = [span for span, _ in self._taken], [outcome for _, outcome in self._taken]
        self._taken = []
        told: Told = {"translator.intake": self._intake}
        try:
            numbers = Commit(self._tracer, spans, outcomes, self._keeper.hashed).keep(accept)
        except LedgerError:
            for span in spans:
                span.end(self._tracer.now(), told, error=NOT_KEPT)
            raise
        ended = self._tracer.now()
        for span, number, state in zip(spans, numbers, self._states(numbers, outcomes), strict=True):
            span.end(ended, {**told, "translator.message": number, "translator.state": state})
        return numbers

    def _states(self, numbers: Sequence[int], outcomes: Sequence[Outcome]) -> list[str]:
        """Give what was decided of each: a lane may hold what the tables translate, or know it already."""
        try:
            return [one.state for one in self._keeper.kept(numbers)]
        except LedgerError:
            # They are on disk, whatever the ledger says next.
            return [outcome.state for outcome in outcomes]
