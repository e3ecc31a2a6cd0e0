"""Show on a terminal how far a submit is; where stderr is no terminal nothing is drawn."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from translator.transmit.route import Progress


class SubmitProgress:
    """Two lines: messages kept, submissions delivered."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._kept: TaskID | None = None
        self._sent: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # rich costs 60 ms, which only a person at a terminal should pay.
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._kept = self._bar.add_task("kept in the ledger", total=None)
            self._sent = self._bar.add_task("delivered", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def accepted(self, count: int) -> None:
        """Show how many messages are kept."""
        if self._bar is not None and self._kept is not None:
            self._bar.update(self._kept, completed=count, total=count)

    def delivery(self, progress: Progress) -> None:
        """Show how many submissions have their outcome."""
        if self._bar is not None and self._sent is not None:
            done = progress.delivered + progress.rejected + progress.unknown
            self._bar.update(self._sent, completed=done, total=done + progress.queued)
