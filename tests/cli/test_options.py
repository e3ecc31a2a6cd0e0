"""The common flags: accepted after every verb and subverb."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from translator.cli import VERBS, cli
from translator.cli.options import Flags, common
from translator.errors import ConfigError

FLAGS = ("--config", "--site", "--ledger", "--whoop-url", "--acurable-url", "--format")


def _commands() -> list[tuple[str, click.Command]]:
    found = [(verb, cli.get_command(click.Context(cli), verb)) for verb in VERBS]
    plain = [(verb, command) for verb, command in found if command is not None]
    below = [
        (f"{verb} {name}", subverb)
        for verb, command in plain
        if isinstance(command, click.Group)
        for name, subverb in command.commands.items()
    ]
    return plain + below


COMMANDS = _commands()


@pytest.mark.parametrize("command", [pytest.param(command, id=name) for name, command in COMMANDS])
def test_verb_takes_the_common_flags(command: click.Command) -> None:
    """No verb and no subverb lacks a common flag."""
    offered = {name for option in command.params for name in option.opts}

    assert offered >= set(FLAGS)


@pytest.mark.parametrize("command", [pytest.param(command, id=name) for name, command in COMMANDS])
def test_verb_shows_examples(command: click.Command) -> None:
    """Every help page has an example to copy."""
    assert "Examples:\n" in (command.help or "")


@pytest.mark.parametrize(
    ("arguments", "ledger"),
    [
        pytest.param(["outer", "--ledger", "a", "inner"], "a", id="after-the-verb"),
        pytest.param(["outer", "inner", "--ledger", "b"], "b", id="after-the-subverb"),
        pytest.param(["outer", "--ledger", "a", "inner", "--ledger", "b"], "b", id="after-both"),
        pytest.param(["outer", "inner"], None, id="not-given"),
    ],
)
def test_flag_of_the_subverb_wins(arguments: list[str], ledger: str | None) -> None:
    """A flag counts wherever it stands, and the one nearest to the work wins."""
    seen: list[Flags] = []

    @click.group()
    def root() -> None:
        pass

    @root.group()
    @common
    def outer(flags: Flags) -> None:
        pass

    @outer.command()
    @common
    def inner(flags: Flags) -> None:
        seen.append(flags)

    root.main(arguments, standalone_mode=False)

    assert [flags.ledger for flags in seen] == [ledger]


def test_flags_come_to_settings(tmp_path: Path) -> None:
    """Flags override the settings file that `--config` names."""
    file = tmp_path / "acme.toml"
    file.write_text('ledger = "acme.db"\n[whoop]\nworkers = 3\n', encoding="utf-8")

    settings = Flags(config=str(file), whoop_url="http://127.0.0.1:1/").settings()

    assert (settings.ledger, settings.whoop.workers) == (str(tmp_path / "acme.db"), 3)
    assert settings.whoop.url == "http://127.0.0.1:1"
    assert settings.whoop.is_loopback


def test_wrong_flag_is_a_config_error() -> None:
    """A flag is checked as the same key of the file is."""
    with pytest.raises(ConfigError, match=r"whoop\.url"):
        Flags(whoop_url="nowhere").settings()
