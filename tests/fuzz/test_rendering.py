"""How a message is written changes nothing: every way of writing it, and every way of cutting it, gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.rendering import PLAIN, Message, Rendering, messages, quiet, quiet_renderings, render, renderings
from translator import Outcome, Translator

ENGINE = Translator.load()


def meaning(outcome: Outcome) -> tuple[object, ...]:
    """Everything that an outcome says, but for the hash of the bytes."""
    source = outcome.source
    return (
        (source.index, source.type, source.control_id),
        (outcome.state, outcome.submissions, outcome.entries, outcome.diagnostics),
    )


def outcomes(raw: bytes) -> list[Outcome]:
    """Translate a stream."""
    return list(ENGINE.translate_stream(BytesIO(raw)))


@given(message=messages(), way=renderings())
@settings(max_examples=300, deadline=None)
def test_one_message_means_the_same_however_it_is_written(message: Message, way: Rendering) -> None:
    """Delimiters, four to six of them, charsets, line ends, byte order mark and frame change no word of the outcome."""
    assert meaning(ENGINE.translate(render(message, way))) == meaning(ENGINE.translate(render(message, PLAIN)))


@given(message=messages().map(quiet), way=quiet_renderings())
@settings(max_examples=100, deadline=None)
def test_message_without_escape_character_means_the_same(message: Message, way: Rendering) -> None:
    """MSH-2 of two characters declares no escape: then nothing is one, whatever the text looks like."""
    assert meaning(ENGINE.translate(render(message, way))) == meaning(ENGINE.translate(render(message, PLAIN)))


def joined(several: Sequence[tuple[Message, Rendering]], *, enveloped: bool) -> bytes:
    """Put messages behind each other, each written in its own way."""
    # An unfinished last line would run into the next message.
    parts = [render(message, way._replace(last_end=True)) for message, way in several]
    if not enveloped:
        return b"".join(parts)
    return b"FHS|^~\\&|EX\rBHS$%~\\&$EX\r" + b"".join(parts) + b"BTS$%d\rFTS|1\r" % len(parts)


SEVERAL = st.lists(st.tuples(messages(), renderings()), min_size=1, max_size=3)


@given(several=SEVERAL, enveloped=st.booleans())
@settings(max_examples=100, deadline=None)
def test_messages_of_many_hands_mean_the_same(several: list[tuple[Message, Rendering]], *, enveloped: bool) -> None:
    """Every message has its own delimiters, charset and line ends; an envelope has others, and counts them."""
    plain = [(message, PLAIN) for message, _ in several]

    found = [meaning(outcome) for outcome in outcomes(joined(several, enveloped=enveloped))]

    assert found == [meaning(outcome) for outcome in outcomes(joined(plain, enveloped=False))]


class Cut(BytesIO):
    """A file that gives as many bytes at a time as it is told to."""

    def __init__(self, raw: bytes, sizes: Sequence[int]) -> None:
        super().__init__(raw)
        self._sizes = sizes
        self._reads = 0

    def read(self, _size: int | None = -1, /) -> bytes:
        """Read the next few bytes."""
        self._reads += 1
        return super().read(self._sizes[self._reads % len(self._sizes)])


@given(several=SEVERAL, sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6), enveloped=st.booleans())
@settings(max_examples=100, deadline=None)
def test_cutting_anywhere_changes_no_line(
    several: list[tuple[Message, Rendering]], sizes: list[int], *, enveloped: bool
) -> None:
    """A stream gives the same lines, hashes included, in chunks of any sizes and byte by byte."""
    raw = joined(several, enveloped=enveloped)
    whole = [outcome.json for outcome in outcomes(raw)]

    for cut in (sizes, [1]):
        assert [outcome.json for outcome in ENGINE.translate_stream(Cut(raw, cut))] == whole
