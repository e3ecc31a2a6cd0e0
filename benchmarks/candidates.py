"""
Name what is compared, and say for each how far it goes: who stops at fields does less than one who translates.

Peers are imported only here, by name, since none of them has to be installed; what is missing is named, never skipped
in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TypeAlias

from msgspec import Struct

from benchmarks.reference import BareReader, PlainReader
from translator import Translator
from translator.translate.tables import Tables

# What comes back is used up by the reader itself, so that nothing lazy is left undone.
Read: TypeAlias = Callable[[bytes], object]
Fields: TypeAlias = list[tuple[str, str, str, str]]

REFERENCE = "plain reference"
FLOOR = "bare floor"
ENGINE = "translator"
OUTCOME = "translator, outcome line"
HL7APY = "hl7apy"
RUST_PEERS = ("hl7kit", "medforge", "hl7conv2")
_BYTES_TO_PAYLOAD = "bytes to payload bytes"
_PARSE_AND_READ = "parse, read OBX-3, 5, 6, 11"


class Candidate(Struct, frozen=True):
    """One reader, with how far it goes: `does`."""

    name: str
    does: str
    read: Read


class Peer(Struct, frozen=True):
    """Someone else's reader: `package` on PyPI, `module` to import, `reader` to make a Read of its modules."""

    name: str
    package: str
    does: str
    modules: tuple[str, ...]
    reader: Callable[..., Read]


def candidates(tables: Tables) -> tuple[list[Candidate], list[Peer]]:
    """Give every candidate that can run here, the reference first, and the peers that are not installed."""
    found, missing = ours(tables), []
    for peer in PEERS:
        try:
            modules = [import_module(name) for name in peer.modules]
        except ModuleNotFoundError:
            missing.append(peer)
        else:
            found.append(Candidate(peer.name, peer.does, peer.reader(*modules)))
    return found, missing


def ours(tables: Tables) -> list[Candidate]:
    """The reference, the floor, and the engine in two ways of use."""
    engine = Translator(tables)
    return [
        Candidate(REFERENCE, _BYTES_TO_PAYLOAD, PlainReader(tables)),
        Candidate(FLOOR, f"{_BYTES_TO_PAYLOAD}, unchecked", BareReader(tables)),
        Candidate(ENGINE, f"{_BYTES_TO_PAYLOAD}, with entries", lambda raw: payloads(engine, raw)),
        Candidate(OUTCOME, "bytes to the whole outcome as JSON", lambda raw: engine.translate(raw).json),
    ]


def payloads(engine: Translator, raw: bytes) -> tuple[list[tuple[str, bytes]], int]:
    """Translate as a sender would: every payload's bytes, and every entry looked at."""
    outcome = engine.translate(raw)
    bodies = [(submission.service_request_id, submission.body_json) for submission in outcome.submissions]
    return bodies, sum(entry.state == "translated" for entry in outcome.entries)


def _hl7kit(hl7kit: object) -> Read:
    parse = hl7kit.parse  # type: ignore[attr-defined]

    def read(raw: bytes) -> Fields:
        message = parse(raw)
        get = message.get
        numbers = range(1, message.segments().count("OBX") + 1)
        return [(get(f"OBX[{n}]-3"), get(f"OBX[{n}]-5"), get(f"OBX[{n}]-6"), get(f"OBX[{n}]-11")) for n in numbers]

    return read


def _medforge(medforge: object) -> Read:
    parse = medforge.parse  # type: ignore[attr-defined]

    def read(raw: bytes) -> Fields:
        fields = [segment.field for segment in parse(raw.decode()).segments_by_name("OBX")]
        return [(field(3).value, field(5).value, field(6).value, field(11).value) for field in fields]

    return read


def _hl7conv2(hl7conv2: object) -> Read:
    convert = hl7conv2.Hl7Json  # type: ignore[attr-defined]

    def read(raw: bytes) -> Fields:
        # A field of components stands under the numbers of its components.
        obx = [segment for segment in convert(raw.decode()).hl7_json if segment["segment_name"] == "OBX"]
        return [
            (each["3.1"], each.get("5") or each["5.1"], each.get("6") or each.get("6.1", ""), each["11"])
            for each in obx
        ]

    return read


def _python_hl7(hl7: object) -> Read:
    parse = hl7.parse  # type: ignore[attr-defined]

    def read(raw: bytes) -> Fields:
        obx = parse(raw.decode()).segments("OBX")
        return [(str(each[3]), str(each[5]), str(each[6]), str(each[11])) for each in obx]

    return read


def _hl7apy(parser: object, consts: object) -> Read:
    parse, tolerant = parser.parse_message, consts.VALIDATION_LEVEL.TOLERANT  # type: ignore[attr-defined]
    return lambda raw: parse(raw.decode(), validation_level=tolerant)


PEERS = (
    Peer("hl7kit", "hl7kit", _PARSE_AND_READ, ("hl7kit",), _hl7kit),
    Peer("hl7conv2", "hl7conv2", _PARSE_AND_READ, ("hl7conv2",), _hl7conv2),
    Peer("medforge", "medforge", _PARSE_AND_READ, ("medforge",), _medforge),
    Peer("python-hl7", "hl7", _PARSE_AND_READ, ("hl7",), _python_hl7),
    Peer(HL7APY, "hl7apy", "parse only, tolerant", ("hl7apy.parser", "hl7apy.consts"), _hl7apy),
)


def only(wanted: Iterable[str], found: Iterable[Candidate]) -> list[Candidate]:
    """Pick candidates by name."""
    names = frozenset(wanted)
    return [candidate for candidate in found if candidate.name in names]
