"""Open the way to the lab that the settings name: a folder, or a receiver of MLLP, over TLS where that is asked for."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from translator.config_lab import LabSettings, mllp_address
from translator.errors import ConfigError
from translator.transmit.file_drop import FileDrop
from translator.transmit.lab import LabSide
from translator.transmit.mllp import MllpClient


@asynccontextmanager
async def open_lab(settings: LabSettings, suffix: str) -> AsyncIterator[LabSide]:
    """
    Open the way to the lab; `suffix` ends the names of files there.

    Raises: ConfigError where it is a folder that is not there, or the certificates cannot be used.
    """
    address = mllp_address(settings.to)
    if address is None:
        yield FileDrop(Path(settings.to), suffix)
        return
    client = MllpClient(
        *address,
        timeout_s=settings.timeout_s,
        tls=tls_context(settings),
        tells_copies_apart=settings.on_unknown == "resend",
    )
    async with client:
        yield client


def check_lab(settings: LabSettings) -> None:
    """
    See whether the way to the lab can be opened; one that nobody named can.

    Raises: ConfigError where it is a folder that is not there, or the certificates cannot be used.
    """
    if settings.to and mllp_address(settings.to) is None:
        FileDrop(Path(settings.to))
    tls_context(settings)


def tls_context(settings: LabSettings) -> ssl.SSLContext | None:
    """
    Make what TLS needs: whom to trust, and who we are.

    Absent: None where the lab is not spoken to over TLS.
    Raises: ConfigError where a file is not there, is no PEM, or does not fit the other.
    """
    if not settings.is_over_tls:
        if settings.ca or settings.certificate or settings.key:
            raise ConfigError("lab.ca, lab.certificate and lab.key are for TLS; write lab.to as `mllps://host:port`")
        return None
    if settings.key and not settings.certificate:
        raise ConfigError("lab.key is the key of lab.certificate, which is not set")
    try:
        context = ssl.create_default_context(cafile=settings.ca or None)
    except OSError as error:
        raise ConfigError(f"lab.ca cannot be used: {_why(error)}") from None
    if settings.certificate:
        try:
            # A password is never asked for at the terminal of a service.
            context.load_cert_chain(settings.certificate, settings.key or None, password=lambda: b"")
        except OSError as error:
            raise ConfigError(f"lab.certificate or lab.key cannot be used: {_why(error)}") from None
    return context


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it is no PEM, its key has a passphrase, or certificate and key do not fit"
    return error.strerror or "it cannot be read"
