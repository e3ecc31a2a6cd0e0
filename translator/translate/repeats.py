"""
Settle observations that say something about the same code: lines of one text, comments on a number, or a contradiction.

OBX of one OBX-3 and OBX-4 are one observation: the first carries the value, the unit and the status. What stands
twice and differs is never decided by the order in which it came.

Source: HL7 v2.9 7.4.2.3 (OBX-3), 7.4.2.4 (OBX-4), 7.4.2.11 (OBX-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from translator.record.quantity import is_ambiguous, read_quantity
from translator.record.values import Absent, Coded, Text
from translator.translate.observation import Verdict
from translator.translate.ranking import contenders
from translator.translate.tables import Tables

_TEXT_TYPES = frozenset({"ST", "TX", "FT"})
# Why a line may be held by itself and still be a line of a text: it is blank, or happens to look like a placeholder.
_LINE_REASONS = frozenset({"", "value-missing", "placeholder-value"})
# D and X speak of one OBX alone; any other status that is known is that of the whole set.
_OF_ONE = frozenset({"", "entered-in-error", "cancelled"})


def has_repeats(verdicts: Sequence[Verdict]) -> bool:
    """Tell that two observations may lead to one WHOOP code; hardly ever does a report have such."""
    return len({verdict.route.code for verdict in verdicts}) < len(verdicts)


def settle_repeats(verdicts: Iterable[Verdict], tables: Tables) -> None:
    """Settle, in place, what one report says more than once by one mapping row."""
    by_row: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.row is not None and verdict.state != "ignored" and not verdict.observation.place:
            by_row.setdefault(verdict.route.table, []).append(verdict)
    for group in by_row.values():
        if len(group) > 1:
            _settle(group, tables)


def settle_codes(verdicts: Iterable[Verdict], rank: Mapping[str, tuple[str, ...]]) -> None:
    """
    Hold, in place, what leads to one WHOOP code from several places and says different things.

    Shape: `rank` is the site's choice among sources of one WHOOP code.
    """
    by_code: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.payload is not None:
            by_code.setdefault(verdict.payload.code, []).append(verdict)
    for several in by_code.values():
        if len(several) > 1:
            repeats = contenders(several, rank)
            if _differ(repeats):
                _hold(repeats, "ambiguous-repeat")


def _settle(group: list[Verdict], tables: Tables) -> None:
    if _are_lines(group, tables):
        if _statuses_differ(group):
            _hold(group, "repeat-status-differs")
        else:
            _join(group)
        return
    _set_comments_aside(group)
    rest = [verdict for verdict in group if verdict.state != "ignored"]
    if any(map(_statuses_differ, _sets(rest))):
        _hold(rest, "repeat-status-differs")
    elif _differ(rest):
        _hold(rest, "ambiguous-repeat")


def _differ(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.payload != verdicts[0].payload for verdict in verdicts)


def _hold(verdicts: Iterable[Verdict], reason: str) -> None:
    for verdict in verdicts:
        if verdict.payload is not None:
            verdict.state, verdict.reason, verdict.payload = "held", reason, None


def _statuses_differ(verdicts: Iterable[Verdict]) -> bool:
    """Tell a set that has several statuses; a line without a status of its own has that of the first."""
    statuses = {verdict.status for verdict in verdicts if not verdict.observation.bare}
    return len(statuses - _OF_ONE) > 1


def _sets(verdicts: Iterable[Verdict]) -> Iterable[list[Verdict]]:
    """Put together what has the same OBX-4; FHIR has none, so there each stands for itself."""
    by_sub_id: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.observation.at.startswith("OBX"):
            by_sub_id.setdefault(verdict.observation.sub_id, []).append(verdict)
    return by_sub_id.values()


def _are_lines(group: Sequence[Verdict], tables: Tables) -> bool:
    """Tell lines of one text: a text code without listed answers, text types, nothing else wrong with any of them."""
    row = group[0].row
    if row is None or row.kind != "text" or row.whoop_code in tables.answered_codes or not _differ(group):
        return False
    return all(_is_line(verdict) for verdict in group) and any(verdict.payload is not None for verdict in group)


def _is_line(verdict: Verdict) -> bool:
    seen = verdict.observation
    reasons = _LINE_REASONS | {"status-missing"} if seen.bare else _LINE_REASONS
    return verdict.reason in reasons and seen.value_type in _TEXT_TYPES and isinstance(seen.value, Text | Absent)


def _join(group: Sequence[Verdict]) -> None:
    """
    Make one text of its lines, in their order.

    The first line stands for all of them from here on, so that a change of any line shows when the lab sends again.
    """
    lines = [verdict.observation.value for verdict in group]
    text = "\n".join(line.text if isinstance(line, Text) else "" for line in lines).strip("\n")
    first = next(verdict for verdict in group if verdict.payload is not None)
    assert first.payload is not None  # noqa: S101 - for mypy: it was chosen by this
    payload = structs.replace(first.payload, value_text=text)
    group[0].observation = structs.replace(group[0].observation, value=Text(text, prose=True))
    for verdict in group:
        verdict.state, verdict.reason, verdict.payload, verdict.status = "translated", "", payload, first.status


def _set_comments_aside(group: Iterable[Verdict]) -> None:
    """Ignore what only comments on the first of its set: OBX-6 to OBX-12 are empty, and the value is no quantity."""
    begun: set[str] = set()
    for verdict in group:
        seen = verdict.observation
        if seen.sub_id in begun and seen.bare and verdict.payload is None and _is_comment(verdict):
            verdict.state, verdict.reason = "ignored", "comment"
        begun.add(seen.sub_id)


def _is_comment(verdict: Verdict) -> bool:
    value = verdict.observation.value
    if verdict.observation.findings or not isinstance(value, Text | Coded | Absent):
        return False
    return not (isinstance(value, Text) and (read_quantity(value.text) or is_ambiguous(value.text)))
