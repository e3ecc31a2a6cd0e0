"""
Tell of a call that hands a message in, as a span; a caller's trace goes on where it says which.

Source: OpenTelemetry semantic conventions for HTTP server spans.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from translator.tracing import SERVER, Told, Tracer
from translator.web.api_problem import ProblemError

_BROKE_OFF = "broke-off"
_OURS = 500


class TracedCall:
    """One call; as a context manager it has ended after the block, as `answered` says or with the error in it."""

    def __init__(self, tracer: Tracer, path: str, parent: str, began: int) -> None:
        self._tracer = tracer
        self._told: Told = {"http.request.method": "POST", "http.route": path, "url.path": path, "url.scheme": "http"}
        self.span = tracer.begin(f"POST {path}", SERVER, began, parent=parent)

    def answered(self, status: int, told: Told) -> None:
        """Say what it is answered."""
        self._told = {**self._told, "http.response.status_code": status, **told}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        why = ""
        if isinstance(error, ProblemError):
            problem = error.problem
            self.answered(problem.status, {"translator.answer": problem.name})
            # What the caller has to mend is no failure of the service.
            why = problem.name if problem.status >= _OURS else ""
        elif error is not None:
            why = _BROKE_OFF
        self.span.end(self._tracer.now(), self._told, error=why)
