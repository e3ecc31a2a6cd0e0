"""Build ORU^R01 messages of invented people, for tests that need many or need one with a certain flaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

CHOLESTEROL = "2093-3^Cholesterol^LN"
HDL = "2085-9^HDL cholesterol^LN"
LDL = "13457-7^LDL cholesterol^LN"
GLUCOSE = "2345-7^Glucose^LN"
TSH = "3016-3^TSH^LN"
LOCAL = "ZZ9^Aura^L"


class Obx(NamedTuple):
    """One result as the lab writes it."""

    code: str
    value: str
    unit: str = "mg/dL"
    status: str = "F"
    type: str = "NM"


def service_request(number: int) -> str:
    """Name the n-th service request."""
    return f"00000000-0000-4000-8000-{number:012}"


def oru(
    results: Sequence[Obx],
    *,
    request: str = service_request(1),
    status: str = "F",
    control_id: str = "MSG1",
    at: str = "20260301101000",
    patient: str = "EX-1001",
    filler: str = "F-2001",
    processing_id: str = "P",
) -> bytes:
    """Write one message; segments end in CR as the standard says."""
    header = f"MSH|^~\\&|EXLAB|NORTH|TRANSLATOR|WHOOP|{at}||ORU^R01^ORU_R01|{control_id}|{processing_id}|2.5.1"
    segments = [
        header,
        f"PID|1||{patient}^^^EXLAB^MR||Sample^Avery||19840312|F",
        f"ORC|RE|{request}|{filler}^EXLAB",
        "|".join(["OBR", "1", request, f"{filler}^EXLAB", "24331-1^Lipid panel^LN", *[""] * 17, at, "", "", status]),
        *(
            f"OBX|{number}|{obx.type}|{obx.code}||{obx.value}|{obx.unit}|||||{obx.status}"
            for number, obx in enumerate(results, start=1)
        ),
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()
