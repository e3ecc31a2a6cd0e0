"""
Follow a page of the documentation: read its commands and what they should show, and run them in a clean folder.

A block of `sh` is typed, a block of `text` behind it is what the terminal shows. A comment before a block says what a
reader sees and a program does not: `<!-- exit code 1 -->`, and `<!-- rows of PATH -->` before a block of `csv`, whose
lines take the place of those with the same key, or come behind them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.sandbox_process import SandboxProcess

_BLOCK = re.compile(r"(?:<!-- ([^>]*) -->\n)?^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"exit code (\d)")
_ROWS = re.compile(r"rows of (\S+)")
_KEY_CELLS = 2
_ELLIPSIS = "..."
_WIDTH = 100
# How a terminal is told to write bold.
_STYLE = re.compile("\x1b\\[[0-9;]*m")
# What differs from run to run, and what it is compared as.
_CHANGING = {
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?": "TIME",
    r"\b[0-9a-f]{16,64}\b": "HASH",
    r"\([0-9a-f]{12}\)": "(COMMIT)",
    r"\b\d+\.\d s\b": "SECONDS",
    # The packaged tables grow.
    r"\.csv:\d+\b": ".csv:LINE",
    r"\b\d+ (files|examples|conversions)\b": r"N \1",
}


class Step(NamedTuple):
    """
    One block to type, or rows to write into a table.

    Shape: `place` is where what is shown begins in the page; `shown` is None where it shows nothing.
    """

    line: int
    typed: str
    shown: str | None
    exit_code: int
    table: str = ""
    place: int = 0


class Done(NamedTuple):
    """What came of a step."""

    exit_code: int
    output: str


def steps(page: Path) -> list[Step]:
    """Read the steps of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        comment, kind, body = block[1] or "", block[2], block[3]
        line = text.count("\n", 0, block.start(2)) + 1
        exit_code, rows = _EXIT.search(comment), _ROWS.search(comment)
        if kind == "text":
            found[-1] = found[-1]._replace(shown=body, place=block.start(3))
        elif kind == "sh":
            found.append(Step(line, body.strip(), None, int(exit_code[1]) if exit_code else 0))
        elif rows:
            found.append(Step(line, body, None, 0, rows[1]))
    return found


def update(page: Path, followed: Sequence[tuple[Step, Done]]) -> None:
    """Write what the terminal showed into the page, where that shows all of it and something else."""
    text = page.read_text(encoding="utf-8")
    for step, done in reversed(followed):
        if step.shown is not None and _ELLIPSIS not in step.shown and not is_as_shown(done.output, step.shown):
            now = "\n".join(line.rstrip() for line in done.output.strip("\n").splitlines())
            text = f"{text[: step.place]}{now}\n{text[step.place + len(step.shown) :]}"
    page.write_text(text, encoding="utf-8", newline="\n")


def comparable(text: str) -> list[str]:
    """Make two outputs comparable: without what changes, without space at the ends of lines, without empty ends."""
    for changing, same in _CHANGING.items():
        text = re.sub(changing, same, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n").split("\n")


def is_as_shown(output: str, shown: str) -> bool:
    """Tell whether the output is what the page shows: `...` stands for any lines, and behind a space for any words."""
    pattern = r"\n".join(r"(?:.*\n)*?.*" if line == _ELLIPSIS else _line(line) for line in comparable(shown))
    return re.fullmatch(pattern, "\n".join(comparable(output))) is not None


def _line(shown: str) -> str:
    """A pattern for one line, whose end may be left out as well."""
    return f"{re.escape(shown.removesuffix(_ELLIPSIS))}.*" if shown.endswith(f" {_ELLIPSIS}") else re.escape(shown)


class Reader:
    """
    Somebody who follows the page, in a folder and an environment of their own.

    Shape: `home` is where their programs lie, and no settings of this machine. `cd`, `export` and the second terminal
    of `translator sandbox` are theirs to keep; all else is a shell's.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._sandbox: SandboxProcess | None = None
        programs = home / "bin"
        programs.mkdir()
        ours = programs / "translator"
        ours.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m translator "$@"\n', encoding="utf-8")
        ours.chmod(0o755)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TRANSLATOR_", "GIT_"))}
        self.environment = inherited | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8",
            "TERM": "xterm", "COLUMNS": str(_WIDTH), "NO_COLOR": "1", "LOGNAME": "ada", "USER": "ada",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@lab.example",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@lab.example",
        }  # fmt: skip

    def follow(self, step: Step) -> Done:
        """Do one step, and give what the terminal shows."""
        if step.table:
            self._write_rows(self.folder / step.table, step.typed)
            return Done(0, "")
        output, code = "", 0
        for line in _commands(step.typed):
            code, said = self._type(line)
            output += said
        return Done(code, output)

    def close(self) -> None:
        """Stop the second terminal."""
        if self._sandbox is not None:
            self._sandbox.stop()

    def _type(self, line: str) -> tuple[int, str]:
        words = shlex.split(line, comments=True)
        match words:
            case ["cd", place]:
                self.folder = (self.folder / place).resolve(strict=True)
                return 0, ""
            case ["export", *pairs]:
                self.environment |= dict(pair.split("=", maxsplit=1) for pair in pairs)
                return 0, ""
            case ["translator", "sandbox", *flags]:
                port = flags.index("--port")
                self._sandbox = SandboxProcess(*flags[:port], *flags[port + 2 :]).start()
                # Wherever the page says that the sandbox is, this one has a free port of its own.
                self.environment["TRANSLATOR_WHOOP_URL"] = self._sandbox.whoop_url
                return 0, ""
        return _in_terminal(line, self.folder, self.environment)

    @staticmethod
    def _write_rows(table: Path, rows: str) -> None:
        lines = table.read_text(encoding="utf-8").splitlines()
        for row in rows.splitlines():
            key = row.split(",")[:_KEY_CELLS]
            places = [at for at, line in enumerate(lines) if line.split(",")[:_KEY_CELLS] == key]
            lines[places[0] if places else len(lines) :] = [row, *(lines[places[0] + 1 :] if places else [])]
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _commands(typed: str) -> Iterator[str]:
    """The commands of a block; a backslash at the end of a line joins it with the next."""
    yield from filter(None, typed.replace("\\\n", " ").splitlines())


def _in_terminal(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a line with a terminal as its standard output; what it says on standard error comes behind."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, _WIDTH, 0, 0))
    with subprocess.Popen(
        ["sh", "-c", line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        shown = _all_of(ours)
        said = process.stderr.read() if process.stderr is not None else b""
    os.close(ours)
    return process.returncode, _STYLE.sub("", (shown + said).decode("utf-8")).replace("\r\n", "\n")


def _all_of(terminal: int) -> bytes:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            # Linux says so when nobody has the other end any more.
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
