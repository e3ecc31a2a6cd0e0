"""Hold what every reader must be told before it can read: names of charsets, coding systems and message types."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from translator.record.number_form import NumberForm


class Lexicon(Struct, frozen=True):
    """
    The tables that readers look names up in.

    Shape: `message_types` gives, by `ORU^R01` or `ORU`, an empty text for what is read and a reason code for what is
    refused; a type that is not listed is refused `message-type`. The others are a site's settings: the charset of
    messages that declare none, whether an empty MSH-11 is production, the sender's own way to write numbers, and
    whether the value type CQ is read, whether a note behind OBR may be an order number, and the FHIR version of
    documents. `controls` gives, by format and by the word
    of an order (`NW`, `active`), what it asks for: `create`, `cancel` or `update`.
    """

    charsets: Mapping[str, str]
    systems: Mapping[str, str]
    message_types: Mapping[str, str]
    default_charset: str = ""
    accept_blank_processing_id: bool = False
    numbers: NumberForm | None = None
    composite_quantity: bool = False
    order_notes: bool = False
    fhir_version: str = ""
    controls: Mapping[str, Mapping[str, str]] = {}
