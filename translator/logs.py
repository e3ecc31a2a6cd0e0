"""
Write what the service tells to standard error: one line for each event, as JSON or as text.

Our own loggers (`translator...`) name an event by a short word and give fields beside it; only the fields of `FIELDS`
are written. What other packages log is told by package, place and level alone, and an exception by its class and its
place: their texts could quote a message (promise P6). So does what nobody caught, in whatever thread.

A message is named by its number in the ledger, `trace`, from its intake to its delivery.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict

from translator.config_log import LogSettings
from translator.listening import PlaceFormatter

FIELDS = (
    "trace", "control_id", "submission", "attempt", "intake", "destination", "port", "folder", "state", "outcome",
    "code", "answer", "count", "ms", "by", "why", "text", "url", "console", "mllp", "folders", "streams", "version",
)  # fmt: skip
"""Numbers, codes, states, hashes, names of the settings and our own sentences; never anything of a message."""

OURS = "translator"
LIFECYCLE = "translator.lifecycle"
"""The logger of what an operator always wants to know: start, reload, pause, stop."""

_OTHERS = "library"
_lifecycle = logging.getLogger(LIFECYCLE)
_answers = logging.getLogger("translator.answers")


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Have everything that this process logs go to standard error, in the form of the settings."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter(settings, is_terminal=out.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    level = settings.level.upper()
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger(OURS).setLevel(level)
    _lifecycle.setLevel(level if settings.level == "error" else min(logging.INFO, logging.getLevelName(level)))
    # A line that cannot be written would else be told with its arguments.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    _catch_defects()


def formatter(settings: LogSettings, *, is_terminal: bool) -> logging.Formatter:
    """Make the form of one line."""
    is_text = settings.format == "text" or (not settings.format and is_terminal)
    last: Any = structlog.dev.ConsoleRenderer(colors=is_terminal) if is_text else _json
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_event],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def tell(event: str, **fields: object) -> None:
    """Tell of the life of the service: a start, a reload, a stop."""
    _lifecycle.info(event, extra=fields)


def warn(text: str) -> None:
    """Tell the operator something in our own words."""
    _lifecycle.warning("notice", extra={"text": text})


def answered(code: str, seconds: float) -> None:
    """Tell of one acknowledgement, where every one is asked for."""
    if _answers.isEnabledFor(logging.DEBUG):
        _answers.debug("answered", extra={"code": code, "ms": _ms(seconds)})


def _event(_logger: object, level: str, event: EventDict) -> EventDict:
    """Keep of a record what may be told."""
    record: logging.LogRecord = event["_record"]
    stamped = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")(_logger, level, {})
    told = {**stamped, "level": level, "event": event["event"]}
    if record.name.split(".")[0] == OURS:
        told |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
    else:
        told |= {"event": _OTHERS, "library": record.name.split(".")[0], "place": f"{record.filename}:{record.lineno}"}
    if record.exc_info and record.exc_info[0] is not None:
        told["error"] = PlaceFormatter().formatException(record.exc_info)
    return told | {"_record": record, "_from_structlog": False}


def _json(_logger: object, _level: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


def _catch_defects() -> None:
    def told(what: str) -> Callable[[Any, Any, Any], None]:
        def tell_of(kind: Any, error: Any, trace: Any) -> None:
            _lifecycle.critical(what, exc_info=(kind, error, trace))

        return tell_of

    uncaught, in_thread, ignored = told("defect"), told("defect-in-thread"), told("defect-ignored")
    sys.excepthook = uncaught
    threading.excepthook = lambda args: in_thread(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: ignored(args.exc_type, args.exc_value, args.exc_traceback)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
