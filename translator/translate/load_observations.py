"""Build the rows of `whoop/observations.csv`, a site's rows inheriting what they do not say (pure)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from translator.errors import Fault
from translator.translate.codes import LOINC, has_check_digit
from translator.translate.load_rows import Row, suggestion
from translator.translate.tables import ObservationRow

# What a row says about itself is never inherited; everything else is, from `same_as` or from the row it overrides.
_INHERITED = (
    "whoop_code",
    "kind",
    "wire_unit",
    "unit",
    "unit_sent",
    "dimensionless",
    "min",
    "max",
    "negative",
    "ignore",
    "confirmed",
)


def observation_rows(rows: list[Row], faults: list[Fault]) -> dict[tuple[str, str], ObservationRow]:
    """Rows by (system, code); what is wrong is appended to `faults`."""
    merged: dict[tuple[str, str], Row] = {}
    for row in rows:
        whole = _with_inherited(row, merged, faults)
        merged[row.get("system"), row.get("code")] = whole
        # A row that inherits from nothing has its fault; what it lacks for that reason is no other one.
        if not whole.get("ignore") and (not row.get("same_as") or whole is not row):
            faults.extend(
                Fault(row.where(column), "table-value", f"{column}: must not be empty without `same_as` or `ignore`")
                for column in ("whoop_code", "kind")
                if not whole.get(column)
            )
    return {key: _built(row) for key, row in merged.items()}


def _with_inherited(row: Row, merged: dict[tuple[str, str], Row], faults: list[Fault]) -> Row:
    same_as = row.get("same_as")
    parent = merged.get((LOINC, same_as) if same_as else (row.get("system"), row.get("code")))
    if same_as and parent is None:
        faults.append(_no_parent(row, same_as, [code for system, code in merged if system == LOINC]))
    if parent is None:
        return row
    inherited = {column: parent.get(column) for column in _INHERITED if not row.get(column)}
    return row._replace(cells={**row.cells, **inherited})


def _no_parent(row: Row, same_as: str, known: Collection[str]) -> Fault:
    """A slip of the keys is told from a LOINC code that nobody has described yet."""
    near = suggestion(same_as, known)
    if not has_check_digit(same_as):
        text = f"same_as: no LOINC code has this form and check digit{near}"
        return Fault(row.where("same_as"), "table-loinc", text)
    text = f"same_as: no row of {LOINC} has this code{near or '; it wants a row of its own, with its whoop_code'}"
    return Fault(row.where("same_as"), "table-value", text)


def _built(row: Row) -> ObservationRow:
    return ObservationRow(
        at=row.at,
        system=row.get("system"),
        code=row.get("code"),
        display=row.get("display"),
        whoop_code=row.get("whoop_code"),
        kind=row.get("kind"),
        wire_unit=row.get("wire_unit"),
        unit=row.get("unit"),
        unit_sent=row.get("unit_sent"),
        dimensionless=row.get("dimensionless") == "yes",
        minimum=_decimal(row.get("min")),
        maximum=_decimal(row.get("max")),
        negative=row.get("negative") == "yes",
        ignore=row.get("ignore"),
        confirmed=row.get("confirmed") == "yes",
        example_in=row.get("example_in"),
        example_out=row.get("example_out"),
        source=row.get("source"),
        note=row.get("note"),
        assume_unit=row.get("assume_unit"),
    )


def _decimal(cell: str) -> Decimal | None:
    return Decimal(cell) if cell else None
