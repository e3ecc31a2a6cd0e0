"""Sets of tables that differ from the packaged ones in known ways, and messages of invented people that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, TSH, Obx, oru, service_request
from translator.mapping_files import packaged_files
from translator.pipeline import Pipeline, Translated
from translator.plan.causes import Translate
from translator.plan.comparer import Comparer
from translator.plan.comparison import Comparison, merged
from translator.translate.load import TableTexts, read_texts

Files = dict[str, bytes]

OBSERVATIONS = "whoop/observations.csv"
CONVERSIONS = "units/conversions.csv"
SPELLINGS = "units/spellings.csv"
STATUSES = "hl7v2/0085-observation-status.csv"
GLUCOSE_ID = f"{OBSERVATIONS} http://loinc.org|2345-7"
HDL_ID = f"{OBSERVATIONS} http://loinc.org|2085-9"
CHOLESTEROL_ID = f"{OBSERVATIONS} http://loinc.org|2093-3"
FINAL_ID = f"{STATUSES} F"
FACTOR_ID = f"{CONVERSIONS} TOTAL_CHOLESTEROL|mmol/L|mg/dL"
SITE_ROW_ID = f"sites/acme/{OBSERVATIONS} L|ZZ9"
MARK_ID = "sites/acme/site.toml values.decimal_mark"

BLOOD_GROUP = "882-1^ABO and Rh group^LN"


def replaced(name: str, old: str, new: str, files: Files) -> None:
    """Write one text of a table otherwise; it must stand there."""
    body = files[name].decode()
    assert old in body, f"{old} stands not in {name}"
    files[name] = body.replace(old, new).encode()


def without(name: str, start: str, files: Files) -> None:
    """Take the rows away that begin so."""
    lines = files[name].decode().split("\n")
    left = [line for line in lines if not line.startswith(start)]
    assert len(left) < len(lines), f"no row of {name} begins with {start}"
    files[name] = "\n".join(left).encode()


def written(name: str, text: str, files: Files) -> None:
    """Put a file there."""
    files[name] = text.encode()


HDL_ROW = "HDL,numeric,mg/dL,mg/dL,mg/dL,no,3,250"
FACTOR = "TOTAL_CHOLESTEROL,mmol/L,mg/dL,38.7"
SITE_ROWS = "system,code,same_as\nL,ZZ9,2093-3\n"

# Each edits the packaged files, and those of the site acme.
EDITS: Mapping[str, Callable[[Files, Files], None]] = {
    "no-glucose": lambda files, _: without(OBSERVATIONS, "http://loinc.org,2345-7,", files),
    "hdl-bounds": lambda files, _: replaced(OBSERVATIONS, HDL_ROW, HDL_ROW.replace("250", "50"), files),
    "factor": lambda files, _: replaced(CONVERSIONS, "TOTAL_CHOLESTEROL,mmol/L,mg/dL,38.665", FACTOR, files),
    "final-is-corrected": lambda files, _: replaced(STATUSES, "F,final,send,final", "F,final,send,corrected", files),
    "no-spelling": lambda files, _: without(SPELLINGS, "mmol/L,", files),
    "local-code": lambda _, site: written(OBSERVATIONS, SITE_ROWS, site),
    "comma": lambda _, site: written("site.toml", '[values]\ndecimal_mark = ","\n', site),
    "no-answers": lambda files, _: replaced("whoop/coded-values.csv", ",A+,A+|", ",A pos,A+|", files),
    "layout": lambda _, site: written("acurable/order.toml", "layout_confirmed = true\n", site),
}


@cache
def texts(*names: str) -> TableTexts:
    """Read the packaged tables with some of the edits made."""
    files, site = packaged_files(), Files()
    for name in names:
        EDITS[name](files, site)
    return read_texts(files, site, "acme")


def edited(edit: Callable[[Files, Files], None]) -> TableTexts:
    """Read the packaged tables with one edit of a test's own."""
    files, site = packaged_files(), Files()
    edit(files, site)
    return read_texts(files, site, "acme")


MESSAGES: tuple[bytes, ...] = (
    oru([Obx(GLUCOSE, "92"), Obx(HDL, "55")], request=service_request(1), control_id="M1"),
    oru([Obx(CHOLESTEROL, "4.78", "mmol/L"), Obx(TSH, "1.2", "m[IU]/L")], request=service_request(2), control_id="M2"),
    oru([Obx(LOCAL, "184"), Obx(HDL, "40")], request=service_request(3), control_id="M3"),
    oru([Obx(HDL, "5,6", type="ST"), Obx(GLUCOSE, "92")], request=service_request(4), control_id="M4"),
    oru([Obx(BLOOD_GROUP, "A+", "", type="ST")], request=service_request(5), control_id="M5"),
    oru([Obx(HDL, "55"), Obx(GLUCOSE, "92", status="C")], request=service_request(6), status="C", control_id="M6"),
    oru([Obx(HDL, "55")], request=service_request(7), processing_id="T", control_id="M7"),
    oru([], request=service_request(8), control_id="M8"),
    b"no message at all",
)


def one(raw: bytes, number: int = 0) -> Translate:
    """Translate one message by any tables."""
    return partial(_translated, raw, number)


def _translated(raw: bytes, number: int, pipeline: Pipeline) -> list[Translated]:
    return [(raw, pipeline.translate(raw, file="lab.hl7", index=number))]


def compared(comparer: Comparer, messages: Iterable[bytes] = MESSAGES) -> list[Comparison]:
    """Compare what becomes of some messages, one part for each."""
    return [part for number, raw in enumerate(messages) for part in comparer.compare(one(raw, number))]


def whole(comparer: Comparer, messages: Iterable[bytes] = MESSAGES) -> Comparison:
    """Compare what becomes of some messages."""
    return merged(compared(comparer, messages), comparer.examples)


def causes(found: Comparison) -> dict[str, int]:
    """Count changed values by cause."""
    return {" + ".join(cause): tally.values for cause, tally in found.causes.items()}
