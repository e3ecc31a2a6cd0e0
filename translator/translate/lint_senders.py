"""Find senders that two sites of one service claim, so that neither would read their messages (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class SenderClash(NamedTuple):
    """A sender that a site names and what is wrong with it; `sender` is empty where the site names none."""

    site: str
    sender: str
    text: str


def lint_senders(senders: Mapping[str, tuple[str, ...]]) -> Iterator[SenderClash]:
    """Every clash, by the sites and the senders that each names; the application alone claims all its facilities."""
    seen: list[tuple[str, str]] = []
    for site, names in senders.items():
        if not names:
            yield SenderClash(site, "", "is one of several sites and names no sender, so it reads no message")
        for name in names:
            other = next((where for where, known in seen if where != site and _clash(known, name)), "")
            if other:
                yield SenderClash(site, name, f"names {name}, as the site {other} does; its messages would be held")
            seen.append((site, name))


def _clash(one: str, other: str) -> bool:
    application, _, facility = (part.strip() for part in one.partition("|"))
    other_application, _, other_facility = (part.strip() for part in other.partition("|"))
    return application == other_application and (facility == other_facility or not facility or not other_facility)
