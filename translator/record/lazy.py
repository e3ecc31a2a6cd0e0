"""Hold what is made when somebody looks at it: most readers of an outcome never ask where a value came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """
    A sequence that is made, once, when it is first looked at.

    Shape: `make` is a function of what it holds alone, so that it does not matter when it is called. It equals the
    tuple of its elements, and is pickled as that.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make
        self._made: tuple[T, ...] | None = None

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...

    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        return self._elements()[at]

    def __len__(self) -> int:
        return len(self._elements())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._elements() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._elements())

    def __repr__(self) -> str:
        return repr(self._elements())

    def __reduce__(self) -> tuple[type[tuple[T, ...]], tuple[tuple[T, ...]]]:
        return tuple, (self._elements(),)

    def _elements(self) -> tuple[T, ...]:
        if self._made is None:
            self._made = tuple(self._make())
        return self._made
