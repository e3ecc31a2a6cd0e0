"""
Make what a NATS broker asks of us: TLS by the settings' certificates, and one of its ways to say who we are.

Source: docs.nats.io, Authentication; BCP 195 (RFC 9325): TLS 1.2 at least.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from translator.accept.mllp_tls import key_file
from translator.config_streams import NatsIntake, meet
from translator.errors import ConfigError

if TYPE_CHECKING:
    from faststream.security import BaseSecurity

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
    ways = [one.way for one in rows]
    for one in rows:
        if ways.count(one.way) > 1:
            raise _fault(one, "two `[[nats]]` name the same stream and `durable`; name another one in one of them")
        _check_circle(one, rows)
        _check_who(one)
        tls_of(one)
        for secret in (one.password, one.token, one.nkey, one.creds):
            if secret is not None:
                secret.reveal()


def tls_of(settings: NatsIntake) -> ssl.SSLContext | None:
    """
    Read the certificates now.

    Absent: None where the broker is not asked for TLS; it may still ask for it.
    Raises: ConfigError that names the setting.
    """
    if settings.private_key is not None and not settings.certificate:
        raise _fault(settings, "`private_key` is the key of `certificate`, which is missing")
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
        return security.NatsCredentials(RawCredentials(settings.creds.reveal()), **tls)
    if settings.nkey is not None:
        return security.NatsNKey.from_seed(settings.nkey.reveal(), **tls)
    if settings.token is not None:
        return security.NatsToken(settings.token.reveal(), **tls)
    if settings.password is not None:
        return security.NatsUserPassword(settings.user, settings.password.reveal(), **tls)
    return security.NatsSecurity(**tls)


def _check_circle(settings: NatsIntake, rows: Sequence[NatsIntake]) -> None:
    for other in rows:
        shared = {*settings.servers} & {*other.servers}
        if shared and any(settings.outcomes and meet(settings.outcomes, one) for one in other.subjects):
            raise _fault(settings, f"`outcomes` would come in as messages by nats {other.way}; name another subject")


def _check_who(settings: NatsIntake) -> None:
    if bool(settings.user) != (settings.password is not None):
        raise _fault(settings, "`user` and `password` go together")
    given = [name for name in ("password", "token", "nkey", "creds") if getattr(settings, name) is not None]
    if len(given) > 1:
        raise _fault(settings, f"`{given[0]}` and `{given[1]}` are two ways to say who we are; give one")


def _fault(settings: NatsIntake, text: str) -> ConfigError:
    return ConfigError(f"nats {settings.way}: {text}")


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it is no PEM, its key has a password, or certificate and key do not fit"
    return error.strerror or "it cannot be read"
