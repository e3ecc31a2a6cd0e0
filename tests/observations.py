"""Write observations for tests in one line, form and all."""

from __future__ import annotations

from translator.record.report import Finding, Form, Observation
from translator.record.values import Coding, Value


def written(  # noqa: PLR0913 - as many as an OBX has fields
    at: str,
    codes: tuple[Coding, ...],
    value: Value,
    value_type: str = "",
    unit: str = "",
    *,
    no_unit: bool = False,
    status: str = "",
    sub_id: str = "",
    place: str = "",
    findings: tuple[Finding, ...] = (),
    bare: bool = False,
) -> Observation:
    """Give an observation of a form of its own."""
    form = Form(codes, value_type, unit, "", no_unit, status)
    return Observation(at, form, value, sub_id, place, findings, bare)
