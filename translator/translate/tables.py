"""
Hold every mapping table as frozen, indexed rows; `load.py` builds it from text, nothing here reads a disk.

Rows name where they stand (`at`, such as `whoop/observations.csv:14`), so that every decision can be traced to a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from translator.record.values import Coding
from translator.translate.order_layout import OrderLayout, StudyRow
from translator.translate.site import Site

# What an order may ask for.
CONTROLS = frozenset({"create", "cancel", "update"})


class ObservationRow(Struct, frozen=True, gc=False):
    """
    One code of one system, and what WHOOP is told for it.

    Shape: `kind` is `numeric` or `text`. `ignore` is not empty where the site wants no such result sent.
    Units: `wire_unit` (UCUM) is what this code's own feed usually carries, `unit` (UCUM) the target, `unit_sent` how
    the target is written to WHOOP (empty: no unit is sent). `minimum` and `maximum` are inclusive, in `unit`.
    `assume_unit` is the unit, as a site's sender would write it, of results without one.
    """

    at: str
    system: str
    code: str
    display: str
    whoop_code: str
    kind: str
    wire_unit: str = ""
    unit: str = ""
    unit_sent: str = ""
    dimensionless: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    negative: bool = False
    ignore: str = ""
    confirmed: bool = False
    example_in: str = ""
    example_out: str = ""
    source: str = ""
    note: str = ""
    assume_unit: str = ""


class StatusRow(Struct, frozen=True, gc=False):
    """
    What a status code means to us.

    Shape: `action` is `send`, `ignore`, `hold` or `refuse`, or for a report `derive`: take the status from its
    observations; for an order it is `create`, `cancel` or `update` where it is sent. `status` is the FHIR status it
    stands for (`final`, `cancelled`, `registered`, ... or empty); `reason` (a row of `reasons.csv`) says why it is not
    sent.
    """

    at: str
    code: str
    action: str
    status: str = ""
    reason: str = ""


class Conversion(Struct, frozen=True, gc=False):
    """
    `to = from * factor + offset`, in Decimal.

    Shape: `rule` is `equal` (another spelling of the same unit), `scale` (a power of ten), `molar` (an analyte's own
    factor) or `affine` (a master equation). `step` is the rounding step of an affine rule (`0.1`), else None.
    """

    at: str
    whoop_code: str
    unit_from: str
    unit_to: str
    factor: Decimal
    offset: Decimal
    rule: str
    step: Decimal | None = None


class ReasonRow(Struct, frozen=True, gc=False):
    """One stable code: `kind` is held, ignored, refused, error, warning or info (several joined by `|`)."""

    at: str
    code: str
    kind: str
    cause: str
    remedy: str
    example: str


class Tables(Struct, frozen=True):
    """
    Every table of one site, indexed for look-up.

    Shape: `observations` by (system, code). `observation_status[format]` and `report_status[format]` by code, where
    `format` is `hl7v2` or `fhir` and the code is as sent (blank code: ""). `spellings` by (whoop code or "", spelling)
    -> UCUM. `conversions` by (whoop code or "", from, to). `coded_values` by (whoop code, system, code) for codes and
    by (whoop code, "", folded text) for spellings -> the text to send; `answered_codes` are the whoop codes that have
    any. `systems` by spelling as sent (case kept) ->
    canonical URI. `message_types` by `ORU^R01` (or `ORU`) -> "" where it is read, else the reason it is refused with;
    FHIR resource types likewise. `charsets` by MSH-18 -> Python codec name, or "" where it is named but not
    readable. `placeholders` by folded text -> reason. `specimens` by code -> "yes" where it is blood, else "no".
    `panels` gives by panel code the WHOOP codes that make it complete. `site` holds the settings of `site.toml`.
    `order_controls[format]` says what a word of an order asks for; `studies` what an order code means, by (system,
    code); `order_layout` how an order is written. `places` says, by file and key, where a row stands that is kept only
    as its meaning. `order_codes` gives the lab's coding of a panel that WHOOP orders, by WHOOP's code.
    """

    sha256: str
    observations: Mapping[tuple[str, str], ObservationRow]
    observation_status: Mapping[str, Mapping[str, StatusRow]]
    report_status: Mapping[str, Mapping[str, StatusRow]]
    spellings: Mapping[tuple[str, str], str]
    conversions: Mapping[tuple[str, str, str], Conversion]
    coded_values: Mapping[tuple[str, str, str], str]
    systems: Mapping[str, str]
    message_types: Mapping[str, str]
    charsets: Mapping[str, str]
    placeholders: Mapping[str, str]
    reasons: Mapping[str, ReasonRow]
    responses: Mapping[str, Mapping[str, str]]
    site: Site = Site()
    answered_codes: frozenset[str] = frozenset()
    specimens: Mapping[str, str] = {}
    places: Mapping[tuple[str, ...], str] = {}
    panels: Mapping[str, frozenset[str]] = {}
    order_controls: Mapping[str, Mapping[str, StatusRow]] = {}
    studies: Mapping[tuple[str, str], StudyRow] = {}
    order_layout: OrderLayout = OrderLayout()
    order_codes: Mapping[str, Coding] = {}
