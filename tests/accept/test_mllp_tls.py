"""MLLP over TLS: our certificate, the senders' where they must show one, and what is not agreed on."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.accept.serving import Sender, new_ledger, report, serving
from translator.accept.mllp_tls import tls_of
from translator.config_intakes import MllpIntake
from translator.errors import ConfigError
from translator.ledger import Ledger
from translator.read.mllp import Acknowledgement
from translator.secrets import Secret

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with new_ledger(tmp_path) as opened:
        yield opened


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    """Issue what the settings of a port with TLS name."""
    issued = AUTHORITY.issue_cert("localhost", "127.0.0.1")
    place = tmp_path / "port.pem"
    for blob in issued.cert_chain_pems:
        blob.write_to_path(place, append=True)
    return {"certificate": str(place), "private_key": Secret("", given=issued.private_key_pem.bytes().decode())}


@pytest.fixture
def client_ca(tmp_path: Path) -> str:
    """Write the authority whose certificates senders must show."""
    place = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(place)
    return str(place)


def sender_side(shows: trustme.CA | None = None) -> ssl.SSLContext:
    """Trust the port's authority, and show a certificate of the given one."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    if shows is not None:
        shows.issue_cert("lab.example").configure_cert(context)
    return context


def test_messages_are_acknowledged_over_tls(ledger: Ledger, certificate: dict[str, Any]) -> None:
    """Pipelined, in order, as without it."""
    with serving(ledger, **certificate) as server, Sender(server.port, tls=sender_side()) as sender:
        sender.send(report(1), report(2))
        told = [sender.told(), sender.told()]

    assert told == [Acknowledgement("AA", "M1"), Acknowledgement("AA", "M2")]


def test_sender_with_a_certificate_is_believed(ledger: Ledger, certificate: dict[str, Any], client_ca: str) -> None:
    """Mutual TLS."""
    with (
        serving(ledger, client_ca=client_ca, **certificate) as server,
        Sender(server.port, tls=sender_side(AUTHORITY)) as sender,
    ):
        assert sender.ask(report(1)) == Acknowledgement("AA", "M1")


@pytest.mark.parametrize(
    "shows", [pytest.param(None, id="no-certificate"), pytest.param(STRANGER, id="certificate-of-another-authority")]
)
def test_sender_without_a_certificate_of_the_authority_is_let_go(
    ledger: Ledger, certificate: dict[str, Any], client_ca: str, shows: trustme.CA | None
) -> None:
    """Nothing of what it sends is kept, and others are served."""
    with serving(ledger, client_ca=client_ca, connections=1, **certificate) as server:
        # By TLS 1.3 it learns so only when it reads.
        with pytest.raises(OSError, match=r"."), Sender(server.port, tls=sender_side(shows)) as sender:
            sender.ask(report(1))
        with Sender(server.port, tls=sender_side(AUTHORITY)) as sender:
            assert sender.ask(report(2)) == Acknowledgement("AA", "M2")
        assert server.counts.not_agreed == 1
    assert len(ledger.messages()) == 1


def test_sender_without_tls_is_let_go(ledger: Ledger, certificate: dict[str, Any]) -> None:
    """What comes in the clear is not read as a message."""
    with serving(ledger, **certificate) as server, Sender(server.port) as sender:
        sender.send(report(1))
        while chunk := _rest(sender):
            assert b"MSA" not in chunk

    assert (server.counts.not_agreed, ledger.messages()) == (1, [])


def _rest(sender: Sender) -> bytes:
    try:
        return sender.socket.recv(1 << 16)
    except ConnectionError:
        return b""


def test_old_versions_of_tls_are_not_spoken(certificate: dict[str, Any]) -> None:
    """TLS 1.2 at least."""
    context = tls_of(MllpIntake("127.0.0.1:0", **certificate))

    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_renewed_certificate_is_used_from_then_on(ledger: Ledger, tmp_path: Path) -> None:
    """Connections of before go on; a file that cannot be used changes nothing. Key and chain may share a file."""
    place = tmp_path / "both.pem"
    first, renewed = AUTHORITY.issue_cert("localhost"), STRANGER.issue_cert("localhost")
    place.write_bytes(first.private_key_and_cert_chain_pem.bytes())
    with serving(ledger, certificate=str(place)) as server, Sender(server.port, tls=sender_side()) as before:
        place.write_text("no certificate")
        with pytest.raises(ConfigError, match="certificate"):
            server.renew()
        with Sender(server.port, tls=sender_side()) as between:
            assert between.ask(report(1)).code == "AA"
        place.write_bytes(renewed.private_key_and_cert_chain_pem.bytes())
        server.renew()
        with pytest.raises(ssl.SSLCertVerificationError):
            Sender(server.port, tls=sender_side())
        assert before.ask(report(2)).code == "AA"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        pytest.param({"client_ca": "ca.pem"}, "`certificate` is missing", id="authority-without-certificate"),
        pytest.param({"certificate": "nowhere.pem"}, "No such file", id="no-file"),
        pytest.param({"certificate": __file__}, "`certificate` or `private_key` cannot be used", id="no-pem"),
    ],
)
def test_tls_that_cannot_be_is_an_error_of_the_settings(settings: dict[str, str], text: str) -> None:
    """It names the port and the setting, and what to look at."""
    with pytest.raises(ConfigError, match=f"mllp 127.0.0.1:0: .*{text}|{text}"):
        tls_of(MllpIntake("127.0.0.1:0", **settings))  # type: ignore[arg-type]


def test_authority_that_is_none_is_an_error_of_the_settings(certificate: dict[str, Any]) -> None:
    """Without it everybody would be let go, or nobody."""
    with pytest.raises(ConfigError, match="`client_ca` cannot be used"):
        tls_of(MllpIntake("127.0.0.1:0", client_ca=__file__, **certificate))


def test_key_with_a_password_is_an_error_of_the_settings(certificate: dict[str, Any]) -> None:
    """Nobody is there to type it; the port must not wait at a prompt."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - heavy
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(certificate["private_key"].reveal().encode(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()

    with pytest.raises(ConfigError, match="`private_key` cannot be used"):
        tls_of(MllpIntake("127.0.0.1:0", **certificate | {"private_key": Secret("", given=locked)}))
