"""Every real message that is at hand comes out whole, as it stands and as if its order were known."""

from __future__ import annotations

import re
from io import BytesIO
from random import Random

import pytest

from tests.corpus_table import as_it_stands, corpus, placed
from tests.fuzz.properties import check
from translator import Translator
from translator.translate.service_request import no_correlation

ENGINE = Translator.load()
OBX = re.compile(rb"(?:^|[\r\n])[ \t]*OBX(?=[^A-Za-z0-9]|$)")
WAYS = {"as-it-stands": as_it_stands, "placed": placed}

pytestmark = pytest.mark.skipif(not corpus(), reason="the corpus of real messages is not here")


def test_every_observation_has_one_entry() -> None:
    """As many entries as lines that begin with OBX, message by message, whatever stands in them."""
    wrong = []
    for path in corpus():
        with path.open("rb") as file:
            outcomes = list(ENGINE.translate_pieces(file, name=path.name))
        wrong += [
            (path.name, outcome.source.index)
            for raw, outcome in outcomes
            if outcome.source.format == "hl7v2"
            and len(OBX.findall(raw)) != sum(entry.at.startswith("OBX[") for entry in outcome.entries)
        ]

    assert wrong == []


@pytest.mark.parametrize("way", WAYS)
def test_every_message_keeps_every_property(way: str) -> None:
    """What must hold for any input holds for real ones."""
    for path in corpus():
        raw, _ = WAYS[way](path.read_bytes())
        assert check(ENGINE, raw, Random(path.name)) >= 0, path.name  # noqa: S311 - seeded on purpose


@pytest.mark.parametrize("way", WAYS)
def test_every_line_is_stable(way: str) -> None:
    """A second engine with the same tables writes the same bytes."""
    twin = Translator.load()

    for path in corpus():
        raw, lookup = WAYS[way](path.read_bytes())
        first, second = (
            [outcome.json for outcome in engine.translate_stream(BytesIO(raw), name=path.name, correlation=lookup)]
            for engine in (ENGINE, twin)
        )
        assert first == second, path.name


def test_nothing_of_it_was_ordered_through_whoop() -> None:
    """Without a correlation no real message finds a service request, however its order numbers look."""
    for path in corpus():
        with path.open("rb") as file:
            for outcome in ENGINE.translate_stream(file, name=path.name, correlation=no_correlation):
                assert outcome.submissions == (), path.name


def test_known_orders_are_sent() -> None:
    """With every order number known, some messages are sent: the corpus is not held by a mistake of ours."""
    sent = 0
    for path in corpus():
        raw, lookup = placed(path.read_bytes())
        sent += sum(
            outcome.state == "translated" for outcome in ENGINE.translate_stream(BytesIO(raw), correlation=lookup)
        )

    assert sent > 0
