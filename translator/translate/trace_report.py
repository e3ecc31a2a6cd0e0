"""Say where a submission's service request and status come from: the positions that name them, the rows that decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from translator.record.outcome import Diagnostic, Submission
from translator.record.report import Report
from translator.translate.parents import inherit
from translator.translate.service_request import Lookup, deciding, resolve
from translator.translate.tables import Tables
from translator.translate.trace import Step

# What is remarked where the status sent is not the one that a report has.
_STATUS_REMARKS = frozenset({"status-derived", "status-raised", "report-incomplete"})
_NAMED = "a WHOOP id, sent in lower case"
_LOOKED_UP = "an order number that the correlation knows"


def trace_service_request(
    submission: Submission, reports: Sequence[Report], lookup: Lookup, tables: Tables
) -> tuple[Step, ...]:
    """List every position that names a submission's service request, by itself, by the correlation or as a parent."""
    wanted = submission.service_request_id
    steps: dict[str, Step] = {}
    for report in _members(submission, reports, lookup, tables):
        sent = dict(_identifiers(report))
        for offer in deciding(report, lookup, tables.site):
            if wanted in offer.found:
                text = _LOOKED_UP if offer.hits else _NAMED
                steps[offer.at] = Step("service-request", sent.get(offer.at, ""), wanted, offer.at, "", text)
        inherited = resolve(report, lookup, tables.site).service_request_id != wanted
        for _, at, parent in report.parents if inherited else ():
            steps[at] = Step("service-request", parent.value, wanted, at, "", "the order that this one comes from")
    return tuple(steps.values())


def trace_status(
    submission: Submission,
    reports: Sequence[Report],
    source_format: str,
    diagnostics: Sequence[Diagnostic],
    lookup: Lookup,
    tables: Tables,
) -> tuple[Step, ...]:
    """List the status of every report that a submission is made of, and what made it another one."""
    rows = tables.report_status.get(source_format, {})
    steps, places = [], set()
    for report in _members(submission, reports, lookup, tables):
        row = rows.get(report.status)
        meaning, at = (row.status or row.action, row.at) if row is not None else ("unknown-status", "")
        steps.append(Step("report-status", report.status, meaning, report.status_at, at))
        places.add(report.at)
    sent = submission.payload.status
    remarks = [found for found in diagnostics if found.code in _STATUS_REMARKS and found.at in places]
    steps += [Step(found.code, "", sent, "", tables.reasons[found.code].at, found.text) for found in remarks]
    return (*steps, Step("payload", "", sent))


def _members(submission: Submission, reports: Sequence[Report], lookup: Lookup, tables: Tables) -> list[Report]:
    """Find the reports that belong to a service request, as the translation does."""
    resolutions = [resolve(report, lookup, tables.site) for report in reports]
    inherit(reports, resolutions, lookup, tables.site)
    wanted = submission.service_request_id
    return [report for report, each in zip(reports, resolutions, strict=True) if each.service_request_id == wanted]


def _identifiers(report: Report) -> Iterator[tuple[str, str]]:
    yield from ((at, identifier.value) for at, identifier in report.service_requests)
    yield from ((at, identifier.value) for _, at, identifier in (*report.keys, *report.parents))
