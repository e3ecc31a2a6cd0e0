"""
Put a message into a frame of MLLP.

Source: HL7 Transport Specification: MLLP, release 1.
"""

from __future__ import annotations

from translator.errors import WriteError

_START, _END = b"\x0b", b"\x1c\r"
_RESERVED = (b"\x0b", b"\x1c")


def frame(message: bytes) -> bytes:
    """
    Write the frame around one message.

    Raises:
        WriteError: the message holds a byte that frames are made of, so its end could not be told.
    """
    if any(byte in message for byte in _RESERVED):
        raise WriteError("a message with 0x0B or 0x1C in it cannot be sent by MLLP; escape it as \\X0B\\ or \\X1C\\")
    return _START + message + _END
