"""Write the row of a message: what it is and where it came from; what was decided of it is acceptance's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from translator.ledger.following import Follow
from translator.ledger.intakes import hashed_key
from translator.ledger.vault import Vault
from translator.record.outcome import Diagnostic, Outcome


class Arrival(Struct, frozen=True):
    """
    One message as it came in, and what became of it.

    Shape: `intake` is how it came in, such as `mllp`; `key` what the intake will know it by when it comes again;
    `follow` by what its publisher follows it, where one does.
    Absent: `traceparent` is empty where nobody traces it.
    """

    outcome: Outcome
    raw: bytes
    site: str = ""
    intake: str = ""
    key: str = ""
    follow: Follow | None = None
    traceparent: str = ""


def message_row(vault: Vault, key_id: int | None, arrival: Arrival, sha256: str) -> dict[str, Any]:
    """Give the columns that the message itself decides, sealed where the ledger has a key."""
    source = arrival.outcome.source
    return {
        "site": arrival.site,
        "file": vault.close_text(key_id, _storable(source.file)),
        "file_index": source.index,
        "format": source.format,
        "type": source.type,
        "control_id": vault.close_text(key_id, source.control_id),
        "sha256": sha256,
        "tables_sha256": arrival.outcome.tables_sha256,
        "entry_count": len(arrival.outcome.entries),
        "raw": vault.close_message(key_id, arrival.raw),
        "key_id": key_id,
        "intake": arrival.intake,
        "intake_key": hashed_key(vault, arrival.key),
    }


def diagnostics_text(diagnostics: Sequence[Diagnostic]) -> str:
    """Write diagnostics as the ledger keeps them."""
    return msgspec.json.encode(diagnostics).decode()


def _storable(file: str) -> str:
    # A file name may hold any bytes; those that are no UTF-8 become surrogates, which no database takes.
    return file.encode("utf-8", "backslashreplace").decode()
