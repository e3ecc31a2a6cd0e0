"""
Say what an observation's value is, as a closed union; a number is a Decimal and keeps its lexical form.

A reader builds these; nothing here parses. `Text` is text as sent, unescaped: whether text such as `5.4` is a
number is for the mapping row's `kind` to decide, so the reader does not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct


class Numeric(Struct, frozen=True, gc=False, tag="numeric"):
    """
    One plain number.

    Shape: `lexical` is the number as written; `plain` is the same in the form of HL7, where the sender has its own.
    """

    lexical: str
    plain: str = ""

    @property
    def number(self) -> Decimal:
        """The number, exactly."""
        return Decimal(self.plain or self.lexical)


class Limit(Struct, frozen=True, gc=False, tag="limit"):
    """A bound, not a measurement: `comparator` is one of `<` `<=` `>` `>=`, `lexical` a number in the form of HL7."""

    comparator: str
    lexical: str


class Ratio(Struct, frozen=True, gc=False, tag="ratio"):
    """A titre or a ratio, such as `1:160`, or a bound of one, such as `>1:160`; never a quotient."""

    left: str
    separator: str
    right: str
    comparator: str = ""


class Range(Struct, frozen=True, gc=False, tag="range"):
    """Two bounds, such as `2-5`."""

    low: str
    high: str


class Text(Struct, frozen=True, gc=False, tag="text"):
    """Text as sent, unescaped and trimmed; `prose` where its type says that it is written for people (TX, FT)."""

    text: str
    prose: bool = False


class Coding(Struct, frozen=True, gc=False, cache_hash=True):
    """
    One code of one coding system.

    Shape: `system` is the canonical URI where one is known (`http://loinc.org`), else the name as sent (`L`, `99ABC`),
    else empty.
    """

    system: str
    code: str
    text: str = ""


class Coded(Struct, frozen=True, tag="coded"):
    """A coded answer: every coding offered, and the original text where there is one."""

    codings: tuple[Coding, ...]
    text: str = ""


class Document(Struct, frozen=True, gc=False, tag="document"):
    """An embedded or referenced document; its content is neither decoded nor fetched."""

    kind: str


class Absent(Struct, frozen=True, gc=False, tag="absent"):
    """No value was sent; `reason` is a code of `reasons.csv` where the sender says why."""

    reason: str = ""


class Cleared(Struct, frozen=True, gc=False, tag="cleared"):
    """HL7 null (`""`): a request to delete what was sent before. Not the same as Absent."""


class Unusable(Struct, frozen=True, gc=False, tag="unusable"):
    """
    A value that the reader found but must not interpret.

    Shape: `reason` is a code of `reasons.csv`; `refused` tells a type that can never be a lab value from one that
    a person could still decide.
    """

    reason: str
    refused: bool = False


Value: TypeAlias = Numeric | Limit | Ratio | Range | Text | Coded | Document | Absent | Cleared | Unusable
