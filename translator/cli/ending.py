"""
Turn however a command ends into one message on stderr and an exit code.

A crash shows the exception's class and the place in our own code, and nothing else: its text, its locals and the
frames of other packages may hold patient data.
"""

from __future__ import annotations

import atexit
import errno
import os
import sys
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

import click

from translator.defects import tell_defect
from translator.errors import ConfigError, TranslatorError

FINDINGS = 1
USAGE = 2
INTERRUPTED = 130
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Ending:
    """
    A context that no exception leaves; `code` is the exit code.

    Shape: 0 all well, 1 findings, 2 usage, configuration or a crash, 130 interrupted from the keyboard.
    """

    def __init__(self) -> None:
        self.code = 0

    def __enter__(self) -> None:
        """Make ready to write UTF-8 and LF, whatever the system prefers."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Settle the exit code, and say what is wrong."""
        if error is None:
            error = _flush()
        if error is not None:
            self.code = _settle(error, trace)
        return True


def hold_streams() -> None:
    """
    See that there is a stdout, and let nothing else have the place of a stream that is closed.

    The next file that is opened would get its number, and with it what others write to that stream.

    Raises: ConfigError where stdout is closed.
    """
    if sys.__stdin__ is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - held as long as the process runs
    if sys.__stdout__ is None:
        raise ConfigError("stdout is closed; send it to a file, or to /dev/null")
    if sys.__stderr__ is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above


def leave(code: int) -> NoReturn:
    """
    End this process.

    Threads of Daft's outlive its work, and one that lets go of something of Python's while the interpreter is taken
    down aborts the process: a good run would end with a signal now and then. So where Daft was used, all is done that
    is done at exit, and the interpreter is left as it is.
    """
    if sys.modules.get("daft") is None:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing ends its processes
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _settle(error: BaseException, trace: TracebackType | None) -> int:
    match error:
        case click.exceptions.Exit(exit_code=code) | SystemExit(code=int(code)):
            pass
        case click.ClickException():
            error.show()
            code = USAGE
        case KeyboardInterrupt() | click.Abort():
            code = _say("interrupted", INTERRUPTED)
        case BrokenPipeError():
            _leave_stdout()
            code = FINDINGS
        case OSError(errno=number, strerror=why) if number in _NO_ROOM:
            _leave_stdout()
            code = _say(f"nothing more could be written ({why}); make room, then run it again", USAGE)
        case TranslatorError():
            code = _say(str(error), error.exit_code)
        case _:
            code = _say(tell_defect(error, trace), USAGE)
    return code


def _flush() -> BaseException | None:
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def _say(text: str, code: int) -> int:
    click.echo(f"translator: {text}", err=True)
    return code


def _leave_stdout() -> None:
    # The reader has gone, as in `| head`, or the disk is full. Python would complain when it flushes at exit what is
    # left, so that goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
