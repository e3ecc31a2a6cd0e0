"""
Run translator, and count the commits of its ledger in SQLite that wrote something: each of them waits for the disk.

    python -m benchmarks.commits COUNT run --ledger lab.db       # COUNT is a file that holds the count as text
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from translator.cli import main

_DIGITS = 12
_CHANGES = "changes when it was counted last"


class Commits:
    """Counts, and writes the count down each time; threads may share it."""

    def __init__(self, place: Path) -> None:
        self._file = place.open("wb", buffering=0)
        self._lock = threading.Lock()
        self._count = 0
        self._write()

    def committed(self, connection: Connection) -> None:
        """Hear of a commit; one that changed nothing is none for the disk."""
        changes = getattr(connection.connection.driver_connection, "total_changes", 0)
        if changes > connection.info.get(_CHANGES, 0):
            connection.info[_CHANGES] = changes
            with self._lock:
                self._count += 1
                self._write()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.write(f"{self._count:{_DIGITS}}".encode())


def count(place: Path) -> int:
    """Read what was counted until now."""
    return int(place.read_text(encoding="ascii"))


if __name__ == "__main__":
    _, where, *arguments = sys.argv
    event.listen(Engine, "commit", Commits(Path(where)).committed)
    sys.exit(main(arguments))
