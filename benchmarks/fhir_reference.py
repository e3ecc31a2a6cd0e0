"""
Translate clean FHIR bundles plainly: `orjson.loads`, what a payload needs, `orjson.dumps`.

The reference of every ratio for FHIR, as careful as the one for HL7 v2: it follows references by fullUrl and the tables
for code, number, unit and bounds. It takes the number that a double holds for the number that was sent, the last of
two equal keys for the only one, and knows nothing of members, components, modifiers or test data. For bundles of
`fhir_messages.py` it gives the same payload bytes as the engine.
"""

from __future__ import annotations

import re
from decimal import Decimal
from types import ModuleType
from typing import Any

from benchmarks.reference import Payloads, plausible, unit_factor
from translator.read.fhir import SERVICE_REQUEST_SYSTEM
from translator.read.fhir_value import UCUM
from translator.translate.tables import ObservationRow, Tables

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_STATUSES = frozenset({"final", "corrected", "preliminary", "partial", "amended"})
_COMPARATORS = frozenset({"<", "<=", ">", ">="})


class FhirPlainReader:
    """Translate one bundle by the tables, one step after another."""

    def __init__(self, tables: Tables, orjson: ModuleType) -> None:
        self._tables = tables
        self._loads, self._dumps = orjson.loads, orjson.dumps

    def __call__(self, raw: bytes) -> Payloads:
        """Take every report with its results."""
        by_url: dict[str, Any] = {}
        reports = []
        for entry in self._loads(raw)["entry"]:
            url, resource = entry["fullUrl"], entry["resource"]
            by_url[url] = resource
            if resource["resourceType"] == "DiagnosticReport":
                reports.append((url.removesuffix(f"DiagnosticReport/{resource['id']}"), resource))
        return [self._report(base, report, by_url) for base, report in reports]

    def _report(self, base: str, report: dict[str, Any], by_url: dict[str, Any]) -> tuple[str, bytes]:
        order = by_url[base + report["basedOn"][0]["reference"]]
        (request,) = (each["value"] for each in order["identifier"] if each["system"] == SERVICE_REQUEST_SYSTEM)
        if not _UUID.fullmatch(request) or report["status"] not in _STATUSES:
            raise ValueError(request)
        observations = [self._observation(by_url[base + each["reference"]]) for each in report["result"]]
        return request, self._dumps({"status": report["status"], "observations": observations})

    def _observation(self, node: dict[str, Any]) -> dict[str, Any]:
        if node["resourceType"] != "Observation" or node["status"] not in _STATUSES:
            raise ValueError(node["id"])
        row = self._row(node["code"]["coding"])
        sent = self._text(node, row) if row.kind == "text" else self._quantity(node["valueQuantity"], row)
        return {"code": row.whoop_code, **sent, "status": node["status"]}

    def _row(self, codings: list[dict[str, Any]]) -> ObservationRow:
        """Look every coding up."""
        systems, rows = self._tables.systems, self._tables.observations
        found = None
        for coding in codings:
            system = coding["system"]
            found = found or rows.get((systems.get(system, system), coding["code"]))
        if found is None:
            raise ValueError
        return found

    def _text(self, node: dict[str, Any], row: ObservationRow) -> dict[str, Any]:
        answers = self._tables.coded_values
        if "valueString" in node:
            text = " ".join(node["valueString"].split()).casefold()
            return {"value_text": answers[row.whoop_code, "", text]}
        (coding,) = node["valueCodeableConcept"]["coding"]
        return {"value_text": answers[row.whoop_code, coding["system"], coding["code"]]}

    def _quantity(self, quantity: dict[str, Any], row: ObservationRow) -> dict[str, Any]:
        sent = quantity["code"] if quantity.get("system") == UCUM else quantity["unit"]
        factor = unit_factor(self._tables, sent, row)
        unit = {"unit": row.unit_sent} if row.unit_sent else {}
        number = Decimal(repr(quantity["value"]))
        comparator = quantity.get("comparator")
        if comparator is None:
            return {"value_numeric": plausible(number, factor, row), **unit}
        if comparator not in _COMPARATORS or factor is not None:
            raise ValueError(row.code)
        return {"value_text": f"{comparator}{number}", **unit}
