"""
Count the messages of a batch and the batches of a file, and compare with what the trailers claim.

A wrong count holds nothing: it tells the person that the file may have been cut off on its way.

Source: HL7 v2.9 2.10.3 (batch protocol): `[FHS] {[BHS] {MSH ...} [BTS]} [FTS]`.
"""

from __future__ import annotations

from translator.read.wire import Piece
from translator.record.report import Finding

_OPENED = {"BTS": "BHS", "FTS": "FHS"}


class BatchCount:
    """
    Follow the envelopes of one stream.

    Shape: messages that stand in a file without BHS are one batch, as the standard has it.
    """

    def __init__(self) -> None:
        self._messages = 0
        self._batches = 0
        self._in_batch = False
        self._open: dict[str, int] = {}

    def see(self, piece: Piece) -> Finding | None:
        """Take the next piece; a trailer with a wrong count gives a finding."""
        if piece.kind in {"FHS", "BHS"}:
            return self._begin(piece)
        if piece.kind == "MSH":
            self._messages += 1
            self._batches += not self._in_batch
            self._in_batch = True
        elif piece.kind == "BTS":
            return self._compare(piece, self._messages)
        elif piece.kind == "FTS":
            return self._compare(piece, self._batches)
        return None

    def end(self) -> Finding | None:
        """End the stream: a header whose trailer never came gives a finding."""
        return next((_unfinished(name, line) for name, line in self._open.items()), None)

    def _begin(self, piece: Piece) -> Finding | None:
        earlier = self._open.get(piece.kind)
        self._open[piece.kind] = piece.line
        self._messages = 0
        self._in_batch = piece.kind == "BHS"
        self._batches = self._batches + 1 if self._in_batch else 0
        return _unfinished(piece.kind, earlier) if earlier else None

    def _compare(self, piece: Piece, counted: int) -> Finding | None:
        self._open.pop(_OPENED[piece.kind], None)
        self._messages, self._in_batch = 0, False
        self._batches = 0 if piece.kind == "FTS" else self._batches
        claimed = _claim(piece)
        if not claimed or claimed.lstrip("0") == str(counted).lstrip("0"):
            return None
        text = f"line {piece.line}: {piece.kind}-1 does not match the {counted} that were read"
        return Finding("batch-count", piece.kind, text)


def _claim(piece: Piece) -> str:
    """Give BTS-1 or FTS-1; an envelope without a count claims nothing."""
    line = piece.raw.decode("latin-1")
    # Padding is taken off a piece, and a trailer's separator may have been one: then the name is all there is.
    separator = line[3:4]
    return line.split(separator)[1].strip() if separator else ""


def _unfinished(name: str, line: int) -> Finding:
    return Finding("batch-unfinished", name, f"line {line}: this {name} has no trailer")
