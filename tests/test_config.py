"""Settings: what may stand in them, who wins, and what a wrong one says."""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from translator.config import Settings, load_settings, parse_settings, variable_name
from translator.config_checks import is_loopback
from translator.config_keys import KEYS
from translator.errors import ConfigError, SettingsError
from translator.secrets import Secret


def test_settings_without_a_file_are_the_defaults() -> None:
    """Nothing said means the vendor's address, a ledger in the current folder, and secrets in the environment."""
    settings = parse_settings("")

    assert (settings.site, settings.ledger) == ("", "translator.db")
    assert settings.whoop.url == "https://api.prod.whoop.com/developer"
    assert settings.whoop.client_secret == Secret("env:WHOOP_CLIENT_SECRET")
    assert settings.acurable.client_id == Secret("env:ACURABLE_CLIENT_ID")


def test_flag_wins_over_variable_wins_over_file() -> None:
    """The nearer to the person, the stronger."""
    text = 'ledger = "file.db"\nsite = "file"\n[whoop]\nworkers = 2'
    environment = {"TRANSLATOR_LEDGER": "variable.db", "TRANSLATOR_SITE": "variable"}

    settings = parse_settings(text, flags={"ledger": "flag.db"}, environment=environment)

    assert (settings.ledger, settings.site, settings.whoop.workers) == ("flag.db", "variable", 2)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        pytest.param("127.0.0.1:8780", ("127.0.0.1", 8780), id="ipv4"),
        pytest.param("[::1]:0", ("::1", 0), id="ipv6"),
        pytest.param("lab.example:65535", ("lab.example", 65535), id="name"),
    ],
)
def test_address_is_host_and_port(listen: str, address: tuple[str, int]) -> None:
    """The service takes what the operator wrote apart."""
    assert parse_settings(f'listen = "{listen}"').address == address


@pytest.mark.parametrize("listen", ["8780", ":8780", "host:", "host:65536", "host:-1", "host:http"])
def test_address_without_host_or_port_is_an_error(listen: str) -> None:
    """Nothing is guessed about where the service can be reached."""
    with pytest.raises(ConfigError, match="a host and a port"):
        parse_settings(f'listen = "{listen}"')


def test_networks_are_read_whole() -> None:
    """A single address is a network of its own; whatever host bits somebody left in are taken out."""
    settings = parse_settings('[acurable]\nwebhook_from = ["203.0.113.7/24", "2001:db8::1"]')

    assert settings.acurable.webhook_from == ("203.0.113.0/24", "2001:db8::1/128")


@pytest.mark.parametrize("value", ['"everybody"', '["203.0.113.0/99"]', "7", "[7]"])
def test_network_that_is_none_is_an_error(value: str) -> None:
    """A list that names nobody would lock the vendor out, or let everybody in."""
    with pytest.raises(ConfigError, match="a list of networks"):
        parse_settings(f"[acurable]\nwebhook_from = {value}")


@pytest.mark.parametrize(
    "to", ["mllp://lab.example", "mllp://:2575", "http://lab.example:80", "mllp://lab:x", "mllp://lab:2575/path"]
)
def test_way_to_the_lab_is_a_folder_or_an_mllp_address(to: str) -> None:
    """What is neither is found before anything is to be brought."""
    with pytest.raises(ConfigError, match=r"lab\.to"):
        parse_settings(f'[lab]\nto = "{to}"')


def test_folder_of_the_lab_is_relative_to_the_settings_file() -> None:
    """As every path of a settings file."""
    settings = parse_settings('[lab]\nto = "to-lab"', name="/etc/translator/translator.toml")

    assert settings.lab.to == str(PurePath("/etc/translator/to-lab"))


@pytest.mark.parametrize("key", KEYS, ids=[key.name for key in KEYS])
def test_key_has_a_variable(key: object) -> None:
    """Every key can be set by its variable, and takes its own default back as text."""
    name = getattr(key, "name", "")
    value = {
        "whoop.workers": "7",
        "whoop.timeout_s": "1.5",
        "whoop.confirmed_codes": "TSH, ALT",
        "whoop.on_unknown": "resend",
        "whoop.calls_per_minute": "60",
        "whoop.calls_per_day": "0",
        "acurable.on_unknown": "hold",
        "acurable.workers": "7",
        "acurable.timeout_s": "1.5",
        "acurable.calls_per_minute": "60",
        "acurable.calls_per_day": "0",
        "acurable.webhook_token": "env:ELSEWHERE",
        "acurable.webhook_from": "203.0.113.0/24, 2001:db8::1",
        "whoop.resubmit": "full",
        "whoop.workflow": "false",
        "whoop.confirm": "by-hand",
        "listen": "[::1]:0",
        "lab.to": "mllp://lab.example:2575",
        "lab.format": "fhir",
        "lab.short_keys": "true",
        "lab.timeout_s": "1.5",
        "lab.on_unknown": "resend",
        "log.format": "text",
        "log.level": "info",
        "notify.log": "true",
        "notify.command": "mail it@lab.example",
        "notify.held_after_h": "1",
        "notify.unknown_after_h": "0.5",
        "notify.queued_after_h": "2",
        "notify.repeat_after_h": "48",
        "ledger_key": "env:ELSEWHERE",
        "api.enabled": "false",
        "api.largest_mb": "8",
        "console.listen": "[::1]:0",
        "nats": "LAB",
        "console.session_h": "1",
        "trace.sample_ratio": "0.5",
        "trace.headers": "env:ELSEWHERE",
        "trace.service": "lab",
        "trace.tell_vendors": "true",
    }.get(name)
    value = value or ("env:ELSEWHERE" if "secret" in name or "client" in name else "http://localhost:1")

    settings = parse_settings("", environment={variable_name(name): value})

    assert settings != parse_settings("")


def test_command_may_be_a_list_of_words() -> None:
    """A program and its arguments need no shell."""
    settings = parse_settings('[notify]\ncommand = ["mail", "-s", "two words"]')

    assert settings.notify.command == ("mail", "-s", "two words")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('[whoop]\nresubmit = "all"', "must be `changes` or `full`", id="resubmit"),
        pytest.param("[whoop]\nworkflow = 1", "must be true or false", id="flag"),
        pytest.param("[notify]\ncommand = 7", "must be a list of a program", id="command"),
        pytest.param('[notify]\ncommand = "mail \'it"', "must be a list of a program", id="open-quote"),
        pytest.param("[notify]\nheld_after_h = -1", "must be a number of hours", id="hours"),
    ],
)
def test_setting_of_a_wrong_kind_is_named(text: str, words: str) -> None:
    """The fault says what may stand there."""
    with pytest.raises(ConfigError, match=words):
        parse_settings(text)


def test_confirmed_codes_may_be_a_list_or_all() -> None:
    """A site confirms some codes, or every code at once."""
    some = parse_settings('[whoop]\nconfirmed_codes = ["TSH"]').whoop
    every = parse_settings('[whoop]\nconfirmed_codes = "all"').whoop

    assert (some.confirms("TSH"), some.confirms("ALT"), every.confirms("ALT")) == (True, False, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('legder = "x"', "site.toml:1:1: unknown key `legder`; did you mean `ledger`?", id="misspelt"),
        pytest.param(
            "[whoop]\nurll = 1",
            "site.toml:2:1: unknown key `whoop.urll`; did you mean `whoop.url`?",
            id="misspelt-below",
        ),
        pytest.param("[zzz]\nq = 1", "site.toml:2:1: unknown key `zzz.q`", id="like-nothing"),
        pytest.param("whoop = 1", "site.toml:1:1: unknown key `whoop`", id="value-for-a-table"),
        pytest.param("ledger = ", "site.toml:1:1: not TOML", id="not-toml"),
        pytest.param("ledger = 3", "site.toml:1:1: `ledger`: must be text in quotes", id="number-for-text"),
        pytest.param('ledger = " "', "site.toml:1:1: `ledger`: must not be empty", id="empty-ledger"),
        pytest.param('[whoop]\nurl = "whoop.com"', "`whoop.url`: must be a URL", id="no-scheme"),
        pytest.param('[whoop]\nurl = "http://127.0.0.1:99999"', "`whoop.url`: the port of a URL", id="high-port"),
        pytest.param('[whoop]\nurl = "http://127.0.0.1:abc"', "`whoop.url`: the port of a URL", id="wordy-port"),
        pytest.param('[whoop]\nurl = "http://127.0.0.1:0"', "`whoop.url`: the port of a URL", id="no-port"),
        pytest.param('[whoop]\nurl = "http://vendor/ x"', "`whoop.url`: must be a URL", id="space-in-url"),
        pytest.param('[whoop]\nurl = "https://a:b@c"', "must not carry credentials", id="credentials-in-url"),
        pytest.param("[whoop]\nworkers = 0", "`whoop.workers`: must be a whole number from 1 to 64", id="no-workers"),
        pytest.param("[whoop]\nworkers = true", "`whoop.workers`: must be a whole number", id="true-workers"),
        pytest.param("[whoop]\ntimeout_s = 0", "`whoop.timeout_s`: must be a number of seconds", id="no-time"),
        pytest.param(
            '[whoop]\nworkers = "4"', "site.toml:2:1: `whoop.workers`: must be a whole number", id="quoted-number"
        ),
        pytest.param("whoop = { url = 'x' }", "site.toml:1:11: `whoop.url`: must be a URL", id="inline-table"),
        pytest.param("  [whoop]\n    urll = 1", "site.toml:2:5: unknown key", id="indented"),
        pytest.param("[whoop]\nconfirmed_codes = [1]", "must be a list of WHOOP codes", id="number-for-code"),
    ],
)
def test_wrong_file_says_where_and_what(text: str, said: str) -> None:
    """A fault names the file, the key and the mend."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "site.toml")

    assert said in str(caught.value)


def test_literal_secret_is_refused_and_not_repeated() -> None:
    """A secret in the file is an error, and the error does not show it."""
    with pytest.raises(ConfigError) as caught:
        parse_settings('[whoop]\nclient_secret = "hunter2"')

    assert "write `env:NAME` or `file:PATH`" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    """Two faults in the file and one in the environment are three lines."""
    with pytest.raises(ConfigError) as caught:
        parse_settings("a = 1\n[whoop]\nworkers = 0", environment={"TRANSLATOR_LEGDER": "x"})

    assert len(str(caught.value).splitlines()) == 3
    assert "did you mean `TRANSLATOR_LEDGER`?" in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "environment", "said"),
    [
        pytest.param(
            {"whoop.workers": "0"}, {}, "flag: `whoop.workers`: must be a whole number from 1 to 64", id="flag"
        ),
        pytest.param(
            {},
            {"TRANSLATOR_WHOOP_WORKERS": "0"},
            "environment: TRANSLATOR_WHOOP_WORKERS: `whoop.workers`: must be a whole number from 1 to 64",
            id="variable",
        ),
    ],
)
def test_wrong_value_outside_the_file_says_where_it_was_given(
    flags: dict[str, str], environment: dict[str, str], said: str
) -> None:
    """Neither stands on a line, so none is told."""
    with pytest.raises(SettingsError) as caught:
        parse_settings("", flags=flags, environment=environment)

    assert str(caught.value) == said


@given(st.text(max_size=200))
def test_any_text_gives_settings_or_a_config_error(text: str) -> None:
    """No text of a settings file brings the parser down."""
    found = None

    with contextlib.suppress(ConfigError):
        found = parse_settings(text)

    assert found is None or isinstance(found, Settings)


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A settings file works from every folder that the command is run in."""
    file = tmp_path / "site.toml"
    file.write_text('site = "./acme"\nledger = "lab.db"\n[whoop]\nclient_id = "file:id"\n', encoding="utf-8")

    settings = load_settings(str(file), environment={})

    assert settings.ledger == str(tmp_path / "lab.db")
    assert settings.site == str(tmp_path / "acme")
    assert settings.whoop.client_id == Secret(f"file:{tmp_path / 'id'}")


@pytest.mark.parametrize("kept", ['site = "acme"', 'ledger = "postgresql://host/lab"'])
def test_names_and_urls_are_no_paths(kept: str) -> None:
    """A packaged site's name and a database URL stay as they are."""
    settings = parse_settings(kept, "/etc/lab/translator.toml")

    assert "/etc/lab" not in (settings.site + settings.ledger.replace("translator.db", ""))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(Path.exists, "there is no such settings file", id="missing"),
        pytest.param(Path.mkdir, "this is a folder", id="folder"),
        pytest.param(lambda path: path.write_bytes(b"\xff"), "not UTF-8", id="latin-1"),
    ],
)
def test_named_file_that_cannot_be_read_is_an_error(tmp_path: Path, make: object, said: str) -> None:
    """A settings file that is named must be there and readable."""
    path = tmp_path / "named.toml"
    make(path)  # type: ignore[operator]

    with pytest.raises(ConfigError, match=said):
        load_settings(environment={"TRANSLATOR_CONFIG": str(path)})


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.9.9.9", True),
        ("http://localhost/x", True),
        ("http://[::1]:1", True),
        ("https://api.prod.whoop.com/developer", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("http://10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, near: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only localhost and loopback addresses count as this machine."""
    assert is_loopback(url) is near


def test_secret_is_read_late_and_never_shown(tmp_path: Path) -> None:
    """A secret comes from where the setting says, and its repr only says where."""
    (tmp_path / "s").write_text("from-file\n", encoding="utf-8")
    secrets = (Secret("env:NAME"), Secret(f"file:{tmp_path / 's'}"), Secret("", "made-here"))

    revealed = [secret.reveal({"NAME": "from-env"}) for secret in secrets]

    assert revealed == ["from-env", "from-file", "made-here"]
    assert not any(value in f"{secrets!r} {secrets[2]} {pretty_repr(secrets)}" for value in revealed)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        pytest.param("env:WHOOP_CLIENT_ID", "WHOOP_CLIENT_ID is not set", id="unset"),
        pytest.param("file:nowhere/at/all", "nowhere/at/all: the secret cannot be read", id="no-file"),
    ],
)
def test_missing_secret_names_its_place(reference: str, said: str) -> None:
    """The error names the variable or the file to mend."""
    with pytest.raises(ConfigError, match=said):
        Secret(reference).reveal({})


def test_empty_secret_file_is_an_error(tmp_path: Path) -> None:
    """An empty file is no secret."""
    (tmp_path / "s").touch()

    with pytest.raises(ConfigError, match="the file is empty"):
        Secret(f"file:{tmp_path / 's'}").reveal()
