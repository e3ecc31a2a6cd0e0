"""What only one host of a cluster does at a time, it does while the right to it is its own."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.postgres import Postgres
from translator.errands import serve_errand
from translator.errors import LedgerError
from translator.ledger import Ledger

PATIENCE_S = 60

HOLDERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_locks
 WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_errand_ends_with_its_lock_and_is_taken_up_again(postgres: Postgres) -> None:
    """The database ends the session that holds the lock, and nothing else: another host may have it now."""
    url, stop, told = postgres.shared(), threading.Event(), queue.SimpleQueue[str]()

    def work(*, stop: threading.Event) -> None:
        told.put("began")
        stop.wait()
        told.put("ended")

    with Ledger.open(url) as ledger, ThreadPoolExecutor() as host:
        serving = host.submit(serve_errand, ledger, "fetch", work, stop=stop, shared=True)
        try:
            said = [told.get(timeout=PATIENCE_S)]
            ended = postgres.execute(HOLDERS, url)
            said += [told.get(timeout=PATIENCE_S) for _ in range(2)]
        finally:
            stop.set()
        serving.result(PATIENCE_S)
        said.append(told.get(timeout=PATIENCE_S))

    assert (ended, said) == ([(1,)], ["began", "ended", "began", "ended"])


@pytest.mark.parametrize("shared", [pytest.param(True, id="one-of-several"), pytest.param(False, id="alone")])
def test_errand_that_fails_is_told(postgres: Postgres, *, shared: bool) -> None:
    """A service that does half of its work ends."""

    def work(*, stop: threading.Event) -> None:
        assert not stop.is_set()
        raise LedgerError("it cannot be done")

    with Ledger.open(postgres.shared()) as ledger, pytest.raises(LedgerError, match="cannot be done"):
        serve_errand(ledger, "fetch", work, stop=threading.Event(), shared=shared)
