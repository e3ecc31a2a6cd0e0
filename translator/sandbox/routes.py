"""Find the handler of a vendor call: one table of routes, whichever vendor they belong to. (pure)"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from translator.sandbox.answer import Answer, Call, error_answer
from translator.sandbox.orders import UUID

WHOOP = "whoop"


class Route(NamedTuple):
    """One line of a vendor's route table; `name` is what a fault calls it."""

    method: str
    pattern: re.Pattern[str]
    name: str
    handler: Callable[[Call], Answer]
    vendor: str = WHOOP


def route(method: str, path: str, name: str, handler: Callable[[Call], Answer], *, vendor: str = WHOOP) -> Route:
    """Write one line of the table; `{id}` in the path stands for a UUID, `{reference}` for anything."""
    pattern = path.replace("{id}", f"({UUID.pattern})").replace("{reference}", "(.+)")
    return Route(method, re.compile(pattern, re.DOTALL), name, handler, vendor)


class RouteTable:
    """Every route of every vendor."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self.names = frozenset(line.name for line in self.routes)

    def find(self, call: Call) -> Route:
        """
        Find the route of a call, and note on the call what the pattern captured.

        Absent: an unknown path, or a method that the path does not have, gives a nameless route that says so.
        """
        allowed = []
        for line in self.routes:
            match = line.pattern.fullmatch(call.path)
            if match and line.method == call.method:
                call.parts = match.groups()
                return line
            if match:
                allowed.append(line.method)
        return _wrong_method(", ".join(allowed)) if allowed else NOWHERE


def _wrong_method(allowed: str) -> Route:
    refused = error_answer(405, "the path does not have this method")
    answer = Answer(refused.status, refused.body, (*refused.headers, (b"allow", allowed.encode())))
    return Route("", NOWHERE.pattern, "", lambda _call: answer)


NOWHERE = Route("", re.compile(""), "", lambda _call: error_answer(404, "no such path"))
