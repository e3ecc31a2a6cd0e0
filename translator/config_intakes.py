"""
List the settings of the intakes: how bytes come in, and by which site's tables they are read. (pure)

Folders and MLLP ports may be many, so each kind is a list of tables (`[[folder]]`); every row has keys of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct

from translator.config_checks import Key
from translator.secrets import Secret

STABLE, RENAMED, SENTINEL = "stable", "renamed", "sentinel"
DELETE, MOVE = "delete", "move"

_Row = TypeVar("_Row", bound=Struct)
Fault = tuple[int, str, str]
"""What is wrong with a table: its number from 1, the key, and a text."""


class FolderIntake(Struct, frozen=True):
    """
    One watched folder.

    Shape: `site` is empty where the sender of each message decides; `complete` says how a file is known to be whole.
    Units: `settle_s` and `scan_s` in seconds.
    """

    path: str
    site: str = ""
    files: str = "*"
    complete: str = STABLE
    settle_s: float = 2.0
    sentinel: str = ".ok"
    done: str = DELETE
    scan_s: float = 10.0
    polls: bool = False


class MllpIntake(Struct, frozen=True):
    """
    One MLLP port.

    Units: `largest_mb` in MiB of one message, `idle_s` in seconds.
    Absent: `certificate` is empty without TLS, `client_ca` where no certificate is asked of the sender; an empty
    `allow` lets everybody connect.
    """

    listen: str
    site: str = ""
    certificate: str = ""
    private_key: Secret | None = None
    client_ca: str = ""
    allow: tuple[str, ...] = ()
    largest_mb: int = 16
    idle_s: float = 600.0
    connections: int = 64

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return host_and_port(self.listen)


class ApiSettings(Struct, frozen=True):
    """
    The HTTP API on the service's address.

    Units: `largest_mb` in MiB of one body.
    """

    enabled: bool = True
    site: str = ""
    largest_mb: int = 16


class ConsoleSettings(Struct, frozen=True):
    """
    The console.

    Units: `session_h` in hours without a click.
    Absent: `listen` is empty where there is none.
    """

    listen: str = "127.0.0.1:8781"
    session_h: float = 8.0


def host_and_port(listen: str) -> tuple[str, int]:
    """Take an address apart, as `listen` settings have it."""
    host, _, port = listen.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _none(_: Sequence[object]) -> Iterable[Fault]:
    return ()


def rows(
    kind: type[_Row], keys: tuple[Key, ...], short: str, among: Callable[[Sequence[_Row]], Iterable[Fault]] = _none
) -> Callable[[object], tuple[_Row, ...]]:
    """
    Make a check for a list of tables.

    Shape: text alone is one table that has only the key `short`; `among` finds what does not go together.
    """

    def check(value: object) -> tuple[_Row, ...]:
        given = ([{short: value}] if value else []) if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise ValueError("must be a list of tables; write its name in double brackets")
        faults: list[RowFault] = []
        checked = [_row(row, keys, number, faults) for number, row in enumerate(given, 1)]
        made = () if faults else tuple(kind(**fields) for fields in checked)
        faults += [RowFault(*fault) for fault in among(made)]
        if faults:
            raise RowsError(faults)
        return made

    return check


class RowFault(NamedTuple):
    """What is wrong with one key of one table; `number` counts the tables from 1."""

    number: int
    key: str
    text: str


class RowsError(ValueError):
    """What is wrong in a list of tables, all of it."""

    def __init__(self, faults: list[RowFault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"number {fault.number}: {fault.text}" for fault in faults))


def _row(row: Mapping[str, object], keys: tuple[Key, ...], number: int, faults: list[RowFault]) -> dict[str, Any]:
    names = [key.name for key in keys]
    for name in row:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            faults.append(RowFault(number, name, f"unknown key `{name}`{hint}"))
    fields = {key.name: key.default for key in keys}
    for key in keys:
        try:
            if key.name in row:
                fields[key.name] = key.from_file(row[key.name])
            elif key.is_required:
                faults.append(RowFault(number, key.name, f"`{key.name}` is missing"))
        except ValueError as error:
            faults.append(RowFault(number, key.name, f"`{key.name}`: {error}"))
    return fields
