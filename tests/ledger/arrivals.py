"""Messages of invented people, as the pipeline would hand them over; for the tests of ledger and delivery."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from translator.ledger import Arrival, DestinationPolicy
from translator.record.outcome import (
    Entry,
    Outcome,
    Payload,
    PayloadObservation,
    Source,
    SourceObservation,
    Submission,
)

sqlite_only = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""A test of what only a file has."""

postgresql_only = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
"""A test of what only a server has."""

POLICIES = {"whoop": DestinationPolicy(loopback=True)}
LANES = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(100))


def report(
    values: dict[str, str],
    *,
    lane: str = LANES[0],
    status: str = "final",
    each: str = "final",
    at: str = "20260101080000.000000",
    patient: tuple[str, str] = ("P1", "19800101"),
    unconfirmed: tuple[str, ...] = (),
) -> Submission:
    """Make a submission: `values` by WHOOP code, each observation with the status `each`."""
    return Submission(
        destination="whoop",
        service_request_id=lane,
        payload=Payload(
            status,
            tuple(
                PayloadObservation(code, value_text=value, unit="mg/dL", status=each) for code, value in values.items()
            ),
        ),
        sources=tuple(
            SourceObservation(f"OBX[{number}]", code, value, "mg/dL", each, code)
            for number, (code, value) in enumerate(values.items(), start=1)
        ),
        patient=patient,
        moment=at,
        unconfirmed=unconfirmed,
    )


def arrival(*submissions: Submission, others: Iterable[Entry] = (), raw: bytes | None = None) -> Arrival:
    """Make the message that carries these submissions; `others` are its entries that are not sent."""
    entries = [
        Entry(source.at, "translated", submission=number, observation=observation, table="whoop/observations.csv:2")
        for number, submission in enumerate(submissions)
        for observation, source in enumerate(submission.sources)
    ]
    entries += others
    outcome = Outcome(
        Source(file="invented.hl7", index=0, format="hl7v2", type="ORU^R01", control_id="M1"),
        "translated" if submissions else entries[0].state if entries else "ignored",
        tables_sha256="0" * 64,
        submissions=submissions,
        entries=tuple(entries),
    )
    return Arrival(outcome, raw if raw is not None else repr(submissions).encode())
