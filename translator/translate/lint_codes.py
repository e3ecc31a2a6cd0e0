"""Find codes that no message could ever lead to, and words that nobody knows (pure)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from translator.errors import Fault
from translator.translate.codes import LOINC, has_check_digit
from translator.translate.load_columns import OBSERVATIONS, ORDER_CODES, STUDIES
from translator.translate.load_rows import Row, suggestion
from translator.translate.tables import Tables

CODED_VALUES = "whoop/coded-values.csv"

# An order's code is sent, not looked up, so its system may stand as the laboratory writes it.
_SYSTEMS = (OBSERVATIONS, CODED_VALUES, STUDIES)

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

# As near as one letter is in a code of ten.
_ALMOST = 0.9
_NO_DIGITS = str.maketrans("", "", "0123456789")

_ANSWER = re.compile(r"[1-5]([0-9]{2}|xx)")
NO_ANSWERS = frozenset({
    "connect-error", "connect-timeout", "pool-timeout", "write-error", "write-timeout", "read-error", "read-timeout",
    "disconnected", "unreadable-answer", "killed", "second-401", "token-failure",
})  # fmt: skip
_TYPE = re.compile(r"[A-Z]{3}(\^[A-Z][0-9]{2})?|[A-Z][a-z]+([A-Z][a-z]+)*")


def lint_codes(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    """Every finding about codes, from the rows as text and the tables made of them."""
    yield from _check_digits(rows[OBSERVATIONS])
    yield from _near_codes(rows[OBSERVATIONS])
    yield from _systems(rows, tables)
    yield from _reason_codes(rows, tables)
    yield from _status_reasons(rows)
    yield from _answers(rows[CODED_VALUES], tables)
    yield from _panels(rows["whoop/panels.csv"], tables)
    yield from _order_codes(rows[ORDER_CODES], tables)
    for table, column, is_known, words in _FORMS:
        for row in rows[table]:
            if row.get(column) and not is_known(row.get(column)):
                yield Fault(row.where(column), "table-value", f"{column}: {words}")


def _is_answer(cell: str) -> bool:
    return cell in NO_ANSWERS or bool(_ANSWER.fullmatch(cell))


def _is_codec(cell: str) -> bool:
    try:
        codecs.lookup(cell)
    except LookupError:
        return False
    return True


_ANSWER_WORDS = f"write a status such as 404, a class such as 4xx, or one of {', '.join(sorted(NO_ANSWERS))}"
_FORMS: tuple[tuple[str, str, Callable[[str], bool], str], ...] = (
    ("whoop/responses.csv", "answer", _is_answer, _ANSWER_WORDS),
    ("acurable/responses.csv", "answer", _is_answer, _ANSWER_WORDS),
    ("hl7v2/0211-charset.csv", "codec", _is_codec, "Python knows no encoding of this name"),
    (
        "hl7v2/message-types.csv",
        "type",
        lambda cell: bool(_TYPE.fullmatch(cell)),
        "write a type as ORU^R01 or ORU, or the name of a FHIR resource",
    ),
)


def _check_digits(rows: list[Row]) -> Iterator[Fault]:
    for row in rows:
        for column in ("code", "same_as"):
            code = row.get(column)
            if code and (column == "same_as" or row.get("system") == LOINC) and not has_check_digit(code):
                yield Fault(row.where(column), "table-loinc", f"{column}: no LOINC code has this check digit")


def _near_codes(rows: list[Row]) -> Iterator[Fault]:
    """A site's code that is almost a packaged one is a slip, unless somebody has confirmed it."""
    known = {row.get("whoop_code") for row in rows if not row.file.startswith("sites/")} - {""}
    for row in rows:
        code = row.get("whoop_code")
        if not code or code in known or row.get("confirmed") == "yes":
            continue
        for near in get_close_matches(code, known, n=1, cutoff=_ALMOST):
            if _says(code) != _says(near):
                text = f"whoop_code: is {near} meant? If WHOOP does have this code, say yes in `confirmed`"
                yield Fault(row.where("whoop_code"), "table-answer", text)


def _says(code: str) -> list[str]:
    """The words of a code, without what tells analytes of one family apart: T3 and T4, APOLIPOPROTEIN_A and _B."""
    return [word for word in code.translate(_NO_DIGITS).split("_") if len(word) > 1]


def _systems(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    """A system under its short name is never found: codes are looked up under its canonical one."""
    for table in _SYSTEMS:
        for row in rows[table]:
            system = row.get("system")
            canonical = tables.systems.get(system, system)
            if canonical != system:
                yield Fault(
                    row.where("system"), "table-system", f"system: no code is looked up under it; write {canonical}"
                )


def _answers(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    kinds: dict[str, set[str]] = {}
    for row in tables.observations.values():
        kinds.setdefault(row.whoop_code, set()).add(row.kind)
    for answer in rows:
        code = answer.get("whoop_code")
        if code not in kinds:
            text = (
                f"whoop_code: no row of {OBSERVATIONS} gives it, so the answer is never used{suggestion(code, kinds)}"
            )
            yield Fault(answer.where("whoop_code"), "table-answer", text)
        elif kinds[code] == {"numeric"}:
            text = f"whoop_code: the rows of {OBSERVATIONS} say that it is a number, so no listed answer is used"
            yield Fault(answer.where("whoop_code"), "table-answer", text)


def _panels(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    """A code that no observation gives would keep its panel from ever being complete."""
    known = {row.whoop_code for row in tables.observations.values() if not row.ignore}
    for row in rows:
        for code in row.get("whoop_codes").split("|"):
            if code not in known:
                text = f"no row of {OBSERVATIONS} gives {code}, so this panel could never be complete"
                yield Fault(row.where("whoop_codes"), "table-panel", f"{text}{suggestion(code, known)}")


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
            code = row.get(column)
            if code and code not in tables.reasons:
                text = f"{column}: reasons.csv has no such code{suggestion(code, tables.reasons)}"
                yield Fault(row.where(column), "table-reason", text)


def _status_reasons(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    """What is sent has a status to send; what is not sent has a reason."""
    for table in (table for table in rows if table.endswith("-status.csv")):
        for row in rows[table]:
            column, why = ("status", "is sent") if row.get("action") == "send" else ("reason", "is not sent")
            if not row.get(column):
                yield Fault(row.where(column), "table-reason", f"{column}: must not be empty for a code that {why}")
