"""
Name the flags of a result that change what is done with it, and say how; both formats write them alike.

Source: HL7 table 0078 (OBX-8), FHIR v3-ObservationInterpretation.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from msgspec import structs

from translator.record.number_form import NumberForm
from translator.record.quantity import is_ambiguous, read_quantity
from translator.record.values import Limit, Numeric, Range, Ratio, Text, Unusable, Value

# The number is the end of the instrument's scale, and not a measurement.
OFF_SCALE = frozenset({"<", ">"})
CRITICAL = frozenset({"HH", "LL", "AA"})
_NO_NUMBER = Unusable("value-not-numeric")
_AMBIGUOUS = Unusable("value-ambiguous")


def off_scale(value: Value, marks: AbstractSet[str], form: NumberForm | None = None) -> Value:
    """
    Make a limit of what is the end of the instrument's scale, and no measurement.

    Shape: `marks` are the flags of `OFF_SCALE` that the result has. Text that is a number counts as one; `form` is the
    sender's own way to write it. A value that says otherwise than its flags can be read in two ways.
    """
    if not isinstance(value, Text):
        return _bounded(value, marks)
    if value.prose:
        return value
    found = read_quantity(value.text, form)
    if found is not None:
        return _bounded(found, marks)
    return _AMBIGUOUS if is_ambiguous(value.text) else value


def _bounded(value: Value, marks: AbstractSet[str]) -> Value:
    if not isinstance(value, Numeric | Limit | Ratio | Range):
        return value
    if len(marks) != 1:
        return _NO_NUMBER
    if isinstance(value, Range):
        return _AMBIGUOUS
    (mark,) = marks
    if isinstance(value, Numeric):
        return Limit(mark, value.plain or value.lexical)
    if isinstance(value, Ratio) and not value.comparator:
        return structs.replace(value, comparator=mark)
    return value if value.comparator[0] == mark else _AMBIGUOUS
