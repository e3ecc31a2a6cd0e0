"""
Decide whether a destination may be called now: not paused, not asked to wait, rate left, circuit closed. (pure)

Theory: whatever closes the gate concerns the destination as a whole, so no attempt is opened meanwhile and every lane
keeps its place. Times are those of a clock that never goes backwards.
"""

from __future__ import annotations

from collections.abc import Callable

from translator.transmit.circuit import Circuit, is_failure

_LONGEST_S = 86_400.0

_NO_PROOF = frozenset({"401", "403", "429"})
"""Answers that do not say that the vendor takes what we send."""


class Gate:
    """
    The gate of one destination.

    Shape: `paused` says why nobody may call until somebody resumes, `hindrance` what last kept submissions back; both
    are empty where nothing does.
    """

    def __init__(self, clock: Callable[[], float], draw: Callable[[], float]) -> None:
        self._clock = clock
        self._circuit = Circuit(clock, draw)
        self._shut_until = 0.0
        # When there is rate left again: for anything, and for what is urgent.
        self._room_at = [0.0, 0.0]
        self.paused = ""
        self.hindrance = ""

    @property
    def lowest(self) -> int:
        """The lowest priority that may be sent: 1 while the rate left is for urgent submissions only."""
        return int(self._clock() < self._room_at[0])

    @property
    def wait_s(self) -> float:
        """The seconds until a call may be made; 0 for now."""
        now = self._clock()
        return max(0.0, self._shut_until - now, self._room_at[1] - now, self._circuit.wait_s)

    @property
    def room_in_s(self) -> float:
        """The seconds until ordinary submissions have rate again; 0 for now."""
        return max(0.0, self._room_at[0] - self._clock())

    @property
    def is_trying(self) -> bool:
        """Whether one call is under way that tries whether the vendor works again."""
        return self._circuit.is_trying

    @property
    def is_shut(self) -> bool:
        """Whether nobody may call now, not even who was admitted."""
        return bool(self.paused) or self.wait_s > 0

    @property
    def is_open(self) -> bool:
        """Whether a call may be made now."""
        return not self.is_shut and not self.is_trying

    @property
    def circuit(self) -> str:
        """The state of the circuit."""
        return self._circuit.state

    def admit(self) -> bool:
        """Ask to make a call; who is admitted answers with `heard` or `gave_up`."""
        return self.is_open and self._circuit.admit()

    def heard(self, answer: str) -> None:
        """Note the answer to a call."""
        self.hindrance = f"last answer: {answer}" if is_failure(answer) or answer in _NO_PROOF else ""
        if is_failure(answer):
            self._circuit.failed()
        elif answer in _NO_PROOF:
            self._circuit.gave_up()
        else:
            self._circuit.succeeded()

    def gave_up(self) -> None:
        """Note that who was admitted made no call."""
        self._circuit.gave_up()

    def shut(self, seconds: float) -> None:
        """Let nobody call for some seconds."""
        self._shut_until = max(self._shut_until, self._clock() + min(seconds, _LONGEST_S))

    def spent(self, seconds: float, *, urgent: bool) -> None:
        """Note that the rate is used up for some seconds: for ordinary submissions, or even for urgent ones."""
        until = self._clock() + min(seconds, _LONGEST_S)
        self.hindrance = "the rate is used up"
        self._room_at[0] = max(self._room_at[0], until)
        if urgent:
            self._room_at[1] = max(self._room_at[1], until)

    def doubt(self) -> None:
        """Let one call try first: the vendor refused us when it was last called."""
        self._circuit.doubt()

    def reopen(self) -> None:
        """Forget why it was shut: a person has resumed the destination."""
        self.paused = ""
        self._shut_until = 0.0
        self._circuit.succeeded()
