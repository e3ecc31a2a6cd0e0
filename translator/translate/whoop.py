"""
Turn the reports of one message into WHOOP results: one submission per service request, one entry per observation.

Held observations never slip through: they turn `final` into `partial`, and hold a correction as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from msgspec import Struct, field

from translator.record.lazy import Lazy
from translator.record.outcome import Diagnostic, Entry, Payload, ReportAccount, Submission
from translator.record.report import Finding, Message, Report
from translator.translate.account import account_of, panel_of
from translator.translate.lab_codes import resolve_all
from translator.translate.observation import ObservationTranslator, Verdict
from translator.translate.parents import inherit
from translator.translate.repeats import has_repeats, settle_codes, settle_repeats
from translator.translate.report_status import Case, Part, Seen, hold_of, is_valueless, report_status
from translator.translate.service_request import Lookup, Resolution
from translator.translate.source import ordered_at, sources
from translator.translate.specimen import hold_other_specimens
from translator.translate.tables import StatusRow, Tables

DESTINATION = "whoop"
_FORM = "order-form"
_NO_PLACE = "not-a-result-position"
_CORRECTED = frozenset({"corrected", "amended"})
_UNKNOWN_STATUS = StatusRow("", "", "hold", "unknown", "unknown-status")


class Translation(Struct):
    """
    What a message comes to.

    Shape: `states` has one word per report and one per entry; `said` holds diagnostics and, between them, the verdicts
    that have remarks of their own. `accounts` say of reports what their submissions do not.
    """

    submissions: list[Submission]
    entries: list[Entry]
    said: list[Diagnostic | Verdict]
    states: set[str]
    accounts: list[ReportAccount] = field(default_factory=list)

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """Everything that is said, in order; it is put into words when somebody looks."""
        return Lazy(partial(_diagnostics, self.said))


class WhoopTranslator:
    """Translate messages of both formats by one set of tables; it keeps nothing of a message."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._observations = {name: ObservationTranslator(tables, name) for name in ("hl7v2", "fhir")}

    def translate(self, message: Message, lookup: Lookup) -> Translation:
        """Give every observation its fate and every service request its submission."""
        result = Translation([], [], [], set())
        if message.findings:
            result.said += [_diagnostic("warning", finding) for finding in message.findings]
        if message.refused is not None:
            _refuse(message.reports, message.refused, result)
            return result
        resolutions = resolve_all(message.reports, lookup, self._tables)
        if message.unplaced is not None and all(found.is_missing for found in resolutions):
            _refuse(message.reports, message.unplaced, result)
            return result
        inherit(message.reports, resolutions, lookup, self._tables.site)
        self._reports(message, resolutions, result)
        if not result.submissions and "held" not in result.states and not _has_report(message):
            result.said.append(Diagnostic("no-results", "error", "", "the message reports nothing"))
            result.states.add("held")
        return result

    def _reports(self, message: Message, resolutions: list[Resolution], result: Translation) -> None:
        if message.held:
            result.said += [_diagnostic("error", finding) for finding in message.held]
            result.states.add("held")
        for found in resolutions:
            if found.remark is not None:
                result.said.append(_diagnostic("info", found.remark))
        parts = [
            self._part(report, message.format, found)
            for report, found in zip(message.reports, resolutions, strict=True)
        ]
        for case in _cases(parts, self._tables, message.held):
            if case.is_settled:
                # Observations outside every report, and those of refused ones, come to what they are by themselves.
                _account(case.verdicts, result)
            else:
                _Assembly(case, message, result).run()
        for part in parts:
            if part.is_refused:
                text = "the report's status refuses it"
                result.said.append(_diagnostic("error", Finding(part.status.reason, part.report.status_at, text)))
                result.states.add("refused")

    def _part(self, report: Report, source_format: str, resolution: Resolution) -> Part:
        verdicts = self._observations[source_format].translate_all(report.observations)
        statuses = self._tables.report_status.get(source_format, {})
        status = statuses.get(report.status, _UNKNOWN_STATUS)
        if status.action == "refuse" and report.at:
            for verdict in verdicts:
                verdict.state, verdict.reason, verdict.payload = "refused", status.reason, None
        hold_other_specimens(report, verdicts, self._tables)
        return Part(report, verdicts, status, resolution, _is_form(verdicts))


def _has_report(message: Message) -> bool:
    """Observations of HL7 v2 that stand under no order are no results; a message of nothing else is a mistake."""
    return any(report.at or message.format == "fhir" for report in message.reports)


def _is_form(verdicts: Sequence[Verdict]) -> bool:
    if not verdicts or verdicts[0].observation.place != _FORM:
        return False
    return all(verdict.observation.place == _FORM and verdict.state == "ignored" for verdict in verdicts)


def _cases(parts: Sequence[Part], tables: Tables, held: tuple[Finding, ...]) -> Iterable[Case]:
    """Put together what belongs to one service request; what belongs to none stands alone."""
    by_request: dict[object, list[Part]] = {}
    for number, part in enumerate(parts):
        alone = part.is_form or not part.resolution.service_request_id
        by_request.setdefault(number if alone else part.resolution.service_request_id, []).append(part)
    return [Case(group, _verdicts(group), tables, held) for group in by_request.values()]


def _verdicts(parts: Sequence[Part]) -> list[Verdict]:
    return parts[0].verdicts if len(parts) == 1 else [verdict for part in parts for verdict in part.verdicts]


def _refuse(reports: Iterable[Report], finding: Finding, result: Translation) -> None:
    result.states.add("refused")
    result.said.append(_diagnostic("error", finding))
    for report in reports:
        result.entries += [Entry(observation.at, "refused", finding.code) for observation in report.observations]


class _Assembly:
    """Put one case together; its verdicts are settled in place, in the order of the methods."""

    def __init__(self, case: Case, message: Message, result: Translation) -> None:
        self._case = case
        self._message = message
        self._result = result
        self._verdicts = case.verdicts

    def run(self) -> None:
        seen = Seen.of(self._verdicts)
        if "document" in seen.reasons or has_repeats(self._verdicts):
            self._settle_documents()
            self._settle_repeats()
            seen = Seen.of(self._verdicts)
        hold = hold_of(self._case, seen)
        status = "" if hold else report_status(self._case, seen)
        if status == "cancelled":
            self._settle_cancelled()
            seen = Seen.of(self._verdicts)
        if status in _CORRECTED and seen.is_incomplete:
            text = f"a {status} report is not sent without its held observations"
            hold = Finding("report-incomplete", self._case.at, text)
        if hold is not None:
            self._hold(hold)
        elif status:
            self._submit(status, seen)
        if hold is not None or seen.states != {"translated"}:
            account = account_of(self._case, DESTINATION, "" if hold else status, len(self._result.entries))
            self._result.accounts.append(account)
        self._finish(status, seen, held=hold is not None)

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

    def _hold(self, finding: Finding) -> None:
        if finding not in self._message.held:
            self._result.said.append(_diagnostic("error", finding))
        self._result.states.add("held")
        for verdict in self._verdicts:
            if verdict.state == "translated":
                verdict.state, verdict.reason, verdict.payload = "held", "report-held", None
                verdict.cause = finding.code

    def _submit(self, status: str, seen: Seen) -> None:
        parts = self._case.parts
        chosen = self._chosen()
        if not any(chosen) and status != "cancelled":
            return
        incomplete = status == "final" and seen.is_incomplete
        self._remark_status(status, incomplete=incomplete)
        sent = chosen[0] if len(chosen) == 1 else [verdict for verdicts in chosen for verdict in verdicts]
        observations = tuple([verdict.payload for verdict in sent if verdict.payload is not None])
        patient = parts[0].report.patient
        zone = self._case.tables.site.time_zone
        told = [(part.report, of) for part, of in zip(parts, chosen, strict=True)]
        submission = Submission(
            DESTINATION,
            parts[0].resolution.service_request_id,
            Payload("partial" if incomplete else status, observations),
            Lazy(partial(sources, self._message, told, zone)),
            (patient.identifier, patient.birth_date),
            Lazy(lambda: [max(ordered_at(part.report, zone) for part in parts)]),
            tuple([verdict.route.code for verdict in sent if not verdict.route.confirmed]),
            panel_of(self._case),
        )
        self._result.submissions.append(submission)

    def _chosen(self) -> list[list[Verdict]]:
        """
        Choose what is sent of each part; what is left under one code after the repeats is equal, and sent once.

        Shape: each verdict gets its place, that of the first of its code.
        """
        submission, places = len(self._result.submissions), dict[str, int]()
        chosen = []
        for part in self._case.parts:
            sent = [verdict for verdict in part.verdicts if verdict.payload is not None]
            here = []
            for verdict in sent:
                count = len(places)
                verdict.submission, verdict.number = submission, places.setdefault(verdict.route.code, count)
                if verdict.number == count:
                    here.append(verdict)
            chosen.append(here)
        return chosen

    def _remark_status(self, status: str, *, incomplete: bool) -> None:
        remarks = self._result.said
        own = self._case.parts[0].status.status
        if self._case.is_derived:
            origin = f"{len(self._case.parts)} reports" if self._case.is_merged else "the observations"
            remarks.append(Diagnostic("status-derived", "info", self._case.at, f"{origin}: {status}"))
        elif status != own:
            remarks.append(Diagnostic("status-raised", "warning", self._case.at, f"{own} is sent as {status}"))
        if incomplete:
            remarks.append(
                Diagnostic("report-incomplete", "warning", self._case.at, "sent as partial without what is held")
            )

    def _finish(self, status: str, seen: Seen, *, held: bool) -> None:
        result = self._result
        result.said += self._verdicts
        _account(self._verdicts, result)
        expected = status not in {"", "cancelled"} or self._case.parts[0].status.action == "derive"
        # A report that says that results are there, and has none where results stand, was written by other rules.
        if not expected or held or "translated" in seen.states:
            return
        if all(verdict.observation.place == _NO_PLACE for verdict in self._verdicts):
            text = "the report has no observation" + " where results stand" * bool(self._verdicts)
            result.said.append(Diagnostic("no-results", "error", self._case.at, text))
            result.states.add("held")


def _account(verdicts: Sequence[Verdict], result: Translation) -> None:
    """Write down what every observation comes to."""
    result.states.update([verdict.state for verdict in verdicts])
    result.entries += [
        Entry(
            verdict.observation.at,
            verdict.state,
            verdict.reason,
            verdict.cause,
            verdict.submission,
            verdict.number,
            verdict.route.table,
            verdict.original if verdict.number is not None else None,
        )
        for verdict in verdicts
    ]


def _diagnostics(said: Iterable[Diagnostic | Verdict]) -> Iterator[Diagnostic]:
    for each in said:
        if isinstance(each, Diagnostic):
            yield each
        else:
            yield from each.diagnostics


def _diagnostic(severity: str, finding: Finding) -> Diagnostic:
    return Diagnostic(finding.code, severity, finding.at, finding.text)
