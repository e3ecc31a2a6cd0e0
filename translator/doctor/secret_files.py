"""Check that every secret of the settings is there, and that a file with one is its owner's alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from translator.config import Settings
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined
from translator.errors import ConfigError
from translator.secrets import Secret


def secrets(examined: Examined) -> Iterator[Diagnosis]:
    """Check each secret that these settings need."""
    if examined.settings.ledger_key is None:
        yield Diagnosis(
            "ledger_key",
            WARN,
            "messages and patients stand in the ledger unencrypted",
            "make a key (`translator ledger key create PATH`), or see to it that the disk is encrypted",
        )
    for name, secret in _needed(examined.settings):
        yield _secret(name, secret)


def _needed(settings: Settings) -> Iterator[tuple[str, Secret]]:
    if settings.ledger_key is not None:
        yield "ledger_key", settings.ledger_key
    yield "whoop.client_id", settings.whoop.client_id
    yield "whoop.client_secret", settings.whoop.client_secret
    yield "whoop.webhook_secret", settings.whoop.webhook_secret
    if settings.acurable.url:
        yield "acurable.client_id", settings.acurable.client_id
        yield "acurable.client_secret", settings.acurable.client_secret
    if settings.acurable.webhook_token is not None:
        yield "acurable.webhook_token", settings.acurable.webhook_token
    if settings.trace.endpoint and settings.trace.headers is not None:
        yield "trace.headers", settings.trace.headers
    for one in settings.mllp:
        if one.private_key is not None:
            yield f"mllp {one.listen} private_key", one.private_key
    for row in settings.nats:
        for name in ("password", "token", "nkey", "creds", "private_key"):
            given = getattr(row, name)
            if given is not None:
                yield f"nats {row.way} {name}", given


def _secret(name: str, secret: Secret) -> Diagnosis:
    try:
        secret.reveal()
    except ConfigError as error:
        if name == "whoop.webhook_secret":
            return Diagnosis(name, WARN, f"{error}", "without it every webhook of WHOOP is answered 401")
        return Diagnosis(name, FAIL, str(error))
    kind, _, place = secret.reference.partition(":")
    if kind == "file" and os.name == "posix":
        mode = stat.S_IMODE(Path(place).stat().st_mode)
        if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
            return Diagnosis(name, FAIL, f"others may read or change its file (mode {mode:04o})", f"chmod 600 {place}")
        if mode & stat.S_IRGRP:
            return Diagnosis(name, WARN, f"its group may read its file (mode {mode:04o})", f"chmod 600 {place}")
    return Diagnosis(name, OK, "is there")
