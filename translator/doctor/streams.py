"""Check the brokers of streams: they are reached, and have the stream, the consumer and a place for outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from translator.accept.nats_access import check_nats
from translator.accept.nats_grounds import NotMadeYetError
from translator.accept.nats_session import examine
from translator.accept.stream import StreamUnavailableError
from translator.config_checks import is_loopback
from translator.config_streams import NatsIntake
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined


def streams(examined: Examined) -> Iterator[Diagnosis]:
    """Ask each broker for what the service would consume; nothing is made or taken."""
    rows = examined.settings.nats
    if rows:
        examined.began("nats")
        check_nats(rows)
    for one in rows:
        yield _stream(one)
        if not (one.is_over_tls or all(map(is_loopback, one.servers))):
            yield Diagnosis(
                f"nats {one.way} tls", WARN, "messages come over the network as they are", "use `tls://` or `ca`"
            )


def _stream(settings: NatsIntake) -> Diagnosis:
    name = f"nats {settings.way}"
    try:
        found = asyncio.run(examine(settings))
    except StreamUnavailableError as error:
        text, _, remedy = str(error).partition("; ")
        return Diagnosis(name, WARN if isinstance(error, NotMadeYetError) else FAIL, text, remedy)
    if found.is_paused:
        return Diagnosis(
            name,
            WARN,
            f"the consumer is paused, and {found.waiting} messages wait",
            "resume it (`nats consumer resume`)",
        )
    return Diagnosis(name, OK, f"stream and consumer are there, {found.waiting} messages wait")
