"""
Say which tables there are, which columns each has, and what a cell may hold (pure).

Every check returns what is wrong, or nothing; a new table is a new entry of `TABLES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

Check = Callable[[str], str]


class Column(NamedTuple):
    """
    One column.

    Shape: `key` columns together name a row; `filled` ones may not be empty; a site's file may leave out a key column
    that is `optional`, as if its cells were empty.
    """

    name: str
    check: Check | None = None
    key: bool = False
    filled: bool = False
    optional: bool = False

    @property
    def unchecked(self) -> bool:
        """Whether any text will do, as in notes."""
        return not (self.check or self.key or self.filled)


class Table(NamedTuple):
    """
    One file's columns.

    Shape: `folds` compares keys without regard to case; in a site's file a table that `inherits` takes what it
    does not say from the packaged row, and one that `removes` takes a packaged row away where a filled cell is empty.
    """

    columns: tuple[Column, ...]
    folds: bool = False
    inherits: bool = False
    removes: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the columns that name a row."""
        return tuple(column.name for column in self.columns if column.key)

    def needs(self, column: Column, *, site: bool) -> bool:
        """Whether the header must have this column."""
        if column.name in SITE_COLUMNS:
            return False
        if not site:
            return True
        return not column.optional if column.key else column.filled and not self.inherits


SITE_COLUMNS = frozenset({"same_as", "assume_unit"})

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_COUNT = re.compile(r"[1-9][0-9]?")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WHOOP = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def number(cell: str) -> str:
    """A plain decimal number, such as `0.0915`: no exponent, no comma."""
    if _NUMBER.fullmatch(cell):
        return ""
    return "not a plain number; write `0.5`, with a point and without an exponent"


def count(cell: str) -> str:
    """A whole number from 1 to 99."""
    return "" if _COUNT.fullmatch(cell) else "not a whole number from 1 to 99"


def positive(cell: str) -> str:
    """A plain decimal number above zero."""
    return number(cell) or ("" if cell.strip("-0.") and cell[0] != "-" else "must be greater than zero")


def reason_code(cell: str) -> str:
    """Lower-case words joined by hyphens."""
    return "" if _CODE.fullmatch(cell) else "not a reason; write lower-case words joined by hyphens"


def whoop_code(cell: str) -> str:
    """Upper-case words joined by underscores."""
    return "" if _WHOOP.fullmatch(cell) else "not a WHOOP code; write upper-case words joined by underscores"


def whoop_codes(cell: str) -> str:
    """WHOOP codes joined by `|`, each once."""
    codes = cell.split("|")
    if len(set(codes)) != len(codes):
        return "a code stands twice"
    return next(filter(None, map(whoop_code, codes)), "")


def one_of(*words: str) -> Check:
    """A check for a closed list of words."""
    allowed = frozenset(words)
    text = f"must be {', '.join(words[:-1])} or {words[-1]}"
    return lambda cell: "" if cell in allowed else text


def some_of(*words: str) -> Check:
    """A check for words of a closed list, joined by `|`."""
    allowed = frozenset(words)
    text = f"must be of {', '.join(words)}, joined by |"
    return lambda cell: "" if allowed.issuperset(cell.split("|")) else text


yes_no = one_of("yes", "no")

_STATUSES = one_of(
    "registered", "partial", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"
)
_RESPONSES = Table(
    (
        Column("answer", key=True, filled=True),
        Column("outcome", one_of("accepted", "refused", "unknown", "retry", "renew", "pause", "conflict"), filled=True),
        Column("note"),
    )
)

_STATUS = Table((
    Column("code", key=True),
    Column("meaning"),
    Column("action", one_of("send", "ignore", "hold", "refuse"), filled=True),
    Column("status", _STATUSES),
    Column("reason", reason_code),
    Column("source"),
    Column("note"),
))  # fmt: skip

_OBSERVATIONS = Table((
    Column("system", key=True),
    Column("code", key=True, filled=True),
    Column("display"),
    Column("same_as"),
    Column("whoop_code", whoop_code, filled=True),
    Column("kind", one_of("numeric", "text"), filled=True),
    Column("wire_unit"),
    Column("assume_unit"),
    Column("unit"),
    Column("unit_sent"),
    Column("dimensionless", yes_no),
    Column("min", number),
    Column("max", number),
    Column("negative", yes_no),
    Column("ignore"),
    Column("confirmed", yes_no),
    Column("example_in"),
    Column("example_out"),
    Column("source"),
    Column("note"),
), inherits=True)  # fmt: skip

_CONVERSIONS = Table((
    Column("whoop_code", whoop_code, key=True, optional=True),
    Column("from", key=True, filled=True),
    Column("to", key=True, filled=True),
    Column("factor", positive, filled=True),
    Column("offset", number),
    Column("rule", one_of("equal", "scale", "molar", "affine"), filled=True),
    Column("step", positive),
    Column("molar_mass", positive),
    Column("source"),
))  # fmt: skip

_CONTROL = Table((
    Column("code", key=True),
    Column("meaning"),
    Column("action", one_of("create", "cancel", "update", "ignore", "hold", "refuse"), filled=True),
    Column("reason", reason_code),
    Column("source"),
    Column("note"),
))  # fmt: skip

_STUDIES = Table((
    Column("system", key=True),
    Column("code", key=True, filled=True),
    Column("display"),
    Column("kind", one_of("order", "study", "referral"), filled=True),
    Column("nights", count, filled=True),
    Column("sensors", some_of("neck_sensor", "oximeter"), filled=True),
    Column("example_in", filled=True),
    Column("example_out", filled=True),
    Column("note"),
))  # fmt: skip

_REASONS = Table((
    Column("code", reason_code, key=True, filled=True),
    Column("kind", some_of("held", "ignored", "refused", "error", "warning", "info"), filled=True),
    Column("cause", filled=True),
    Column("remedy", filled=True),
    Column("example", filled=True),
))  # fmt: skip

OBSERVATIONS = "whoop/observations.csv"
SITE_SETTINGS = "site.toml"
STUDIES = "acurable/study-codes.csv"
ORDER_CODES = "whoop/order-codes.csv"
CONTROLS: Mapping[str, str] = {"hl7v2": "hl7v2/0119-order-control.csv", "fhir": "fhir/request-control.csv"}

TABLES: Mapping[str, Table] = MappingProxyType({
    OBSERVATIONS: _OBSERVATIONS,
    "whoop/coded-values.csv": Table((
        Column("whoop_code", whoop_code, key=True, filled=True),
        Column("system", key=True, optional=True),
        Column("code", key=True, optional=True),
        Column("display"),
        Column("value_text", key=True),
        Column("spellings"),
        Column("note"),
    )),
    "whoop/panels.csv": Table((
        Column("panel", key=True, filled=True),
        Column("display"),
        Column("whoop_codes", whoop_codes, filled=True),
        Column("source"),
        Column("note"),
    )),
    ORDER_CODES: Table((
        Column("panel", key=True, filled=True),
        Column("system"),
        Column("code", filled=True),
        Column("display"),
        Column("source"),
        Column("note"),
    )),
    "whoop/responses.csv": _RESPONSES,
    "acurable/responses.csv": _RESPONSES,
    "units/spellings.csv": Table((
        Column("spelling", key=True, filled=True),
        Column("ucum", filled=True),
        Column("whoop_code", whoop_code, key=True, optional=True),
        Column("note"),
    )),
    "units/conversions.csv": _CONVERSIONS,
    "placeholders.csv": Table((
        Column("text", key=True, filled=True),
        Column("reason", reason_code, filled=True),
        Column("note"),
    ), folds=True, removes=True),
    "reasons.csv": _REASONS,
    "hl7v2/0085-observation-status.csv": _STATUS,
    "hl7v2/0123-report-status.csv": _STATUS,
    "hl7v2/0211-charset.csv": Table((Column("name", key=True, filled=True), Column("codec"), Column("note"))),
    "hl7v2/message-types.csv": Table((
        Column("type", key=True, filled=True),
        Column("read", yes_no, filled=True),
        Column("reason", reason_code),
        Column("note"),
    )),
    "hl7v2/specimens.csv": Table((
        Column("code", key=True, filled=True),
        Column("meaning"),
        Column("blood", yes_no, filled=True),
        Column("note"),
    )),
    "hl7v2/coding-systems.csv": Table((
        Column("spelling", key=True, filled=True),
        Column("system", filled=True),
        Column("note"),
    )),
    "hl7v2/0119-order-control.csv": _CONTROL,
    "fhir/request-control.csv": _CONTROL,
    "acurable/study-codes.csv": _STUDIES,
    "fhir/report-status.csv": _STATUS,
    "fhir/observation-status.csv": _STATUS,
})  # fmt: skip
