"""What reads a message's fields is remembered for a few senders, and right for any number of them."""

from __future__ import annotations

import itertools
import string

from tests.lab_messages import HDL, Obx, oru
from translator import Translator

ENGINE = Translator.load()
PLAIN = oru([Obx(HDL, "55")]).decode()
UNUSED = sorted(set(string.punctuation) - set(PLAIN))
SETS = 100


def test_many_sets_of_delimiters_are_read_alike() -> None:
    """More senders than are remembered, each with separators of its own, say the same; the first one again, too."""
    pairs = list(itertools.islice(itertools.permutations(UNUSED, 2), SETS))

    bodies = [
        submission.body
        for component, repetition in [*pairs, pairs[0]]
        for submission in ENGINE.translate(
            PLAIN.translate({ord("^"): component, ord("~"): repetition}).encode()
        ).submissions
    ]

    assert bodies == [bodies[0]] * (SETS + 1)
