"""
Take messages out of the frames of MLLP as their bytes come in, and read what an acknowledgement says.

Theory of operation: a frame begins with 0x0B and ends with 0x1C; the carriage return behind it, and whatever else
stands between frames, is passed over. A frame that grows above the limit is a fault of the peer, not of memory.

Source: HL7 Transport Specification: MLLP, release 1; HL7 v2.9 2.14.8 (MSA), table 0008.
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.er7 import read_delimiters
from translator.read.wire import LARGEST_MESSAGE

START, END = b"\x0b", b"\x1c"


class FrameTooLargeError(ValueError):
    """A frame above the limit: the peer must be let go, since what follows cannot be told apart."""


class Frames:
    """
    The frames of one connection, in whatever pieces the network delivers them.

    Units: `limit` in bytes, for one message.
    """

    def __init__(self, limit: int = LARGEST_MESSAGE) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._inside = False

    @property
    def is_open(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, chunk: bytes) -> list[bytes]:
        """
        Take bytes in, and give the messages that are whole now.

        Raises:
            FrameTooLargeError: a frame has grown above the limit.
        """
        self._buffer += chunk
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        if len(self._buffer) > self._limit:
            raise FrameTooLargeError(f"an MLLP frame is larger than {self._limit} bytes")
        return found

    def _next(self) -> bytes | None:
        if not self._inside:
            at = self._buffer.find(START)
            del self._buffer[: len(self._buffer) if at < 0 else at + 1]
            self._inside, self._searched = at >= 0, 0
        end = self._buffer.find(END, self._searched) if self._inside else -1
        self._searched = len(self._buffer)
        if end < 0:
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._inside, self._searched = False, 0
        return message


class Acknowledgement(Struct, frozen=True, gc=False):
    """
    What a receiver says of one message.

    Shape: `code` is MSA-1 (`AA`, `CA`, `AE`, `CE`, `AR`, `CR`); `control_id` is MSA-2, the number of the message that
    it speaks of.
    """

    code: str
    control_id: str

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has taken the message over."""
        return self.code in {"AA", "CA"}


def read_acknowledgement(raw: bytes) -> Acknowledgement | None:
    """
    Read MSA of an acknowledgement; ids and codes are ASCII, whatever the charset of the texts beside them.

    Absent: None where this is no message, or has no MSA that says both.
    """
    lines = raw.decode("latin-1").replace("\n", "\r").split("\r")
    delimiters = read_delimiters(lines[0].strip()) if lines[0].strip().startswith("MSH") else None
    if delimiters is None:
        return None
    for line in lines[1:]:
        if line.startswith(f"MSA{delimiters.field}"):
            _, code, control_id, *_ = (*line.split(delimiters.field), "", "")
            code, control_id = code.strip(), control_id.strip()
            return Acknowledgement(code, control_id) if code and control_id else None
    return None
