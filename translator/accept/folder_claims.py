"""
Claim files of a watched folder by renaming them into `.translator/` of the same folder, where no writer looks.

Theory of operation: a rename is there or is not, whatever happens, so every file is either the sender's or ours. What
was claimed when a process died is found again. A sentinel is claimed before its file: left behind, it would vouch for
half of the next file of that name; whoever finds one whose file was not claimed lays it back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from translator.config_intakes import SENTINEL, FolderIntake

CLAIMED, LOCK = ".translator", "lock"

_LONGEST = 180
"""How many bytes of a file's name are kept: most systems have room for 255, and more stands before and behind it."""


class Claims:
    """What is claimed of one folder; one process at a time works with it."""

    def __init__(self, settings: FolderIntake) -> None:
        self._folder = Path(settings.path)
        self._sentinel = settings.sentinel if settings.complete == SENTINEL else ""
        self._place = self._folder / CLAIMED
        self._number = 0

    @property
    def lock(self) -> Path:
        """The file whose lock says who works here."""
        return self._place / LOCK

    def prepare(self) -> None:
        """
        Make room for claims.

        Raises: OSError where the folder is not there, or is not ours to write in.
        """
        self._place.mkdir(exist_ok=True)

    def is_there(self) -> bool:
        """Tell whether there is room for claims: where not, the folder went away."""
        return self._place.exists()

    def left(self) -> Iterator[Path]:
        """
        Give what was claimed before and is still there, the oldest first.

        Raises: OSError where the folder went away, or a sentinel cannot be laid back.
        """
        found = sorted(path for path in self._place.iterdir() if path.name != LOCK)
        vouchers = [path for path in found if self._sentinel and path.name.endswith(self._sentinel)]
        for voucher in vouchers:
            if voucher.with_name(voucher.name.removesuffix(self._sentinel)) in found:
                voucher.unlink()
            else:
                voucher.rename(self._folder / name_of(voucher))
        yield from (path for path in found if path not in vouchers)

    def claim(self, name: str) -> Path | None:
        """
        Rename a file so that it is ours; None where somebody else was faster or it went away.

        Raises: OSError where it cannot be renamed.
        """
        self._number += 1
        # Of too long a name the end stays, by which people know what it is.
        kept = os.fsdecode(os.fsencode(name)[-_LONGEST:])
        claimed = self._place / f"{time.time_ns():020}-{self._number:06}-{kept}"
        voucher = claimed.with_name(claimed.name + self._sentinel)
        try:
            if self._sentinel:
                (self._folder / (name + self._sentinel)).rename(voucher)
            (self._folder / name).rename(claimed)
            is_claimed = True
        except FileNotFoundError:
            is_claimed = False
        if self._sentinel:
            voucher.unlink(missing_ok=True)
        return claimed if is_claimed else None


def name_of(claimed: Path) -> str:
    """Give the name that a claimed file had."""
    return claimed.name.split("-", 2)[-1]
