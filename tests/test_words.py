"""Signals become words, whichever thread the kernel hands them to."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from translator.words import ENDED, RELOAD, STOP, Words

SLEPT_THROUGH_S = 10


def _slept_through(_number: int, _frame: FrameType | None) -> None:
    pytest.fail("the main thread did not wake")


@pytest.fixture
def words() -> Iterator[Words]:
    """Words of this process's own signals; an alarm ends a test whose main thread sleeps on."""
    found = Words()
    before = signal.signal(signal.SIGALRM, _slept_through)
    with found.of_signals():
        signal.alarm(SLEPT_THROUGH_S)
        yield found
        signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def bystander() -> Iterator[None]:
    """A thread that takes the signals, since the main thread does not."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGHUP})
    over.set()
    thread.join()


@pytest.mark.parametrize(
    ("number", "word"),
    [
        pytest.param(signal.SIGINT, STOP, id="ctrl-c"),
        pytest.param(signal.SIGTERM, STOP, id="stop"),
        pytest.param(signal.SIGHUP, RELOAD, id="reload"),
    ],
)
def test_signal_is_a_word(words: Words, number: signal.Signals, word: str) -> None:
    """What a signal asks for is the next word."""
    os.kill(os.getpid(), number)

    assert words.next() == word


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize(
    ("number", "word"),
    [pytest.param(signal.SIGTERM, STOP, id="stop"), pytest.param(signal.SIGHUP, RELOAD, id="reload")],
)
def test_signal_that_another_thread_took_wakes_the_main_thread(words: Words, number: signal.Signals, word: str) -> None:
    """The kernel hands a signal to any thread; a main thread that waits hears of it all the same."""
    timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
    timer.start()

    assert words.next() == word


def test_words_come_in_their_order(words: Words) -> None:
    """What threads tell and what signals ask for stand in one line."""
    words.tell(ENDED)
    os.kill(os.getpid(), signal.SIGHUP)

    assert (words.next(), words.next()) == (ENDED, RELOAD)


def test_second_stop_is_left_to_whoever_was_there_before(words: Words) -> None:
    """The first Ctrl-C is a word, the second interrupts."""
    os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert words.next() == STOP
