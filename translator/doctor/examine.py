"""Do every check, one after the other; one that fails keeps no other from being done."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

from translator.config import Settings
from translator.doctor.diagnosis import FAIL, OK, Check, Diagnosis, Disk, Examined
from translator.doctor.hosts import hosts
from translator.doctor.intakes import certificates, folders, ports
from translator.doctor.ledgers import account, budgets, ledger
from translator.doctor.secret_files import secrets
from translator.doctor.streams import streams
from translator.doctor.trace_check import collector, recorder
from translator.doctor.vendor_calls import vendors
from translator.errors import TranslatorError
from translator.sites import Sites

HERE: tuple[Check, ...] = (secrets, ledger, account, hosts, budgets, folders, certificates, ports, recorder)
AWAY: tuple[Check, ...] = (streams, vendors, collector)
"""What can be found out on this machine, and what only over the network."""


def examine(
    settings: Settings,
    *,
    offline: bool = False,
    disk: Disk = shutil.disk_usage,
    clock: Callable[[], float] = time.time,
    began: Callable[[str], None] = lambda _: None,
) -> Iterator[Diagnosis]:
    """
    Examine an installation by its settings.

    Shape: `offline` leaves out what asks brokers and vendors; `began` is told the name of each check that may
    take long.
    """
    examined = Examined(settings, disk, clock, began)
    for check in (tables, *HERE, *(() if offline else AWAY)):
        try:
            yield from check(examined)
        except TranslatorError as error:
            yield Diagnosis(check.__name__, FAIL, str(error))


def tables(examined: Examined) -> Iterator[Diagnosis]:
    """Load the tables of every site that the settings name."""
    examined.began("tables")
    sites = Sites.load(examined.settings)
    loaded = sites.default.tables
    zone = loaded.site.time_zone
    yield Diagnosis("tables", OK, f"{len(loaded.observations)} observation rows, {loaded.sha256[:12]}")
    yield Diagnosis(
        "time-zone", OK, f"times without offset are read as {zone}" if zone else "times without offset stay without one"
    )
