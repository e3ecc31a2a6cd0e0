"""Hold one WHOOP requisition: whom it is for, which tests it asks for, and when the member is seen."""

from __future__ import annotations

from msgspec import Struct

from translator.record.order import OrderPatient

ACTIVE = "active"


class RequestedTest(Struct, frozen=True, gc=False):
    """
    One service request of a requisition.

    Shape: `id` is a UUID in lower case. `status` is `active`, `completed` or `revoked`, or as sent; `task_status` the
    last workflow status that WHOOP has of us, or empty.
    """

    id: str
    code: str
    status: str = ""
    task_status: str = ""
    description: str = ""

    @property
    def is_active(self) -> bool:
        """Whether the vendor still wants it done."""
        return self.status == ACTIVE


class Appointment(Struct, frozen=True, gc=False):
    """When and where the member is seen; `tests` are the ids of the service requests that it is for."""

    tests: tuple[str, ...]
    starts_at: str = ""
    slot: str = ""
    address: tuple[str, ...] = ()


class Requisition(Struct, frozen=True):
    """
    One requisition as WHOOP shows it; never printed.

    Shape: `id` is a UUID in lower case; `patient.references` holds WHOOP's id of the member first.
    Absent: everything of the patient but that id, and the appointments, are shown to some partners only.
    """

    id: str
    created_at: str
    updated_at: str
    tests: tuple[RequestedTest, ...]
    patient: OrderPatient
    appointments: tuple[Appointment, ...] = ()
