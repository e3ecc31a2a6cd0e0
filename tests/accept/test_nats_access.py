"""Brokers that ask who we are, and that speak TLS; wrong settings are told before anything is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nkeys
import pytest
import trustme

from tests.accept.serving import new_ledger, report
from tests.accept.streaming import connected, consuming, kept, row
from tests.nats_server import NatsServer
from tests.transmit.delivering import wait_until
from translator.accept.nats_access import check_nats, tls_of
from translator.accept.nats_grounds import NO_TLS, REFUSED
from translator.config_streams import NatsIntake
from translator.errors import ConfigError
from translator.secrets import Secret

SEED = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER).decode()
USER = nkeys.from_seed(bytearray(SEED.encode())).public_key.decode()


def given(text: str) -> Secret:
    """Make a secret that a test hands over."""
    return Secret("", given=text)


def takes(server: NatsServer, folder: Path, **settings: Any) -> list[str]:
    """Consume one message; gives the control ids in the ledger."""
    with new_ledger(folder) as ledger, consuming(ledger, row(server, "LAB", **settings)) as streams:
        connected(streams)
        server.publish("LAB.a", [(report(1), "")])
        found = kept(ledger, 1)
        wait_until(lambda: not ledger.following().is_due("LAB/translator"), seconds=60)
        return found


@pytest.mark.parametrize(
    ("config", "options", "settings"),
    [
        pytest.param(
            "user: lab, password: wombat",
            {"user": "lab", "password": "wombat"},
            {"user": "lab", "password": given("wombat")},
            id="password",
        ),
        pytest.param("token: wombat", {"token": "wombat"}, {"token": given("wombat")}, id="token"),
        pytest.param(f"users: [{{nkey: {USER}}}]", {"nkeys_seed_str": SEED}, {"nkey": given(SEED)}, id="nkey"),
    ],
)
def test_broker_that_asks_who_we_are_is_told(
    tmp_path: Path, config: str, options: dict[str, Any], settings: dict[str, Any]
) -> None:
    """By each way that the settings have; by none of them it refuses us, and readiness says so."""
    with NatsServer(tmp_path, f"authorization {{ {config} }}", **options) as server:
        assert takes(server, tmp_path, **settings) == ["M1"]
        with new_ledger(tmp_path) as ledger, consuming(ledger, row(server, "LAB")) as streams:
            wait_until(lambda: streams.ports()[0].trouble == REFUSED, seconds=60)


def test_permissions_of_the_docs_are_enough(tmp_path: Path) -> None:
    """A user who may do no more than docs/streams.md says consumes, and tells."""
    page = Path(__file__).parents[2].joinpath("docs", "streams.md").read_text(encoding="utf-8")
    (permissions,) = re.findall(r"```\n(publish: .*?)```", page, flags=re.DOTALL)
    users = f"{{user: o, password: p}}, {{user: translator, password: q, permissions: {{ {permissions} }}}}"
    settings = {"user": "translator", "password": given("q"), "outcomes": "lab.outcomes", "create": False}

    with NatsServer(tmp_path, f"authorization {{ users: [{users}] }}", user="o", password="p") as server:
        server.make_stream("LAB", "LAB.>")
        server.make_stream("TOLD", "lab.outcomes")
        assert takes(server, tmp_path, **settings) == ["M1"]
        assert [one["sequence"] for one in server.outcomes("TOLD")] == [1]


def test_broker_with_mutual_tls_is_consumed(tmp_path: Path) -> None:
    """By an authority of its own, and with our certificate; by the system's authorities it is not believed."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name in ("localhost", "translator"):
        issued = authority.issue_cert(name, "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    files = {part: (tmp_path / f"localhost.{part}").as_posix() for part in ("pem", "key")}
    tls = f'cert_file: "{files["pem"]}", key_file: "{files["key"]}", ca_file: "{tmp_path.as_posix()}/ca.pem"'
    ours: dict[str, Any] = {"ca": str(tmp_path / "ca.pem"), "certificate": str(tmp_path / "translator.pem")}
    ours["private_key"] = Secret(f"file:{tmp_path / 'translator.key'}")
    context = tls_of(NatsIntake("LAB", **ours))

    with NatsServer(tmp_path, f"tls {{ {tls}, verify: true }}", tls=context) as server:
        assert takes(server, tmp_path, servers=(server.url.replace("nats", "tls"),), **ours) == ["M1"]
        believed = row(server, "LAB", servers=(server.url.replace("nats", "tls"),))
        with new_ledger(tmp_path) as ledger, consuming(ledger, believed) as streams:
            wait_until(lambda: streams.ports()[0].trouble == NO_TLS, seconds=60)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([NatsIntake("LAB"), NatsIntake("LAB")], "name the same stream and `durable`", id="twice"),
        pytest.param([NatsIntake("LAB", user="lab")], "`user` and `password` go together", id="half"),
        pytest.param(
            [NatsIntake("LAB", token=given("a"), nkey=given("b"))], "`token` and `nkey` are two ways", id="two-ways"
        ),
        pytest.param([NatsIntake("LAB", token=Secret("env:NOT_THERE_AT_ALL"))], "NOT_THERE_AT_ALL", id="no-secret"),
        pytest.param([NatsIntake("LAB", ca="/not/there.pem")], "`ca` cannot be used", id="no-authority"),
        pytest.param(
            [NatsIntake("LAB", certificate="/not/there.pem")], "`certificate` or `private_key` cannot", id="no-cert"
        ),
        pytest.param(
            [NatsIntake("LAB", private_key=given("PEM"))], "`certificate`, which is missing", id="key-without-cert"
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told_at_once(rows: list[NatsIntake], said: str) -> None:
    """With the stream and the key of the settings; never with what is secret."""
    with pytest.raises(ConfigError, match=said):
        check_nats(rows)
