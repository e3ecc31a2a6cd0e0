"""
Take messages out of the frames of MLLP as their bytes come in, and read what an acknowledgement says.

Theory of operation: a frame begins with 0x0B and ends with 0x1C and a carriage return; whatever else stands between
frames is passed over. A sender may leave the carriage return out, so 0x1C ends a frame, too, where a line feed or the
next frame follows, or nothing. Before any other byte it is a byte of the message: taken for an end, it would cut the
message short, and what is acknowledged would not be what was sent. A frame that grows above the limit is a fault of the
peer, not of memory.

Source: HL7 Transport Specification: MLLP, release 1; HL7 v2.9 2.14.8 (MSA), table 0008.
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.er7 import read_delimiters
from translator.read.wire import LARGEST_MESSAGE

START, END = b"\x0b", b"\x1c"
_BEHIND_AN_END = b"\r\n" + START
_LINE_ENDS = b"\r\n"


class FrameTooLargeError(ValueError):
    """
    A frame above the limit: the peer must be let go, since what follows cannot be told apart.

    Shape: `before` are the messages that were whole before it, `beginning` is what there is of it.
    """

    def __init__(self, limit: int, before: list[bytes], beginning: bytes) -> None:
        super().__init__(f"an MLLP frame is larger than {limit} bytes")
        self.before = before
        self.beginning = beginning


class Frames:
    """
    The frames of one connection, in whatever pieces the network delivers them.

    Shape: a `patient` one does not take 0x1C for an end while it is the last byte there is: the next one tells, or
    `settle` where none comes. `stray` counts what stood between frames, without line ends.
    Units: `limit` in bytes, for one message.
    """

    def __init__(self, limit: int = LARGEST_MESSAGE, *, patient: bool = False) -> None:
        self._limit = limit
        self._is_patient = patient
        self._buffer = bytearray()
        self._searched = 0
        self._inside = False
        self.stray = 0

    @property
    def is_open(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    @property
    def is_settling(self) -> bool:
        """Whether the last byte may be the end of a frame, and the next one tells."""
        return self._searched < len(self._buffer)

    def feed(self, chunk: bytes) -> list[bytes]:
        """
        Take bytes in, and give the messages that are whole now.

        Raises:
            FrameTooLargeError: a frame has grown above the limit.
        """
        self._buffer += chunk
        return self._take(settled=not self._is_patient)

    def settle(self) -> list[bytes]:
        """Give the message that is whole if nothing follows for now."""
        return self._take(settled=True)

    def _take(self, *, settled: bool) -> list[bytes]:
        found: list[bytes] = []
        while (message := self._next(settled=settled)) is not None:
            if len(message) > self._limit:
                raise FrameTooLargeError(self._limit, found, message)
            found.append(message)
        if self._searched > self._limit:
            raise FrameTooLargeError(self._limit, found, bytes(self._buffer))
        return found

    def _next(self, *, settled: bool) -> bytes | None:
        if not self._inside and not self._begin():
            return None
        end = self._end(settled=settled)
        if end < 0:
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._inside, self._searched = False, 0
        return message

    def _begin(self) -> bool:
        """Pass over what stands before the next frame."""
        at = self._buffer.find(START)
        passed = len(self._buffer) if at < 0 else at
        if passed:
            self.stray += len(self._buffer[:passed].strip(_LINE_ENDS))
        del self._buffer[: passed + 1]
        self._inside, self._searched = at >= 0, 0
        return self._inside

    def _end(self, *, settled: bool) -> int:
        """Find where the frame ends; -1 while it does not. No byte is searched twice."""
        end = self._buffer.find(END, self._searched)
        while end >= 0:
            following = self._buffer[end + 1 : end + 2]
            if following in _BEHIND_AN_END and (following or settled):
                return end
            if not following:
                self._searched = end
                return -1
            end = self._buffer.find(END, end + 1)
        self._searched = len(self._buffer)
        return -1


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
