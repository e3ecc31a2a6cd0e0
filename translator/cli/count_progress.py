"""Show on a terminal how many of something are done; where stderr is no terminal nothing is drawn."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class CountProgress:
    """One line with a bar; call it with how many are done, and of how many, where anybody knows."""

    def __init__(self, things: str) -> None:
        self._things = things
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # rich costs 60 ms, which only a person at a terminal should pay.
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

            what, beside = TextColumn("{task.description}"), TextColumn("{task.fields[beside]}")
            columns = (what, BarColumn(), MofNCompleteColumn(), beside)
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._things, total=None, beside="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int | None) -> None:
        """Show how far it is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def beside(self, words: str) -> None:
        """Show what else there is to say."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, beside=words)
