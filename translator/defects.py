"""Say where our own code failed, without anything that may hold patient data."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb
from types import TracebackType

_PACKAGE = Path(__file__).parent


def tell_defect(error: BaseException, trace: TracebackType | None) -> str:
    """
    Name the class of an exception and the place in our own code, and nothing else.

    Its text, its locals and the frames of other packages may hold patient data.
    """
    name = type(error).__qualname__
    ours = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(trace)]
    ours = [(path.relative_to(_PACKAGE), line) for path, line in ours if path.is_relative_to(_PACKAGE)]
    at = f" at {ours[-1][0].as_posix()}:{ours[-1][1]}" if ours else ""
    return f"this is a defect of translator: {name}{at}; please report this line, it holds no patient data"
