"""Read a settings file, and say where in it a fault stands: `translator.toml:14:1`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from msgspec import Struct

from translator.config_intakes import RowsError
from translator.errors import ConfigError, Fault


class SettingsFile(Struct, frozen=True):
    """A settings file: the name by which it is told, and its text."""

    name: str
    text: str

    @property
    def folder(self) -> str:
        """The folder that relative paths in it are relative to."""
        return str(PurePath(self.name).parent)

    def fault(self, key: str, code: str, text: str) -> Fault:
        """What is wrong with one key."""
        return Fault(self.at(key), code, text)

    def at(self, key: str) -> str:
        """Where a key stands: `translator.toml:14:1`."""
        return self._at((*key.split("."),))

    def value_faults(self, key: str, error: ValueError) -> Iterator[Fault]:
        """What is wrong with a value; in a list of tables that is said of each of them."""
        if not isinstance(error, RowsError):
            yield self.fault(key, "setting-value", f"`{key}`: {error}")
            return
        for number, inner, text in error.faults:
            code = "setting-unknown" if text.startswith("unknown key") else "setting-value"
            yield Fault(self._at((key, inner), number), code, f"`{key}`: number {number}: {text}")

    def syntax_fault(self, message: str) -> Fault:
        """What is no TOML."""
        from translator.translate.toml_places import syntax_fault  # noqa: PLC0415 - only faults need it

        fault = syntax_fault(self.name, self.text, message)
        return Fault(fault.at, "setting-syntax", f"not TOML: {message}")

    def _at(self, path: tuple[str, ...], number: int = 1) -> str:
        from translator.translate.toml_places import place_of  # noqa: PLC0415 - the same

        line, column = place_of(path, self.text, number)
        return f"{self.name}:{line}:{column}"


def read_settings(path: Path) -> str:
    """
    Read the text of a settings file.

    Raises: ConfigError where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such settings file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: this is a folder; name the settings file in it") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save the settings file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
