"""
Make what a NATS broker asks of us: TLS by the settings' certificates, and one of its ways to say who we are.

Source: docs.nats.io, Authentication; BCP 195 (RFC 9325): TLS 1.2 at least.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from translator.accept.mllp_tls import key_file
from translator.config_streams import NatsIntake
from translator.errors import ConfigError

if TYPE_CHECKING:
    from faststream.security import BaseSecurity

_CREDS = re.compile(r"-BEGIN NATS USER JWT-+\s+\S+\s+-+END.*-BEGIN USER NKEY SEED-+\s+(?P<seed>\S+)\s+-+END", re.DOTALL)

NEEDS_EXTRA = "[[nats]] needs FastStream, which is not installed: pip install '.[stream]' in translator's folder"


def check_nats(rows: Sequence[NatsIntake]) -> None:
    """
    See whether the brokers of the settings can be called, without calling them.

    Raises: ConfigError that names the row and the setting.
    """
    if not rows:
        return
    if find_spec("faststream") is None or find_spec("nats") is None:
        raise ConfigError(NEEDS_EXTRA)
    for one in rows:
        # Now, and not when the first message is due.
        security_of(one)


def tls_of(settings: NatsIntake) -> ssl.SSLContext | None:
    """
    Read the certificates now.

    Absent: None where the broker is not asked for TLS; it may still ask for it.
    Raises: ConfigError that names the setting.
    """
    if not settings.is_over_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca or None)
    except OSError as error:
        raise _fault(settings, f"`ca` cannot be used: {_why(error)}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate:
        with key_file(settings.private_key) as key:
            try:
                # Nobody is there to type the password of a key.
                context.load_cert_chain(settings.certificate, key, password=lambda: "")
            except OSError as error:
                raise _fault(settings, f"`certificate` or `private_key` cannot be used: {_why(error)}") from None
    return context


def security_of(settings: NatsIntake) -> BaseSecurity:
    """
    Read secrets and certificates now, as FastStream takes them.

    Raises: ConfigError where one cannot be read.
    """
    from faststream.nats import security  # noqa: PLC0415 - heavy, and only where there is a stream
    from nats.aio.client import RawCredentials  # noqa: PLC0415 - as above

    tls: dict[str, Any] = {"ssl_context": tls_of(settings)}
    if settings.creds is not None:
        return security.NatsCredentials(RawCredentials(_creds(settings, settings.creds.reveal())), **tls)
    if settings.nkey is not None:
        return security.NatsNKey.from_seed(_seed(settings, "nkey", settings.nkey.reveal()), **tls)
    if settings.token is not None:
        return security.NatsToken(settings.token.reveal(), **tls)
    if settings.password is not None:
        return security.NatsUserPassword(settings.user, settings.password.reveal(), **tls)
    return security.NatsSecurity(**tls)


def _creds(settings: NatsIntake, text: str) -> str:
    found = _CREDS.search(text)
    if found is None:
        raise _fault(settings, "`creds` is no `.creds` file: it has a JWT of a user, and a seed")
    _seed(settings, "creds", found["seed"])
    return text


def _seed(settings: NatsIntake, key: str, text: str) -> str:
    import nkeys  # noqa: PLC0415 - only where there is a stream

    try:
        nkeys.from_seed(bytearray(text.encode()))
    except (nkeys.NkeysError, ValueError):
        raise _fault(settings, f"`{key}` holds no seed of a user (`SU...`)") from None
    return text


def _fault(settings: NatsIntake, text: str) -> ConfigError:
    return ConfigError(f"nats {settings.way}: {text}")


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it is no PEM, its key has a password, or certificate and key do not fit"
    return error.strerror or "it cannot be read"
