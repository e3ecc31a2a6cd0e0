"""
Write reports as ORU^R01: what a vendor found goes back to the lab that ordered it.

Source: HL7 v2.5.1 7.3.1 (ORU^R01), 4.5.1 (ORC), 4.5.3 (OBR), 7.4.3 (SPM).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from translator.record.order import OrderPatient
from translator.record.report import Identifier, Report
from translator.write.er7 import coded, entity, escape, segment
from translator.write.hl7v2 import Group, Letterhead, assemble
from translator.write.obx import obx
from translator.write.person import pid
from translator.write.statuses import report_letter
from translator.write.times import dtm


def write_oru(head: Letterhead, patient: OrderPatient, reports: Sequence[Report]) -> bytes:
    """
    Write the reports of one patient as one message.

    Raises:
        WriteError: something in a report has no place in HL7, or a report says not what it is of.
    """
    orders = [Group("ORDER_OBSERVATION", tuple(_order(*each))) for each in enumerate(reports, start=1)]
    return assemble(head, "ORU", "R01", (Group("PATIENT_RESULT", (Group("PATIENT", (pid(patient),)), *orders)),))


def _order(number: int, report: Report) -> Iterator[str | Group]:
    placer, filler, group = (entity(_number(report, kind)) for kind in ("placer", "filler", "group"))
    yield segment("ORC", {1: "RE", 2: placer, 3: filler, 4: group})
    fields = {1: str(number), 2: placer, 3: filler, 4: coded(report.panel)}
    time = report.times[0] if report.times else ""
    yield segment("OBR", {**fields, 22: escape(dtm(time)), 25: report_letter(report.status)})
    for place, seen in enumerate(report.observations, start=1):
        yield Group("OBSERVATION", (obx(place, seen),))
    for place, kind in enumerate(report.specimens, start=1):
        yield Group("SPECIMEN", (segment("SPM", {1: str(place), 4: escape(kind)}),))


def _number(report: Report, kind: str) -> Identifier:
    return next((identifier for name, _, identifier in report.keys if name == kind), Identifier())
