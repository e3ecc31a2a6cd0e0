"""Translate kept messages again with the tables of now, each by the tables of the site that it came by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import PurePath

from msgspec import structs

from translator.config import Settings
from translator.delivery import policies
from translator.engine import Translator
from translator.errors import LedgerError
from translator.ledger import CannotRefileError, DestinationPolicy, HeldItem, Kept, Ledger, Version
from translator.pipeline import OF_THE_STREAM, Pipeline
from translator.record.outcome import Outcome
from translator.sites import SiteChoice, Sites
from translator.translate.service_request import Lookup
from translator.translate.source import lexical, time_of
from translator.translate.tables import Tables

AMBIGUOUS_TIME = "time-ambiguous"


class Reviewer:
    """Translate kept messages with the tables of the site that they came by, each site's tables read once."""

    def __init__(self, ledger: Ledger, settings: Settings, accepted: Collection[str] = ()) -> None:
        self._ledger = ledger
        self._settings = settings
        self._accepted = frozenset(accepted)
        self._engines: dict[str, Translator] = {}
        self._pipelines: dict[str, Pipeline] = {}

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
        return choice.translate(kept.raw, correlation=lookup)

    def tables(self, message_id: int) -> Tables:
        """
        Give the tables of now for a kept message.

        Raises: LedgerError where its bytes are gone.
        """
        return self._choice(self._ledger.desk().kept(message_id)).engine.tables

    def decider(self, message_id: int) -> tuple[Tables, Lookup]:
        """
        Give the tables of now for a kept message, and the look-up of its site's order numbers.

        Raises: LedgerError where its bytes are gone.
        """
        choice = self._choice(self._ledger.desk().kept(message_id))
        return choice.engine.tables, self._ledger.correlation(PurePath(choice.site).name)

    def read(self, item: HeldItem) -> Version:
        """Read what a held entry says from the message itself; without values where its bytes are gone."""
        held = Version(item.message, item.at, "held", reason=item.reason)
        try:
            kept = self._ledger.desk().kept(item.message)
        except LedgerError:
            return held
        choice = self._choice(kept)
        tables = choice.engine.tables
        if choice.site not in self._pipelines:
            self._pipelines[choice.site] = Pipeline(tables)
        message = self._pipelines[choice.site].read(kept.raw)
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
