"""Brokers that ask who we are, and that speak TLS; wrong settings are told before anything is called."""

from __future__ import annotations

import asyncio
import base64
import json
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
from translator.accept.nats_session import examine
from translator.accept.nats_words import FORBIDDEN, NO_TLS, REFUSED
from translator.accept.stream import StreamUnavailableError
from translator.config_streams import NatsIntake
from translator.errors import ConfigError
from translator.secrets import Secret

SEED = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER).decode()
USER = nkeys.from_seed(bytearray(SEED.encode())).public_key.decode()


CREDS = (
    "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
    "-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
)


def given(text: str) -> Secret:
    """Make a secret that a test hands over."""
    return Secret("", given=text)


def takes(server: NatsServer, folder: Path, **settings: Any) -> list[str]:
    """Consume one message; gives the control ids in the ledger."""
    with new_ledger(folder) as ledger, consuming(ledger, row(server, "LAB", **settings)) as streams:
        connected(streams)
        server.publish("LAB.a", [(report(1), "")])
        found = kept(ledger, 1)
        wait_until(lambda: not ledger.following().ways(), seconds=60)
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


NO_SEED = "`nkey` holds no seed of a user"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"token": Secret("env:NOT_THERE_AT_ALL")}, "NOT_THERE_AT_ALL", id="no-secret"),
        pytest.param({"ca": "/not/there.pem"}, "`ca` cannot be used", id="no-authority"),
        pytest.param({"certificate": "/not/there.pem"}, "`certificate` or `private_key` cannot", id="no-cert"),
        pytest.param({"nkey": given("wombat")}, NO_SEED, id="no-seed"),
        pytest.param({"nkey": given("SUWOMBAT\u00e9")}, NO_SEED, id="seed-of-other-letters"),
        pytest.param({"nkey": given(USER)}, NO_SEED, id="public-key"),
        pytest.param({"creds": given("wombat")}, "`creds` is no `.creds` file", id="no-creds"),
        pytest.param(
            {"creds": given(CREDS.format(token="e.y.x", seed="wombat"))}, "`creds` holds no seed", id="no-seed-in-creds"
        ),
    ],
)
def test_secrets_that_cannot_be_used_are_told_at_once(settings: dict[str, Any], said: str) -> None:
    """With the stream and the key of the settings, never with what is secret; one that changes later ends nothing."""
    one = NatsIntake("LAB", **settings)

    with pytest.raises(ConfigError, match=said) as raised:
        check_nats([one])
    with pytest.raises(StreamUnavailableError, match=said):
        asyncio.run(examine(one))
    assert "wombat" not in str(raised.value).lower()


def jwt(subject: str, issuer: Any, kind: str, **said: Any) -> str:
    """Write a token of NATS: who `subject` is, signed by `issuer`."""
    about = {"jti": "x", "iat": 1, "iss": issuer.public_key.decode(), "name": kind, "sub": subject}
    parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, about | {"nats": {"type": kind, "version": 2} | said}]
    text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join([text, base64.urlsafe_b64encode(issuer.sign(text)).rstrip(b"=")]).decode()


def key_pair(number: int, kind: int) -> tuple[str, Any]:
    """Make a seed and the keys of it."""
    seed = nkeys.encode_seed(bytes([number] * 32), kind).decode()
    return seed, nkeys.from_seed(bytearray(seed.encode()))


def test_creds_file_says_who_we_are(tmp_path: Path) -> None:
    """At a server whose accounts and users are signed by an operator; it is read anew at each connection."""
    _, operator = key_pair(1, nkeys.PREFIX_BYTE_OPERATOR)
    (_, account), (_, system) = (key_pair(number, nkeys.PREFIX_BYTE_ACCOUNT) for number in (2, 3))
    seed, user = key_pair(4, nkeys.PREFIX_BYTE_USER)
    most = dict.fromkeys(("subs", "conn", "leaf", "imports", "exports", "data", "payload"), -1) | {"wildcards": True}
    stored = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)
    names = [one.public_key.decode() for one in (account, system)]
    tokens = [
        jwt(names[0], operator, "account", limits=most | stored),
        jwt(names[1], operator, "account", limits=most),
        jwt(user.public_key.decode(), account, "user", subs=-1, data=-1, payload=-1),
        jwt(operator.public_key.decode(), operator, "operator", system_account=names[1]),
    ]
    creds = tmp_path / "lab.creds"
    creds.write_text(CREDS.format(token=tokens[2], seed=seed))
    known = f"resolver: MEMORY\nresolver_preload: {{ {names[0]}: {tokens[0]}, {names[1]}: {tokens[1]} }}"
    config = f"operator: {tokens[3]}\nsystem_account: {names[1]}\n{known}"

    with NatsServer(tmp_path, config, user_credentials=str(creds)) as server:
        assert takes(server, tmp_path, creds=Secret(f"file:{creds}")) == ["M1"]
        with new_ledger(tmp_path) as ledger, consuming(ledger, row(server, "LAB")) as streams:
            wait_until(lambda: streams.ports()[0].trouble == REFUSED, seconds=60)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"servers": ("tls://127.0.0.1:{}",)}, id="tls"),
        pytest.param({"servers": ("nats://127.0.0.1:{}",), "ca": "ca.pem"}, id="ca"),
    ],
)
def test_broker_that_speaks_no_tls_hears_no_secret(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Whoever sits on the line may say that the broker wants none."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"auth_required":true}\r\n')
        heard.append(await reader.read(65536))
        writer.write(b"-ERR 'Unknown Protocol Operation'\r\n")
        await writer.drain()
        writer.close()

    async def call() -> None:
        async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            given_servers = tuple(one.format(port) for one in settings["servers"])
            ca = str(tmp_path / settings["ca"]) if "ca" in settings else ""
            one = NatsIntake("LAB", servers=given_servers, ca=ca, user="lab", password=given("wombat"))
            with pytest.raises(StreamUnavailableError, match=re.escape(NO_TLS)):
                await examine(one)

    asyncio.run(call())

    assert [one[:1] for one in heard] == [b"\x16"]
    assert b"wombat" not in heard[0]


FEWEST = (
    '"$JS.API.STREAM.INFO.LAB", "$JS.API.STREAM.NAMES", "$JS.API.CONSUMER.INFO.LAB.translator", '
    '"$JS.API.CONSUMER.CREATE.LAB.translator.>", "$JS.API.CONSUMER.DURABLE.CREATE.LAB.translator"'
)


@pytest.mark.parametrize(
    ("allowed", "part"),
    [
        pytest.param(f'{FEWEST}, "$JS.ACK.>", "told"', "trouble", id="to-fetch"),
        pytest.param(f'{FEWEST}, "$JS.API.CONSUMER.MSG.NEXT.LAB.translator", "told"', "trouble", id="to-acknowledge"),
        pytest.param(f'{FEWEST}, "$JS.API.CONSUMER.MSG.NEXT.LAB.translator", "$JS.ACK.>"', "untold", id="to-tell"),
    ],
)
def test_what_is_forbidden_is_told(tmp_path: Path, allowed: str, part: str) -> None:
    """The broker says so by the way, and answers nothing: without a word, nothing would come and all look well."""
    users = f"{{user: o, password: p}}, {{user: t, password: q, permissions: {{publish: [{allowed}]}}}}"
    settings = {"user": "t", "password": given("q"), "outcomes": "told", "create": False}

    with NatsServer(tmp_path, f"authorization {{ users: [{users}] }}", user="o", password="p") as server:
        server.make_stream("LAB", "LAB.>")
        server.make_stream("TOLD", "told")
        server.publish("LAB.a", [(report(1), "")])
        with new_ledger(tmp_path) as ledger, consuming(ledger, row(server, "LAB", **settings)) as streams:
            wait_until(lambda: FORBIDDEN in getattr(streams.ports()[0], part), seconds=60)
            messages = len(ledger.messages())

    assert messages == ("MSG.NEXT" in allowed)
