"""Check a cluster: whether its queue fits, who delivers, who is silent, in what hosts differ, how clocks are set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined, span_text
from translator.doctor.ledgers import is_file, is_usable
from translator.errors import ConfigError
from translator.ledger import Cluster, Host, Ledger, differences
from translator.ledger.cluster import DAMAGED
from translator.ledger.cluster_install import NEEDS_EXTRA
from translator.sharing import check_calls

WRONG_S = 5.0
"""A clock that is ahead of the database's by more, or behind it, should be set."""

OF_ONE_HOST = 16
"""So many connections a host that delivers may need."""


def hosts(examined: Examined) -> Iterator[Diagnosis]:
    """Check what several hosts that share the ledger have to agree on; nothing where only one has it."""
    settings = examined.settings
    if is_file(settings) or not is_usable(settings):
        return
    with closing(Ledger.open(settings.ledger, key=settings.ledger_key)) as opened:
        cluster = opened.cluster()
        if not cluster.is_set_up:
            return
        examined.began("cluster")
        queue = _queue(cluster)
        yield queue
        if queue.text == DAMAGED:
            return
        yield from _calls(examined, cluster.dead_after_s)
        present = cluster.present()
        yield _deliverers(present)
        yield from (_silent(one) for one in present if not one.is_alive)
        yield from (Diagnosis("cluster", WARN, text, "make them the same") for text in differences(present))
        yield from _clocks(present, cluster.hosts().ahead_s(examined.clock))
        yield _room(cluster.room())


def _queue(cluster: Cluster) -> Diagnosis:
    try:
        dead_after_s = cluster.check()
    except ConfigError as error:
        if str(error) == NEEDS_EXTRA:
            return Diagnosis("cluster", WARN, str(error), "only where this host is to deliver")
        return Diagnosis("cluster", FAIL, str(error), "stop every host, run `translator cluster init`, start them")
    text = f"several hosts share the ledger; one that is silent for {dead_after_s:g} s counts as dead"
    return Diagnosis("cluster", OK, text)


def _calls(examined: Examined, dead_after_s: float) -> Iterator[Diagnosis]:
    try:
        check_calls(examined.settings, dead_after_s)
    except ConfigError as error:
        yield Diagnosis("cluster", FAIL, str(error), "this host does not deliver as it is")


def _deliverers(present: list[Host]) -> Diagnosis:
    names = [f"{one.host} ({one.pid})" for one in present if one.is_alive and one.delivers_to]
    if not names:
        return Diagnosis("delivery", FAIL, "no host delivers", "start one: `translator run --role deliver|all`")
    return Diagnosis("delivery", OK, f"{len(names)} deliver: {', '.join(names)}")


def _silent(one: Host) -> Diagnosis:
    text = f"{one.host} ({one.pid}, {one.role or 'its role is not known'}) is silent for {span_text(one.silent_s)}"
    return Diagnosis("cluster", WARN, text, "start it again, or leave it: the others take over what it had")


def _clocks(present: list[Host], own_s: float | None) -> Iterator[Diagnosis]:
    wrong = [f"{one.host} by {one.ahead_s:+.0f} s" for one in present if one.is_alive and abs(one.ahead_s) > WRONG_S]
    if own_s is not None and abs(own_s) > WRONG_S:
        wrong.append(f"this one by {own_s:+.0f} s")
    if wrong:
        text = f"clocks are not that of the database, by which deliveries go: {', '.join(wrong)}"
        yield Diagnosis("clocks", WARN, text, "let NTP set them: certificates and logs go by them")
    else:
        yield Diagnosis("clocks", OK, "the hosts' clocks are that of the database")


def _room(room: int) -> Diagnosis:
    if room < OF_ONE_HOST:
        text = f"the database has room for {room} more connections; a host that delivers may need {OF_ONE_HOST}"
        return Diagnosis("connections", WARN, text, "raise max_connections, or the limit of its user")
    return Diagnosis("connections", OK, f"the database has room for {room} more")
