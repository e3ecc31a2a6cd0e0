"""
List every setting of a site's `site.toml`: what it may be, and what it means. All are off unless the site sets them.

Each opens a door that the packaged tables keep shut, because only the site knows what its sender means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct


class Site(Struct, frozen=True):
    """
    The settings of one site, checked.

    Shape: `observation_status` and `report_status` give, by code as sent (`""` for a blank one), the word that the site reads it
    as. `rank` gives, by WHOOP code, LOINC codes from the most to the least wanted.
    """

    description: str = ""
    default_charset: str = ""
    accept_blank_processing_id: bool = False
    accept_types: tuple[str, ...] = ()
    observation_status: Mapping[str, str] = {}
    report_status: Mapping[str, str] = {}
    fhir_report_status: Mapping[str, str] = {}
    decimal_mark: str = ""
    group_mark: str = ""
    composite_quantity: bool = False
    not_obtained_text: bool = False
    rank: Mapping[str, tuple[str, ...]] = {}
    places: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    service_request_systems: tuple[str, ...] = ()


class Setting(Struct, frozen=True):
    """One setting: its name in `site.toml`, the field of `Site`, what it may be, and what it means."""

    name: str
    field: str
    kind: str
    check: Callable[[object], Any]
    meaning: str


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts in quotes")
    return tuple(value)


def _choice(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(map(repr, words))}")
        return str(value)

    return check


def _codes(allowed: Mapping[str, str]) -> Callable[[object], dict[str, str]]:
    """Check a table of codes; each code may only be read as the word that a definition backs."""

    def check(value: object) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValueError("must be a table of codes")
        for code, word in value.items():
            if allowed.get(code) != word:
                options = ", ".join(f'{known} = "{meant}"' for known, meant in allowed.items())
                raise ValueError(f"may only say {options}")
        return {"" if code == "blank" else code: word for code, word in value.items()}

    return check


def _ranking(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of WHOOP codes")
    return {code: _texts(sources) for code, sources in value.items()}


OBSERVATION_STATUS = {"blank": "final", "R": "preliminary", "S": "preliminary", "V": "final", "B": "amended"}
REPORT_STATUS = {"blank": "derive", "A": "hold", "R": "partial", "M": "partial"}
FHIR_REPORT_STATUS = {"unknown": "derive"}

SETTINGS = (
    Setting("description", "description", "text", _text, "What this site is; for people."),
    Setting(
        "hl7v2.default_charset",
        "default_charset",
        "name of HL7 table 0211",
        _text,
        "The charset of messages that declare none in MSH-18.",
    ),
    Setting(
        "hl7v2.accept_blank_processing_id",
        "accept_blank_processing_id",
        "true or false",
        _flag,
        "A blank MSH-11 means production.",
    ),
    Setting(
        "hl7v2.accept_types",
        "accept_types",
        "list of message types",
        _texts,
        "Types to read although the packaged table refuses them, such as OUL^R22.",
    ),
    Setting(
        "hl7v2.observation_status",
        "observation_status",
        "table of codes",
        _codes(OBSERVATION_STATUS),
        "How to read OBX-11 codes that are otherwise held; `blank` stands for an empty OBX-11.",
    ),
    Setting(
        "hl7v2.report_status",
        "report_status",
        "table of codes",
        _codes(REPORT_STATUS),
        "How to read OBR-25 codes that are otherwise held; `derive` takes the status from the observations.",
    ),
    Setting(
        "fhir.report_status",
        "fhir_report_status",
        "table of codes",
        _codes(FHIR_REPORT_STATUS),
        "How to read DiagnosticReport.status codes that are otherwise held.",
    ),
    Setting(
        "fhir.service_request_systems",
        "service_request_systems",
        "list of URIs",
        _texts,
        "Identifier systems under which the site's orders carry the WHOOP service request id.",
    ),
    Setting(
        "values.decimal_mark",
        "decimal_mark",
        '"." or ","',
        _choice(".", ","),
        "The sender's decimal mark, where numbers such as 5,6 are its habit.",
    ),
    Setting(
        "values.group_mark",
        "group_mark",
        '",", "." or " "',
        _choice(",", ".", " "),
        "The sender's mark between thousands.",
    ),
    Setting(
        "values.composite_quantity",
        "composite_quantity",
        "true or false",
        _flag,
        "Read the value type CQ as a number and its unit.",
    ),
    Setting(
        "values.not_obtained_text",
        "not_obtained_text",
        "true or false",
        _flag,
        "Send the text of an observation that could not be obtained (X, such as TNP), as cancelled.",
    ),
    Setting(
        "values.rank",
        "rank",
        "table of lists",
        _ranking,
        "Which source counts where two give one WHOOP code: LOINC codes, the most wanted first.",
    ),
    Setting(
        "service_request.places",
        "places",
        "list of HL7 fields",
        _texts,
        "Where order numbers stand, in this order; the first place that gives a service request decides.",
    ),
    Setting(
        "service_request.namespaces",
        "namespaces",
        "list of texts",
        _texts,
        "Namespaces (EI.2) or universal ids (EI.3) that an order number must have to count.",
    ),
)
