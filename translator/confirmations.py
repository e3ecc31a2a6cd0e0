"""
Free what waited for the site to confirm its codes, or the layout of its orders, once it has.

Whether a held item may go by now follows from its codes and the tables of its site alone, so that nothing is translated
again that would only be held again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from translator.config import Settings
from translator.engine import Translator
from translator.ledger import Decision, HeldItem, Ledger
from translator.review import Reviewed, release
from translator.translate.tables import Tables

CODES = "code-unconfirmed"
LAYOUT = "layout-unconfirmed"


def release_confirmed(ledger: Ledger, settings: Settings, decision: Decision) -> Reviewed:
    """Free what waited for its codes, or for its layout, to be confirmed, where the site confirms all of it now."""
    layouts = ledger.desk().held(cause=LAYOUT)
    codes = ledger.desk().held(cause=CODES) if _confirms_codes(settings) else []
    if not layouts and not codes:
        return Reviewed([], [])
    sites = ledger.desk().held_sites()
    tables_of = cache(lambda site: Translator.load(site or None).tables)

    def tables(item: HeldItem) -> Tables:
        return tables_of(sites[item.message] or settings.site)

    free = [item for item in layouts if tables(item).order_layout.confirmed]
    free += [item for group in _submissions(codes) if not _awaited(group, settings, tables(group[0])) for item in group]
    return release(ledger, settings, free, decision, rehearses=False) if free else Reviewed([], [])


def _confirms_codes(settings: Settings) -> bool:
    return bool(settings.whoop.confirmed_codes) and not settings.whoop.is_loopback


def _submissions(items: Iterable[HeldItem]) -> Iterator[list[HeldItem]]:
    """Put together what is sent together: the results of one message for one service request."""
    groups: dict[tuple[int, str], list[HeldItem]] = {}
    for item in items:
        groups.setdefault((item.message, item.service_request_id), []).append(item)
    yield from groups.values()


def _awaited(items: Iterable[HeldItem], settings: Settings, tables: Tables) -> bool:
    """Tell that one of these results has a code that nobody has confirmed yet."""
    unconfirmed = {row.whoop_code for row in tables.observations.values() if not row.confirmed}
    return any(item.code in unconfirmed and not settings.whoop.confirms(item.code) for item in items)
