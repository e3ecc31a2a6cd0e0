"""
Recognise what an intake brings a second time, so that it gets the first answer again and is kept once.

A key is what the intake knows a message by, such as the connection's control id and the bytes; only its keyed hash is
on disk. A message without a key is new each time that it comes, and its contents alone say what is new in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, bindparam, select, text

from translator.ledger import schema
from translator.ledger.correlations import Correlations
from translator.ledger.vault import Vault
from translator.record.outcome import Diagnostic

_KIND = "intake"
_message = schema.message


class Prior(Struct, frozen=True):
    """
    A message that the ledger has.

    Shape: `state` and `diagnostics` as they were recorded; `sha256` is that of its bytes, or after pruning what
    `hashed` makes of it.
    Units: `received_at` in seconds since 1970.
    """

    id: int
    received_at: float
    state: str
    sha256: str
    diagnostics: tuple[Diagnostic, ...]
    hashed: Callable[[str], str]

    def is_of(self, sha256: str) -> bool:
        """Tell whether its bytes are those of a hash."""
        return self.sha256 in {sha256, self.hashed(sha256)}


class Known(NamedTuple):
    """What is known before messages are taken in: those that came before, by key, and where orders belong."""

    prior: Mapping[str, Prior]
    correlations: Correlations


def hashed_key(vault: Vault, key: str) -> str:
    """Hash an intake's key; an empty one stays empty."""
    return vault.hash(_KIND, key)


def find_prior(connection: Connection, vault: Vault, keys: Sequence[str]) -> Mapping[str, Prior]:
    """Find the messages that came before, by key; those that are new are left out."""
    by_hash = {hashed_key(vault, key): key for key in keys if key}
    if not by_hash:
        return {}
    rows = connection.execute(_PRIOR, {"hashes": list(by_hash)}).mappings()
    return {by_hash[row["intake_key"]]: _prior(vault, row) for row in rows}


def read_kept(connection: Connection, vault: Vault, numbers: Sequence[int]) -> list[Prior]:
    """Read how messages were recorded that were just taken in, in the order of their numbers."""
    rows = connection.execute(_KEPT, {"numbers": list(numbers)}).mappings()
    return [_prior(vault, row) for row in rows]


def _prior(vault: Vault, row: RowMapping) -> Prior:
    return Prior(
        row["id"],
        row["received_at"] / 1_000_000,
        row["state"],
        row["sha256"],
        msgspec.json.decode(row["diagnostics"], type=tuple[Diagnostic, ...]),
        lambda sha256: vault.hash("sha256", sha256),
    )


_ANY = select(
    _message.c.intake_key,
    _message.c.id,
    _message.c.received_at,
    _message.c.state,
    _message.c.sha256,
    _message.c.diagnostics,
)
_KEPT = _ANY.where(_message.c.id.in_(bindparam("numbers", expanding=True))).order_by(_message.c.id)
_PRIOR = _ANY.where(
    _message.c.intake_key.in_(bindparam("hashes", expanding=True)),
    # The condition on the index must be spelt out, or the databases do not use it.
    text("message.intake_key <> ''"),
)
