"""
Hold one report as every reader delivers it and every translation reads it.

Statuses, codes and units stand here as sent; what they mean is decided by tables, in `translate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from translator.record.values import Coding, Value

if TYPE_CHECKING:
    from translator.record.order import Order


class Identifier(Struct, frozen=True, gc=False):
    """An entity identifier: HL7 EI (1-4) or a FHIR Identifier (value, system)."""

    value: str = ""
    namespace: str = ""
    universal_id: str = ""


class Finding(Struct, frozen=True, gc=False):
    """Something that a reader noticed: `code` is a row of `reasons.csv`, `at` a position, `text` free of values."""

    code: str
    at: str
    text: str = ""


class Form(Struct, frozen=True, gc=False, cache_hash=True):
    """
    What an observation says beside its value and its place in the message; a feed has few forms.

    Units: `unit` as sent; `no_unit` tells HL7 null (`""`, explicitly none) from nothing sent.
    Absent: empty strings.
    """

    codes: tuple[Coding, ...] = ()
    value_type: str = ""
    unit: str = ""
    unit_system: str = ""
    no_unit: bool = False
    status: str = ""


class Observation(Struct, frozen=True, gc=False):
    """
    One OBX segment, one FHIR Observation, or one component of it.

    Shape: `at` is the entry's address (`OBX[4]`, `Bundle.entry[3].resource.component[1]`). Observations of one form
    share it, so that what follows from a form is worked out once.
    Absent: `place` is empty for a result position, else the reason code that says why it is none; `bare` tells that
    OBX-6 to OBX-12 are all empty, as in a line that goes on with the observation before; `critical` that the laboratory
    marks it as such, so that it is sent before others.
    """

    at: str
    form: Form
    value: Value
    sub_id: str = ""
    place: str = ""
    findings: tuple[Finding, ...] = ()
    bare: bool = False
    critical: bool = False

    @property
    def codes(self) -> tuple[Coding, ...]:
        """Every coding offered."""
        return self.form.codes

    @property
    def value_type(self) -> str:
        """OBX-2, or the name of the value[x] element."""
        return self.form.value_type

    @property
    def unit(self) -> str:
        """The unit as sent."""
        return self.form.unit

    @property
    def no_unit(self) -> bool:
        """Tell HL7 null, which says that there is no unit, from nothing sent."""
        return self.form.no_unit

    @property
    def status(self) -> str:
        """The status as sent."""
        return self.form.status


class Patient(Struct, frozen=True, gc=False):
    """Only what matching needs; never printed."""

    identifier: str = ""
    birth_date: str = ""


class Report(Struct, frozen=True):
    """
    One OBR group or one DiagnosticReport.

    Shape: `at` is `OBR[2]` or a FHIRPath; `service_requests` lists every identifier that may name the service request
    directly, with its place; where `must_agree`, two that differ are a contradiction. `keys` are the correlation keys
    offered: type (`placer`, `filler`, `group`, `alt`, `accession`), place, identifier; `parents` are the numbers of the
    order that this one comes from. `is_reflex` tells an order that the laboratory made. `is_placed` is false where
    nobody can have placed the order yet, so that only the correlation can know it. `times` are the sender's, best
    first. `specimens` are the types of the specimens that the report names.
    Absent: `at` is empty for observations that stand outside every report.
    """

    at: str
    status: str = ""
    status_at: str = ""
    panel: tuple[Coding, ...] = ()
    service_requests: tuple[tuple[str, Identifier], ...] = ()
    keys: Sequence[tuple[str, str, Identifier]] = ()
    parents: tuple[tuple[str, str, Identifier], ...] = ()
    is_reflex: bool = False
    is_placed: bool = True
    specimens: tuple[str, ...] = ()
    filler: Identifier = Identifier()
    patient: Patient = Patient()
    times: tuple[str, ...] = ()
    observations: tuple[Observation, ...] = ()
    findings: tuple[Finding, ...] = ()
    must_agree: bool = True


class Message(Struct, frozen=True):
    """
    What a reader makes of one message or one FHIR document.

    Shape: `refused` and `held` are findings about the message as a whole; then every observation still stands
    in `reports`, so that it is accounted for. `unplaced` refuses the message unless the correlation knows its order.
    `orders` are those of a message that orders.
    """

    format: str
    type: str = ""
    version: str = ""
    control_id: str = ""
    sender: str = ""
    reports: tuple[Report, ...] = ()
    refused: Finding | None = None
    unplaced: Finding | None = None
    held: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    orders: tuple[Order, ...] = ()
