"""A delivering process, to be killed: `python -m tests.chaos.worker LEDGER URL`."""

from __future__ import annotations

import sys
import threading

from translator.config import load_settings
from translator.delivery import serve
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables


def main(place: str, url: str) -> int:
    """Serve a ledger until a signal."""
    settings = load_settings(flags={"whoop.url": url, "whoop.timeout_s": "1"}, environment={})
    with Ledger.open(place) as ledger:
        serve(ledger, settings, packaged_tables(), stop=threading.Event())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
