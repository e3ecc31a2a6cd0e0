"""Name the fields of an order's body: `submissions[0].body.data.attributes.shippingAddress.county` (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from translator.record.outcome import OrderPayload, Outcome
from translator.record.payload_field import NoSuchFieldError

_SUBMISSION = re.compile(r"(?:submissions\[([0-9]{1,6})\]\.|([0-9]{1,6})\.)?(?:body\.)?(.+)")
_ITEM = re.compile(r"(.+)\[([0-9]{1,6})\]")


class BodyField(Struct, frozen=True):
    """One field of an order's body; `at` is its path within the body, `value` what is sent."""

    submission: int
    at: str
    value: Any

    @property
    def path(self) -> str:
        """The field as the output of `translate` has it."""
        return f"submissions[{self.submission}].body.{self.at}"


def body_fields(number: int, outcome: Outcome) -> list[BodyField]:
    """Give every field of the body of an order; none of a submission that is no order."""
    payload = outcome.submissions[number].payload
    if not isinstance(payload, OrderPayload):
        return []
    return [BodyField(number, at, value) for at, value in _leaves(payload.body, "")]


def parse_body_field(text: str, outcome: Outcome) -> BodyField | None:
    """
    Read the name of a field of an order's body: its path, or as much of its end as only one field has.

    Absent: None where the submission that is meant is no order, or is not there.
    Raises: NoSuchFieldError where it is one, and has no such field.
    """
    match = _SUBMISSION.fullmatch(text)
    number = int(match[1] or match[2] or 0) if match else 0
    if match is None or number >= len(outcome.submissions):
        return None
    fields = {each.at: each for each in body_fields(number, outcome)}
    if not fields:
        return None
    item = _ITEM.fullmatch(match[3])
    for at, index in ((match[3], None), *([(item[1], int(item[2]))] if item else [])):
        found = _ending_in(at, fields)
        if found is not None and index is None:
            return found
        if found is not None and isinstance(found.value, list) and index is not None and index < len(found.value):
            return BodyField(number, f"{found.at}[{index}]", found.value[index])
    raise NoSuchFieldError(f"{text}: there is no such field in this order, but {', '.join(fields)}")


def _ending_in(at: str, fields: Mapping[str, BodyField]) -> BodyField | None:
    """Find the field with this path or, where the end of several is the same, the one that is least deep."""
    if at in fields:
        return fields[at]
    ending = sorted((path.count("."), path) for path in fields if path.endswith(f".{at}"))
    is_one = len(ending) == 1 or (len(ending) > 1 and ending[0][0] < ending[1][0])
    return fields[ending[0][1]] if is_one else None


def _leaves(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list) and any(isinstance(part, Mapping | list) for part in tree):
        for number, part in enumerate(tree):
            yield from _leaves(part, f"{path}[{number}]")
    else:
        yield path, tree
