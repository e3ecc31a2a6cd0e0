"""Lay a site's settings over its tables, and find the settings that the tables contradict (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from translator.errors import Fault
from translator.translate.load_rows import Row, suggestion
from translator.translate.load_site import Settings
from translator.translate.tables import StatusRow, Tables
from translator.translate.units import plan_unit

_HELD_BY_SITE = "status-undecided"


def overlay(tables: Tables, settings: Settings, rows: list[Row], faults: list[Fault]) -> Tables:
    """
    The tables as the site reads them; what contradicts them is appended to `faults`.

    Shape: `rows` are those of the observations as text, which say where a cell stands.
    """
    faults.extend((*_charset(tables, settings), *_ranks(tables, settings), *_assumed_units(tables, rows)))
    site = settings.site
    read = dict.fromkeys(site.accept_types, "")
    observation = _rows(settings, "hl7v2.observation_status", site.observation_status)
    report = _rows(settings, "hl7v2.report_status", site.report_status)
    fhir_report = _rows(settings, "fhir.report_status", site.fhir_report_status)
    return structs.replace(
        tables,
        message_types={**tables.message_types, **read},
        observation_status=_over(tables.observation_status, {"hl7v2": observation}),
        report_status=_over(tables.report_status, {"hl7v2": report, "fhir": fhir_report}),
    )


def _over(
    known: Mapping[str, Mapping[str, StatusRow]], own: Mapping[str, Mapping[str, StatusRow]]
) -> dict[str, Mapping[str, StatusRow]]:
    return {name: {**rows, **own.get(name, {})} for name, rows in known.items()}


def _rows(settings: Settings, name: str, words: Mapping[str, str]) -> dict[str, StatusRow]:
    """A status row for each code, standing where the setting stands."""
    return {code: _row(settings.at(name, code or "blank"), code, word) for code, word in words.items()}


def _row(at: str, code: str, word: str) -> StatusRow:
    match word:
        case "hold":
            return StatusRow(at, code, "hold", reason=_HELD_BY_SITE)
        case "derive":
            return StatusRow(at, code, "derive")
    return StatusRow(at, code, "send", word)


def _charset(tables: Tables, settings: Settings) -> Iterator[Fault]:
    name = settings.site.default_charset
    if name and not tables.charsets.get(name):
        readable = [known for known, codec in tables.charsets.items() if codec]
        near = suggestion(name, readable) or f"; the names are those of HL7: {', '.join(readable)}"
        complaint = f"names no charset that can be read{near}"
        yield settings.fault("hl7v2.default_charset", complaint)


def _ranks(tables: Tables, settings: Settings) -> Iterator[Fault]:
    targets = {row.whoop_code for row in tables.observations.values() if row.whoop_code}
    for whoop_code, wanted in settings.site.rank.items():
        if whoop_code not in targets:
            complaint = f"ranks {whoop_code}, but no row gives this WHOOP code{suggestion(whoop_code, targets)}"
            yield settings.fault("values.rank", complaint, whoop_code)
            continue
        known = {row.code for row in tables.observations.values() if row.whoop_code == whoop_code}
        for code in wanted:
            if code not in known:
                complaint = f"ranks {code}, but no row gives {whoop_code} for it{suggestion(code, known)}"
                yield settings.fault("values.rank", complaint, whoop_code)


def _assumed_units(tables: Tables, rows: list[Row]) -> Iterator[Fault]:
    for text in rows:
        row = tables.observations[text.get("system"), text.get("code")]
        reason = plan_unit(row, row.assume_unit, tables).reason if row.assume_unit and row.at == text.at else ""
        if reason:
            complaint = f"assume_unit: a result in {row.assume_unit} would be held: {reason}"
            yield Fault(text.where("assume_unit"), "table-value", complaint)
