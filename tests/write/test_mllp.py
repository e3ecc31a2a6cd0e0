"""A frame is written only around what it can hold."""

from __future__ import annotations

import pytest

from translator.errors import WriteError
from translator.write.mllp import frame


def test_frame_stands_around_the_message() -> None:
    """Start byte, message, end byte, carriage return."""
    assert frame(b"MSH|1\r") == b"\x0bMSH|1\r\x1c\r"


@pytest.mark.parametrize("byte", [pytest.param(b"\x0b", id="start"), pytest.param(b"\x1c", id="end")])
def test_message_with_a_frame_byte_is_not_sent(byte: bytes) -> None:
    """The receiver could not tell where it ends."""
    with pytest.raises(WriteError):
        frame(b"MSH|" + byte)
