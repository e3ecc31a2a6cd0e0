"""Do what only one host of a cluster does at a time: fetch, bring to the lab's side, tell people."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from translator.errors import LedgerUnavailableError
from translator.ledger import Ledger

LOOK_S = 1.0
"""How often a host looks whether it is its turn, or the database is back."""


def errand(ledger: Ledger, name: str, *, shared: bool) -> AbstractContextManager[bool]:
    """Hold the right to an errand while the block runs; gives False where another host has it."""
    return ledger.cluster().errand(name) if shared else nullcontext(enter_result=True)


def serve_errand(ledger: Ledger, name: str, work: Callable[[], None], *, stop: threading.Event, shared: bool) -> None:
    """
    Do a work that begins anew when the database of the ledger is back; delivery tells that it is away.

    Shape: `name` is one of `ERRANDS`. Where the ledger is `shared` with other hosts, only one of them does it; the next
    one when that has ended.
    """
    while True:
        try:
            with errand(ledger, name, shared=shared) as is_ours:
                if is_ours:
                    return work()
        except LedgerUnavailableError:
            pass
        if stop.wait(LOOK_S):
            return None
