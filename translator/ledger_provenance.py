"""
Answer `why` and `where` about what the ledger has recorded: back to bytes, and forward to every call.

What was sent is what the ledger kept of it, never what the tables of now would send. Where these are other tables than
those of then, how one became the other is not told as if it were known: it is told what was read, what was sent, and
apart from that what the tables of now would make of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from translator.config import Settings
from translator.errors import ConfigError, LedgerError
from translator.ledger import Fate, Ledger, MessageView
from translator.pipeline import Pipeline
from translator.provenance import SCHEMA, Origin, Provenance
from translator.record.outcome import Entry, Outcome
from translator.record.payload_field import NoSuchFieldError
from translator.recorded import Recorded, asked_about, entry_at, recorded_outcome
from translator.reviewer import Reviewer


class Today(Struct, frozen=True, omit_defaults=True):
    """What the tables of now would make of it, where they are others than those of then; nothing of it was sent."""

    tables_sha256: str
    state: str
    origins: tuple[Origin, ...] = ()


class LedgerFate(Fate, frozen=True, omit_defaults=True):
    """What became of it, and what the tables of now would make of it."""

    today: Today | None = None


class LedgerProvenance(Provenance, frozen=True, omit_defaults=True):
    """
    The answer about a file or a message, with what the ledger knows: one fate for each message with these bytes.

    Shape: `message` is the number that was asked about; then places count bytes and lines of that message alone, and
    `tables_sha256` are the tables by which it was decided.
    """

    message: int = 0
    ledger: tuple[LedgerFate, ...] = ()


class LedgerProvenances:
    """Answer about the messages of one ledger; `settings` name the sites whose tables are asked."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._reviewer = Reviewer(ledger, settings)

    def find(self, words: str) -> list[int]:
        """Number the messages with this control id, or about this service request or order."""
        return self._ledger.browsing().find(words)

    def why(self, number: int, field: str) -> LedgerProvenance:
        """
        Go from a field of what was sent of a message back to its bytes, and forward to what became of it.

        Raises: ConfigError where nothing of the message has such a field, LedgerError where there is no such message.
        """
        view = self._ledger.show(number)
        outcome = recorded_outcome(view)
        try:
            path, submission, entries, value = asked_about(field, outcome)
        except NoSuchFieldError:
            if self._ledger.fates().of(number, ()).pruned_at:
                raise _gone(field, number, "no such result went into what was sent of it") from None
            raise
        fate = self._ledger.fates().of(number, [entry.at for entry in entries], submission=submission)
        made_by = next((one.tables_sha256 for one in fate.submissions if one.submission == submission), "")
        recorded, today = self._read(view, outcome, made_by or view.tables_sha256, entries)
        if recorded is None or not entries:
            told = Provenance(SCHEMA, path, outcome.source, view.state, "", _bare(entries), value)
        else:
            told = recorded.why(field)
        return _joined(told, (_with_today(fate, today),), made_by, number)

    def where(self, number: int, position: str) -> LedgerProvenance:
        """
        Go from a position of a message forward to what became of it, through every call.

        Raises: ConfigError where the message has no such position, LedgerError where there is no such message.
        """
        view = self._ledger.show(number)
        outcome = recorded_outcome(view)
        entry = entry_at(position, outcome)
        fate = self._ledger.fates().of(number, [entry.at] if entry else None)
        made_by = next((one.tables_sha256 for one in fate.submissions), "") if entry else ""
        concerned = [entry] if entry else []
        recorded, today = self._read(view, outcome, made_by or view.tables_sha256, concerned)
        if recorded is not None:
            told = recorded.where(position)
        elif entry is not None:
            told = Provenance(SCHEMA, position, outcome.source, view.state, "", _bare(concerned))
        else:
            raise _gone(position, number, "it has no entry there")
        return _joined(told, (_with_today(fate, today),), made_by, number)

    def beside(self, told: Provenance) -> LedgerProvenance:
        """Put beside an answer about a file what the ledger knows of the messages with the same bytes."""
        ats = [origin.entry.at for origin in told.origins if origin.entry is not None]
        fates = self._ledger.fates()
        found = (fates.of(number, ats or None) for number in fates.with_bytes(told.source.sha256))
        return _joined(told, tuple(_with_today(fate, None) for fate in found), told.tables_sha256)

    def _read(
        self, view: MessageView, outcome: Outcome, made_by: str, entries: Collection[Entry]
    ) -> tuple[Recorded | None, Today | None]:
        """Read the message again, and what other tables would make of it; neither where its bytes are gone."""
        try:
            raw = self._ledger.raw(view.message)
        except LedgerError:
            return None, None
        tables, lookup = self._reviewer.decider(view.message)
        knows_how = tables.sha256 == made_by
        recorded = Recorded(tables, raw, outcome, lookup, knows_how=knows_how)
        if knows_how:
            return recorded, None
        again = Pipeline(tables).translate(raw, correlation=lookup)
        now = Recorded(tables, raw, again, lookup, knows_how=True)
        origins = (origin for entry in entries for origin in now.where(entry.at).origins)
        return recorded, Today(tables.sha256, again.state, tuple(origins))


def _gone(asked: str, number: int, lacks: str) -> ConfigError:
    show = f"`translator ledger show {number}` lists what is left"
    return ConfigError(f"{asked}: the bytes and values of message {number} are gone, and {lacks}; {show}")


def _bare(entries: Iterable[Entry]) -> tuple[Origin, ...]:
    return tuple(Origin(None, (), entry) for entry in entries)


def _with_today(fate: Fate, today: Today | None) -> LedgerFate:
    return LedgerFate(**{name: getattr(fate, name) for name in Fate.__struct_fields__}, today=today)


def _joined(told: Provenance, fates: tuple[LedgerFate, ...], made_by: str, message: int = 0) -> LedgerProvenance:
    known = {name: getattr(told, name) for name in Provenance.__struct_fields__}
    sha256 = made_by or (fates[0].tables_sha256 if fates else told.tables_sha256)
    return LedgerProvenance(**(known | {"tables_sha256": sha256}), message=message, ledger=fates)
