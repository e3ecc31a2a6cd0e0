"""
Keep the faults that a tester asked for, and hand them out first in, first out. (pure)

A fault waits for a call to its route (or, as `any`, for whatever comes next) and is gone after `times` calls.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

ANY = "any"
Kind = Literal["status", "delay", "drop_before", "drop_after", "truncate"]

LOWEST_STATUS, HIGHEST_STATUS = 200, 599
LONGEST_DELAY = 3600


class FaultError(ValueError):
    """A fault object that cannot be obeyed."""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One wish of a tester.

    Shape: `value` is the status of a `status` fault, else unused; `headers` go with the answer of a `status` fault.
    Units: `value` of a `delay` is in seconds.
    """

    route: str
    kind: Kind
    value: int | float | None = None
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)


class Faults:
    """The queue."""

    def __init__(self, routes: frozenset[str]) -> None:
        self.routes = routes | {ANY}
        self._waiting: list[tuple[Fault, int]] = []

    def add(self, raw: bytes) -> Fault:
        """
        Read one fault object and queue it.

        Raises:
            FaultError: the object says something that cannot be obeyed.
        """
        try:
            fault = msgspec.json.decode(raw, type=Fault)
        except msgspec.DecodeError as error:
            raise FaultError(str(error)) from error
        complaint = self._complaint(fault)
        if complaint:
            raise FaultError(complaint)
        self._waiting.append((fault, fault.times))
        return fault

    def take(self, route: str) -> Fault | None:
        """Use up one turn of the first fault that waits for this route."""
        for index, (fault, left) in enumerate(self._waiting):
            if fault.route in (route, ANY):
                self._waiting[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                return fault
        return None

    def clear(self) -> None:
        """Forget every waiting fault."""
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """List the faults still to come, each with the turns that it has left."""
        return [msgspec.structs.replace(fault, times=left) for fault, left in self._waiting]

    def _complaint(self, fault: Fault) -> str:
        checks = (
            (fault.route in self.routes, f"route must be one of {', '.join(sorted(self.routes))}"),
            (fault.times >= 1, "times must be 1 or more"),
            (_value_fits(fault), f"value does not fit kind {fault.kind}: {VALUES.get(fault.kind, '')}"),
            (_headers_fit(fault), "headers must be printable ASCII without line ends"),
        )
        return next((text for good, text in checks if not good), "")


VALUES = {
    "status": f"a whole number from {LOWEST_STATUS} to {HIGHEST_STATUS}",
    "delay": f"seconds, from 0 to {LONGEST_DELAY}",
}


def _value_fits(fault: Fault) -> bool:
    if fault.kind == "status":
        return isinstance(fault.value, int) and LOWEST_STATUS <= fault.value <= HIGHEST_STATUS
    if fault.kind == "delay":
        return fault.value is not None and 0 <= fault.value <= LONGEST_DELAY
    return True


def _headers_fit(fault: Fault) -> bool:
    return all(text.isascii() and text.isprintable() for pair in fault.headers.items() for text in pair)
