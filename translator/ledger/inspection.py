"""Look at a ledger without opening it: opening would create or upgrade it, which is not for who only looks."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from sqlalchemy import text

from translator.errors import LedgerError
from translator.ledger.database import connect
from translator.ledger.migrate import check_known
from translator.ledger.schema import HEAD


class Place(Struct, frozen=True):
    """
    Where a ledger is.

    Shape: `revision` is the version of its tables, `is_current` whether it is the one that this code knows; a ledger
    that a newer translator wrote is not `is_known`.
    Units: `size` and `log` are the bytes of the file and of its write-ahead log.
    Absent: `path` is None for a database of a server; `revision` where there are no tables yet.
    """

    path: Path | None
    revision: str | None
    is_known: bool
    is_writable: bool
    size: int = 0
    log: int = 0

    @property
    def is_current(self) -> bool:
        """Whether it can be used as it is."""
        return self.revision == HEAD


def inspect_place(place: str) -> Place:
    """
    Look at the ledger at a path or URL, which must be there.

    Raises: ConfigError, LedgerError where it cannot be reached.
    """
    database = connect(place)
    try:
        revision = database.revision()
        is_writable = True
        if revision is not None:
            try:
                with database.write() as connection:
                    connection.execute(text("UPDATE destination SET name = name WHERE 1 = 0"))
            except LedgerError:
                is_writable = False
        return Place(database.path, revision, _is_known(revision), is_writable, *_sizes(database.path))
    finally:
        database.close()


def _is_known(revision: str | None) -> bool:
    if revision in (None, HEAD):
        return True
    try:
        check_known(str(revision))
    except LedgerError:
        return False
    return True


def _sizes(path: Path | None) -> tuple[int, int]:
    if path is None:
        return 0, 0
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size, log.stat().st_size if log.exists() else 0
