"""The settings of intakes: lists of tables, each with keys of its own."""

from __future__ import annotations

import pytest

from translator.config import parse_settings
from translator.config_intakes import FolderIntake, MllpIntake
from translator.config_streams import NatsIntake
from translator.errors import ConfigError, SettingsError
from translator.secrets import Secret


def test_intakes_are_as_many_as_the_file_has() -> None:
    """Each table in double brackets is one intake, and what it does not say is the default."""
    settings = parse_settings(
        "[[folder]]\npath = '/in/a'\n[[folder]]\npath = '/in/b'\ndone = 'move'\n[[mllp]]\nlisten = '127.0.0.1:2575'"
    )

    assert settings.folders == (FolderIntake("/in/a"), FolderIntake("/in/b", done="move"))
    assert settings.mllp == (MllpIntake("127.0.0.1:2575"),)
    assert settings.mllp[0].address == ("127.0.0.1", 2575)


def test_intake_in_a_variable_or_flag_is_one() -> None:
    """One folder and one port need no file."""
    settings = parse_settings("", flags={"mllp": "[::1]:0"}, environment={"TRANSLATOR_FOLDER": "inbox"})

    assert settings.folders == (FolderIntake("inbox"),)
    assert settings.mllp[0].address == ("::1", 0)


def test_stream_needs_no_more_than_its_name() -> None:
    """In a variable, too: a broker on this machine."""
    (named,) = parse_settings("", environment={"TRANSLATOR_NATS": "LAB"}).nats
    (written,) = parse_settings("[[nats]]\nstream = 'LAB'\nservers = 'tls://a:4222, tls://[::1]:4222'").nats

    assert (named, named.way, named.is_over_tls) == (NatsIntake("LAB"), "LAB/translator", False)
    assert (written.servers, written.is_over_tls) == (("tls://a:4222", "tls://[::1]:4222"), True)


def test_paths_of_an_intake_are_relative_to_the_file() -> None:
    """As everywhere in a settings file; the bare name of a site is no path."""
    text = """
    sites = ["./acme", "example"]
    [[folder]]
    path = "in"
    site = "./acme"
    [[mllp]]
    listen = "127.0.0.1:0"
    site = "example"
    certificate = "tls/lab.pem"
    private_key = "file:tls/lab.key"
    """

    settings = parse_settings(text, "/etc/lab/translator.toml")

    assert settings.sites == ("/etc/lab/acme", "example")
    assert (settings.folders[0].path, settings.folders[0].site) == ("/etc/lab/in", "/etc/lab/acme")
    (port,) = settings.mllp
    assert (port.site, port.certificate, port.private_key) == (
        "example",
        "/etc/lab/tls/lab.pem",
        Secret("file:/etc/lab/tls/lab.key"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[[folder]]\npth = 'a'", "number 1: unknown key `pth`; did you mean `path`?", id="misspelt"),
        pytest.param("[[folder]]\ndone = 'move'", "number 1: `path` is missing", id="without-its-path"),
        pytest.param(
            "[[folder]]\npath = 'a'\n[[folder]]\npath = ''", "number 2: `path`: must not be empty", id="second"
        ),
        pytest.param("[[folder]]\npath = 'a'\ndone = 'keep'", "must be `delete` or `move`", id="unknown-word"),
        pytest.param("folder = 3", "`folder`: must be a list of tables", id="number"),
        pytest.param("folder = [3]", "`folder`: must be a list of tables", id="list-of-numbers"),
        pytest.param("[[mllp]]\nlisten = '2575'", "number 1: `listen`: must be a host and a port", id="no-host"),
        pytest.param("[[mllp]]\nlisten = 'a:1'\nallow = ['10.0.0.0/33']", "a list of networks", id="no-network"),
        pytest.param(
            "[[mllp]]\nlisten = 'a:1'\nconnections = 0", "must be a whole number from 1 to 1024", id="no-connection"
        ),
        pytest.param("[[mllp]]\nlisten = 'a:1'\nprivate_key = 'PEM'", "`private_key`: ", id="literal-secret"),
        pytest.param("[[nats]]\nstream = 'a.b'", "`stream`: must be a name", id="dotted-stream"),
        pytest.param("[[nats]]\nservers = 'nats://a'", "number 1: `stream` is missing", id="no-stream"),
        pytest.param("[[nats]]\nstream = 'a'\nservers = 'nats://u:p@a'", "keys of their own", id="credentials"),
        pytest.param("[[nats]]\nstream = 'a'\nservers = []", "must be a list of servers", id="no-server"),
        pytest.param("[[nats]]\nstream = 'a'\nsubjects = ['a..b']", "must be a list of subjects", id="no-subject"),
        pytest.param("[[nats]]\nstream = 'a'\nsubjects = ['a.>', 'a.b']", "have subjects in common", id="overlap"),
        pytest.param("[[nats]]\nstream = 'a'\n[[nats]]\nstream = 'a'", "the same stream and `durable`", id="twice"),
        pytest.param("[[nats]]\nstream = 'a'\nuser = 'lab'", "`user` and `password` go together", id="half"),
        pytest.param(
            "[[nats]]\nstream = 'a'\ntoken = 'env:A'\nnkey = 'env:B'", "`token` and `nkey` are two ways", id="two-ways"
        ),
        pytest.param(
            "[[nats]]\nstream = 'a'\nprivate_key = 'env:A'", "`certificate`, which is missing", id="key-without-cert"
        ),
        pytest.param(
            "[[nats]]\nstream = 'a'\noutcomes = 'told.a'\n[[nats]]\nstream = 'b'\nsubjects = ['told.*']",
            "number 1: `outcomes` would come in as messages by b/translator",
            id="circle",
        ),
        pytest.param("[[nats]]\nstream = 'a'\noutcomes = 'a.*'", "without `*` and `>`", id="pattern-of-outcomes"),
        pytest.param("sites = 'a'\n[console]\nlisten = 'a'", "`console.listen`: must be a host", id="console"),
    ],
)
def test_wrong_intake_says_which_and_what(text: str, said: str) -> None:
    """A fault names the list, the number of the table, the key and the mend."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "at", "code"),
    [
        pytest.param(
            "[[folder]]\npath = 'a'\n\n[[folder]]\npath = 'b'\nscan_s = 0", "6:1", "setting-value", id="second"
        ),
        pytest.param("[[folder]]\npth = 'a'\n[[folder]]\npath = 'b'", "2:1", "setting-unknown", id="first"),
        pytest.param("[[folder]]\npath = 'a'\n[[folder]]\ndone = 'move'", "3:1", "setting-value", id="missing"),
        pytest.param("[[mllp]]\nlisten = 'a:1'\n[[folder]]\npath = ''", "4:1", "setting-value", id="other-list-before"),
    ],
)
def test_fault_of_an_intake_has_the_place_of_its_own_table(text: str, at: str, code: str) -> None:
    """The second of two tables is told from the first, and a key that is missing stands where its table begins."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)

    assert (caught.value.faults[0].at, caught.value.faults[0].code) == (f"translator.toml:{at}", code)
