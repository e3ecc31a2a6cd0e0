"""Hold the settings and tables of a service that belong together, as they are read at its start and at each reload."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from typing import NamedTuple

from msgspec import structs

from translator.config import AcurableSettings, Settings, WhoopSettings
from translator.delivery import policies
from translator.errors import ConfigError
from translator.intake import Tables
from translator.ledger import Card, RateBudget
from translator.presence import card_of
from translator.roles import Role
from translator.sharing import check_calls
from translator.sites import Sites
from translator.usable import check_usable
from translator.vendors import rate_budgets

AT_START = {name: name for name in ("ledger", "ledger_key", "listen", "mllp", "api", "console", "log", "trace")} | {
    "folders": "folder"
}
"""The settings that a reload leaves as they were at the start, and how their tables are called."""

_TOLD = 8
"""So many characters of a hash tell accounts and lists of codes apart."""

NO_INTAKES = {"folders": (), "mllp": (), "nats": ()}
"""The settings of a host that takes nothing in."""


class Site(NamedTuple):
    """Settings and tables that belong together."""

    settings: Settings
    tables: Tables
    role: Role

    @classmethod
    def of(cls, settings: Settings, role: Role) -> Site:
        """
        Read every table that the settings name, and see whether all else that they name can be used.

        Shape: who takes nothing in opens no intake.
        Raises: ConfigError, TableError.
        """
        if not role.accepts:
            settings = structs.replace(settings, **NO_INTAKES, api=structs.replace(settings.api, enabled=False))
        check_usable(settings)
        if role.dead_after_s:
            check_calls(settings, role.dead_after_s)
        sites = Sites.load(settings)
        return cls(settings, Tables(sites, policies(settings, sites.default.tables)), role)

    def renewed(self, settings: Settings) -> Site:
        """
        Read every table anew, by other settings but for what the intakes were opened with.

        Raises: ConfigError, TableError.
        """
        kept = {name: getattr(self.settings, name) for name in AT_START}
        return self.of(structs.replace(settings, **kept), self.role)

    def measures(self) -> tuple[dict[str, RateBudget], frozenset[str]]:
        """Give what the metrics go by: what each vendor grants, and the codes that may be labels."""
        return rate_budgets(self.settings), frozenset(self.tables.sites.default.tables.reasons)

    def card(self) -> Card:
        """Say to the other hosts of a cluster by what this one goes."""
        vendors = _vendors(self.settings)
        terms = [
            f"{name} {vendors[name].url} {budget.per_minute}/min {budget.per_day}/day {vendors[name].on_unknown}"
            f" {_account(vendors[name])}"
            for name, budget in rate_budgets(self.settings).items()
        ]
        rules = _rules(self.settings)
        return card_of(self.role.name, version("translator"), self.tables.sites.sha256, ", ".join(terms), rules)

    def changed_at_start(self, settings: Settings) -> list[str]:
        """Name what other settings say anew that a reload leaves as it was."""
        return [told for name, told in AT_START.items() if getattr(settings, name) != getattr(self.settings, name)]


def _rules(settings: Settings) -> str:
    """Say by what this host decides what vendors are sent: who takes in does, and who fetches requisitions."""
    whoop = settings.whoop
    sandboxes = [f"{name} a sandbox" for name, vendor in _vendors(settings).items() if vendor.is_loopback]
    rules = {
        "confirmed_codes": _codes(set(whoop.confirmed_codes)),
        "resubmit": whoop.resubmit,
        "workflow": "on" if whoop.workflow else "off",
        "confirm": whoop.confirm,
    }
    return ", ".join(sandboxes + [f"{name} {value}" for name, value in rules.items()])


def _codes(codes: set[str]) -> str:
    if "all" in codes or not codes:
        return "all" if codes else "none"
    return f"{len(codes)} ({_told(' '.join(sorted(codes)))})"


def _vendors(settings: Settings) -> dict[str, WhoopSettings | AcurableSettings]:
    return {"whoop": settings.whoop, "acurable": settings.acurable}


def _told(text: str) -> str:
    """Make of a text what hosts can compare, and nobody can read."""
    return sha256(text.encode()).hexdigest()[:_TOLD]


def _account(vendor: WhoopSettings | AcurableSettings) -> str:
    """Name the account by which a vendor knows us so that hosts can compare it, and nobody can read it."""
    try:
        return f"account {_told(vendor.client_id.reveal())}"
    except ConfigError:
        return "no account"
