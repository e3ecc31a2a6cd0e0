"""
Write seeded FHIR R4 bundles: the reports of `messages.py`, as a laboratory's FHIR server would send them.

Codes, units and coded answers come from our mapping tables, so that the whole of every bundle translates. The same
seed gives the same bytes.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from benchmarks.messages import SEED, Laboratory
from translator.read.fhir import SERVICE_REQUEST_SYSTEM
from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables

STANDARD_RESULTS = 25
_BASE = "https://lab.example"
_SNOMED = "http://snomed.info/sct"
_UCUM = "http://unitsofmeasure.org"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


class FhirLaboratory:
    """
    Write bundles without end.

    Shape: the n-th bundle depends on the seed, the tables and the number of results alone.
    """

    def __init__(self, tables: Tables, *, seed: int = SEED) -> None:
        self._random = random.Random(seed)
        self._laboratory = Laboratory(tables, seed=seed)
        self._encode = msgspec.json.Encoder(decimal_format="number").encode

    def bundles(self, results: int, number: int) -> list[bytes]:
        """Write some bundles of so many results each."""
        return [self.bundle(results) for _ in range(number)]

    def bundle(self, results: int = STANDARD_RESULTS) -> bytes:
        """Write one bundle, without white space; each 25 results are a report of their own."""
        patient = f"p-{self._random.randrange(10**6):06}"
        resources = list(_people(patient))
        for first in range(0, results, STANDARD_RESULTS):
            resources += self._reported(patient, min(STANDARD_RESULTS, results - first))
        entry = [{"fullUrl": f"{_BASE}/{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
        return self._encode({"resourceType": "Bundle", "id": patient, "type": "collection", "entry": entry})

    def _reported(self, patient: str, results: int) -> list[dict[str, Any]]:
        """Write a report, its results and its order."""
        request = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        observations = [
            self._observation(f"{request[:8]}-{number}", patient, *result)
            for number, result in enumerate(self._laboratory.results(results), start=1)
        ]
        return [self._report(patient, request, observations), *observations, _order(patient, request)]

    def _report(self, patient: str, request: str, observations: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {
            "resourceType": "DiagnosticReport",
            "id": f"r-{request[:8]}",
            "meta": {"versionId": "1", "lastUpdated": "2026-03-01T10:15:00Z"},
            "identifier": [{"system": f"{_BASE}/filler", "value": f"F-{self._random.randrange(10**7):07}"}],
            "basedOn": [{"reference": f"ServiceRequest/s-{request[:8]}"}],
            "status": "final",
            "category": [_concept(f"{_TERMINOLOGY}/v2-0074", "LAB", "Laboratory")],
            "code": _concept(LOINC, "24323-8", "Comprehensive panel"),
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": "2026-03-01T08:30:00-05:00",
            "issued": "2026-03-01T10:10:00-05:00",
            "result": [{"reference": f"Observation/{each['id']}"} for each in observations],
        }

    def _observation(self, name: str, patient: str, row: ObservationRow, _: str, value: str) -> dict[str, Any]:
        chance = self._random
        loinc = {"system": LOINC, "code": row.code, "display": row.display}
        local = {"system": f"{_BASE}/codes", "code": f"EX{row.code.replace('-', '')}"}
        flag = chance.choice("NNNHL")
        low, high = ({"value": chance.randrange(*ends), "unit": row.wire_unit or "1"} for ends in ((1, 50), (50, 99)))
        return {
            "resourceType": "Observation",
            "id": name,
            "meta": {"lastUpdated": "2026-03-01T09:55:00Z"},
            "status": "final",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [loinc, local] if chance.random() < 0.75 else [local, loinc]},
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": "2026-03-01T08:30:00-05:00",
            "performer": [{"reference": "Organization/exlab"}],
            **_value(row, value),
            "interpretation": [_concept(f"{_TERMINOLOGY}/v3-ObservationInterpretation", flag)],
            "referenceRange": [{"low": low, "high": high}],
        }


def _value(row: ObservationRow, value: str) -> dict[str, Any]:
    """Write the value of an OBX (`185`, `<0.1`, `<^0.1`, `112144000^Blood group A^SCT`) as FHIR says it."""
    parts = value.split("^")
    if row.kind == "text":
        return {"valueCodeableConcept": _concept(_SNOMED, parts[0], parts[1])} if parts[1:] else {"valueString": value}
    text = "".join(parts)
    comparator = text[0] if text[0] in "<>" else ""
    quantity: dict[str, Any] = {"value": Decimal(_without_noughts(text.lstrip("<>")))}
    if comparator:
        quantity["comparator"] = comparator
    unit = row.wire_unit or "1"
    return {"valueQuantity": {**quantity, "unit": unit, "system": _UCUM, "code": unit}}


def _without_noughts(number: str) -> str:
    """Leave trailing noughts out: the reference reads a double, which loses them, so it would round another way."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def _order(patient: str, request: str) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": f"s-{request[:8]}",
        "identifier": [{"system": SERVICE_REQUEST_SYSTEM, "value": request}],
        "status": "active",
        "intent": "order",
        "code": _concept(LOINC, "24323-8", "Comprehensive panel"),
        "subject": {"reference": f"Patient/{patient}"},
    }


def _people(patient: str) -> tuple[dict[str, Any], ...]:
    """Whom the results are of, and who measured them."""
    return (
        {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{"system": f"{_BASE}/mrn", "value": f"EX-{patient}"}],
            "name": [{"family": "Sample", "given": ["Avery"]}],
            "gender": "unknown",
            "birthDate": "1980-01-01",
        },
        {"resourceType": "Organization", "id": "exlab", "active": True, "name": "Example Laboratory"},
    )


def _concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}
