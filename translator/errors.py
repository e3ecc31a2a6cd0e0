"""
Draw the error tree: what is wrong decides who can mend it.

    TranslatorError
      ConfigError          settings or command line; the operator mends it      (exit 2)
        TableError         a mapping table; carries every fault with its place
        SettingsError      translator.toml, a variable or a flag; likewise
      LedgerError          the ledger refuses: damaged, read-only, out of balance  (exit 1 or 2)
        TakenOverError   somebody else has decided about an attempt while it was under way
        LedgerUnavailableError  it is locked or away just now; the same call may succeed later
          DeclaredDeadError     the other hosts have taken over what this one had
      DeliveryError        the vendor's side, before an outcome can be recorded
      WorkerError          a process that shares the work ended; what was given before is whole  (exit 2)
      WriteError           a record that the format to be written has no place for

A message never raises: what is wrong with a message is part of its Outcome. Texts carry paths
(`OBX[3]-5`, `whoop/observations.csv:14:3`) and codes, never a value of a patient.
"""

from __future__ import annotations

from typing import NamedTuple


class TranslatorError(Exception):
    """Base of everything that this package raises on purpose."""

    exit_code = 1


class ConfigError(TranslatorError):
    """A setting, a flag or a file that the operator named is wrong."""

    exit_code = 2


class Fault(NamedTuple):
    """One thing wrong in a table: `at` is `file:line:column`, `code` a stable kebab-case name."""

    at: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.at}: {self.code}: {self.text}"


class TableError(ConfigError):
    """A table set is refused whole; every fault is listed."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"the mapping tables have {count}:", *map(str, faults)]))


class SettingsError(ConfigError):
    """Settings are refused whole; every fault is listed, with its place where it stands in a file."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{_short(fault.at)}: {fault.text}" for fault in faults))


def _short(at: str) -> str:
    # What was given by a variable or a flag stands on no line.
    return at.removesuffix(":1:1") if at.startswith(("environment:", "flag:")) else at


class LedgerError(TranslatorError):
    """The ledger cannot do what was asked, and says why."""


class LedgerUnavailableError(LedgerError):
    """The ledger is locked or its database away: nothing was recorded, and trying again later makes sense."""


class DeclaredDeadError(LedgerUnavailableError):
    """The other hosts of a cluster have taken over what this one had: it begins anew, under another number."""


class TakenOverError(LedgerError):
    """An attempt was settled by somebody else while it was under way."""


class DeliveryError(TranslatorError):
    """A vendor cannot be reached in a way that leaves no submission half done."""


class WorkerError(TranslatorError):
    """A process that shares the work ended before its work was done; what was given before it is whole."""

    exit_code = 2


class WriteError(TranslatorError):
    """A record cannot be written for the lab's side without loss; the text names the place, never what stands there."""
