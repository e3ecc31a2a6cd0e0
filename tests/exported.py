"""Synthetic NDJSON exports of invented people, and files to read them from."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from translator import Outcome, Translator
from translator.feed import translate_files

SYSTEM = "https://api.prod.whoop.com/developer/v2/partner/service-request"
Source: TypeAlias = tuple[str, Callable[[], AbstractContextManager[BinaryIO]]]


def service_request(number: int) -> str:
    """Invent the id of a service request."""
    return f"00000000-0000-4000-8000-{number:012}"


def report(number: int, *results: str, **elements: Any) -> dict[str, Any]:
    """Write a final report of a patient, which refers to its order and its Observations."""
    return {
        "resourceType": "DiagnosticReport",
        "id": f"r{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24331-1"}]},
        "subject": {"reference": "Patient/p"},
        "basedOn": [{"reference": f"ServiceRequest/s{number}"}],
        "issued": "2026-03-01T10:10:00Z",
        "result": [{"reference": f"Observation/{name}"} for name in results],
    } | elements


def order(number: int) -> dict[str, Any]:
    """Write the order that a report is based on."""
    identifier = {"system": SYSTEM, "value": service_request(number)}
    return {"resourceType": "ServiceRequest", "id": f"s{number}", "identifier": [identifier]}


def hdl(name: str, value: float = 55, **elements: Any) -> dict[str, Any]:
    """Write an Observation of HDL cholesterol."""
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2085-9"}]},
        "valueQuantity": {"value": value, "unit": "mg/dL"},
    } | elements


def height(name: str) -> dict[str, Any]:
    """Write an Observation that is nobody's laboratory result."""
    return hdl(name, code={"coding": [{"system": "http://loinc.org", "code": "8302-2"}]})


PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1984-03-12", "identifier": [{"value": "EX-1001"}]}


def lines(*resources: dict[str, Any]) -> bytes:
    """Write NDJSON."""
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


class Pipe(io.RawIOBase):
    """A stream that can be read once, a part at a time."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1, /) -> bytes:
        """Give no more than a pipe holds."""
        size = min(size, 1 << 16) if size >= 0 else 1 << 16
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def in_memory(files: Mapping[str, bytes]) -> list[Source]:
    """Give files that can be read as often as one likes."""

    def opener(content: bytes) -> Callable[[], AbstractContextManager[BinaryIO]]:
        return lambda: nullcontext(io.BytesIO(content))

    return [(name, opener(content)) for name, content in files.items()]


def on_disk(folder: Path, files: Mapping[str, bytes]) -> list[Source]:
    """Write files, and give them to be opened."""

    def opener(path: Path) -> Callable[[], AbstractContextManager[BinaryIO]]:
        return lambda: path.open("rb")

    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [(name, opener(folder / name)) for name in files]


def translated(engine: Translator, sources: list[Source]) -> list[Outcome]:
    """Translate files that can all be read."""

    def unreadable(_name: str, error: OSError) -> None:
        raise error

    return [outcome for _, outcome in translate_files(engine, sources, unreadable)]
