"""Work that is shared among processes gives what it gives alone, in order, and ends when it is told to."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import Pipe, active_children

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import WorkerError
from translator.feed import in_batches
from translator.jobs import received, spread
from translator.portions import FilePortion


def square(number: int) -> int:
    """Take long over the first thing, so that others are done before it."""
    return number * number if number else math.factorial(20_000) * 0


def die_at_three(number: int) -> int:
    """End the process as the system does where memory is short."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail_at_three(number: int) -> int:
    """Fail as a defect would, with something in hand that must not be told."""
    if number == 3:
        raise ValueError("Doe^Jane")
    return number


class Unreadable:
    """A work that another process cannot make out of its bytes."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, number: int) -> int:
        """Give it back."""
        return number

    def __reduce__(self) -> tuple[type[Unreadable], tuple[()]]:
        return type(self), ()


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_order(jobs: int) -> None:
    """However long the first one takes, it comes first."""
    assert list(spread(square, range(20), jobs)) == [number * number for number in range(20)]


def test_nothing_to_do_is_nothing_done() -> None:
    """Without a thing there is no result, and no process is left."""
    assert list(spread(square, [], 2)) == []
    assert active_children() == []


def test_source_is_read_no_further_than_needed() -> None:
    """An endless source is not taken into memory."""
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    with closing(spread(square, endless(), 2)) as results:
        first = next(results)

    assert first == 1
    assert taken <= 4
    assert active_children() == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the signal is one of POSIX")
def test_killed_worker_ends_the_work() -> None:
    """What was done before is given, and then it is said that a process is gone."""
    results = spread(die_at_three, range(100), 2)

    given_before = [next(results) for _ in range(3)]

    with pytest.raises(WorkerError, match="killed by signal 9"):
        next(results)
    assert given_before == [0, 1, 2]
    assert active_children() == []


def test_defect_in_a_worker_is_told_without_data() -> None:
    """The class of the exception comes over, its text does not."""
    results = spread(fail_at_three, range(100), 2)

    given_before = [next(results) for _ in range(3)]

    with pytest.raises(WorkerError, match="defect of translator: ValueError") as caught:
        next(results)
    assert given_before == [0, 1, 2]
    assert "Doe" not in str(caught.value)
    assert active_children() == []


def test_work_that_cannot_be_brought_over_is_told() -> None:
    """A worker that cannot begin says so, and nobody waits for it."""
    with pytest.raises(WorkerError, match="defect of translator: TypeError"):
        next(spread(Unreadable("x"), range(100), 2))

    assert active_children() == []


@given(st.lists(st.integers(0, 400_000), max_size=30), st.integers(1, 8))
def test_batches_hold_every_portion_once(sizes: list[int], most: int) -> None:
    """Nothing is lost or put elsewhere; a batch is as small as was asked for, and no larger than it must be."""
    portions = [FilePortion(str(number), bytes(size)) for number, size in enumerate(sizes)]

    batches = list(in_batches(portions, most))

    assert [portion for batch in batches for portion in batch] == portions
    assert all(1 <= len(batch) <= most for batch in batches)
    assert all(sum(len(portion.raw) for portion in batch[:-1]) < 1 << 20 for batch in batches)


@pytest.mark.skipif(os.name == "nt", reason="the pipes of Windows carry whole messages")
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="before-a-message"),
        pytest.param(b"\0\0", id="in-the-size-of-a-message"),
        pytest.param(b"\0\0\0\x09abc", id="in-the-middle-of-a-message"),
    ],
)
def test_worker_ends_where_the_other_end_goes(sent: bytes) -> None:
    """Whatever was under way when the process that asks was killed, a worker has nothing to say about it."""
    ours, theirs = Pipe()
    os.write(theirs.fileno(), sent)
    theirs.close()

    assert received(ours) == b""
