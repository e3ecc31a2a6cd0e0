"""
Hold what vendors tell by webhook: that a WHOOP requisition is there, how far a sleep study is.

An event only says that something is to be looked at; what was asked for stands in the requisition that it names. A
study's event is a full snapshot of all its nights, may come twice, and may come after a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

WHOOP = "whoop"
ACURABLE = "acurable"

REQUISITION_CREATED = "lab_requisition.created"
REVIEW_REQUESTED = "clinical_report_review.requested"

INDEXES = ("AHI3", "AHI4", "ODI3", "ODI4")


MOST_PER_HOUR = 1000


def is_last(kind: str) -> bool:
    """Tell the vendor's words for the end of a study, an order or a referral."""
    return kind.lower().replace("_", "-").endswith("finished")


class ResourceEvent(Struct, frozen=True, gc=False):
    """
    Something at WHOOP that is to be looked at.

    Shape: `kind` is the vendor's word (`lab_requisition.created`, or one that we do not know); `resource` the id of
    what it speaks of.
    """

    kind: str
    resource: str


class Night(Struct, frozen=True):
    """
    One attempt to record one night.

    Shape: `status` is PENDING, IN_PROGRESS, VALID or INVALID, or as sent. `indexes` holds those of `INDEXES` that the
    vendor gives; `severity` is its own word.
    Units: the indexes are events an hour.
    """

    number: int
    attempt: int = 1
    status: str = ""
    severity: str = ""
    indexes: Mapping[str, Decimal] = {}


class StudyEvent(Struct, frozen=True):
    """
    How far a study, an order or a referral is.

    Shape: `kind` is the vendor's word, `reference` ours, given when it was created. `nights` are all nights of the
    study in the vendor's order, each attempt of its own.
    Absent: `reference` is empty where the vendor names none that we can find.
    """

    kind: str
    reference: str = ""
    nights: tuple[Night, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the vendor says that no more nights will come."""
        return is_last(self.kind)

    @property
    def is_plausible(self) -> bool:
        """Whether every index can be a number of events an hour: not below zero, and not faster than breath."""
        return all(0 <= index <= MOST_PER_HOUR for night in self.nights for index in night.indexes.values())

    @property
    def valid_nights(self) -> tuple[Night, ...]:
        """The attempts that have a valid result."""
        return tuple(night for night in self.nights if night.status == "VALID")
