"""
Draw the tables of what vendors tell by webhook, and of the requisitions that were fetched for it.

    event 1-1 message          the bytes of the webhook
    requisition 1-1 message    the newest document of it; its service requests are lanes, and stand in the correlation

An event is kept once per vendor, kind and resource, however often it comes; `told` counts. What a vendor sends whole,
such as the state of a study, has the hash of its bytes for a resource. `due_at` is not null exactly while something is
to be done about it. `subject_hash` is the keyed hash of the order that the state of a study is about, `-` where it
names none, and empty in an event of an older version that nobody has asked for yet. `ordered_at` is when the lab was
given its order, `confirmed_at` when the requisition as a whole was confirmed; `held` is the reason why there is no
order yet, and `held_about` what it is about, such as a panel's code.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, text

from translator.ledger.columns import METADATA, count, instant, key, link, words

WAITING, DONE, FAILED, NOTED = "waiting", "done", "failed", "noted"
EVENT_STATES = (WAITING, DONE, FAILED, NOTED)
"""To be acted on; acted on; to be looked at by a person; kept, since there is nothing to do about it."""

event = Table(
    "event",
    METADATA,
    key(),
    words("vendor"),
    words("kind"),
    words("resource"),
    link("message_id", "message", nullable=True),
    instant("received_at"),
    instant("told_at"),
    count("told"),
    words("state"),
    instant("due_at", nullable=True),
    count("tries"),
    words("answer"),
    words("subject_hash"),
    UniqueConstraint("vendor", "kind", "resource"),
    CheckConstraint("state IN ({})".format(", ".join(f"'{state}'" for state in EVENT_STATES)), name="state"),
)
Index("ix_event_due", event.c.due_at, **{  # type: ignore[arg-type]
    f"{dialect}_where": text("due_at IS NOT NULL") for dialect in ("sqlite", "postgresql")
})  # fmt: skip

Index("ix_event_subject_hash", event.c.subject_hash)

requisition = Table(
    "requisition",
    METADATA,
    key(),
    words("requisition_id"),
    link("message_id", "message"),
    instant("fetched_at"),
    instant("ordered_at", nullable=True),
    instant("confirmed_at", nullable=True),
    words("held"),
    words("held_about"),
    UniqueConstraint("requisition_id"),
)
