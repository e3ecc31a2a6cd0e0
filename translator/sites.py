"""
Choose the tables that read a message: those of its intake, else those of the site that names its sender.

Theory: which tables are right is a decision like any other. Where nobody has made it, or two have, the message is read
by the packaged tables for its accounting, and held as a whole until somebody has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import NamedTuple

from msgspec import structs

from translator.config import Settings
from translator.engine import Translator
from translator.errors import ConfigError
from translator.read.sender import read_sender
from translator.record.outcome import Entry, Outcome
from translator.record.report import Finding
from translator.translate.service_request import Lookup, no_correlation

UNDECIDED = "site-undecided"
_SENDER = "MSH-3"

Correlations = Callable[[str], Lookup]
"""Gives the look-up of one site's order numbers, by the site's name."""


class SiteChoice(NamedTuple):
    """The site of a message as the settings name it, its engine, and what speaks against reading it at all."""

    site: str
    engine: Translator
    doubts: tuple[Finding, ...] = ()

    def translate(
        self,
        raw: bytes,
        *,
        name: str = "",
        index: int = 0,
        correlation: Lookup = no_correlation,
        doubts: tuple[Finding, ...] = (),
    ) -> Outcome:
        """Translate a message as its engine does; where no site was chosen, that alone is the cause of what is held."""
        found = self.engine.translate(
            raw, name=name, index=index, correlation=correlation, doubts=(*self.doubts, *doubts)
        )
        return structs.replace(found, entries=tuple(map(_undecided, found.entries))) if self.doubts else found


class Sites:
    """
    Every site that a service serves, each with its tables loaded once.

    Shape: `engines` by the site as the settings name it, `default` among them; `among` are those of whose senders the
    settings speak. Threads may share it.
    """

    def __init__(self, engines: Mapping[str, Translator], default: str, among: tuple[str, ...] = ()) -> None:
        self._engines = engines
        self._default = default
        self._senders = [(site, engines[site].tables.site.senders) for site in among]

    @property
    def sha256(self) -> str:
        """Name the tables of all sites together."""
        hashes = sorted({engine.tables.sha256 for engine in self._engines.values()})
        return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()

    @classmethod
    def load(cls, settings: Settings) -> Sites:
        """
        Load the tables of every site that the settings name.

        Raises: ConfigError where a site is not there or names no senders and must; TableError for bad tables.
        """
        folders, ports = (one.site for one in settings.folders), (one.site for one in settings.mllp)
        of_intakes = (*folders, *ports, *(one.site for one in settings.nats), settings.api.site)
        names = dict.fromkeys((settings.site, *settings.sites, *filter(None, of_intakes)))
        engines = {site: Translator.load(site or None) for site in names}
        for site in settings.sites:
            if not engines[site].tables.site.senders:
                raise ConfigError(
                    f"the site `{PurePath(site).name}` is one of `sites` and names no senders; say in its site.toml "
                    'whose messages it reads: [hl7v2] senders = ["LAB|HOSPITAL"]'
                )
        return cls(engines, settings.site, settings.sites)

    @property
    def default(self) -> Translator:
        """The engine of `site`, or of the packaged tables."""
        return self._engines[self._default]

    @property
    def default_site(self) -> str:
        """The site of the settings, empty for the packaged tables alone."""
        return self._default

    @property
    def is_single(self) -> bool:
        """Whether the sender of a message decides nothing."""
        return not self._senders

    def engine(self, site: str) -> Translator | None:
        """Give the engine of a site that the settings name; None for any other."""
        return self._engines.get(site)

    def choose(self, raw: bytes, intake: str = "") -> SiteChoice:
        """
        Choose the site of a message.

        Shape: `intake` is the site of the intake that it came by, empty where that has none.
        """
        if intake or not self._senders:
            site = intake or self._default
            return SiteChoice(site, self._engines[site])
        sender = read_sender(raw)
        found = [site for site, names in self._senders if any(sender.is_named_by(name) for name in names)]
        if len(found) == 1:
            return SiteChoice(found[0], self._engines[found[0]])
        text = f"{len(found)} of the sites name this sender" if found else "no site names this sender"
        return SiteChoice("", self.default, (Finding(UNDECIDED, _SENDER, text),))

    def translate(self, raw: bytes, intake: str, correlations: Correlations) -> tuple[str, Outcome]:
        """Translate a message by the tables of its site, and name that."""
        choice = self.choose(raw, intake)
        lookup = correlations(PurePath(choice.site).name)
        return choice.site, choice.translate(raw, correlation=lookup)


def _undecided(entry: Entry) -> Entry:
    # That a code is unmapped, say, is told by tables that nobody has chosen.
    return structs.replace(entry, reason="report-held", cause=UNDECIDED) if entry.state == "held" else entry
