"""Kill deliveries from the command line: figures to stderr, exit 1 where a promise was broken."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.campaign import Campaign
from tests.sandbox_process import SandboxProcess

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Run one campaign per database."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many workers are killed on each database (200)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="another seed, other moments")  # noqa: S311 - no secret
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one (both)")
    options = parser.parse_args()
    broken = 0
    for database in options.database or DATABASES:
        with _place(database) as place, SandboxProcess("--accept-any") as sandbox:
            figures = Campaign(place, sandbox, options.seed).run(options.kills)
        sys.stderr.write(f"{database}: {figures}\n")
        for what in figures.broken:
            sys.stderr.write(f"  BROKEN {what}\n")
        broken += len(figures.broken)
    return 1 if broken else 0


@contextmanager
def _place(database: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="translator-chaos-") as folder:
        if database == "sqlite":
            yield str(Path(folder) / "lab.db")
            return
        from tests.postgres import Postgres  # noqa: PLC0415 - only who asks for it needs a server

        # It is stopped at once, and says so; that is no news.
        logging.disable(logging.ERROR)
        server = Postgres(Path(folder) / "postgres")
        try:
            yield server.new()
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
