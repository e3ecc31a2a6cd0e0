"""Keep a secret out of settings files, logs and tracebacks: a setting only says where it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from translator.errors import ConfigError

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*")


class Secret(Struct, frozen=True):
    """
    A reference such as `env:WHOOP_CLIENT_SECRET`, read late; neither repr nor str shows the secret.

    Shape: `given` holds a secret that a program made itself, such as the sandbox's; a settings file cannot.
    """

    reference: str
    given: str = ""

    def __repr__(self) -> str:
        return f"Secret({self.reference or 'given'})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Show rich no more than anybody else."""
        return [("reference", self.reference or "given")]

    def reveal(self, environment: Mapping[str, str] | None = None) -> str:
        """
        Read the secret now.

        Raises: ConfigError that names the variable or the file, never the secret.
        """
        if self.given:
            return self.given
        kind, _, place = self.reference.partition(":")
        return _from_file(place) if kind == "file" else _from_environment(place, environment)


def parse_secret(text: str) -> Secret:
    """
    Take `env:NAME` or `file:PATH`, and nothing else. (pure)

    Raises: ValueError without the text, since it may be the secret itself.
    """
    if not _REFERENCE.fullmatch(text):
        raise ValueError("a secret does not stand here; write `env:NAME` or `file:PATH`")
    return Secret(text)


def _from_environment(name: str, environment: Mapping[str, str] | None) -> str:
    value = (os.environ if environment is None else environment).get(name, "")
    if not value:
        raise ConfigError(f"the environment variable {name} is not set; it must hold a secret of the settings")
    return value


def _from_file(place: str) -> str:
    try:
        value = Path(place).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{place}: the secret cannot be read from this file") from None
    if not value:
        raise ConfigError(f"{place}: the file is empty; it must hold a secret of the settings")
    return value
