"""
Draw FHIR reports as plain data, each with the record that it must come to, before anybody decides how it is written.

What an element must come to is written down here by hand, apart from the reader.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from hypothesis import strategies as st

from tests.lab_messages import service_request
from translator.read.fhir import SERVICE_REQUEST_SYSTEM
from translator.record.values import Absent, Coded, Coding, Limit, Numeric, Range, Ratio, Text, Unusable, Value

Node: TypeAlias = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"


class Measured(NamedTuple):
    """The elements of one value, and what they must come to: value and unit."""

    elements: Node
    value: Value
    unit: str = ""


class Observed(NamedTuple):
    """One Observation: its codes, value and status, its parts, and the observations that it lists as members."""

    codes: tuple[Coding, ...]
    measured: Measured
    status: str
    parts: tuple[tuple[tuple[Coding, ...], Measured], ...] = ()
    members: tuple[Any, ...] = ()


class Reported(NamedTuple):
    """One DiagnosticReport; `number` makes its service request, and its resources' names."""

    number: int
    status: str
    results: tuple[Observed, ...]


def number(lexical: str) -> str:
    """Mark a number that has to be written digit by digit."""
    return f"#number:{lexical}#"


def _quantity(lexical: str, unit: str, *, coded: bool, **elements: str) -> Node:
    quantity = {"value": number(lexical), **elements}
    if coded:
        return quantity | {"unit": "as people say it", "system": UCUM, "code": unit}
    return quantity | {"unit": unit}


_DECIMALS = st.builds(
    "{}{}{}".format, st.sampled_from(["", "-"]), st.integers(1, 99999), st.sampled_from(["", ".0", ".50", ".007"])
)
_UNITS = st.sampled_from(["mg/dL", "mmol/L", "g/L", "%", "furlong"])
_WORDS = st.text('abc XYZ<>"\\/µé漢\U0001f9ea{}[]:,', min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def _numbers(draw: st.DrawFn) -> Measured:
    lexical, unit = draw(_DECIMALS), draw(_UNITS)
    quantity = _quantity(lexical, unit, coded=draw(st.booleans()))
    return Measured({"valueQuantity": quantity}, Numeric(lexical), unit)


@st.composite
def _limits(draw: st.DrawFn) -> Measured:
    """A limit is one by its comparator, or by an interpretation that says off scale."""
    lexical, unit = draw(_DECIMALS), draw(_UNITS)
    sign = draw(st.sampled_from(["<", "<=", ">", ">="]))
    value = Limit(sign, lexical)
    if sign in {"<", ">"} and draw(st.booleans()):
        off_scale = [{"coding": [{"code": "A"}]}, {"coding": [{"code": sign}]}]
        quantity = _quantity(lexical, unit, coded=True)
        return Measured({"valueQuantity": quantity, "interpretation": off_scale}, value, unit)
    return Measured({"valueQuantity": _quantity(lexical, unit, coded=True, comparator=sign)}, value, unit)


def _coded(code: str, words: str) -> Measured:
    elements = {"coding": [{"system": SNOMED, "code": code}], "text": words}
    return Measured({"valueCodeableConcept": elements}, Coded((Coding(SNOMED, code),), words))


def _ranges(low: str, high: str) -> Measured:
    ends = {"low": _quantity(low, "mg/dL", coded=False), "high": _quantity(high, "mg/dL", coded=False)}
    return Measured({"valueRange": ends}, Range(low, high), "mg/dL")


def _ratios(left: str, right: str) -> Measured:
    ends = {"numerator": {"value": number(left)}, "denominator": {"value": number(right)}}
    return Measured({"valueRatio": ends}, Ratio(left, ":", right))


_COUNTS = st.integers(1, 640).map(str)
MEASURED: st.SearchStrategy[Measured] = st.one_of(
    _numbers(),
    _limits(),
    _COUNTS.map(lambda count: Measured({"valueInteger": number(count)}, Numeric(count))),
    _WORDS.map(lambda words: Measured({"valueString": words}, Text(words))),
    st.builds(_coded, st.sampled_from(["278149003", "1"]), _WORDS),
    st.builds(_ranges, _COUNTS, _COUNTS),
    st.builds(_ratios, _COUNTS, _COUNTS),
    st.sampled_from(
        [
            Measured({"dataAbsentReason": {"coding": [{"code": "unknown"}]}}, Absent("data-absent")),
            Measured({"valueDateTime": "2026-03-01T10:00:00Z"}, Unusable("value-type-held")),
            Measured({"valueSampledData": {"data": "1 2"}}, Unusable("value-type-refused", refused=True)),
            Measured({"valueString": "5.4", "valueInteger": 5}, Unusable("value-contradicts-status")),
            Measured(
                {"valueString": "a value", "modifierExtension": [{"url": "https://example.org/not"}]},
                Unusable("unknown-modifier", refused=True),
            ),
        ]
    ),
)
NOTHING = Measured({}, Absent())
_CODINGS = st.sampled_from(
    [Coding(LOINC, code) for code in ("2093-3", "2085-9", "13457-7", "2571-8", "2345-7", "3016-3", "882-1")]
    + [Coding("https://lab.example.org/codes", "ZZ9"), Coding("", "ZZ9")]
)
_CODES = st.lists(_CODINGS, min_size=1, max_size=2, unique=True).map(tuple)
_STATUSES = st.sampled_from(
    ["final"] * 8
    + ["preliminary", "amended", "corrected", "registered", "cancelled", "entered-in-error", "unknown", "x"]
)
_PARTS = st.lists(st.tuples(_CODES, MEASURED), max_size=2).map(tuple)


def _observed(members: st.SearchStrategy[tuple[Observed, ...]]) -> st.SearchStrategy[Observed]:
    return st.builds(Observed, _CODES, st.one_of(MEASURED, MEASURED, st.just(NOTHING)), _STATUSES, _PARTS, members)


_LEAVES = _observed(st.just(()))
OBSERVED = st.recursive(_LEAVES, lambda inner: _observed(st.lists(inner, max_size=2).map(tuple)), max_leaves=4)
REPORT_STATUSES = st.sampled_from(
    ["final"] * 6 + ["partial", "preliminary", "amended", "appended", "registered", "cancelled", "unknown", "x"]
)


@st.composite
def reports(draw: st.DrawFn) -> tuple[Reported, ...]:
    """Draw one or two reports, each of its own service request."""
    return tuple(
        Reported(number, draw(REPORT_STATUSES), tuple(draw(st.lists(OBSERVED, min_size=1, max_size=3))))
        for number in range(1, draw(st.integers(1, 2)) + 1)
    )


def request(report: Reported) -> Node:
    """Write the ServiceRequest of a report."""
    named = {"system": SERVICE_REQUEST_SYSTEM, "value": service_request(report.number)}
    return {"resourceType": "ServiceRequest", "id": f"s{report.number}", "status": "active", "identifier": [named]}


PATIENT: Node = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "https://lab.example.org/mrn", "value": "EX-1001"}],
    "birthDate": "1984-03-12",
}
