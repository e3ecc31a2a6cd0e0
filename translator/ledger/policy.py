"""Say what a destination may be sent before its codes are confirmed. (pure)"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from translator.translate.workflow import Workflow


class DestinationPolicy(Struct, frozen=True):
    """
    What the site has agreed with one destination.

    Shape: `confirmed` holds the vendor codes that the site confirmed, or `all`. A `loopback` destination is the
    sandbox, which is sent anything. `in_full` sends a whole report again where something in it is new. `workflow` says
    when an order is complete.
    Absent: `workflow` is None where the destination is told no workflow status.
    """

    confirmed: frozenset[str] = frozenset()
    loopback: bool = False
    in_full: bool = False
    workflow: Workflow | None = None

    def holds(self, unconfirmed: Iterable[str]) -> bool:
        """Tell whether a report with these unconfirmed codes must wait."""
        if self.loopback or "all" in self.confirmed:
            return False
        return not self.confirmed.issuperset(unconfirmed)


STRICT = DestinationPolicy()
