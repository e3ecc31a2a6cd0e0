"""
Bring messages to the lab as files in a folder that it watches.

Theory of operation: a file is written under a name that no watcher takes up, forced to the disk, and only then given
its real name, so that the lab never sees half of one. The name is the control id, so that the same message brought
twice is one file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from translator.errors import ConfigError
from translator.transmit.lab import Receipt

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class FileDrop:
    """
    One folder; `suffix` ends the names of the files, such as `.hl7` or `.json`.

    Raises:
        ConfigError: the folder is not there.
    """

    tells_copies_apart = True

    def __init__(self, folder: Path, suffix: str = ".hl7") -> None:
        if not folder.is_dir():
            raise ConfigError(
                "`lab.to`: the folder for the lab's messages is not there; create it, or name another one"
            )
        self._folder = folder
        self._suffix = suffix

    async def bring(self, message: bytes, control_id: str) -> Receipt:
        """Write one file, once; it is accepted when it is on the disk."""
        if not _NAME.fullmatch(control_id):
            return Receipt("refused", "control-id")
        target = self._folder / f"{control_id}{self._suffix}"
        try:
            if target.exists():
                same = target.read_bytes() == message
                return Receipt("accepted", "already-there") if same else Receipt("refused", "conflict")
            self._write(target, message)
        except OSError:
            return Receipt("not-sent", "disk-error")
        return Receipt("accepted", "written")

    def _write(self, target: Path, message: bytes) -> None:
        draft = target.with_name(f".{target.name}.part")
        with draft.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        _keep_name(self._folder)


def _keep_name(folder: Path) -> None:
    """Force the new name to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
