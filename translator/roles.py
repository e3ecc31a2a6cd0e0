"""Say what a host does where several share a ledger."""

from __future__ import annotations

from typing import NamedTuple

from translator.errors import ConfigError
from translator.ledger import Ledger

NEEDS_ROLE = "several hosts share this ledger: say what this one does, `translator run --role accept|deliver|all`"


class Role(NamedTuple):
    """
    What a host of a cluster does: take in, deliver, or both; without a cluster, both, and `shared` is false.

    Units: `dead_after_s` is the silence after which one that delivers counts as dead.
    """

    accepts: bool = True
    delivers: bool = True
    shared: bool = False
    dead_after_s: float = 0.0

    @property
    def name(self) -> str:
        """The role as it is said."""
        return next(name for name, role in ROLES.items() if role[:2] == self[:2])

    @classmethod
    def named(cls, name: str | None, ledger: Ledger) -> Role:
        """
        Give a role by its name, where it fits the ledger.

        Raises: ConfigError where a cluster's host names no role, or the ledger is of no cluster.
        """
        cluster = ledger.cluster()
        if name is None:
            if cluster.is_set_up:
                raise ConfigError(NEEDS_ROLE)
            return cls()
        role = ROLES[name]
        if role.delivers:
            return role._replace(dead_after_s=cluster.check())
        cluster.need()
        return role


ROLES = {
    "accept": Role(delivers=False, shared=True),
    "deliver": Role(accepts=False, shared=True),
    "all": Role(shared=True),
}
