"""
Let other people's parsers read the same OBX, and bring what they say into one form.

Neither peer is a dependency: one has no build for some machines. `make peers` and `.ci/run` install them by the extra
`bench`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

FIELDS = (3, 5, 6, 11)


class Obx(NamedTuple):
    """OBX-3, 5, 6 and 11 of one segment: each as repetitions of unescaped components."""

    code: list[list[str]]
    value: list[list[str]]
    unit: list[list[str]]
    status: list[list[str]]


Peer: TypeAlias = Callable[[bytes, str], list[Obx]]


def hl7kit(module: Any) -> Peer:
    """Read by paths such as `OBX[2]-5[1].2`; the bytes as they came."""

    def read(raw: bytes, _text: str) -> list[Obx]:
        message = module.parse(raw)

        def field(path: str) -> list[list[str]]:
            found: list[list[str]] = []
            while message.get(f"{path}[{len(found) + 1}]") is not None:
                repetition = f"{path}[{len(found) + 1}]"
                found.append(_until_none(message.get, f"{repetition}."))
            return found

        count = message.segments().count("OBX")
        return [Obx(*(field(f"OBX[{number}]-{n}") for n in FIELDS)) for number in range(1, count + 1)]

    return read


def _until_none(get: Callable[[str], str | None], prefix: str) -> list[str]:
    found: list[str] = []
    while (component := get(f"{prefix}{len(found) + 1}")) is not None:
        found.append(component)
    return found


def medforge(module: Any) -> Peer:
    """Read by objects; the text as its charset has it, since it takes no bytes."""

    def field(segment: Any, number: int) -> list[list[str]]:
        try:
            found = segment.field(number)
        except IndexError:
            return []
        # What has no repetition has none listed, and what has no component likewise.
        return [
            [str(component.value) for component in each.components] or [each.value]
            for each in (found.repetitions or [found])
        ]

    def read(_raw: bytes, text: str) -> list[Obx]:
        segments = module.parse(text).segments_by_name("OBX")
        return [Obx(*(field(segment, n) for n in FIELDS)) for segment in segments]

    return read
