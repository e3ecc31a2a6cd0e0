"""
Say what a Bundle of plain results may have, so that it is read in one go and nothing of it is passed over.

A plain Observation is one value with a code: nothing in it leads elsewhere or turns its meaning. A document that has
any element that is not named here, or one of another shape, is parsed as any other.

Source: FHIR R4 Bundle, DiagnosticReport, Observation, ServiceRequest, Patient, Organization, Practitioner, Meta,
CodeableConcept, Quantity, Reference, Identifier, Period, Narrative.
"""

from __future__ import annotations

from msgspec import Raw, Struct

# What is not there; as JSON, so that it can be written beside what is.
NOTHING = Raw(b"null")


class Plain(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True, rename="camel"):
    """A part that is read whole; what is empty is as if it were not there."""


class PlainCoding(Plain, frozen=True, gc=False):
    """One code of one system."""

    system: str = ""
    version: str = ""
    code: str = ""
    display: str = ""


class PlainConcept(Plain, frozen=True, gc=False):
    """A CodeableConcept."""

    coding: tuple[PlainCoding, ...] = ()
    text: str = ""


class PlainIdentifier(Plain, frozen=True, gc=False):
    """A number of the sender's."""

    use: str = ""
    type: PlainConcept | None = None
    system: str = ""
    value: str = ""


class PlainReference(Plain, frozen=True, gc=False):
    """A reference to a resource."""

    reference: str = ""
    type: str = ""
    identifier: PlainIdentifier | None = None
    display: str = ""


class PlainQuantity(Plain, frozen=True, gc=False):
    """A number, as it was written, with its unit."""

    value: Raw = NOTHING
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class PlainMeta(Plain, frozen=True, gc=False):
    """What is said about the resource itself."""

    version_id: str = ""
    last_updated: str = ""
    source: str = ""
    profile: tuple[str, ...] = ()


class PlainPeriod(Plain, frozen=True, gc=False):
    """A time with an end."""

    start: str = ""
    end: str = ""


class PlainNarrative(Plain, frozen=True, gc=False):
    """The same for people."""

    status: str = ""
    div: str = ""


class PlainObservation(Plain, frozen=True, gc=False, tag_field="resourceType", tag="Observation"):
    """
    An Observation of one value.

    Shape: what a feed says again and again is left as it was written, so that it can be looked up.
    """

    id: str = ""
    meta: PlainMeta | None = None
    text: PlainNarrative | None = None
    identifier: tuple[PlainIdentifier, ...] = ()
    status: str = ""
    category: Raw = NOTHING
    code: Raw = NOTHING
    subject: PlainReference | None = None
    encounter: PlainReference | None = None
    effective_date_time: str = ""
    effective_period: PlainPeriod | None = None
    issued: str = ""
    performer: tuple[PlainReference, ...] = ()
    value_quantity: PlainQuantity | None = None
    value_string: str = ""
    value_codeable_concept: PlainConcept | None = None
    interpretation: Raw = NOTHING
    method: PlainConcept | None = None
    body_site: PlainConcept | None = None
    reference_range: Raw = NOTHING
    note: Raw = NOTHING
    extension: Raw = NOTHING


class PlainOther(Plain, frozen=True, gc=False, tag_field="resourceType"):
    """Any other resource; what is in its elements is parsed by itself."""

    id: Raw = NOTHING
    meta: Raw = NOTHING
    implicit_rules: Raw = NOTHING
    language: Raw = NOTHING
    text: Raw = NOTHING
    contained: Raw = NOTHING
    extension: Raw = NOTHING
    modifier_extension: Raw = NOTHING
    identifier: Raw = NOTHING


class PlainReport(PlainOther, frozen=True, gc=False, tag="DiagnosticReport"):
    """A DiagnosticReport; who performed it stands as it has since R4."""

    based_on: Raw = NOTHING
    status: Raw = NOTHING
    category: Raw = NOTHING
    code: Raw = NOTHING
    subject: Raw = NOTHING
    encounter: Raw = NOTHING
    effective_date_time: Raw = NOTHING
    effective_period: Raw = NOTHING
    issued: Raw = NOTHING
    performer: tuple[PlainReference, ...] = ()
    results_interpreter: Raw = NOTHING
    specimen: Raw = NOTHING
    result: Raw = NOTHING
    conclusion: Raw = NOTHING
    conclusion_code: Raw = NOTHING
    presented_form: Raw = NOTHING


class PlainRequest(PlainOther, frozen=True, gc=False, tag="ServiceRequest"):
    """A ServiceRequest."""

    based_on: Raw = NOTHING
    requisition: Raw = NOTHING
    status: Raw = NOTHING
    intent: Raw = NOTHING
    category: Raw = NOTHING
    priority: Raw = NOTHING
    code: Raw = NOTHING
    subject: Raw = NOTHING
    encounter: Raw = NOTHING
    occurrence_date_time: Raw = NOTHING
    authored_on: Raw = NOTHING
    requester: Raw = NOTHING
    performer: Raw = NOTHING
    reason_code: Raw = NOTHING
    specimen: Raw = NOTHING
    note: Raw = NOTHING


class PlainPatient(PlainOther, frozen=True, gc=False, tag="Patient"):
    """A Patient."""

    active: Raw = NOTHING
    name: Raw = NOTHING
    telecom: Raw = NOTHING
    gender: Raw = NOTHING
    birth_date: Raw = NOTHING
    deceased_boolean: Raw = NOTHING
    deceased_date_time: Raw = NOTHING
    address: Raw = NOTHING
    marital_status: Raw = NOTHING
    communication: Raw = NOTHING
    general_practitioner: Raw = NOTHING
    managing_organization: Raw = NOTHING


class PlainOrganization(PlainOther, frozen=True, gc=False, tag="Organization"):
    """An Organization."""

    active: Raw = NOTHING
    type: Raw = NOTHING
    name: Raw = NOTHING
    alias: Raw = NOTHING
    telecom: Raw = NOTHING
    address: Raw = NOTHING
    part_of: Raw = NOTHING


class PlainPractitioner(PlainOther, frozen=True, gc=False, tag="Practitioner"):
    """A Practitioner."""

    active: Raw = NOTHING
    name: Raw = NOTHING
    telecom: Raw = NOTHING
    address: Raw = NOTHING
    gender: Raw = NOTHING
    birth_date: Raw = NOTHING
    qualification: Raw = NOTHING


class PlainSpecimen(PlainOther, frozen=True, gc=False, tag="Specimen"):
    """A Specimen."""

    accession_identifier: Raw = NOTHING
    status: Raw = NOTHING
    type: Raw = NOTHING
    subject: Raw = NOTHING
    received_time: Raw = NOTHING
    request: Raw = NOTHING
    collection: Raw = NOTHING


class PlainEntry(Plain, frozen=True, gc=False):
    """An entry that says no more than which resource it holds, and how it came to be found."""

    full_url: str = ""
    resource: (
        PlainObservation
        | PlainReport
        | PlainRequest
        | PlainPatient
        | PlainOrganization
        | PlainPractitioner
        | PlainSpecimen
        | None
    ) = None
    search: Raw = NOTHING


class PlainBundle(Plain, frozen=True, gc=False, tag_field="resourceType", tag="Bundle"):
    """A Bundle of such entries."""

    id: str = ""
    meta: Raw = NOTHING
    identifier: Raw = NOTHING
    type: str = ""
    timestamp: str = ""
    total: Raw = NOTHING
    link: Raw = NOTHING
    entry: list[PlainEntry] = []
