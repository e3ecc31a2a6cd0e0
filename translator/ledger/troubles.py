"""
Say what is wrong with a database in words that an operator can act on.

The texts of the databases may quote a key or a value, so none of them is shown; what they say is only recognised.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from translator.errors import ConfigError, LedgerError, LedgerUnavailableError

# Of a long work, such as the files of a `submit`, much may be recorded already when one step of it fails.
_NOT_THIS = "the step at hand was not recorded, all before it is safe"
_LOCKED = f"another process has kept the ledger locked; {_NOT_THIS}: try again when it has finished"
_FULL = f"the disk of the ledger is full; {_NOT_THIS}: make room and try again"
_FAILS = f"the disk of the ledger fails (full? over a quota? damaged?); {_NOT_THIS}: check it first"
_READ_ONLY = "the ledger cannot be written; check the rights of the file and its folder, or of the database's user"
_STANDBY = (
    f"the ledger cannot be written now, its database is for reading only (a standby?); {_NOT_THIS}: try again later"
)
_DAMAGED = "the ledger is damaged; restore a backup (`translator ledger restore`)"
_GONE = f"the database of the ledger cannot be reached, or broke off; {_NOT_THIS}: try again when it is back"

_SQLITE = {
    "database is locked": _LOCKED,
    "disk is full": _FULL,
    "readonly": _READ_ONLY,
    "unable to open": "the ledger cannot be opened; check the rights of the file and its folder",
    "disk i/o error": _FAILS,
    "malformed": _DAMAGED,
    "not a database": "the file is no ledger",
}

# By SQLSTATE, the longer prefix first (PostgreSQL, appendix A).
_POSTGRESQL = {
    "53100": _FULL,
    "53": f"the database of the ledger has run out of memory or connections; {_NOT_THIS}: try again",
    "25006": _STANDBY,
    "42501": _READ_ONLY,
    "28": "the database of the ledger refuses the user; check the name and the password (PGPASSWORD or ~/.pgpass)",
    "3D000": "the database of the ledger does not exist; create it first",
    "40": _LOCKED,
    "55P03": _LOCKED,
    "57": _GONE,
    "08": _GONE,
    "XX": _DAMAGED,
    "58": "the disk of the ledger's database reports an error; check it before you go on",
}

# Before a connection stands, PostgreSQL has only words.
_CONNECTING = {
    "too many clients": _POSTGRESQL["53"],
    "too many connections": _POSTGRESQL["53"],
    "connection slots": _POSTGRESQL["53"],
    'database "': _POSTGRESQL["3D000"],
    'role "': _POSTGRESQL["28"],
    "password": _POSTGRESQL["28"],
    "pg_hba.conf": _POSTGRESQL["28"],
    "authentication": _POSTGRESQL["28"],
}

# A disk has room again when somebody has made some: until then a service goes on telling its senders to come again.
_PASSING = frozenset({_LOCKED, _GONE, _FULL, _FAILS, _STANDBY, _POSTGRESQL["53"]})


@contextmanager
def told_plainly(kind: type[ConfigError | LedgerError] = LedgerError) -> Iterator[None]:
    """
    Turn what a database raises into our own words.

    Raises: LedgerUnavailableError for what may pass, LedgerError for damage, else `kind`; while opening, for
    all but damage `kind`.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        advice = _advice(error.orig if isinstance(error, DBAPIError) else error)
        told = LedgerUnavailableError if kind is LedgerError and advice in _PASSING else kind
        told = LedgerError if advice == _DAMAGED else told
        raise told(advice or f"the database refused: {type(error).__name__}") from None


def _advice(error: BaseException | None) -> str:
    state = getattr(error, "sqlstate", None)
    if state:
        return next((_POSTGRESQL[state[:size]] for size in (5, 2) if state[:size] in _POSTGRESQL), "")
    signs = _CONNECTING if _is_broken_off(error) else _SQLITE
    said = str(error).lower()
    known = next((advice for sign, advice in signs.items() if sign in said), "")
    # A PostgreSQL that is not there, or goes away, has no time to say why.
    return known or (_GONE if _is_broken_off(error) else "")


def _is_broken_off(error: BaseException | None) -> bool:
    kinds = [kind for kind in type(error).__mro__ if kind.__module__.startswith("psycopg")]
    return any(kind.__name__ in ("OperationalError", "InterfaceError") for kind in kinds)
