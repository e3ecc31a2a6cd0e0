"""
See, before a service starts or is reloaded, whether secrets and the way to the lab can be used as the settings say.

A service that finds out when the first result is due has taken messages in that it cannot deliver; one that finds out
at a reload would end, though its old settings were sound.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator.accept.nats_access import check_nats
from translator.config import Settings, parse_settings
from translator.lab_way import check_lab
from translator.secrets import Secret


def check_usable(settings: Settings) -> None:
    """
    See whether everything that the settings name can be used.

    Absent: a secret that nobody named is not missed; what would need it is paused, or says so.
    Raises: ConfigError that names the secret, the folder or the file.
    """
    check_lab(settings.lab)
    check_nats(settings.nats)
    unnamed = [*_secrets(parse_settings(""))]
    for secret in _secrets(settings):
        if secret not in unnamed:
            secret.reveal()


def _secrets(settings: Settings) -> Iterator[Secret]:
    whoop, acurable = settings.whoop, settings.acurable
    yield from (whoop.client_id, whoop.client_secret, whoop.webhook_secret)
    yield from (acurable.client_id, acurable.client_secret)
    if acurable.webhook_token is not None:
        yield acurable.webhook_token
