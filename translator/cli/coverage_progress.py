"""Show on a terminal how far an archive is counted; where stderr is no terminal nothing is drawn."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class CoverageProgress:
    """One line: how many files are read, of how many, with messages and entries so far."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # rich costs 60 ms, which only a person at a terminal should pay.
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

            columns = (TextColumn("files"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counted]}"))
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=self._files, counted="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def file(self, number: int) -> None:
        """Show that so many files are read."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=number)

    def seen(self, messages: int, entries: int) -> None:
        """Show how many messages and entries there were."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, counted=f"{messages:,} messages, {entries:,} entries")
