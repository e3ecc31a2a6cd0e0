"""
Turn the reports of one message into WHOOP results: one submission per service request, one entry per observation.

Held observations never slip through: they turn `final` into `partial`, and hold a correction as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from translator.record.outcome import (
    Diagnostic,
    Entry,
    Payload,
    PayloadObservation,
    ReportAccount,
    SourceObservation,
    Submission,
)
from translator.record.report import Finding, Message, Report
from translator.translate.account import account_of, panel_of
from translator.translate.observation import ObservationTranslator, Verdict
from translator.translate.repeats import settle_codes, settle_repeats
from translator.translate.report_status import Case, Part, hold_of, is_valueless, report_status
from translator.translate.service_request import Lookup, Resolution, inherit, resolve
from translator.translate.source import SourceWriter
from translator.translate.specimen import hold_other_specimens
from translator.translate.tables import StatusRow, Tables

DESTINATION = "whoop"
_NO_PLACE = "not-a-result-position"
_UNKNOWN_STATUS = StatusRow("", "", "hold", "unknown", "unknown-status")


class Translation(Struct):
    """What a message comes to; `states` has one word per report and one per entry."""

    submissions: list[Submission]
    entries: list[Entry]
    diagnostics: list[Diagnostic]
    states: set[str]
    accounts: list[ReportAccount] = field(default_factory=list)


class WhoopTranslator:
    """Translate messages of both formats by one set of tables; it keeps nothing of a message."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._observations = {name: ObservationTranslator(tables, name) for name in ("hl7v2", "fhir")}

    def translate(self, message: Message, lookup: Lookup) -> Translation:
        """Give every observation its fate and every service request its submission."""
        result = Translation([], [], [_warning(finding) for finding in message.findings], set())
        if message.refused is not None:
            _refuse(message.reports, message.refused, result)
            return result
        resolutions = [resolve(report, lookup, self._tables.site) for report in message.reports]
        if message.unplaced is not None and all(found.is_missing for found in resolutions):
            _refuse(message.reports, message.unplaced, result)
            return result
        result.diagnostics += [_error(finding) for finding in message.held]
        if message.held:
            result.states.add("held")
        inherit(message.reports, resolutions)
        result.diagnostics += [_info(found.remark) for found in resolutions if found.remark is not None]
        parts = [
            self._part(report, message.format, found)
            for report, found in zip(message.reports, resolutions, strict=True)
        ]
        for case in _cases(parts, self._tables, message.held):
            if case.is_settled:
                _account(case.verdicts, result)
            else:
                _Assembly(case, message, result).run()
        for part in parts:
            if part.is_refused:
                text = "the report's status refuses it"
                result.diagnostics.append(_error(Finding(part.status.reason, part.report.status_at, text)))
                result.states.add("refused")
        # Observations of HL7 v2 that stand under no order are no results; a message of nothing else is a mistake.
        is_report = any(report.at or message.format == "fhir" for report in message.reports)
        if not is_report and "held" not in result.states:
            result.diagnostics.append(Diagnostic("no-results", "error", "", "the message reports nothing"))
            result.states.add("held")
        return result

    def _part(self, report: Report, source_format: str, resolution: Resolution) -> Part:
        translate = self._observations[source_format].translate
        verdicts = [translate(observation) for observation in report.observations]
        statuses = self._tables.report_status.get(source_format, {})
        status = statuses.get(report.status, _UNKNOWN_STATUS)
        if status.action == "refuse" and report.at:
            for verdict in verdicts:
                verdict.state, verdict.reason, verdict.payload = "refused", status.reason, None
        hold_other_specimens(report, verdicts, self._tables)
        return Part(report, verdicts, status, resolution)


def _cases(parts: Sequence[Part], tables: Tables, held: tuple[Finding, ...]) -> Iterable[Case]:
    """Put together what belongs to one service request; what belongs to none stands alone."""
    by_request: dict[object, list[Part]] = {}
    for number, part in enumerate(parts):
        alone = part.is_form or not part.resolution.service_request_id
        by_request.setdefault(number if alone else part.resolution.service_request_id, []).append(part)
    return [Case(group, [v for part in group for v in part.verdicts], tables, held) for group in by_request.values()]


def _refuse(reports: Iterable[Report], finding: Finding, result: Translation) -> None:
    result.states.add("refused")
    result.diagnostics.append(_error(finding))
    for report in reports:
        result.entries += [Entry(observation.at, "refused", finding.code) for observation in report.observations]


def _account(verdicts: Iterable[Verdict], result: Translation) -> None:
    """Observations outside every report, and those of refused ones, come to what they are by themselves."""
    for verdict in verdicts:
        result.entries.append(_entry(verdict))
        result.states.add(verdict.state)


class _Draft(Struct):
    """What one submission will hold: its observations, their sources, and the codes that WHOOP does not document."""

    sent: list[PayloadObservation]
    sources: list[SourceObservation]
    unconfirmed: dict[str, None]
    ordered_at: str


class _Assembly:
    """Put one case together; its verdicts are settled in place, in the order of the methods."""

    def __init__(self, case: Case, message: Message, result: Translation) -> None:
        self._case = case
        self._message = message
        self._result = result
        self._verdicts = case.verdicts

    def run(self) -> None:
        self._settle_documents()
        self._settle_repeats()
        hold = hold_of(self._case)
        status = "" if hold else report_status(self._case)
        if status == "cancelled":
            self._settle_cancelled()
        hold = hold or self._incomplete_correction(status)
        if hold is not None:
            self._hold(hold)
        elif status:
            self._submit(status)
        account = account_of(self._case, DESTINATION, "" if hold else status, len(self._result.entries))
        if account is not None:
            self._result.accounts.append(account)
        self._finish(status, held=hold is not None)

    def _settle_documents(self) -> None:
        documents = [verdict for verdict in self._verdicts if verdict.reason == "document"]
        if documents and not any(verdict.state in {"translated", "held"} for verdict in self._verdicts):
            for verdict in documents:
                verdict.state, verdict.reason = "held", "document-only"

    def _settle_repeats(self) -> None:
        for part in self._case.parts:
            settle_repeats(part.verdicts, self._case.tables)
        settle_codes(self._verdicts, self._case.tables.site.rank)

    def _settle_cancelled(self) -> None:
        for verdict in self._verdicts:
            if verdict.state == "translated" or (verdict.state == "held" and is_valueless(verdict, self._case.tables)):
                verdict.state, verdict.reason, verdict.payload = "ignored", "not-obtained", None

    def _incomplete_correction(self, status: str) -> Finding | None:
        if status not in {"corrected", "amended"} or not self._is_incomplete():
            return None
        return Finding(
            "report-incomplete", self._case.at, f"a {status} report is not sent without its held observations"
        )

    def _is_incomplete(self) -> bool:
        return any(verdict.state in {"held", "refused"} for verdict in self._verdicts)

    def _hold(self, finding: Finding) -> None:
        if finding not in self._message.held:
            self._result.diagnostics.append(_error(finding))
        self._result.states.add("held")
        for verdict in self._verdicts:
            if verdict.state == "translated":
                verdict.state, verdict.reason, verdict.payload = "held", "report-held", None
                verdict.cause = finding.code

    def _submit(self, status: str) -> None:
        draft = self._draft()
        if not draft.sent and status != "cancelled":
            return
        self._remark_status(status)
        if status == "final" and self._is_incomplete():
            status = "partial"
        first = self._case.parts[0]
        patient = first.report.patient
        submission = Submission(
            DESTINATION,
            first.resolution.service_request_id,
            Payload(status, tuple(draft.sent)),
            tuple(draft.sources),
            (patient.identifier, patient.birth_date),
            draft.ordered_at,
            tuple(draft.unconfirmed),
            panel_of(self._case),
        )
        self._result.submissions.append(submission)

    def _draft(self) -> _Draft:
        """Put what is sent in its order; what is left under one code after the repeats is equal, and sent once."""
        draft = _Draft([], [], {}, "")
        submission = len(self._result.submissions)
        places: dict[str, tuple[int, int]] = {}
        for part in self._case.parts:
            source = SourceWriter(self._message, part.report, self._case.tables.site.time_zone)
            draft.ordered_at = max(draft.ordered_at, source.ordered_at)
            for verdict in part.verdicts:
                payload = verdict.payload
                if payload is None:
                    continue
                code = payload.code
                if code not in places:
                    places[code] = (submission, len(draft.sent))
                    draft.sent.append(payload)
                    draft.sources.append(source(verdict, code))
                    if verdict.match.row is not None and not verdict.match.row.confirmed:
                        draft.unconfirmed[code] = None
                verdict.place = places[code]
        return draft

    def _remark_status(self, status: str) -> None:
        remarks = self._result.diagnostics
        own = self._case.parts[0].status.status
        if self._case.is_derived:
            origin = f"{len(self._case.parts)} reports" if self._case.is_merged else "the observations"
            remarks.append(Diagnostic("status-derived", "info", self._case.at, f"{origin}: {status}"))
        elif status != own:
            remarks.append(Diagnostic("status-raised", "warning", self._case.at, f"{own} is sent as {status}"))
        if status == "final" and self._is_incomplete():
            remarks.append(
                Diagnostic("report-incomplete", "warning", self._case.at, "sent as partial without what is held")
            )

    def _finish(self, status: str, *, held: bool) -> None:
        result = self._result
        for verdict in self._verdicts:
            result.diagnostics += verdict.diagnostics
        result.entries += [_entry(verdict) for verdict in self._verdicts]
        result.states |= {verdict.state for verdict in self._verdicts}
        expected = status not in {"", "cancelled"} or self._case.parts[0].status.action == "derive"
        # A report that says that results are there, and has none where results stand, was written by other rules.
        if expected and not held and all(verdict.observation.place == _NO_PLACE for verdict in self._verdicts):
            text = "the report has no observation" + " where results stand" * bool(self._verdicts)
            result.diagnostics.append(Diagnostic("no-results", "error", self._case.at, text))
            result.states.add("held")


def _entry(verdict: Verdict) -> Entry:
    submission, observation = verdict.place or (None, None)
    return Entry(
        verdict.observation.at,
        verdict.state,
        verdict.reason,
        verdict.cause,
        submission,
        observation,
        verdict.table,
        verdict.original if verdict.place else None,
    )


def _error(finding: Finding) -> Diagnostic:
    return Diagnostic(finding.code, "error", finding.at, finding.text)


def _info(finding: Finding) -> Diagnostic:
    return Diagnostic(finding.code, "info", finding.at, finding.text)


def _warning(finding: Finding) -> Diagnostic:
    return Diagnostic(finding.code, "warning", finding.at, finding.text)
