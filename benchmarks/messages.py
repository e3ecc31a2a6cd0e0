"""
Write seeded ORU^R01 messages of invented people, as long and as mixed as a laboratory's own.

Every code, unit and coded answer comes from our mapping tables, each value from the example of its row, so that the
whole of every message translates. The same seed gives the same bytes.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import count

from msgspec import Struct

from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import plan_unit

SEED = 20260301
BLOOD_TYPE = "BLOOD_TYPE"
_SNOMED = "http://snomed.info/sct"
# Ten messages in turn: 22.6 results each on the average, as the reports of a general laboratory have.
STANDARD_COUNTS = (22, 14, 26, 20, 30, 18, 24, 23, 28, 21)
_RESULTS_PER_ORDER = 25
_MOLAR_SHARE = 0.1
_FAMILY = ("Sample", "Testa", "Mu\u00f1oz", "Placeholder", "Specimen", "Fictiva", "O'Example", "Fors\u00e9n")
_GIVEN = ("Avery", "Robin", "Jos\u00e9", "Kim", "Sascha", "Noor", "Charlie", "Ilse")
_HEADER = "MSH|^~\\&|EXLAB^2.16.840.1.113883.3.9999^ISO|NORTH|TRANSLATOR|WHOOP|20260301101500+0000||ORU^R01^ORU_R01"
_ADDRESS = "F|||1 Example Street^^Sampletown^EX^00000^^H||^PRN^PH^^1^555^0100"
_NOTES = (
    "Specimen slightly hemolyzed\\.br\\result not affected",
    "Repeated on a second aliquot",
    "Fasting state as stated by the patient",
    "Reference range by age \\T\\ sex",
)


class Shape(Struct, frozen=True):
    """
    How long messages are.

    Shape: `counts` are the OBX of one message after another, in turn; `per_order` how many stand under one OBR.
    """

    name: str
    counts: tuple[int, ...]
    per_order: int = _RESULTS_PER_ORDER


SMALL = Shape("small", (5,))
STANDARD = Shape("standard", STANDARD_COUNTS)
LARGE = Shape("large", (200,))


class Analyte(Struct, frozen=True):
    """One numeric row with a typical value in its wire unit; `exact` tells that its unit needs no conversion."""

    row: ObservationRow
    typical: str
    exact: bool


class Laboratory:
    """
    Write messages without end.

    Shape: the n-th message depends on the seed, the tables and the shape alone.
    """

    def __init__(self, tables: Tables, *, seed: int = SEED) -> None:
        self._random = random.Random(seed)
        self._answers = sorted(
            (code, text)
            for (whoop_code, system, code), text in tables.coded_values.items()
            if (whoop_code, system) == (BLOOD_TYPE, _SNOMED)
        )
        analytes = list(_analytes(tables))
        self._exact = _by_code(analyte for analyte in analytes if analyte.exact)
        self._molar = _by_code(analyte for analyte in analytes if not analyte.exact)
        self._blood_type = next(row for row in tables.observations.values() if row.whoop_code == BLOOD_TYPE)

    def messages(self, shape: Shape, number: int) -> list[bytes]:
        """Write some messages of one shape."""
        return [self.message(shape.counts[at % len(shape.counts)], shape.per_order) for at in range(number)]

    def message(self, results: int, per_order: int = _RESULTS_PER_ORDER) -> bytes:
        """Write one message with so many OBX."""
        chance = self._random
        identifier = chance.randrange(10**8)
        name = f"{chance.choice(_FAMILY)}^{chance.choice(_GIVEN)}^{chance.choice('ABCDEFGH')}"
        born = f"19{chance.randrange(40, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        segments = [
            f"{_HEADER}|BENCH{identifier:08}|P|2.5.1|||AL|NE||UNICODE UTF-8",
            f"PID|1||EX-{identifier:08}^^^EXLAB^MR~{identifier:010}^^^EXLAB^PI||{name}||{born}|{_ADDRESS}",
            "PV1|1|O|NORTH^^^EXLAB||||0000000017^Physician^Pat^^^Dr^^^EXLAB",
        ]
        number = count(1)
        for first in range(0, results, per_order):
            segments += self._order(first // per_order + 1, min(per_order, results - first), number)
        return "".join(f"{segment}\r" for segment in segments).encode()

    def _order(self, number: int, results: int, numbers: Iterator[int]) -> Iterator[str]:
        chance = self._random
        request = uuid.UUID(int=chance.getrandbits(128), version=4)
        filler = f"F-{chance.randrange(10**7):07}^EXLAB"
        yield f"ORC|RE|{request}|{filler}||CM||||20260301083000|||0000000017^Physician^Pat"
        obr = [
            "OBR",
            str(number),
            str(request),
            filler,
            "24323-8^Comprehensive panel^LN",
            *[""] * 2,
            "20260301083000-0500",
        ]
        obr += [
            *[""] * 6,
            "20260301091500-0500",
            "",
            "0000000017^Physician^Pat",
            *[""] * 5,
            "20260301101000-0500",
            "",
            "LAB",
        ]
        yield "|".join([*obr, "F"])
        for row, kind, value in self.results(results):
            yield self._obx(next(numbers), row, kind, value)
            if chance.random() < 0.05:
                yield f"NTE|1|L|{chance.choice(_NOTES)}"
        yield f"SPM|1|S-{chance.randrange(10**6):06}^EXLAB||119364003^Serum^SCT|||||||||||||20260301083000-0500"

    def results(self, results: int) -> Iterator[tuple[ObservationRow, str, str]]:
        """Choose what is reported: no code twice in one order, unless there are more results than codes."""
        chance = self._random
        if results > 1:
            yield self._blood_result()
        wanted = results - (results > 1)
        codes = list(self._exact)
        while wanted > 0:
            for code in chance.sample(codes, min(wanted, len(codes))):
                yield self._result(code)
            wanted -= len(codes)

    def _blood_result(self) -> tuple[ObservationRow, str, str]:
        code, text = self._random.choice(self._answers)
        if self._random.random() < 0.2:
            return self._blood_type, "ST", text
        return self._blood_type, "CWE", f"{code}^Blood group {text}^SCT"

    def _result(self, code: str) -> tuple[ObservationRow, str, str]:
        chance = self._random
        if code in self._molar and chance.random() < _MOLAR_SHARE:
            analyte = chance.choice(self._molar[code])
            return analyte.row, "NM", self._value(analyte)
        analyte = chance.choice(self._exact[code])
        value = self._value(analyte)
        kind = chance.choices(("NM", "SN", "ST"), (82, 10, 8))[0]
        limit = chance.choice("<>") if kind != "NM" and chance.random() < 0.6 else ""
        return analyte.row, kind, f"{limit}^{value}" if kind == "SN" else f"{limit}{value}"

    def _value(self, analyte: Analyte) -> str:
        typical = Decimal(analyte.typical)
        varied = typical * self._random.randrange(850, 1150) / 1000
        return str(varied.quantize(typical) or typical)

    def _obx(self, number: int, row: ObservationRow, kind: str, value: str) -> str:
        chance = self._random
        display = row.display.replace("&", "\\T\\")
        loinc, local = f"{row.code}^{display}^LN", f"EX{row.code.replace('-', '')}^{row.whoop_code}^L"
        code = f"{loinc}^{local}" if chance.random() < 0.75 else f"{local}^{loinc}"
        unit = f"{row.wire_unit}^{row.wire_unit}^UCUM" if row.wire_unit and chance.random() < 0.5 else row.wire_unit
        flag, normal = chance.choice("NNNHL"), f"<{row.example_out.split(' ')[0]}" if row.kind == "numeric" else ""
        return (
            f"OBX|{number}|{kind}|{code}|1|{value}|{unit}|{normal}|{flag}|||F|||20260301083000||0017^Analyst^Lee|EXM^^L||"
            "20260301095500"
        )


def _analytes(tables: Tables) -> Iterator[Analyte]:
    for row in tables.observations.values():
        typical = _typical(row)
        if row.system == LOINC and row.kind == "numeric" and not row.ignore and typical:
            plan = plan_unit(row, row.wire_unit, tables)
            if not plan.reason:
                yield Analyte(row, typical, plan.conversion is None)


def _typical(row: ObservationRow) -> str:
    """Take the number of the row's example, where that is in the unit that the row's own feed carries."""
    for example, units in ((row.example_in, {row.wire_unit}), (row.example_out, {row.unit_sent, row.unit})):
        number, _, unit = example.partition(" ")
        same = unit == row.wire_unit or (row.unit == row.wire_unit and unit in units)
        if same and number.replace(".", "", 1).isdigit():
            return number
    return ""


def _by_code(analytes: Iterator[Analyte]) -> dict[str, Sequence[Analyte]]:
    grouped: dict[str, list[Analyte]] = {}
    for analyte in analytes:
        grouped.setdefault(analyte.row.whoop_code, []).append(analyte)
    return {code: tuple(group) for code, group in grouped.items()}
