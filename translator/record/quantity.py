"""
Read the written form of a number, a limit, a titre or a range, by the strict grammar of HL7 NM, and nothing looser.

`Decimal()` itself takes `1_000`, `1e3`, `nan` and other scripts' digits; a lab result must not.
"""

from __future__ import annotations

import re
from decimal import Decimal

from translator.record.number_form import NumberForm
from translator.record.values import Limit, Numeric, Range, Ratio

# HL7 v2.9 2A.3.44 (NM) with a leading point let through, as analyzers write it.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
# In characters.
LONGEST = 16
# A double holds any number of so many digits exactly; more have to prove it.
_SURE = 15
# Signs, and a point without a digit before it, which is remarked on.
_ODD_STARTS = frozenset("+-.")
# Above it an integer's digits are not those of the double; the number is then written with an exponent.
_LARGEST_WHOLE = 2**53
_UNSIGNED = r"[0-9]+(?:\.[0-9]+)?"
_COMPARED = re.compile(
    rf"(<=|>=|=<|=>|<|>|≤|≥|LT|GT|LESS THAN|GREATER THAN)\s*({_UNSIGNED}|\.[0-9]+)(?:\s*:\s*({_UNSIGNED}))?",
    re.IGNORECASE,
)
_PAIR = re.compile(rf"({_UNSIGNED})\s*([:-])\s*({_UNSIGNED})")
_AMBIGUOUS = re.compile(r"[+-]?[0-9][0-9.,' \u00a0\u202f]*[0-9]")

COMPARATORS = {
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "=<": "<=",
    "=>": ">=",
    "≤": "<=",
    "≥": ">=",
    "LT": "<",
    "GT": ">",
    "LESS THAN": "<",
    "GREATER THAN": ">",
}


def read_number(text: str, form: NumberForm | None = None) -> Numeric | None:
    """
    Read one plain number.

    Shape: optional sign, ASCII digits, optional point; no exponent, no grouping, at most 16 characters. `form` is the
    sender's own way to write numbers, if a site declares one; the lexical form stays the sender's.
    Absent: None where the text is anything else.
    Source: HL7 v2.9 2A.3.44 NM.
    """
    plain = text if form is None else form.plain(text)
    if plain is None or len(plain) > LONGEST or not _NUMBER.fullmatch(plain):
        return None
    return Numeric(text) if plain == text else Numeric(text, plain)


def read_limit(comparator: str, number: str) -> Limit | None:
    """Read a comparator, in any of its spellings, and the number that it bounds."""
    sign = COMPARATORS.get(comparator.upper())
    bound = read_number(number)
    if sign is None or bound is None:
        return None
    return Limit(sign, bound.lexical)


def read_quantity(text: str, form: NumberForm | None = None) -> Numeric | Limit | Ratio | Range | None:
    """
    Read a number, a limit (`<0.1`), a titre (`1:160`, `>1:160`) or a range (`2-5`) that fills the whole text.

    Shape: `form` is the sender's own way to write numbers, if a site declares one; only a number keeps it as its
    lexical form.
    Absent: None where the text is none of these.
    """
    if found := read_number(text, form):
        return found
    plain = text if form is None else form.plain(text)
    return _bounded(plain) if plain is not None else None


def _bounded(text: str) -> Limit | Ratio | Range | None:
    if match := _COMPARED.fullmatch(text):
        sign, number, other = COMPARATORS[match[1].upper()], match[2], match[3] or ""
        if len(number) > LONGEST or len(other) > LONGEST:
            return None
        return Ratio(number, ":", other, sign) if other else Limit(sign, number)
    match = _PAIR.fullmatch(text)
    if match is None or len(match[1]) > LONGEST or len(match[3]) > LONGEST:
        return None
    return Range(match[1], match[3]) if match[2] == "-" else Ratio(match[1], ":", match[3])


def is_ambiguous(text: str) -> bool:
    """Tell digits whose grouping or decimal mark cannot be known (`1,234`, `5,6`, `1 234`)."""
    return bool(_AMBIGUOUS.fullmatch(text)) and not text.isdigit()


def is_too_long(text: str, form: NumberForm | None = None) -> bool:
    """Tell a plain number of more characters than NM may have, so that it says more than anybody measures."""
    plain = text if form is None else form.plain(text)
    return plain is not None and len(plain) > LONGEST and bool(_NUMBER.fullmatch(plain))


def canonical(lexical: str) -> str:
    """
    Write a number the one canonical way: no plus sign, no spare leading zeros, a digit before the point.

    Trailing zeros stay: they are what the lab reported.
    """
    sign = "-" if lexical.startswith("-") else ""
    whole, point, fraction = lexical.lstrip("+-").partition(".")
    whole = whole.lstrip("0") or "0"
    return f"{sign}{whole}{point}{fraction}" if fraction else f"{sign}{whole}"


def json_number(number: Decimal) -> int | float | None:
    """
    Turn a Decimal into the JSON number that equals it exactly.

    Absent: None where a double cannot hold it, since the receiver reads a double.
    """
    double = float(number)
    if Decimal(repr(double)) != number:
        return None
    return int(double) if double.is_integer() and abs(double) <= _LARGEST_WHOLE else double


def number_between(value: Numeric, low: float, high: float) -> int | float | None:
    """
    Give the JSON number of a value in the target unit that lies between its bounds.

    Absent: None where it must be looked at more closely; then a Decimal says what is wrong, if anything is.
    """
    written = value.lexical
    # Decimals of up to 15 digits and the doubles next to them are in the same order, and none is lost.
    if len(written) > _SURE or value.plain or written[0] in _ODD_STARTS:
        return None
    number = float(written)
    if not low <= number <= high:
        return None
    return int(number) if number.is_integer() else number


def bound(number: Decimal | None) -> float | None:
    """
    Give a bound for `number_between`.

    Absent: None where there is none, or where it has more digits than a double keeps in order.
    """
    return None if number is None or len(number.as_tuple().digits) > _SURE else float(number)
