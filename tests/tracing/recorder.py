"""Record spans in memory, for tests that look at single ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

from translator.tracing import INTERNAL, Span, Told


class Heard(NamedTuple):
    """One span that has ended."""

    name: str
    kind: str
    parent: str
    own: str
    began: int
    ended: int
    told: dict[str, Any]
    error: str


class Recorder:
    """Keeps every span that has ended; its clock goes on by one at each look."""

    is_on = True

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._times = itertools.count(1)
        self._numbers = itertools.count(1)

    @property
    def became(self) -> Mapping[str, int]:
        """Count what was kept."""
        return {"sent": len(self.heard)}

    def now(self) -> int:
        """Give the next time."""
        return next(self._times)

    def begin(self, name: str, kind: str, began: int, *, parent: str = "") -> Span:
        """Begin a span."""
        return _Recording(self, name, kind, began, parent, f"span {next(self._numbers)}")

    def close(self) -> None:
        """Keep what there is."""

    def named(self, name: str) -> list[Heard]:
        """Give the spans of one name."""
        return [one for one in self.heard if one.name == name]


class _Recording:
    """A span of a recorder."""

    def __init__(self, recorder: Recorder, name: str, kind: str, began: int, parent: str, own: str) -> None:
        self._recorder = recorder
        self._is = (name, kind, parent, own, began)
        self.context = own

    def part(self, name: str, began: int, ended: int, told: Told, *, kind: str = INTERNAL, error: str = "") -> None:
        self._recorder.begin(name, kind, began, parent=self.context).end(ended, told, error=error)

    def end(self, ended: int, told: Told, *, error: str = "") -> None:
        self._recorder.heard.append(Heard(*self._is, ended, dict(told), error))
