"""Say what is shown of the ledger: messages, their entries, what was sent of them, and what was decided. (pure)"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from translator.record.outcome import RESULTS, Diagnostic, Original, Source


class DecisionView(Struct, frozen=True, omit_defaults=True):
    """One decision as it is shown."""

    at: str
    deed: str
    by: str = ""
    reason: str = ""
    entries: tuple[str, ...] = ()


class EntryView(Struct, frozen=True, omit_defaults=True):
    """One observation, its state in the ledger, and its place in what was sent."""

    at: str
    state: str
    reason: str = ""
    cause: str = ""
    submission: int | None = None
    observation: int | None = None
    table: str = ""
    code: str = ""
    original: Original | None = None


class AttemptView(Struct, frozen=True, omit_defaults=True):
    """One POST; without `ended_at` it is under way, or its process died."""

    started_at: str
    ended_at: str = ""
    outcome: str = ""
    answer: str = ""


class SubmissionView(Struct, frozen=True, omit_defaults=True):
    """One body at its position of its lane; `body` is exactly what is sent."""

    destination: str
    service_request_id: str
    body: msgspec.Raw
    state: str
    position: int
    idempotency_key: str
    detail: str = ""
    kind: str = RESULTS
    attempts: tuple[AttemptView, ...] = ()


class StatusView(Struct, frozen=True, omit_defaults=True):
    """One workflow status at its position of its lane."""

    destination: str
    service_request_id: str
    body: msgspec.Raw
    state: str
    position: int
    detail: str = ""
    attempts: tuple[AttemptView, ...] = ()


class MessageView(Struct, frozen=True, omit_defaults=True):
    """One message as the outcome line of `translate`, with the states of the ledger and more about delivery."""

    schema: str
    message: int
    received_at: str
    tables_sha256: str
    source: Source
    state: str
    submissions: tuple[SubmissionView, ...]
    entries: tuple[EntryView, ...]
    diagnostics: list[Diagnostic]
    reason: str = ""
    site: str = ""
    statuses: tuple[StatusView, ...] = ()
    decisions: list[DecisionView] = []

    @property
    def json(self) -> bytes:
        """The view as one line of JSON, without the line end."""
        return msgspec.json.encode(_Line(*(getattr(self, name) for name in _Line.__struct_fields__)))


class _Line(Struct, frozen=True):
    # Unlike the optional keys of a view these stand in every line, even when empty.
    schema: str
    message: int
    received_at: str
    tables_sha256: str
    source: Source
    state: str
    reason: str
    submissions: tuple[SubmissionView, ...]
    entries: tuple[EntryView, ...]
    diagnostics: list[Diagnostic]
    statuses: tuple[StatusView, ...]
    decisions: list[DecisionView]


class MessageRow(Struct, frozen=True):
    """One message in a list; `entries` counts them by state."""

    message: int
    received_at: str
    file: str
    index: int
    type: str
    control_id: str
    state: str
    reason: str
    entries: dict[str, int]
