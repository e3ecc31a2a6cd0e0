"""Turn checked rows into the indexed tables; later rows, a site's, override earlier ones (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from translator.errors import Fault
from translator.record.values import Coding
from translator.translate.load_rows import Row
from translator.translate.order_layout import StudyRow
from translator.translate.tables import CONTROLS, Conversion, ReasonRow, StatusRow
from translator.translate.values import fold


def pairs(rows: list[Row], key: str, value: str) -> dict[str, str]:
    """One column by another."""
    return {row.get(key): row.get(value) for row in rows}


def panels(rows: list[Row]) -> dict[str, frozenset[str]]:
    """The codes that make a panel complete, by the panel's code."""
    return {row.get("panel"): frozenset(row.get("whoop_codes").split("|")) for row in rows}


def order_codes(rows: list[Row], systems: Mapping[str, str]) -> dict[str, Coding]:
    """The lab's coding of a panel, by WHOOP's code; a system that HL7 has a name for is known by its own."""
    return {
        row.get("panel"): Coding(systems.get(row.get("system"), row.get("system")), row.get("code"), row.get("display"))
        for row in rows
    }


def statuses(rows: list[Row]) -> dict[str, StatusRow]:
    """Status rows by code; the blank code has a row of its own."""
    return {
        row.get("code"): StatusRow(row.at, row.get("code"), row.get("action"), row.get("status"), row.get("reason"))
        for row in rows
    }


def spellings(rows: list[Row]) -> dict[tuple[str, str], str]:
    """UCUM by (WHOOP code or nothing, spelling)."""
    return {(row.get("whoop_code"), row.get("spelling")): row.get("ucum") for row in rows}


def conversions(rows: list[Row]) -> dict[tuple[str, str, str], Conversion]:
    """Conversions by (WHOOP code or nothing, from, to)."""
    built = map(conversion, rows)
    return {(each.whoop_code, each.unit_from, each.unit_to): each for each in built}


def conversion(row: Row) -> Conversion:
    """One checked row as numbers; a blank offset is zero."""
    return Conversion(
        at=row.at,
        whoop_code=row.get("whoop_code"),
        unit_from=row.get("from"),
        unit_to=row.get("to"),
        factor=Decimal(row.get("factor")),
        offset=Decimal(row.get("offset") or 0),
        rule=row.get("rule"),
        step=Decimal(row.get("step")) if row.get("step") else None,
    )


def coded_values(rows: list[Row], faults: list[Fault]) -> tuple[dict[tuple[str, str, str], str], frozenset[str]]:
    """
    The text to send by (WHOOP code, system, code) and by (WHOOP code, "", folded spelling), and the codes concerned.

    Absent: a row without `value_text` gives no answer; it says that its code takes listed answers only.
    """
    answers: dict[tuple[str, str, str], str] = {}
    places: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        text = row.get("value_text")
        for key, column in _answer_keys(row) if text else ():
            other = places.setdefault(key, row)
            if other.file == row.file and answers.get(key, text) != text:
                complaint = f"{column}: line {other.line} gives another value_text for this answer"
                faults.append(Fault(row.where(column), "table-duplicate", complaint))
            answers[key] = text
            places[key] = row
    return answers, frozenset(row.get("whoop_code") for row in rows)


def _answer_keys(row: Row) -> list[tuple[tuple[str, str, str], str]]:
    whoop_code = row.get("whoop_code")
    keys = [((whoop_code, "", fold(spelling)), "spellings") for spelling in row.get("spellings").split("|") if spelling]
    if row.get("code"):
        keys.append(((whoop_code, row.get("system"), row.get("code")), "code"))
    return keys


def places(rows: Mapping[str, list[Row]]) -> dict[tuple[str, ...], str]:
    """Where spellings, answers and placeholders stand, by file and key; a site's rows over the packaged ones."""
    found: dict[tuple[str, ...], str] = {}
    for row in rows["units/spellings.csv"]:
        found["units/spellings.csv", row.get("whoop_code"), row.get("spelling")] = row.at
    for row in rows["whoop/coded-values.csv"]:
        found.update({("whoop/coded-values.csv", *key): row.at for key, _ in _answer_keys(row)})
    for row in rows["placeholders.csv"]:
        found["placeholders.csv", fold(row.get("text"))] = row.at
    return found


def message_types(rows: list[Row], faults: list[Fault]) -> dict[str, str]:
    """Nothing for a type that is read, the reason for one that is refused."""
    for row in rows:
        if (row.get("read") == "yes") == bool(row.get("reason")):
            complaint = "reason: a type that is read has none, a type that is not read needs one"
            faults.append(Fault(row.where("reason"), "table-value", complaint))
    return pairs(rows, "type", "reason")


def controls(rows: list[Row], faults: list[Fault]) -> dict[str, StatusRow]:
    """What each word of an order asks for; whatever is not done has a reason."""
    for row in rows:
        if (row.get("action") in CONTROLS) == bool(row.get("reason")):
            complaint = "reason: what is done has none, what is not done needs one"
            faults.append(Fault(row.where("reason"), "table-value", complaint))
    return statuses(rows)


def studies(rows: list[Row]) -> dict[tuple[str, str], StudyRow]:
    """The study that each order code means."""
    return {(row.get("system"), row.get("code")): _study(row) for row in rows}


def _study(row: Row) -> StudyRow:
    return StudyRow(
        row.at,
        row.get("system"),
        row.get("code"),
        row.get("kind"),
        int(row.get("nights")),
        tuple(row.get("sensors").split("|")),
        row.get("example_in"),
        row.get("example_out"),
    )


def placeholders(rows: list[Row], faults: list[Fault]) -> dict[str, str]:
    """Reasons by folded text; a site's row without a reason takes the packaged one away."""
    known: dict[str, str] = {}
    for row in rows:
        text = fold(row.get("text"))
        if row.get("reason"):
            known[text] = row.get("reason")
        elif known.pop(text, None) is None:
            complaint = "reason: an empty one takes a packaged placeholder away, and there is none of this text"
            faults.append(Fault(row.where("reason"), "table-value", complaint))
    return known


def reasons(rows: list[Row]) -> Mapping[str, ReasonRow]:
    """The closed list by code, in the order of the file."""
    return {
        row.get("code"): ReasonRow(
            row.at, row.get("code"), row.get("kind"), row.get("cause"), row.get("remedy"), row.get("example")
        )
        for row in rows
    }
