"""
Translate the example of a mapping row, so that every row carries its own test.

An example is written as an analyst would say it: `185 mg/dL`, `<0.01 mIU/L`, `A POS`; what is not sent is
`held:` and the reason.
"""

from __future__ import annotations

from msgspec import structs

from translator.record.outcome import PayloadObservation
from translator.record.report import Form, Observation
from translator.record.values import Coding, Text
from translator.translate.observation import ObservationTranslator
from translator.translate.site import Site
from translator.translate.tables import ObservationRow, Tables


class ExampleTranslator:
    """
    Translate examples by the same rules as results.

    A packaged row's example is written as HL7 writes numbers, a site's row's as the site's sender does.
    """

    def __init__(self, tables: Tables) -> None:
        self._translate = ObservationTranslator(tables, "hl7v2").translate
        self._translate_packaged = ObservationTranslator(structs.replace(tables, site=Site()), "hl7v2").translate

    def __call__(self, row: ObservationRow, example: str) -> str:
        """Give what would be sent for an example of this row, or `state:reason`."""
        value, _, unit = example.partition(" ") if row.kind == "numeric" else (example, "", "")
        codes = (Coding(row.system, row.code),)
        translate = self._translate if row.at.startswith("sites/") else self._translate_packaged
        form = Form(codes, "ST", unit, status="F")
        verdict = translate(Observation("example", form, Text(value)))
        return _written(verdict.payload) if verdict.payload is not None else f"{verdict.state}:{verdict.reason}"


def _written(payload: PayloadObservation) -> str:
    value = payload.value_text if payload.value_numeric is None else str(payload.value_numeric)
    return f"{value} {payload.unit}" if payload.unit else f"{value}"
