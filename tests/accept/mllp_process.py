"""
Serve MLLP in a process of its own, for tests that kill it: `python -m tests.accept.mllp_process LEDGER [DEADLY]`.

It prints its port. With DEADLY it kills itself when the n-th message is on disk and its answer is not written.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

from tests.accept.serving import serving
from translator.ledger import Ledger


def main(place: str, deadly: int) -> None:
    """Serve until standard input ends."""
    answers = itertools.count(1)

    def die(_code: str, _seconds: float) -> None:
        if next(answers) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    with Ledger.open(Path(place)) as ledger, serving(ledger, server={"answered": die}) as server:
        print(server.port, flush=True)  # noqa: T201 - whom it tells is a test
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
