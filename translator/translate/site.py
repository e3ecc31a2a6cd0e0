"""
List every setting of a site's `site.toml`: what it may be, and what it means (pure). All are off by default.

Each opens a door that the packaged tables keep shut, because only the site knows what its sender means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from translator.record import places
from translator.translate.site_kinds import (
    BLANK,
    FLAG,
    FLAG_REVERSED,
    RANKING,
    TEXT,
    TEXTS,
    TIME_ZONE,
    Kind,
    choice,
    choices,
    codes,
)


class Site(Struct, frozen=True):
    """
    The settings of one site, checked.

    Shape: `observation_status`, `report_status` and `fhir_report_status` give, by code as sent (`""` for a blank one),
    the word that the site reads it as. `rank` gives, by WHOOP code, the codes of its rows from the most to the least
    wanted. `accept_types` are named as MSH-9 is (`OUL^R22`), `places` as HL7 names fields (`OBR-18`).
    Absent: an empty setting leaves everything as the packaged tables have it.
    """

    description: str = ""
    senders: tuple[str, ...] = ()
    default_charset: str = ""
    accept_blank_processing_id: bool = False
    accept_types: tuple[str, ...] = ()
    observation_status: Mapping[str, str] = {}
    report_status: Mapping[str, str] = {}
    fhir_report_status: Mapping[str, str] = {}
    fhir_version: str = ""
    service_request_systems: tuple[str, ...] = ()
    decimal_mark: str = ""
    group_mark: str = ""
    composite_quantity: bool = False
    not_obtained_text: bool = False
    rank: Mapping[str, tuple[str, ...]] = {}
    places: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    unlisted_stays_partial: bool = False
    time_zone: str = ""


class Setting(Struct, frozen=True):
    """
    One setting: its name in `site.toml`, the field of `Site`, what it must be in words, and what it means.

    Shape: `read` gives the checked value, or None for one that may not stand here; `schema` says it as JSON Schema.
    """

    name: str
    field: str
    words: str
    kind: Kind
    meaning: str

    @property
    def read(self) -> Callable[[object], Any]:
        """What checks and reads the value."""
        return self.kind.read

    @property
    def schema(self) -> Mapping[str, Any]:
        """What may stand here, as JSON Schema."""
        return self.kind.schema


# FHIR: preliminary may be "incomplete or unverified"; amended "includes new information"; both readings of V are final.
OBSERVATION_STATUS = {BLANK: "final", "R": "preliminary", "S": "preliminary", "V": "final", "B": "amended"}
REPORT_STATUS = {BLANK: "derive", "A": "hold", "R": "partial", "M": "partial"}
FHIR_REPORT_STATUS = {"unknown": "derive"}

# Types that carry results, in a layout or with an identity that a site must vouch for. Alerts and waveforms never.
TYPES = ("OUL^R21", "OUL^R22", "OUL^R23", "OUL^R24", "ORF^R04")
PLACES = tuple(place.name for place in (*places.PLACES, *places.PARENT_PLACES))
FHIR_VERSIONS = ("R4", "R4B", "R5")
DECIMAL_MARKS = (".", ",")
GROUP_MARKS = (",", ".", " ", "'")


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _pairs(allowed: Mapping[str, str]) -> str:
    return "a table of codes out of " + ", ".join(f'{code} = "{word}"' for code, word in allowed.items())


SETTINGS = (
    Setting("description", "description", "text in quotes", TEXT, "What this site is; for people."),
    Setting(
        "complete_on_final",
        "unlisted_stays_partial",
        "true or false",
        FLAG_REVERSED,
        "A panel that `whoop/panels.csv` does not list is complete when its report is final; true unless set.",
    ),
    Setting(
        "time_zone",
        "time_zone",
        'a name of the IANA time zone database, such as "Europe/Berlin"',
        TIME_ZONE,
        "Where the clocks of the sender stand: times without an offset are read there, and a report from the hour that "
        "the clocks repeat in autumn is held. Without it such times are compared as they are written.",
    ),
    Setting(
        "hl7v2.senders",
        "senders",
        "a list of texts in quotes",
        TEXTS,
        "Whose messages these tables read, where one `translator run` serves several sites: MSH-3, or MSH-3 and MSH-4 "
        "with the bar of HL7 between them.",
    ),
    Setting(
        "hl7v2.default_charset",
        "default_charset",
        "a readable name of `hl7v2/0211-charset.csv`",
        TEXT,
        "The charset of messages that have bytes above 127 and declare no charset in MSH-18.",
    ),
    Setting(
        "hl7v2.accept_blank_processing_id",
        "accept_blank_processing_id",
        "true or false",
        FLAG,
        "An empty MSH-11 means production.",
    ),
    Setting(
        "hl7v2.accept_types",
        "accept_types",
        f"a list out of {_list(TYPES)}",
        choices(TYPES),
        "Message types that are read although `hl7v2/message-types.csv` refuses them.",
    ),
    Setting(
        "hl7v2.observation_status",
        "observation_status",
        _pairs(OBSERVATION_STATUS),
        codes(OBSERVATION_STATUS),
        "How OBX-11 codes are read that are otherwise held; `blank` stands for an empty OBX-11.",
    ),
    Setting(
        "hl7v2.report_status",
        "report_status",
        _pairs(REPORT_STATUS),
        codes(REPORT_STATUS),
        "How OBR-25 codes are read otherwise; `derive` asks the observations, `hold` holds the report.",
    ),
    Setting(
        "fhir.report_status",
        "fhir_report_status",
        _pairs(FHIR_REPORT_STATUS),
        codes(FHIR_REPORT_STATUS),
        "How DiagnosticReport.status codes are read that are otherwise held.",
    ),
    Setting(
        "fhir.version",
        "fhir_version",
        f"one of {_list(FHIR_VERSIONS)}",
        choice(FHIR_VERSIONS),
        "The FHIR version of the sender's documents, whatever they declare and whatever is left over in them.",
    ),
    Setting(
        "fhir.service_request_systems",
        "service_request_systems",
        "a list of URIs in quotes",
        TEXTS,
        "Identifier systems under which orders carry the WHOOP service request id, in place of our own default. A "
        "reference that is such a URI with the id behind it (`URI/id`) names the service request as well.",
    ),
    Setting(
        "values.decimal_mark",
        "decimal_mark",
        f"one of {_list(DECIMAL_MARKS)}",
        choice(DECIMAL_MARKS),
        "The mark before decimals in the sender's numbers. With a comma, `5,6` is read and `5.6` is held.",
    ),
    Setting(
        "values.group_mark",
        "group_mark",
        f"one of {_list(GROUP_MARKS)}, and not the decimal mark",
        choice(GROUP_MARKS),
        "The mark between thousands in the sender's numbers. With a point, `1.234` is read as 1234.",
    ),
    Setting(
        "values.composite_quantity",
        "composite_quantity",
        "true or false",
        FLAG,
        "The value type CQ is read as a number and its unit.",
    ),
    Setting(
        "values.not_obtained_text",
        "not_obtained_text",
        "true or false",
        FLAG,
        "The text of an observation that could not be obtained (OBX-11 X; FHIR `cancelled`) is sent as `cancelled`.",
    ),
    Setting(
        "values.rank",
        "rank",
        "a table of lists: the codes of a WHOOP code's rows, the most wanted first",
        RANKING,
        "Which observation counts where several give one WHOOP code; the others are ignored.",
    ),
    Setting(
        "service_request.places",
        "places",
        f"a list out of {_list(PLACES)}",
        choices(PLACES),
        "Where order numbers stand; the first place, in this order, that gives exactly one service request decides.",
    ),
    Setting(
        "service_request.namespaces",
        "namespaces",
        "a list of texts in quotes",
        TEXTS,
        "Namespaces (EI.2) or universal ids (EI.3) of which an order number must have one to count.",
    ),
)
