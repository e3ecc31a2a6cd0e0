"""
Take messages in, from whatever intake: translate each, and keep many with one commit.

Theory of operation: a durable commit waits for the disk, and the disk takes as long for fifty messages as for one. So
one thread takes what has gathered while it wrote the last group, translates it, and writes it as the next group; who
handed a message in waits for the commit of its group and for nothing else (promise P2). A message that cannot be kept
never takes its neighbours with it: its group is kept one by one.

What an intake brings a second time under the same key is not kept again: it gets the first answer (intakes.py).
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from msgspec import Struct, structs

from translator.errors import LedgerError, LedgerUnavailableError
from translator.ledger import Arrival, Correlations, DestinationPolicy, Follow, Ledger, Prior
from translator.record.outcome import Diagnostic
from translator.sites import Sites
from translator.tracing import NO_TRACER, Span, Told, Tracer
from translator.tracing.taking import Commit, begin_receipt, tell_translated

MOST_AT_ONCE = 64
LARGEST_GROUP = 16 << 20
"""A group ends at so many messages or so many bytes, whichever comes first."""

GATHER_S = 0.0005
"""How long a group waits for more where several senders are at it: the server's thread hands theirs in meanwhile."""

TROUBLE_S = 30.0
"""How long a message that could not be kept counts as a trouble, unless another one is kept before."""

_CLOSED = "the service is being stopped; send this again later"


class Brought(Struct, frozen=True):
    """
    A message as an intake brings it.

    Shape: `intake` names the intake (`mllp`, `http`); `site` is the intake's own, empty where the sender decides; `key`
    is what the intake knows the message by, empty where it knows nothing; `follow` by what its publisher follows it.
    Absent: without `span` the receipt is told of here, as long as until it is on disk; it goes on with the trace of
    `traceparent`, if that is one, and says what is `told` besides.
    """

    raw: bytes
    intake: str
    site: str = ""
    key: str = ""
    span: Span | None = None
    follow: Follow | None = None
    traceparent: str = ""
    told: Told = {}


class Taken(Struct, frozen=True):
    """
    What became of a message; when this is given, it is on disk.

    Shape: `id` is its number in the ledger; `state` and `diagnostics` say what was decided of it; `is_repeat` that it
    came before, and `is_same` that its bytes are those of then.
    Units: `received_at` in seconds since 1970.
    """

    id: int
    received_at: float
    state: str
    diagnostics: Sequence[Diagnostic]
    is_repeat: bool = False
    is_same: bool = True

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it can be read, or none of it is meant for us."""
        return self.state == "refused"

    @property
    def told(self) -> Told:
        """What a span tells of it."""
        repeat = {"translator.repeat": True} if self.is_repeat else {}
        return {"translator.message": self.id, "translator.state": self.state, **repeat}


class Tables(NamedTuple):
    """What decides of messages: the sites with their tables, and what each destination may be sent."""

    sites: Sites
    policies: Mapping[str, DestinationPolicy]


class _Waiting(NamedTuple):
    brought: Brought
    answer: Future[Taken]
    span: Span


class Intake:
    """
    The one way into a ledger for messages that somebody waits for; as a context manager it works while the block runs.

    Shape: `finished` is done when it works no more; where it failed, it says why, and everybody who waited has been
    told that the message is not kept.
    `tracer` records what messages go through.
    Threads may share it. At the end of the block what was handed in before is kept and answered.
    """

    def __init__(self, ledger: Ledger, tables: Tables, tracer: Tracer = NO_TRACER) -> None:
        self.tracer = tracer
        self._ledger = ledger
        self._tables = tables
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake")
        self._lock = threading.Lock()
        self._is_open = False
        self._was_several = False
        self._trouble, self._trouble_until = "", 0.0
        self.finished: Future[None] = Future()

    @property
    def tables(self) -> Tables:
        """The tables of now."""
        return self._tables

    @property
    def trouble(self) -> str:
        """Why the last message was not kept; empty where it was, or that is a while ago."""
        return self._trouble if time.monotonic() < self._trouble_until else ""

    def swap(self, tables: Tables) -> None:
        """Decide by other tables from the next group on."""
        self._tables = tables

    def __enter__(self) -> Self:
        self._is_open = True
        self.finished = self._thread.submit(self._work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self._thread.shutdown()

    def take(self, brought: Brought) -> Future[Taken]:
        """
        Hand a message in; the answer is there once it is on disk.

        Raises: LedgerUnavailableError where the service is being stopped. The answer raises LedgerError where the
        message could not be kept: then nothing of it is in the ledger.
        """
        answer: Future[Taken] = Future()
        with self._lock:
            if not self._is_open:
                raise LedgerUnavailableError(_CLOSED)
            span = brought.span or begin_receipt(
                self.tracer, brought.intake, ended_by=answer, parent=brought.traceparent, told=brought.told
            )
            self._queue.put(_Waiting(brought, answer, span))
        return answer

    def _close(self) -> None:
        """Take nothing more; the mark behind what was handed in before ends the work."""
        with self._lock:
            self._is_open = False
            self._queue.put(None)

    def _work(self) -> None:
        group: Sequence[_Waiting] = ()
        try:
            while group := self._gather():
                self._keep([one for one in group if one.answer.set_running_or_notify_cancel()])
        finally:
            # Whatever went wrong: nobody waits for an answer that never comes.
            self._close()
            while group:
                for one in group:
                    if not one.answer.done():
                        one.answer.set_exception(LedgerUnavailableError(_CLOSED))
                group = self._gather()

    def _gather(self) -> list[_Waiting]:
        """Wait for a message, and take with it what has gathered meanwhile; nothing at the end."""
        group: list[_Waiting] = []
        size = 0
        while len(group) < MOST_AT_ONCE and size < LARGEST_GROUP:
            try:
                following = self._queue.get(block=not group)
            except queue.Empty:
                break
            if not group and self._was_several:
                time.sleep(GATHER_S)
            if following is None:
                # The mark stays behind the last group.
                self._queue.put(None)
                break
            group.append(following)
            size += len(following.brought.raw)
        self._was_several = len(group) > 1
        return group

    def _keep(self, group: Sequence[_Waiting]) -> None:
        try:
            taken = self._accept(group)
        except LedgerUnavailableError as error:
            self._trouble, self._trouble_until = str(error), time.monotonic() + TROUBLE_S
            # One by one would wait for each of them as long.
            for one in group:
                one.answer.set_exception(error)
        except LedgerError as error:
            if len(group) == 1:
                group[0].answer.set_exception(error)
            else:
                for one in group:
                    self._keep([one])
        else:
            self._trouble_until = 0.0
            for one, became in zip(group, taken, strict=True):
                one.answer.set_result(became)

    def _accept(self, waiting: Sequence[_Waiting]) -> list[Taken]:
        """Keep what is new of a group, and tell of every message what became of it, then or now."""
        group = [one.brought for one in waiting]
        with self._ledger.known([one.key for one in group]) as before:
            known = {key: _Known.of(prior) for key, prior in before.prior.items()}
            new = [number for number, one in enumerate(group) if one.key not in known and _is_first(group, number)]
            sites, policies = self._tables
            arrivals = [self._arrival(sites, waiting[number], before.correlations) for number in new]
        spans = [waiting[number].span for number in new]
        taken = dict(zip(new, self._keep_new(arrivals, policies, spans), strict=True))
        known |= {
            group[number].key: _Known(_sha256(group[number].raw).__eq__, became) for number, became in taken.items()
        }
        return [taken[number] if number in taken else known[one.key].again(one) for number, one in enumerate(group)]

    def _arrival(self, sites: Sites, waiting: _Waiting, correlations: Correlations) -> Arrival:
        brought, began = waiting.brought, self.tracer.now()
        site, outcome = sites.translate(brought.raw, brought.site, correlations.of)
        tell_translated(waiting.span, outcome, site, began, self.tracer.now())
        way = brought.intake, brought.key, brought.follow
        return Arrival(outcome, brought.raw, site, *way, traceparent=waiting.span.context)

    def _keep_new(
        self, arrivals: Sequence[Arrival], policies: Mapping[str, DestinationPolicy], spans: Sequence[Span]
    ) -> list[Taken]:
        if not arrivals:
            return []
        # In whole microseconds, as the ledger writes it, so that a repeat is told the same moment.
        now = round(self._ledger.now() * 1_000_000) / 1_000_000
        numbers = Commit(self.tracer, spans, [one.outcome for one in arrivals], self._ledger.hashed).keep(
            lambda: self._ledger.accept(arrivals, policies, at=now)
        )
        try:
            # A lane may hold what the tables translate, and a repeat is told what the ledger has.
            recorded = {one.id: _taken(one) for one in self._ledger.kept(numbers)}
        except LedgerError:
            # They are on disk, whatever the ledger says next.
            recorded = {}
        decided = (
            Taken(number, now, one.outcome.state, one.outcome.diagnostics)
            for number, one in zip(numbers, arrivals, strict=True)
        )
        return [recorded.get(one.id, one) for one in decided]


class _Known(NamedTuple):
    """A message that is kept; `is_of` knows the hash of its bytes."""

    is_of: Callable[[str], bool]
    taken: Taken

    @classmethod
    def of(cls, prior: Prior) -> _Known:
        """Read what the ledger has of it."""
        return cls(prior.is_of, _taken(prior))

    def again(self, brought: Brought) -> Taken:
        """Tell what became of a message that comes again."""
        return structs.replace(self.taken, is_repeat=True, is_same=self.is_of(_sha256(brought.raw)))


def _is_first(group: Sequence[Brought], number: int) -> bool:
    key = group[number].key
    return not key or all(earlier.key != key for earlier in group[:number])


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _taken(prior: Prior) -> Taken:
    return Taken(prior.id, prior.received_at, prior.state, prior.diagnostics)
