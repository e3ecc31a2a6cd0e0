"""
Make what TLS needs of the settings: our certificate, and the authority of the senders' where they must show one.

Source: HL7 v2 leaves the security of the connection to the site; BCP 195 (RFC 9325): TLS 1.2 at least.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translator.config_intakes import MllpIntake
from translator.errors import ConfigError
from translator.secrets import Secret


def tls_of(settings: MllpIntake) -> ssl.SSLContext | None:
    """
    Read certificates and key now.

    Absent: None where the port speaks without TLS.
    Raises: ConfigError that names the setting.
    """
    if not settings.certificate:
        if settings.client_ca or settings.private_key:
            raise ConfigError(f"mllp {settings.listen}: `certificate` is missing; without it there is no TLS")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with key_file(settings.private_key) as key:
        try:
            # Nobody is there to type the password of a key.
            context.load_cert_chain(settings.certificate, key, password=lambda: "")
        except OSError as error:
            raise _unusable(settings, "certificate` or `private_key", error) from None
    if settings.client_ca:
        try:
            context.load_verify_locations(settings.client_ca)
        except OSError as error:
            raise _unusable(settings, "client_ca", error) from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def key_file(secret: Secret | None) -> Iterator[str | None]:
    """Give a key as the file that OpenSSL wants; None where it stands in the certificate's file."""
    if secret is None:
        yield None
        return
    key = secret.reveal().encode()
    if hasattr(os, "memfd_create"):
        # In memory, so that no copy of it is ever on a disk.
        with os.fdopen(os.memfd_create("key"), "wb") as file:
            file.write(key)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "key.pem")
        place.touch(mode=0o600)
        place.write_bytes(key)
        yield str(place)


def _unusable(settings: MllpIntake, names: str, error: OSError) -> ConfigError:
    why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return ConfigError(f"mllp {settings.listen}: `{names}` cannot be used: {why or 'no certificate and key in PEM'}")
