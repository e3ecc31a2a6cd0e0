"""Put together what fetches requisitions from WHOOP: settings, tables, token and client."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Event

from translator.config import Settings
from translator.errors import ConfigError
from translator.ledger import FAILED, WAITING, EventArrival, EventRow, Ledger
from translator.read.requisition import is_uuid
from translator.record.event import REQUISITION_CREATED, WHOOP
from translator.signature import event_body
from translator.tracing import NO_TRACER, Tracer
from translator.translate.lab_codes import unmapped_panels
from translator.translate.tables import Tables
from translator.transmit.attempt_spans import Vendor
from translator.transmit.event_spans import EventSpans
from translator.transmit.fetch import UNREADABLE, RequisitionFetcher, Source
from translator.transmit.responses import outcome_of
from translator.transmit.token import TokenKeeper
from translator.transmit.whoop import ASKED, DESTINATION, WhoopClient
from translator.vendors import credentials, rate_budget

FETCHED = "fetched"
"""The value of `whoop.confirm` that confirms what was fetched."""


def fetch(
    ledger: Ledger,
    settings: Settings,
    tables: Tables,
    requisition_ids: Sequence[str],
    *,
    wait_s: float,
    tracer: Tracer = NO_TRACER,
) -> list[str]:
    """
    Fetch at once what waits to be fetched, and these requisitions, whether a webhook announced them or not.

    Shape: gives the ids of all that was asked for. What was given up because it could not be had is asked for again;
    what WHOOP refused, only where it is named.
    Units: `wait_s` in seconds, for all of them.
    Raises: ConfigError where an id is none, or a credential is not set.
    """
    if not all(is_uuid(each) for each in requisition_ids):
        raise ConfigError("the id of a requisition is a UUID with hyphens, as WHOOP's webhook names it")
    for each in requisition_ids:
        body = event_body(REQUISITION_CREATED, each.lower())
        ledger.events().ask_again(EventArrival(WHOOP, REQUISITION_CREATED, each.lower(), body))

    events = ledger.events()
    asked = {each.lower() for each in requisition_ids}
    waiting = [row for row in events.rows(WHOOP) if row.resource not in asked and _may_come(row, tables)]
    events.hurry([row.id for row in waiting])

    async def drain() -> None:
        async with _fetcher(ledger, settings, tables, tracer) as fetcher:
            await fetcher.drain(deadline=asyncio.get_running_loop().time() + wait_s, stop=Event())

    asyncio.run(drain())
    return sorted(asked | {row.resource for row in waiting})


def _may_come(row: EventRow, tables: Tables) -> bool:
    if row.kind != REQUISITION_CREATED:
        return False
    given_up = row.state == FAILED and outcome_of(row.answer, tables.responses[DESTINATION]) in {"retry", "unknown"}
    return row.state == WAITING or (given_up and row.answer not in UNREADABLE)


def serve_fetching(
    ledger: Ledger, settings: Settings, tables: Tables, *, stop: Event, tracer: Tracer = NO_TRACER
) -> None:
    """Fetch whatever is announced, until the stop; where a credential is needed and not set, WHOOP is paused."""

    async def serve() -> None:
        async with _fetcher(ledger, settings, tables, tracer, serves=True) as fetcher:
            await fetcher.serve(stop=stop)

    asyncio.run(serve())


@asynccontextmanager
async def _fetcher(
    ledger: Ledger, settings: Settings, tables: Tables, tracer: Tracer, *, serves: bool = False
) -> AsyncIterator[RequisitionFetcher]:
    # What the lab cannot be ordered is not confirmed; the lab's side does so once it can.
    whoop, to_lab = settings.whoop, bool(settings.lab.to)

    def client() -> WhoopClient:
        return WhoopClient(whoop.url, timeout_s=whoop.timeout_s)

    async with client() as for_documents, client() as for_tokens:
        source = Source(
            client=for_documents,
            # Secrets are read only when a token is needed: without webhooks nobody needs one.
            tokens=TokenKeeper(
                lambda: for_tokens.fetch_token(credentials(whoop, serves=serves)),
                time.monotonic,
            ),
            responses=tables.responses[DESTINATION],
            budget=rate_budget(whoop),
            confirms=lambda fetched: whoop.confirm == FETCHED and not (to_lab and unmapped_panels(fetched, tables)),
            spans=EventSpans(Vendor(DESTINATION, whoop.url, ASKED), tracer),
        )
        yield RequisitionFetcher(ledger, source, random.random)
