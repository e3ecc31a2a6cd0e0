"""
Hold what the vendor owns: requisitions, their service requests, and the results that came in. (pure)

Ids are kept in lower case; a UUID is the same in either (RFC 9562 section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DEFAULT_CODES = ("LIPID_PANEL", "CBC")


class OrderError(ValueError):
    """A service request or requisition that cannot be set up as asked."""


class ServiceRequest(Struct):
    """One ordered test, as the vendor shows it."""

    id: str
    code: str
    status: str = "active"
    intent: str = "order"
    task_business_status: str | None = None
    task_description: str | None = None


class Requisition(Struct):
    """One requisition, as the vendor shows it; patient and appointments stand as they were given."""

    id: str
    created_at: str
    updated_at: str
    service_requests: list[ServiceRequest]
    patient: dict[str, Any]
    appointments: list[dict[str, Any]]


class ServiceRequestDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A service request as a tester asks for it; what is absent is invented."""

    id: str = ""
    code: str = DEFAULT_CODES[0]
    status: str = "active"
    intent: str = "order"
    task_business_status: str | None = None
    task_description: str | None = None


class RequisitionDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A requisition as a tester asks for it; what is absent is invented."""

    id: str = ""
    created_at: str = ""
    updated_at: str = ""
    service_requests: list[ServiceRequestDraft] = field(
        default_factory=lambda: [ServiceRequestDraft(code=code) for code in DEFAULT_CODES]
    )
    patient: dict[str, Any] | UnsetType = UNSET
    appointments: list[dict[str, Any]] = field(default_factory=list)


class StatusChange(NamedTuple):
    """One accepted status PATCH."""

    task_business_status: str
    reason: str | None


class Orders:
    """Everything that the vendor remembers between calls; `new_id` and `now` come from outside."""

    def __init__(self, new_id: Callable[[], str], now: Callable[[], str], *, accept_any: bool = False) -> None:
        self._new_id = new_id
        self._now = now
        self._accept_any = accept_any
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.requisitions: dict[str, Requisition] = {}
        self.service_requests: dict[str, ServiceRequest] = {}
        self.results: dict[str, list[Any]] = {}
        self.changes: dict[str, list[StatusChange]] = {}

    def requisition(self, identifier: str) -> Requisition | None:
        """Find a requisition."""
        return self.requisitions.get(identifier.lower())

    def service_request(self, identifier: str) -> ServiceRequest | None:
        """Find a service request; one that is accepted whatever its id comes to life when it is first asked about."""
        found = self.service_requests.get(identifier.lower())
        if found is None and self._accept_any:
            return self.add_service_request(ServiceRequestDraft(id=identifier))
        return found

    def add_service_request(self, draft: ServiceRequestDraft) -> ServiceRequest:
        """
        Own one more service request, or set up the one of the same id anew.

        Raises:
            OrderError: the id is not a UUID.
        """
        values = {**msgspec.structs.asdict(draft), "id": self._checked_id(draft.id)}
        added = self.service_requests.setdefault(values["id"], ServiceRequest(**values))
        # In place, because a requisition may hold it.
        for name, value in values.items():
            setattr(added, name, value)
        return added

    def add_requisition(self, draft: RequisitionDraft) -> Requisition:
        """
        Own one more requisition, or replace the one of the same id.

        Raises:
            OrderError: an id is not a UUID; then nothing is added.
        """
        identifier = self._checked_id(draft.id)
        for wanted in draft.service_requests:
            self._checked_id(wanted.id)
        now = self._now()
        added = Requisition(
            id=identifier,
            created_at=draft.created_at or now,
            updated_at=draft.updated_at or now,
            service_requests=[self.add_service_request(wanted) for wanted in draft.service_requests],
            patient=self._invented_patient() if draft.patient is UNSET else draft.patient,
            appointments=draft.appointments,
        )
        self.requisitions[identifier] = added
        return added

    def set_status(self, service_request: ServiceRequest, change: StatusChange) -> None:
        """Set the task business status of one service request."""
        service_request.task_business_status = change.task_business_status
        self.changes.setdefault(service_request.id, []).append(change)

    def add_results(self, service_request: ServiceRequest, body: Any) -> None:
        """Keep one results body, as often as it comes: the vendor has no idempotency key."""
        self.results.setdefault(service_request.id, []).append(body)

    def _checked_id(self, identifier: str) -> str:
        if identifier and not UUID.fullmatch(identifier):
            raise OrderError("id: must be a UUID")
        return identifier.lower() or self._new_id()

    def _invented_patient(self) -> dict[str, Any]:
        number = len(self.requisitions) + 1
        return {
            "id": self._new_id(),
            "first_name": "Test",
            "last_name": f"Member {number}",
            "birth_date": f"19{60 + number % 40}-01-{1 + number % 28:02d}",
        }
