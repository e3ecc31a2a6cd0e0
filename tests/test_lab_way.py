"""The way to the lab over TLS: the lab is who it says, and we are who we say."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from msgspec import structs

from tests.transmit.certificates import Authority
from tests.transmit.test_mllp import Lab, ack, message
from translator.config import load_settings
from translator.config_lab import LabSettings
from translator.errors import ConfigError
from translator.lab_way import open_lab, tls_context
from translator.transmit.lab import Receipt

ACCEPTED = Receipt("accepted", "AA")
NOT_TRUSTED = Receipt("not-sent", "tls-error")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Make an authority that signs the lab's certificate."""
    return Authority(tmp_path)


def bring(server: ssl.SSLContext, **settings: str) -> tuple[Receipt, list[str]]:
    """Bring a message to a lab that serves TLS on loopback; gives the receipt and what the lab received."""
    lab = Lab(lambda control_id: [ack(control_id)])

    async def run() -> Receipt:
        listening = await asyncio.start_server(lab, "127.0.0.1", 0, ssl=server)
        port = listening.sockets[0].getsockname()[1]
        wanted = load_settings(
            flags={f"lab.{name}": value for name, value in settings.items()} | {"lab.to": f"mllps://127.0.0.1:{port}"},
            environment={},
        ).lab
        async with listening, open_lab(structs.replace(wanted, timeout_s=20.0), ".hl7") as way:
            return await way.bring(message("A"), "A")

    return asyncio.run(run()), lab.received


def test_message_goes_over_tls_to_a_lab_that_is_trusted(authority: Authority) -> None:
    """Its certificate is signed by whom the site trusts, and names its address."""
    assert bring(authority.server(), ca=authority.ca) == (ACCEPTED, ["A"])


def test_lab_that_nobody_vouches_for_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    """Not a byte of the message goes out, so that it can be brought later."""
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "Another Authority")

    assert bring(authority.server(), ca=other.ca) == (NOT_TRUSTED, [])
    assert bring(authority.server()) == (NOT_TRUSTED, [])


def test_lab_of_another_name_gets_nothing(authority: Authority) -> None:
    """A certificate that the authority gave somebody else is not the lab's."""
    client = tls_context(LabSettings(to="mllps://lab.example:2575", ca=authority.ca))

    assert client is not None
    assert (client.check_hostname, client.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_lab_that_asks_who_we_are_is_shown_our_certificate(authority: Authority) -> None:
    """Mutual TLS: certificate and key in two files, or in one."""
    certificate, key = authority.issue("us")
    together = Path(certificate).with_name("both.pem")
    together.write_bytes(Path(certificate).read_bytes() + Path(key).read_bytes())

    two = bring(authority.server(asks=True), ca=authority.ca, certificate=certificate, key=key)
    one = bring(authority.server(asks=True), ca=authority.ca, certificate=str(together))

    assert (two, one) == ((ACCEPTED, ["A"]), (ACCEPTED, ["A"]))


def test_lab_that_asks_in_vain_gets_nothing(authority: Authority) -> None:
    """We have no certificate, and the handshake ends."""
    receipt, received = bring(authority.server(asks=True), ca=authority.ca)

    assert (receipt.outcome, received) == ("not-sent", [])


def test_lab_that_asks_in_vain_after_the_handshake_is_not_taken_for_one_that_accepts(authority: Authority) -> None:
    """In TLS 1.3 its alert may come behind our message, or be lost with the connection."""
    server = authority.server(asks=True)
    server.maximum_version = ssl.TLSVersion.TLSv1_3
    server.minimum_version = ssl.TLSVersion.TLSv1_3

    receipt, received = bring(server, ca=authority.ca)

    assert receipt.outcome in {"not-sent", "unknown"}
    assert received == []


def test_what_cannot_be_used_is_said_at_the_start(authority: Authority, tmp_path: Path) -> None:
    """A service that could never speak to the lab does not start, and asks nobody for a passphrase."""
    certificate, _ = authority.issue("us")
    _, foreign = authority.issue("them")
    _, locked = authority.issue("locked", passphrase=b"example")
    (tmp_path / "text.pem").write_text("no certificate", encoding="ascii")
    to = "mllps://127.0.0.1:2575"
    wrong = [
        (LabSettings(to=to, ca=str(tmp_path / "none.pem")), "lab.ca cannot be used: No such file"),
        (LabSettings(to=to, ca=str(tmp_path / "text.pem")), "lab.ca cannot be used: it is no PEM"),
        (LabSettings(to=to, certificate=certificate), "lab.certificate or lab.key cannot be used"),
        (LabSettings(to=to, certificate=certificate, key=foreign), "lab.certificate or lab.key cannot be used"),
        (LabSettings(to=to, certificate=certificate, key=locked), "has a passphrase"),
        (LabSettings(to=to, key=locked), "lab.certificate, which is not set"),
        (LabSettings(to="mllp://127.0.0.1:2575", ca=authority.ca), "mllps://"),
    ]
    for settings, said in wrong:
        with pytest.raises(ConfigError, match=said):
            tls_context(settings)


@pytest.mark.parametrize(
    ("on_unknown", "tells"), [pytest.param("hold", False, id="hold"), pytest.param("resend", True, id="resend")]
)
def test_site_says_whether_its_lab_tells_copies_apart(on_unknown: str, tells: bool) -> None:  # noqa: FBT001 - a case
    """Nobody else can know."""

    async def run() -> bool:
        async with open_lab(LabSettings(to="mllp://127.0.0.1:2575", on_unknown=on_unknown), ".hl7") as way:
            return way.tells_copies_apart

    assert asyncio.run(run()) is tells
