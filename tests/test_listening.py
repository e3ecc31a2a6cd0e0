"""What every server of ours shares tells no content of what it serves."""

from __future__ import annotations

import logging
import sys

from translator.listening import PlaceFormatter


def test_error_is_told_as_class_and_place() -> None:
    """The text of an exception may quote a body, so it is left out."""
    record = logging.LogRecord("uvicorn", logging.ERROR, "", 0, "Exception in ASGI application", None, None)
    try:
        _fail()
    except KeyError:
        record.exc_info = sys.exc_info()
    text = PlaceFormatter().format(record)

    assert "KeyError at test_listening.py:" in text
    assert "4711-secret" not in text


def _fail() -> None:
    raise KeyError("4711-secret")
