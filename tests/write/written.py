"""Draw records in the form in which the readers deliver them, for tests that write one and read it back."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec import structs

from tests.lab_messages import service_request
from translator.record.order import Address, Answer, Order, OrderPatient, Organisation, PersonName
from translator.record.report import Form, Identifier, Observation, Patient, Report
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Value,
)

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"

# Delimiters, backslashes that look like escapes, line ends and letters of two scripts.
TEXTS = (
    st.one_of(
        st.text("aF.br|^&~\\#\"'\n µé漢\x1f", min_size=1, max_size=12),
        st.text("a|^&~\\é漢\n", min_size=1, max_size=3).map(lambda text: text * 400),
    )
    .map(str.strip)
    .filter(lambda text: text not in {"", '""'})
)
# Codes of FHIR have single spaces.
WORDS = st.text("abF|^&~\\ 'é", min_size=1, max_size=8).map(lambda text: " ".join(text.split())).filter(bool)
PLAIN_WORDS = st.text("abcdé", min_size=1, max_size=8)
NUMBERS = st.builds("{}{}".format, st.integers(0, 99999), st.sampled_from(["", ".0", ".50", ".007"]))
DATES = st.dates().map(lambda date: date.isoformat())
CODINGS = st.builds(Coding, st.sampled_from([LOINC, "L", "https://lab.example.org"]), WORDS, WORDS)
CODES = st.lists(CODINGS, min_size=1, max_size=2).map(tuple)
IDENTIFIERS = st.builds(Identifier, WORDS, st.one_of(st.just(""), WORDS), st.one_of(st.just(""), WORDS))

_SIGNS = st.sampled_from(["<", "<=", ">", ">="])
_ANSWERS = st.one_of(
    CODES.map(lambda codes: Coded(codes, codes[0].text)),
    st.builds(Coded, CODES, WORDS),
    WORDS.map(lambda words: Coded((), words)),
)
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "NM": NUMBERS.map(Numeric),
    "SN": st.one_of(
        st.builds(Limit, _SIGNS, NUMBERS),
        st.builds(Range, NUMBERS, NUMBERS),
        st.builds(Ratio, NUMBERS, st.sampled_from(":/"), NUMBERS, st.one_of(st.just(""), _SIGNS)),
    ),
    "ST": st.one_of(TEXTS.map(Text), st.just(Cleared())),
    "TX": TEXTS.map(lambda text: Text(text, prose=True)),
    "CWE": _ANSWERS,
    "": st.just(Absent()),
}
_UNITS = st.sampled_from([("mg/dL", UCUM, False), ("{events}/h", "", False), ("", "", True), ("", "", False)])


@st.composite
def observations(draw: st.DrawFn, number: int) -> Observation:
    """Draw what one OBX says."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    unit, system, no_unit = draw(_UNITS)
    form = Form(draw(CODES), kind, unit, system, no_unit, draw(st.sampled_from("FPCXD")))
    sub_id = draw(st.sampled_from(["", "1", "night 2", "1.a", "é|^"]))
    return Observation(f"OBX[{number}]", form, draw(VALUES[kind]), sub_id)


@st.composite
def reports(draw: st.DrawFn, patient: OrderPatient, time: str) -> tuple[Report, ...]:
    """Draw the reports of one message, as the reader of ORU^R01 delivers them."""
    found, seen = [], 0
    for number in range(1, draw(st.integers(1, 3)) + 1):
        count = draw(st.integers(0, 3))
        results = tuple(draw(observations(seen + place)) for place in range(1, count + 1))
        seen += count
        placer = Identifier(service_request(number), draw(st.sampled_from(["", "LAB & Co"])))
        filler, group = draw(IDENTIFIERS), draw(IDENTIFIERS)
        at = f"OBR[{number}]"
        order = "ORC" if number == 1 else f"ORC[{number}]"
        found.append(
            Report(
                at,
                draw(st.sampled_from("FPCAX")),
                f"{at}-25",
                draw(CODES),
                ((f"{at}-2", placer), (f"{order}-2", placer)),
                (
                    ("placer", f"{at}-2", placer),
                    ("placer", f"{order}-2", placer),
                    ("filler", f"{at}-3", filler),
                    ("filler", f"{order}-3", filler),
                    ("group", f"{order}-4", group),
                ),
                specimens=draw(st.sampled_from([(), ("119297000",), ("BLD", "UR")])),
                filler=filler,
                patient=Patient(patient.references[0].value, patient.birth_date.replace("-", "")),
                times=(draw(st.sampled_from(["", "20260301101000+0000"])), time),
                observations=results,
            )
        )
    return tuple(found)


# Every part may be empty, hold what HL7 reserves, or be longer than any line.
PARTS = st.one_of(st.just(""), TEXTS, st.integers(200, 300).map(lambda length: "é|^&~\\" * length))
_NUMBERS = st.one_of(st.just(""), st.sampled_from(["+44 7700 900123", "020 7946 0000"]), TEXTS)
_EMAILS = st.one_of(st.just(""), st.just("avery@example.org"), st.builds("{}@{}".format, WORDS, PLAIN_WORDS))
NAMES = st.builds(PersonName, PARTS, st.lists(TEXTS, max_size=2).map(tuple), PARTS, PARTS)
ADDRESSES = st.builds(Address, st.lists(TEXTS, max_size=2).map(tuple), PARTS, PARTS, PARTS, PARTS, PARTS)
ORGANISATIONS = st.builds(Organisation, PARTS, PARTS)
# HL7 writes a year and a month without a dash, so that they are read back as they would be from there.
_BIRTH_DATES = st.one_of(DATES, st.sampled_from(["", "1984"]))


@st.composite
def patients(draw: st.DrawFn) -> OrderPatient:
    """Draw one invented person."""
    return OrderPatient(
        tuple(draw(st.lists(IDENTIFIERS, min_size=1, max_size=2))),
        draw(NAMES),
        draw(_BIRTH_DATES),
        draw(st.sampled_from(["", "F", "M", "O", "U"])),
        draw(_EMAILS),
        draw(_NUMBERS),
        draw(_NUMBERS),
        draw(ADDRESSES),
        draw(_NUMBERS),
    )


def observation(unit: str, system: str) -> Observation:
    """Build an observation of a certain unit."""
    return Observation("OBX[1]", Form((Coding("L", "ZZ9"),), "NM", unit, system, status="F"), Numeric("1"))


FHIR_VALUES: tuple[st.SearchStrategy[Value], ...] = (
    NUMBERS.map(Numeric),
    st.builds(Limit, _SIGNS, NUMBERS),
    st.builds(Range, NUMBERS, NUMBERS),
    st.builds(Ratio, NUMBERS, st.just(":"), NUMBERS),
    TEXTS.map(Text),
    _ANSWERS,
    st.sampled_from([Absent(), Absent("data-absent")]),
)
_MEASURED = (Numeric, Limit, Range)
_FHIR_UNITS = st.sampled_from([("mg/dL", UCUM), ("furlong", ""), ("", "")])
_FHIR_ORGANISATIONS = st.one_of(
    ORGANISATIONS, st.builds(Organisation, PARTS, WORDS, st.lists(WORDS, max_size=2).map(tuple))
)
_FHIR_IDENTIFIERS = st.builds(Identifier, WORDS, st.sampled_from(["", "https://lab.example.org/numbers"]))


@st.composite
def fhir_observations(draw: st.DrawFn) -> Observation:
    """Draw what one Observation says."""
    value = draw(st.one_of(*FHIR_VALUES))
    unit, system = draw(_FHIR_UNITS) if isinstance(value, _MEASURED) else ("", "")
    status = draw(st.sampled_from(["final", "corrected", "cancelled", "registered", "entered-in-error"]))
    return Observation("", Form(draw(CODES), "", unit, system, status=status), value)


@st.composite
def fhir_reports(draw: st.DrawFn, patient: OrderPatient) -> tuple[Report, ...]:
    """Draw the reports of one bundle, as the reader of FHIR delivers them, but for the places."""
    found = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        placer = Identifier(service_request(number), "https://lab.example.org/orders")
        filler = draw(_FHIR_IDENTIFIERS)
        found.append(
            Report(
                "",
                draw(st.sampled_from(["final", "preliminary", "partial", "corrected", "cancelled", "registered"])),
                panel=draw(CODES),
                keys=(("placer", "", placer), ("group", "", draw(_FHIR_IDENTIFIERS)), ("filler", "", filler)),
                filler=filler,
                patient=Patient(patient.references[0].value, patient.birth_date.replace("-", "")),
                times=(draw(st.sampled_from(["", "2026-03-01T10:10:00Z"])), "", "2026-03-01T10:15:00+00:00"),
                specimens=draw(st.sampled_from([(), ("119297000",), ("BLD", "UR")])),
                observations=tuple(draw(st.lists(fhir_observations(), max_size=3))),
            )
        )
    return tuple(found)


def substance(report: Report) -> object:
    """Give what a report says, without where in the document it says it."""
    keys = [(kind, found) for kind, _, found in report.keys]
    seen = [(each.form, each.value, each.sub_id, each.place) for each in report.observations]
    says = (report.status, report.panel, report.filler, report.patient, report.times, report.specimens)
    return says, keys, seen, report.findings


ANSWERS = st.lists(st.builds(Answer, CODES, TEXTS), max_size=2).map(tuple)


@st.composite
def orders(draw: st.DrawFn, time: str) -> tuple[Order, ...]:
    """Draw the orders of one message, as the reader of OML^O21 delivers them."""
    patient = draw(patients())
    found, seen = [], 0
    for number in range(1, draw(st.integers(1, 3)) + 1):
        control, sent = draw(st.sampled_from([("create", "NW"), ("cancel", "CA"), ("update", "XO")]))
        answers = [structs.replace(each, at=f"OBX[{seen + n}]") for n, each in enumerate(draw(ANSWERS), start=1)]
        seen += len(answers)
        found.append(
            Order(
                f"ORC[{number}]",
                control,
                sent,
                draw(IDENTIFIERS),
                draw(IDENTIFIERS),
                draw(IDENTIFIERS),
                draw(CODES),
                patient,
                draw(ORGANISATIONS),
                tuple(answers),
                (draw(st.sampled_from(["20260301", "20260301101000+0000"])), time),
            )
        )
    return tuple(found)


@st.composite
def fhir_orders(draw: st.DrawFn) -> tuple[Order, ...]:
    """Draw the orders of one bundle, as the reader of FHIR delivers them, but for the places."""
    patient = structs.replace(draw(patients()), sex=draw(st.sampled_from(["", "female", "male", "other", "unknown"])))
    patient = structs.replace(patient, birth_date=draw(st.one_of(DATES, st.sampled_from(["", "1984", "1984-03"]))))
    references = draw(st.lists(_FHIR_IDENTIFIERS, max_size=2).map(tuple))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        control, sent = draw(st.sampled_from([("create", "active"), ("cancel", "revoked")]))
        found.append(
            Order(
                "",
                control,
                sent,
                draw(_FHIR_IDENTIFIERS),
                draw(_FHIR_IDENTIFIERS),
                draw(_FHIR_IDENTIFIERS),
                draw(CODES),
                structs.replace(patient, references=references),
                draw(_FHIR_ORGANISATIONS),
                draw(ANSWERS),
                times=("2026-03-01T10:10:00Z",),
            )
        )
    return tuple(found)
