"""Do what only one host of a cluster does at a time: fetch, bring to the lab's side, tell people."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from translator.errors import LedgerUnavailableError
from translator.ledger import Hold, Ledger

LOOK_S = 1.0
"""How often a host looks whether it is its turn, still or again, or the database is back."""


class Work(Protocol):
    """What is done until the stop."""

    def __call__(self, *, stop: threading.Event) -> None:
        """Do it."""


def errand(ledger: Ledger, name: str, *, shared: bool) -> AbstractContextManager[Hold | bool]:
    """Hold the right to an errand while the block runs; gives False where another host has it."""
    return ledger.cluster().errand(name) if shared else nullcontext(enter_result=True)


def serve_errand(ledger: Ledger, name: str, work: Work, *, stop: threading.Event, shared: bool) -> None:
    """
    Do a work that begins anew when the database of the ledger is back; delivery tells that it is away.

    Shape: `name` is one of `ERRANDS`. Where the ledger is `shared` with other hosts, only one of them does it; the next
    one when that has ended, or has lost the connection by which the database knows that it does.
    """
    while True:
        try:
            with errand(ledger, name, shared=shared) as hold:
                if isinstance(hold, Hold):
                    _while_held(hold, name, work, stop)
                elif hold:
                    work(stop=stop)
        except LedgerUnavailableError:
            pass
        if stop.wait(LOOK_S):
            return


def _while_held(hold: Hold, name: str, work: Work, stop: threading.Event) -> None:
    """Do a work until the stop, or until the right to it is lost."""
    ends = threading.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
        working = thread.submit(work, stop=ends)
        while not (working.done() or stop.wait(LOOK_S)) and hold.is_kept:
            pass
        ends.set()
        working.result()
