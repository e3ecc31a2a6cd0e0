"""
Hold what became of one message: submissions, one entry per observation, diagnostics.

The JSON of an outcome is the contract of `translator translate` (schema `translator.outcome/1`): fields may be added
within `/1`, never changed; absent keys are omitted, never null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, field

SCHEMA = "translator.outcome/1"
FILE_SCHEMA = "translator.file/1"
RESULTS = "results"


class PayloadObservation(Struct, frozen=True, gc=False, omit_defaults=True):
    """One observation as WHOOP takes it; `value_numeric` is the shortest JSON number that equals the Decimal."""

    code: str
    value_numeric: int | float | None = None
    value_text: str | None = None
    unit: str | None = None
    status: str | None = None


class Payload(Struct, frozen=True, omit_defaults=True):
    """One results body; a cancelled report has no `observations` key."""

    status: str
    observations: tuple[PayloadObservation, ...] = ()


class OrderPayload(Struct, frozen=True):
    """
    One body of an order, a study or a referral, in the layout of `acurable/order.toml`.

    Shape: it is of no report, so it has neither status nor observations.
    """

    body: Mapping[str, Any]

    @property
    def status(self) -> str:
        """Nothing: an order reports nothing."""
        return ""

    @property
    def observations(self) -> tuple[PayloadObservation, ...]:
        """Nothing: an order observes nothing."""
        return ()


class SourceObservation(Struct, frozen=True, gc=False):
    """
    The source behind one payload observation: what the ledger compares when the lab sends again.

    Shape: `key` names the observation within its lane; `value`, `unit`, `status` are as sent (status normalised);
    `ordered_at` is the sender's time of its report, in a form that sorts.
    """

    at: str
    key: str
    value: str
    unit: str
    status: str
    code: str
    ordered_at: str = ""
    critical: bool = False


class Submission(Struct, frozen=True):
    """
    One payload for one service request, or for one order reference.

    Shape: `kind` is `results`, or `order`, `order-update`, `study`, `study-cancel` or `referral`; of an order
    `service_request_id` is its reference. `sources` runs parallel to `payload.observations`. `moment` is the sender's
    time in a form that sorts (`YYYYMMDDHHMMSS.ffffff` in UTC), or empty, or a sequence of it that is made when it is
    looked at; `patient` is `identifier` and `birth_date` as pinned by the lane. `unconfirmed` are the codes that the
    vendor has not confirmed, or `layout` where that is the body's layout.
    """

    destination: str
    service_request_id: str
    payload: Payload | OrderPayload
    sources: Sequence[SourceObservation] = ()
    patient: tuple[str, str] = ("", "")
    moment: str | Sequence[str] = ""
    unconfirmed: tuple[str, ...] = ()
    panel: str = ""
    kind: str = RESULTS

    @property
    def urgent(self) -> bool:
        """Tell that the laboratory marks one of its results as critical."""
        return any(source.critical for source in self.sources)

    @property
    def ordered_at(self) -> str:
        """The sender's time, in a form that sorts, or empty."""
        return self.moment if isinstance(self.moment, str) else self.moment[0]

    @property
    def body_json(self) -> bytes:
        """The body exactly as it is sent."""
        return msgspec.json.encode(_body(self))

    @property
    def body(self) -> dict[str, Any]:
        """The body as plain Python values, equal to `json.loads(body_json)`."""
        return msgspec.json.decode(self.body_json)  # type: ignore[no-any-return]


class ReportAccount(Struct, frozen=True, gc=False):
    """
    What the reports of one service request say beside what is sent of them; for the ledger, and not in the JSON.

    Shape: the entries from `first` up to `end` are theirs, and `subjects` runs parallel to these: the WHOOP code, or
    the code as sent where none is mapped; empty for what is translated. `panel` is as in `Submission`.
    Absent: `service_request_id` is empty where none was found, `status` where the reports are held as a whole.
    There is no account where everything is translated: the submission says it all.
    """

    destination: str
    service_request_id: str
    status: str
    panel: str
    first: int
    end: int
    subjects: tuple[str, ...]


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    The fate of one observation.

    Shape: `state` is translated, held, ignored or refused. `cause` names, for `report-held`, what held the report.
    `table` is the row that decided (`whoop/observations.csv:14`). `original` keeps value and unit as sent where a
    conversion changed them.
    """

    at: str
    state: str
    reason: str = ""
    cause: str = ""
    submission: int | None = None
    observation: int | None = None
    table: str = ""
    original: Original | None = None


class Original(Struct, frozen=True, gc=False, omit_defaults=True):
    """A value as the lab wrote it, before a listed conversion."""

    value: str
    unit: str


class Diagnostic(Struct, frozen=True, gc=False, omit_defaults=True):
    """A remark: `code` is a row of `reasons.csv`; `text` never holds a value, a name or an id."""

    code: str
    severity: str
    at: str = ""
    text: str = ""


class Source(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a message came from: the n-th message (from 0) of a file."""

    index: int
    file: str = ""
    format: str = ""
    type: str = ""
    control_id: str = ""
    sha256: str = ""


class Outcome(Struct, frozen=True):
    """
    What became of one message (schema `translator.outcome/1`) or of a whole file (`translator.file/1`).

    Shape: `origin` is the source, or a sequence of this one that is made when it is looked at.
    """

    origin: Source | Sequence[Source]
    state: str
    tables_sha256: str = ""
    submissions: tuple[Submission, ...] = ()
    entries: tuple[Entry, ...] = ()
    diagnostics: Sequence[Diagnostic] = ()
    schema: str = field(default=SCHEMA)
    accounts: tuple[ReportAccount, ...] = ()

    @property
    def source(self) -> Source:
        """Where the message came from, with its hash."""
        return self.origin if isinstance(self.origin, Source) else self.origin[0]

    @property
    def json(self) -> bytes:
        """The outcome as one line of JSON, without the line end."""
        return msgspec.json.encode(_line(self))


class _SubmissionLine(Struct, frozen=True):
    destination: str
    service_request_id: str
    body: Payload


class _OrderLine(Struct, frozen=True):
    destination: str
    kind: str
    reference: str
    body: Mapping[str, Any]


_Sent: TypeAlias = _SubmissionLine | _OrderLine


class _OutcomeLine(Struct, frozen=True):
    schema: str
    tables_sha256: str
    source: Source
    state: str
    submissions: tuple[_Sent, ...]
    entries: tuple[Entry, ...]
    diagnostics: tuple[Diagnostic, ...]


class _FileLine(Struct, frozen=True):
    schema: str
    source: Source
    state: str
    diagnostics: tuple[Diagnostic, ...]


def _line(outcome: Outcome) -> _OutcomeLine | _FileLine:
    if outcome.schema == FILE_SCHEMA:
        return _FileLine(outcome.schema, outcome.source, outcome.state, tuple(outcome.diagnostics))
    return _OutcomeLine(
        outcome.schema,
        outcome.tables_sha256,
        outcome.source,
        outcome.state,
        tuple(map(_sent, outcome.submissions)),
        outcome.entries,
        tuple(outcome.diagnostics),
    )


def _sent(submission: Submission) -> _Sent:
    payload, key = submission.payload, submission.service_request_id
    if isinstance(payload, OrderPayload):
        return _OrderLine(submission.destination, submission.kind, key, payload.body)
    return _SubmissionLine(submission.destination, key, payload)


def _body(submission: Submission) -> Payload | Mapping[str, Any]:
    """Give what is sent itself, of either kind."""
    payload = submission.payload
    return payload.body if isinstance(payload, OrderPayload) else payload
