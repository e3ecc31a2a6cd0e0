"""Give a delivery its place among the hosts that share a ledger: its engine, and the terms that all of them keep."""

from __future__ import annotations

import time

from translator.config import Settings
from translator.errors import ConfigError
from translator.ledger import Bell, Cluster
from translator.ledger.cluster_install import NEEDS_EXTRA
from translator.transmit.dispatcher import Place
from translator.transmit.engine import Engine
from translator.transmit.membership import Member, Terms
from translator.transmit.route import Route
from translator.vendors import longest_call_s


def check_calls(settings: Settings, dead_after_s: float) -> None:
    """
    Make sure that a host's calls are over before it counts as dead.

    Raises: ConfigError where a vendor's may last too long.
    """
    for vendor in (settings.whoop, settings.acurable):
        if vendor.url:
            Terms(dead_after_s, longest_call_s(vendor.timeout_s)).check()


def place_among(cluster: Cluster, route: Route) -> Place:
    """
    Give the place from which a destination is served together with other hosts.

    Raises: ConfigError where this host cannot take part.
    """
    terms = Terms(cluster.check(), route.call_s)
    terms.check()
    try:
        from translator.transmit.cluster import ClusterEngine  # noqa: PLC0415 - only a cluster has Procrastinate
    except ImportError:
        raise ConfigError(NEEDS_EXTRA) from None
    member = Member(terms, _awake_or_not)

    def engine(workers: int, bell: Bell) -> Engine:
        return ClusterEngine(
            cluster,
            member,
            terms,
            bell,
            destination=route.destination,
            workers=workers,
            clock=_awake_or_not,
        )

    return Place(engine, member)


def _awake_or_not() -> float:
    """Give a time that goes on while the machine sleeps: the other hosts do not wait for it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
