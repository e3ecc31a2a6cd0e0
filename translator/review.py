"""
Take messages of the ledger up again with the tables of now: release what was held, replay what is asked for.

Each message is translated anew from the bytes that are kept, in the order in which it came. What then may be sent, the
ledger decides (ledger/refile.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from functools import cached_property
from pathlib import PurePath

from msgspec import Struct, structs

from translator.config import Settings
from translator.delivery import policies
from translator.engine import Translator
from translator.errors import LedgerError
from translator.ledger import (
    CannotRefileError,
    Choice,
    Decision,
    DestinationPolicy,
    HeldItem,
    Kept,
    Ledger,
    Refiled,
    Version,
    live_versions,
)
from translator.pipeline import OF_THE_STREAM, Pipeline
from translator.record.outcome import Outcome
from translator.sites import SiteChoice, Sites
from translator.translate.source import lexical, time_of

AMBIGUOUS_TIME = "time-ambiguous"

REPLAYED = frozenset({"held", "ignored", "refused", "duplicate", "dropped"})
"""The states of entries that a replay takes up; what was sent, or may have been, is not among them."""


class Reviewer:
    """Translate kept messages with the tables of the site that they came by, each site's tables read once."""

    def __init__(self, ledger: Ledger, settings: Settings, accepted: Collection[str] = ()) -> None:
        self._ledger = ledger
        self._settings = settings
        self._accepted = frozenset(accepted)
        self._engines: dict[str, Translator] = {}

    def translate(self, message_id: int) -> Outcome:
        """
        Translate a kept message with the tables of now.

        Raises: LedgerError where its bytes are gone, or do not show what was wrong with it.
        """
        kept = self._ledger.desk().kept(message_id)
        of_the_stream = OF_THE_STREAM & set(kept.codes)
        if of_the_stream:
            raise CannotRefileError(
                f"message {message_id} is {min(of_the_stream)}; have the sender send it again, and drop this one"
            )
        choice = self._choice(kept)
        lookup = self._ledger.correlation(PurePath(choice.site).name)
        return choice.engine.translate(kept.raw, correlation=lookup, doubts=choice.doubts)

    def read(self, item: HeldItem) -> Version:
        """Read what a held entry says from the message itself; without values where its bytes are gone."""
        held = Version(item.message, item.at, "held", reason=item.reason)
        try:
            kept = self._ledger.desk().kept(item.message)
        except LedgerError:
            return held
        tables = self._choice(kept).engine.tables
        message = Pipeline(tables).read(kept.raw)
        for report in message.reports:
            for observation in report.observations:
                if observation.at == item.at:
                    words = {
                        "value": lexical(observation.value),
                        "unit": observation.unit,
                        "status": observation.status,
                    }
                    ordered_at = time_of(report, tables.site.time_zone).text
                    return structs.replace(held, **words, ordered_at=ordered_at)
        return held

    def remedy(self, code: str) -> str:
        """Give the remedy of a reason."""
        row = self._engine(self._settings.site).tables.reasons.get(code)
        return row.remedy if row else ""

    @cached_property
    def policies(self) -> Mapping[str, DestinationPolicy]:
        """What the destinations are agreed to be sent."""
        return policies(self._settings, self._engine(self._settings.site).tables)

    def _choice(self, kept: Kept) -> SiteChoice:
        """Choose the site of a message: its own; where it had none, or its folder has moved, that of the settings."""
        if not kept.site and self._settings.sites:
            # Nobody knew its sender when it came; somebody may know it now.
            choice = self._sites.choose(kept.raw)
            return choice._replace(engine=self._engine(choice.site))
        ours = self._settings.site
        site = ours if not kept.site or PurePath(kept.site).name == PurePath(ours).name else kept.site
        return SiteChoice(site, self._engine(site))

    @cached_property
    def _sites(self) -> Sites:
        return Sites.load(self._settings)

    def _engine(self, site: str) -> Translator:
        if site not in self._engines:
            engine = Translator.load(site or None)
            if AMBIGUOUS_TIME in self._accepted:
                # The person vouches for the order; then the clock's own reading is as good as any.
                own = structs.replace(engine.tables.site, time_zone="")
                engine = Translator(structs.replace(engine.tables, site=own))
            self._engines[site] = engine
        return self._engines[site]


class Reviewed(Struct, frozen=True):
    """What became of every message that was taken up, and why some could not be."""

    refiled: list[Refiled]
    troubles: list[str]

    @property
    def freed(self) -> int:
        """How many entries are queued now, or messages that have none."""
        return sum(len(one.freed) or bool(one.bodies) for one in self.refiled)


def release(
    ledger: Ledger,
    settings: Settings,
    items: Iterable[HeldItem],
    decision: Decision,
    *,
    accepted: Collection[str] = (),
    rehearses: bool,
) -> Reviewed:
    """
    Free what of some held items translates now.

    Shape: `accepted` are reasons that the person overrules. Where it `rehearses`, nothing is changed.
    """
    chosen: dict[int, set[str]] = {}
    for item in items:
        chosen.setdefault(item.message, set()).add(item.at)
    choices = {
        message_id: Choice(ats=frozenset(ats) if ats != {""} else None, accepted=frozenset(accepted))
        for message_id, ats in sorted(chosen.items())
    }
    return _review(ledger, settings, choices, decision, accepted, rehearses=rehearses)


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
) -> Reviewed:
    reviewer = Reviewer(ledger, settings, accepted)
    troubles: list[str] = []
    refiled: list[Refiled] = []
    # A rehearsal is one session, so that each message sees what the ones before it would leave.
    whole = ledger.desk().session(rehearses=True) if rehearses else nullcontext()
    with whole as shared:
        for message_id, outcome in _outcomes(reviewer, choices, troubles):
            try:
                with nullcontext(shared) if shared else ledger.desk().session(rehearses=False) as session:
                    refiled.append(
                        session.refile(message_id, outcome, reviewer.policies, choices[message_id], decision)
                    )
            except CannotRefileError as error:
                troubles.append(str(error))
    return Reviewed(refiled, troubles)


def _outcomes(reviewer: Reviewer, message_ids: Iterable[int], troubles: list[str]) -> Iterator[tuple[int, Outcome]]:
    for message_id in message_ids:
        try:
            yield message_id, reviewer.translate(message_id)
        except LedgerError as error:
            troubles.append(str(error))


def drop(ledger: Ledger, settings: Settings, items: Iterable[HeldItem], decision: Decision, *, then: str) -> None:
    """
    Drop held items, all of them or none, and say what their orders are then.

    Raises: ConfigError where `then` must be chosen and is not.
    """
    chosen: dict[int, set[str]] = {}
    for item in items:
        chosen.setdefault(item.message, set()).add(item.at)
    by_message = {message_id: ats if ats != {""} else None for message_id, ats in chosen.items()}
    with ledger.desk().session(rehearses=False) as session:
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
