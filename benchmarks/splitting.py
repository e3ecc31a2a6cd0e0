"""Measure the cutting of streams into messages alone, beside what Python's own `split` needs for well-behaved ones."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from time import process_time

from msgspec import Struct

from translator.read.wire import split_stream

_CHUNK = 1 << 16
_ROUNDS = 5
_LENGTH = 8 << 20


class Splitting(Struct, frozen=True):
    """
    What one way of framing takes.

    Units: `us` CPU microseconds for one message, `mb_per_s` a million bytes in a second, `ratio` to the plain split.
    """

    framing: str
    us: float
    mb_per_s: float
    ratio: float


def splitting(messages: Sequence[bytes]) -> list[Splitting]:
    """Cut some megabytes of each framing, in chunks as a socket or a file gives them."""
    many = list(messages) * (1 + _LENGTH // sum(map(len, messages)))
    return [_framing(name, frame(many), len(many), plain) for name, frame, plain in _FRAMINGS]


def _framing(name: str, data: bytes, count: int, plain: Callable[[bytes], Iterable[bytes]]) -> Splitting:
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    ours, plains = [], []
    for _ in range(_ROUNDS):
        ours.append(_taken(lambda: (piece for piece in split_stream(chunks) if piece.kind == "MSH"), count))
        plains.append(_taken(lambda: plain(data), count))
    ratio = median(own / other for own, other in zip(ours, plains, strict=True))
    return Splitting(name, median(ours) / count * 1e6, len(data) / median(ours) / 1e6, ratio)


def _taken(cut: Callable[[], Iterable[object]], count: int) -> float:
    gc.collect()
    began = process_time()
    found = sum(1 for _ in cut())
    taken = process_time() - began
    if found != count:
        text = f"{found} messages were found where there are {count}"
        raise RuntimeError(text)
    return taken


def _frames(messages: Sequence[bytes]) -> bytes:
    return b"".join(b"\x0b" + raw + b"\x1c\r" for raw in messages)


def _plain_frames(data: bytes) -> Iterator[bytes]:
    return (frame[1:] for frame in data.split(b"\x1c\r") if frame)


def _batch(messages: Sequence[bytes]) -> bytes:
    return b"".join(
        [b"FHS|^~\\&|EXLAB|NORTH\rBHS|^~\\&|EXLAB|NORTH\r", *messages, f"BTS|{len(messages)}\rFTS|1\r".encode()]
    )


def _plain_batch(data: bytes) -> list[bytes]:
    return data.split(b"\rMSH|")[1:]


_FRAMINGS = (("MLLP frames", _frames, _plain_frames), ("FHS/BHS batch", _batch, _plain_batch))
