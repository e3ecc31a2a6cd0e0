"""Sum up what a case says beside what is sent of it: what the ledger must know to list, release and complete it."""

from __future__ import annotations

from translator.record.outcome import ReportAccount
from translator.translate.observation import Verdict
from translator.translate.report_status import Case


def account_of(case: Case, destination: str, status: str, first: int) -> ReportAccount:
    """
    Account for a case whose entries begin at `first`.

    Shape: `status` is the report's own, empty where the case is held whole.
    """
    return ReportAccount(
        destination,
        case.parts[0].resolution.service_request_id,
        status,
        panel_of(case),
        first,
        first + len(case.verdicts),
        tuple(["" if verdict.payload is not None else _subject(verdict) for verdict in case.verdicts]),
    )


def panel_of(case: Case) -> str:
    """Give the code of the first panel that a case reports."""
    return next((coding.code for part in case.parts for coding in part.report.panel), "")


def _subject(verdict: Verdict) -> str:
    """Name what an observation is about: the WHOOP code, else the first code as sent."""
    if verdict.row is not None:
        return verdict.row.whoop_code
    coding = next(iter(verdict.observation.codes), None)
    return f"{coding.system}|{coding.code}" if coding is not None else ""
