"""Choose among observations that give one WHOOP code, where a site says which source counts (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from translator.translate.observation import Verdict


def contenders(repeats: Sequence[Verdict], rank: Mapping[str, tuple[str, ...]]) -> list[Verdict]:
    """
    Settle which of several translated observations of one WHOOP code are superfluous, and give the others.

    Shape: a text that says why there is no result yields to a result; then the best source wins. `rank` gives, by
    WHOOP code, the codes of its rows, the most wanted first.
    """
    results = [verdict for verdict in repeats if verdict.status != "cancelled"]
    if not results:
        return list(repeats)
    _set_aside([verdict for verdict in repeats if verdict.status == "cancelled"], "not-obtained")
    superfluous = outranked(results, rank)
    _set_aside(superfluous, "outranked")
    return [verdict for verdict in results if verdict.payload is not None]


def outranked(repeats: Sequence[Verdict], rank: Mapping[str, tuple[str, ...]]) -> list[Verdict]:
    """
    Give those of which a better source makes nothing more of.

    Absent: nothing where one of the sources has no rank, since nobody has said what it is worth.
    """
    codes = [_code(verdict) for verdict in repeats]
    wanted = rank.get(_whoop_code(repeats[0]), ())
    if not set(codes) <= set(wanted):
        return []
    best = min(codes, key=wanted.index)
    return [verdict for verdict, code in zip(repeats, codes, strict=True) if code != best]


def _code(verdict: Verdict) -> str:
    return verdict.row.code if verdict.row is not None else ""


def _whoop_code(verdict: Verdict) -> str:
    return verdict.row.whoop_code if verdict.row is not None else ""


def _set_aside(verdicts: Sequence[Verdict], reason: str) -> None:
    for verdict in verdicts:
        verdict.state, verdict.reason, verdict.payload = "ignored", reason, None
