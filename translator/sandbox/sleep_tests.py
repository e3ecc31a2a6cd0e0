"""Hold what Acurable owns: the orders, studies and referrals of one account, and what the account may order. (pure)"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation of the account; both parts must be named alike in an order."""

    name: str
    reference: str


class Account(Struct, forbid_unknown_fields=True):
    """What was agreed with the vendor; a call that asks for more is refused."""

    organisations: list[Organisation] = field(
        default_factory=lambda: [Organisation("Example Sleep Clinic", "ORG-EXAMPLE")]
    )
    sensors: list[str] = field(default_factory=lambda: ["neck_sensor", "oximeter"])


class SleepTest(Struct):
    """
    One order, study or referral.

    Shape: `body` is the request that made it, `changes` those that came after; `activation_code` is a study's.
    """

    kind: str
    reference: str
    body: Any
    fulfilled: bool = False
    cancelled: bool = False
    activation_code: str = ""
    changes: list[Any] = field(default_factory=list)


class SleepTests:
    """Everything that the vendor remembers between calls; with `accept_any` any organisation is known."""

    def __init__(self, *, accept_any: bool = False) -> None:
        self._accept_any = accept_any
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.account = Account()
        self.by_kind: dict[str, dict[str, SleepTest]] = {"order": {}, "study": {}, "referral": {}}

    def knows(self, name: str, reference: str) -> bool:
        """Tell whether an organisation is one of the account."""
        return self._accept_any or Organisation(name, reference) in self.account.organisations

    def find(self, kind: str, reference: str) -> SleepTest | None:
        """Find what was made under a reference of the caller's."""
        return self.by_kind[kind].get(reference)

    def add(self, test: SleepTest) -> None:
        """Keep a new one."""
        self.by_kind[test.kind][test.reference] = test

    def shown(self) -> list[SleepTest]:
        """List every one, by kind and in order."""
        return [test for tests in self.by_kind.values() for test in tests.values()]
