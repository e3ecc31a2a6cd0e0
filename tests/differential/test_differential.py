"""Two parsers by other hands read the same OBX-3, 5, 6 and 11 in every message that we have, but for what is listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.differential import peers
from tests.differential.explained import EXPLAINED
from tests.differential.readings import differences
from tests.fuzz.seeds import CORPUS, REPOSITORY
from translator.mapping_files import packaged_tables
from translator.pipeline import Pipeline
from translator.read.hl7v2 import read_message
from translator.read.wire import split_stream
from translator.record.report import Observation

LEXICON = Pipeline(packaged_tables()).lexicon
FIXTURES = sorted((REPOSITORY / "fixtures" / "hl7v2").glob("*/message.*"))
MESSAGES = sorted([*(CORPUS / "hl7v2").glob("*"), *(CORPUS / "orders").glob("*.hl7")])
PEERS = {"hl7kit": peers.hl7kit, "medforge": peers.medforge}


class Case(NamedTuple):
    """One message: its file and number as the table of explanations names it."""

    name: str
    raw: bytes
    observations: list[Observation]


def cases(paths: list[Path]) -> Iterator[Case]:
    """Read every message of the files by our own reader."""
    for path in paths:
        name = path.name if path.is_relative_to(CORPUS) else path.parent.name
        pieces = [piece.raw for piece in split_stream([path.read_bytes()]) if piece.kind == "MSH"]
        for number, raw in enumerate(pieces):
            reports = read_message(raw, LEXICON).reports
            seen = [observation for report in reports for observation in report.observations]
            yield Case(f"{name}#{number}", raw, sorted(seen, key=lambda one: int(one.at[4:-1])))


def text(raw: bytes) -> str:
    """Decode for a peer that takes text: the two charsets that the messages use."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def compare(name: str, paths: list[Path]) -> dict[str, str]:
    """Give every difference with its place: a field, `count` where the OBX are not the same, or the peer's refusal."""
    try:
        read = PEERS[name](import_module(name))
    except ModuleNotFoundError:
        pytest.skip(f"{name} is not installed; `make peers` installs it")
    found = {}
    for case in cases(paths):
        try:
            obx = read(case.raw, text(case.raw))
        except ValueError as refusal:
            found[case.name] = f"refused: {refusal}"
            continue
        if len(obx) != len(case.observations):
            found[case.name] = f"count: {len(obx)} OBX, we have {len(case.observations)}"
            continue
        for seen, theirs in zip(case.observations, obx, strict=True):
            found |= dict.fromkeys((f"{case.name} {place}" for place in differences(seen, theirs)), "differs")
    return found


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(FIXTURES, id="fixtures"),
        pytest.param(
            MESSAGES,
            id="corpus",
            marks=pytest.mark.skipif(not MESSAGES, reason="the corpus of real messages is not here"),
        ),
    ],
)
def test_peer_reads_the_same_but_for_what_is_explained(peer: str, paths: list[Path]) -> None:
    """Every difference has a row that says who is right and why, and no row is left over."""
    found = compare(peer, paths)
    names = {case.name for case in cases(paths)}

    unexplained = {at: what for at, what in found.items() if not explained(peer, at)}
    idle = [
        row
        for row in EXPLAINED
        if row.peer == peer and row.message in names and not used(row.message, row.place, found)
    ]

    assert (unexplained, idle) == ({}, [])


def explained(peer: str, at: str) -> bool:
    """Find the row of a difference; a place of a row may be a pattern of places."""
    message, _, place = at.partition(" ")
    return any(
        row.peer == peer and row.message == message and re.fullmatch(row.place, place or "message") for row in EXPLAINED
    )


def used(message: str, place: str, found: dict[str, str]) -> bool:
    """Tell that a row still explains something."""
    pattern = re.compile(place)
    split = (at.partition(" ") for at in found)
    return any(name == message and pattern.fullmatch(field or "message") for name, _, field in split)


def test_enough_is_compared() -> None:
    """The fixtures hold observations of many kinds, so that an empty comparison cannot pass."""
    kinds = Counter(type(one.value).__name__ for case in cases(FIXTURES) for one in case.observations)

    assert kinds.total() > 100
    assert {"Numeric", "Limit", "Ratio", "Range", "Text", "Coded", "Document", "Absent", "Cleared"} <= set(kinds)
