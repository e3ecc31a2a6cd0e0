"""The flags that every verb and subverb takes, and what they come to."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct, structs

from translator.cli.output import Form, choose_form
from translator.config import CONFIG_VARIABLE, FILE_NAME, Settings, load_settings

_META = "translator.flags"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Flags(Struct, frozen=True):
    """
    The common flags as given; a subverb's win over its verb's.

    Absent: None where a flag was not given.
    """

    config: str | None = None
    site: str | None = None
    ledger: str | None = None
    whoop_url: str | None = None
    acurable_url: str | None = None
    format: str | None = None

    @property
    def form(self) -> Form:
        """How data goes to stdout: as asked for, else a table on a terminal and JSON Lines when piped."""
        return choose_form(self.format)

    def settings(self, **more: str | None) -> Settings:
        """
        Read the settings under these flags, and under `more`, the flags of one verb by the names of their keys.

        Raises: ConfigError with every fault.
        """
        given = {key: value for key, value in (self._by_key() | more).items() if value is not None}
        return load_settings(self.config, given)

    def pinned(self) -> Flags:
        """Name the settings file of the current folder, if it is there, so that it is missed where it goes away."""
        is_found = self.config is None and not os.environ.get(CONFIG_VARIABLE) and Path(FILE_NAME).is_file()
        return structs.replace(self, config=FILE_NAME) if is_found else self

    def _by_key(self) -> dict[str, str | None]:
        return {
            "site": self.site,
            "ledger": self.ledger,
            "whoop.url": self.whoop_url,
            "acurable.url": self.acurable_url,
        }


def _keep(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta.setdefault(_META, {})[option.name] = value


def _option(name: str, metavar: str | None, text: str, **more: Any) -> Callable[[_Command], _Command]:
    return click.option(name, metavar=metavar, expose_value=False, callback=_keep, help=text, **more)


jobs_option = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Share the work among N processes of this machine; the results are the same, in the same order.",
)

_OPTIONS = (
    _option("--config", "FILE", "Settings file.  [default: translator.toml, if it is here]"),
    _option("--site", "NAME|DIR", "Site whose tables override the packaged ones."),
    _option("--ledger", "PATH|URL", "Ledger.  [default: translator.db]"),
    _option("--whoop-url", "URL", "Where WHOOP is, such as a sandbox."),
    _option("--acurable-url", "URL", "Where Acurable is."),
)


def _format(*forms: str) -> Callable[[_Command], _Command]:
    text = "How data is printed.  [default: table on a terminal, else json]"
    return _option("--format", None, text, type=click.Choice(["table", "json", *forms]))


def common_with(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the common flags, and forms of its own that `--format` takes beside the usual ones."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_flags(*arguments: Any, **values: Any) -> Any:
            flags = Flags(**click.get_current_context().meta.get(_META, {}))
            return function(*arguments, flags=flags, **values)

        for option in reversed((*_OPTIONS, _format(*forms))):
            with_flags = option(with_flags)
        return with_flags

    return decorate


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common flags, merged over its groups, as the argument `flags`."""
    return common_with()(function)
