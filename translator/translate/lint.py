"""
Find what is wrong in tables that load: what no cell alone can show (pure).

The loader refuses what it cannot read; a lint finds what would be read and be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from translator.errors import Fault
from translator.translate.codes import LOINC, has_check_digit
from translator.translate.lint_units import lint_units
from translator.translate.load import place, read_tables
from translator.translate.load_columns import OBSERVATIONS, ORDER_CODES
from translator.translate.load_rows import Row
from translator.translate.study import study_example
from translator.translate.tables import ObservationRow, Tables

TranslateExample = Callable[[ObservationRow, str], str]

# Prose is read by people, who can tell a long dash from a hyphen.
_PROSE = frozenset({"display", "meaning", "note", "source", "cause", "remedy", "example", "ignore"})

_LOOKALIKES: Mapping[str, str] = {
    "\u00a0": "a no-break space for a space",
    "\u00ad": "a soft hyphen",
    "\u00b5": "a micro sign; write u",
    "\u03bc": "a Greek mu; write u",
    "\u200b": "a zero-width space",
    "\u202f": "a narrow no-break space for a space",
    "\u2010": "another hyphen for -",
    "\u2011": "a no-break hyphen for -",
    "\u2012": "a figure dash for -",
    "\u2013": "an en dash for -",
    "\u2014": "an em dash for -",
    "\u2019": "a curly apostrophe for '",
    "\u2044": "a fraction slash for /",
    "\u2212": "a minus sign for -",
    "\u2215": "a division slash for /",
    "\u2217": "an asterisk operator for *",
    "\u212a": "a kelvin sign for K",
    "\ufeff": "a byte order mark",
}
_LOOKALIKE_SET = frozenset(_LOOKALIKES)

# Columns that name a reason, by table.
_REASON_COLUMNS: Mapping[str, str] = {
    "placeholders.csv": "reason",
    "hl7v2/0085-observation-status.csv": "reason",
    "hl7v2/0123-report-status.csv": "reason",
    "hl7v2/message-types.csv": "reason",
    "fhir/report-status.csv": "reason",
    "fhir/observation-status.csv": "reason",
    "hl7v2/0119-order-control.csv": "reason",
    "fhir/request-control.csv": "reason",
}

# What all rows of one WHOOP code must agree on.
_TARGET = ("kind", "unit", "unit_sent", "dimensionless", "minimum", "maximum", "negative")


def lint_tables(
    files: Mapping[str, bytes],
    site: Mapping[str, bytes],
    tables: Tables,
    translate_example: TranslateExample | None = None,
    site_name: str = "site",
) -> list[Fault]:
    """
    Every finding, in the order of files and lines.

    Shape: `tables` is what `load_tables` made of the same files; `translate_example` gives what a row makes of its
    `example_in`, in the form of `example_out`; without it the examples are not run.
    """
    rows = read_tables(files, site, site_name, [])
    faults = [
        *_characters(rows),
        *_check_digits(rows[OBSERVATIONS]),
        *_reason_codes(rows, tables),
        *_status_reasons(rows),
        *_bounds(tables),
        *_targets(tables),
        *_panels(rows["whoop/panels.csv"], tables),
        *_order_codes(rows[ORDER_CODES], tables),
        *lint_units(rows, tables),
        *_examples(tables, translate_example),
        *_studies(tables),
    ]
    return sorted(faults, key=place)


def _characters(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    for row in (row for table in rows.values() for row in table):
        for column, cell in row.cells.items():
            if cell != cell.strip():
                yield Fault(row.where(column), "table-space", f"{column}: a space at the start or the end")
            if column in _PROSE or cell.isascii():
                continue
            for character in sorted(_LOOKALIKE_SET.intersection(cell)):
                text = f"{column}: U+{ord(character):04X}, {_LOOKALIKES[character]}"
                yield Fault(row.where(column), "table-lookalike", text)


def _check_digits(rows: list[Row]) -> Iterator[Fault]:
    for row in rows:
        for column in ("code", "same_as"):
            code = row.get(column)
            if code and (column == "same_as" or row.get("system") == LOINC) and not has_check_digit(code):
                yield Fault(row.where(column), "table-loinc", f"{column}: no LOINC code has this check digit")


def _panels(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    """A code that no observation gives would keep its panel from ever being complete."""
    known = {row.whoop_code for row in tables.observations.values() if not row.ignore}
    for row in rows:
        for code in row.get("whoop_codes").split("|"):
            if code not in known:
                text = f"no row of {OBSERVATIONS} gives {code}, so this panel could never be complete"
                yield Fault(row.where("whoop_codes"), "table-panel", text)


def _order_codes(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    """A code of two panels would let a result answer the wrong order; a broken LOINC code orders nothing."""
    first: dict[tuple[str, str], str] = {}
    # Of two rows of one panel the site's stands in the place of the packaged one.
    for panel, row in {row.get("panel"): row for row in rows}.items():
        coding = tables.order_codes[panel]
        if coding.system == LOINC and not has_check_digit(coding.code):
            yield Fault(row.where("code"), "table-loinc", "code: no LOINC code has this check digit")
        other = first.setdefault((coding.system, coding.code), panel)
        if other != panel:
            yield Fault(row.where("code"), "table-duplicate", f"code: the panel {other} is ordered by it as well")


def _reason_codes(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    for table, column in _REASON_COLUMNS.items():
        for row in rows[table]:
            if row.get(column) and row.get(column) not in tables.reasons:
                yield Fault(row.where(column), "table-reason", f"{column}: reasons.csv has no such code")


def _status_reasons(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    """What is sent has a status to send; what is not sent has a reason."""
    for table in (table for table in rows if table.endswith("-status.csv")):
        for row in rows[table]:
            column, why = ("status", "is sent") if row.get("action") == "send" else ("reason", "is not sent")
            if not row.get(column):
                yield Fault(row.where(column), "table-reason", f"{column}: must not be empty for a code that {why}")


def _bounds(tables: Tables) -> Iterator[Fault]:
    for row in tables.observations.values():
        if row.minimum is not None and row.maximum is not None and row.minimum > row.maximum:
            yield Fault(f"{row.at}:1", "table-bounds", f"min {row.minimum} is above max {row.maximum}")
        if row.minimum is not None and row.minimum < 0 and not row.negative:
            yield Fault(f"{row.at}:1", "table-bounds", "min is below zero, but negative is not yes")
        if row.kind == "numeric" and (row.minimum is None or row.maximum is None) and not row.ignore:
            yield Fault(f"{row.at}:1", "table-bounds", "a numeric row needs min and max")


def _targets(tables: Tables) -> Iterator[Fault]:
    first: dict[str, ObservationRow] = {}
    for row in tables.observations.values():
        if not row.whoop_code:
            continue
        other = first.setdefault(row.whoop_code, row)
        differing = [name for name in _TARGET if getattr(row, name) != getattr(other, name)]
        if differing:
            text = f"{', '.join(differing)}: other than in {other.at}, which has the same whoop_code"
            yield Fault(f"{row.at}:1", "table-target", text)


def _studies(tables: Tables) -> Iterator[Fault]:
    for row in tables.studies.values():
        result = study_example(row.example_in, tables)
        if result != row.example_out:
            text = f"example_in `{row.example_in}` gives `{result}`, example_out says `{row.example_out}`"
            yield Fault(f"{row.at}:1", "table-example", text)


def _examples(tables: Tables, translate_example: TranslateExample | None) -> Iterator[Fault]:
    for row in tables.observations.values():
        if not row.example_in or not row.example_out:
            yield Fault(f"{row.at}:1", "table-example", "example_in and example_out must not be empty")
        elif translate_example is not None:
            result = translate_example(row, row.example_in)
            if result != row.example_out:
                text = f"example_in `{row.example_in}` gives `{result}`, example_out says `{row.example_out}`"
                yield Fault(f"{row.at}:1", "table-example", text)
