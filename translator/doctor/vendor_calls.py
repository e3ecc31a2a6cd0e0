"""
Check that each vendor can be reached and gives us a token, and that our clock is the vendor's.

Two calls for each: one without a token, which the vendor refuses and answers with its time, and one for a token.
Neither changes anything there. Both are counted against the rate that the vendor grants.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from translator.config import Settings
from translator.config_checks import is_loopback
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined
from translator.doctor.ledgers import is_usable
from translator.errors import ConfigError
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
from translator.transmit.token import TokenRefusedError, TokenUnreachableError
from translator.vendors import open_routes, rate_budget

NOBODY = "00000000-0000-0000-0000-000000000000"
PROBES = {"whoop": f"/v2/partner/requisition/{NOBODY}", "acurable": "/v1/orders"}
"""What is asked without a token; no vendor gives anything for it."""

NOTABLE_S, WRONG_S = 30.0, 300.0
_TRIED_S = 10.0


def vendors(examined: Examined) -> Iterator[Diagnosis]:
    """Check each vendor that the settings name."""
    settings = examined.settings
    urls = {"whoop": settings.whoop.url, "acurable": settings.acurable.url}
    reached = set()
    for name, url in urls.items():
        if url:
            examined.began(name)
            found = list(_reach(name, url, examined.clock))
            yield from found
            if all(one.state != FAIL for one in found if one.check == name):
                reached.add(name)
    if reached:
        examined.began("token")
        yield from asyncio.run(_tokens(settings, reached))
        _count(settings, reached)


def _reach(name: str, url: str, clock: Callable[[], float]) -> Iterator[Diagnosis]:
    host = urlsplit(url).hostname or ""
    try:
        with httpx.Client(timeout=_TRIED_S, trust_env=not is_loopback(url)) as client:
            answer = client.get(url + PROBES[name])
    except httpx.TransportError as error:
        yield Diagnosis(name, FAIL, f"{host}: {_trouble(error)}")
        return
    if answer.is_server_error:
        yield Diagnosis(name, WARN, f"{host}: answers {answer.status_code}", "it may be down; what is queued waits")
    else:
        yield Diagnosis(name, OK, f"{host}: answers ({answer.status_code} without a token)")
    yield from _clock(answer.headers.get("date", ""), clock())


def _trouble(error: httpx.TransportError) -> str:
    """Say what was in the way: the name, the connection, its encryption, or time."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    if any(isinstance(one, socket.gaierror) for one in causes):
        return "this name has no address; look at the DNS, or mend the URL"
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return "no encrypted connection; look at its certificate and at this machine's authorities"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {_TRIED_S:.0f} s; look at the firewall and the proxy"
    return "no connection; look at the firewall and the proxy, and whether the vendor works"


def _clock(date: str, now: float) -> Iterator[Diagnosis]:
    try:
        skew = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the vendor's"
    if abs(skew) < NOTABLE_S:
        yield Diagnosis("clock", OK, "agrees with the vendor's")
    elif abs(skew) < WRONG_S:
        yield Diagnosis("clock", WARN, text, "have it set by NTP")
    else:
        yield Diagnosis("clock", FAIL, text, "have it set by NTP: signatures and tokens depend on it")


async def _tokens(settings: Settings, reached: set[str]) -> list[Diagnosis]:
    found = []
    async with AsyncExitStack() as stack:
        async for route in open_routes(stack, settings, packaged_tables()):
            if route.destination not in reached:
                continue
            name = f"{route.destination} token"
            try:
                await route.tokens.current()
            except ConfigError as error:
                found.append(Diagnosis(name, FAIL, str(error), "set the credentials"))
            except TokenRefusedError as error:
                found.append(Diagnosis(name, FAIL, str(error), "check client id, secret, scope and audience"))
            except TokenUnreachableError as error:
                found.append(Diagnosis(name, WARN, str(error), "try again later"))
            else:
                found.append(Diagnosis(name, OK, "is given"))
    return found


def _count(settings: Settings, reached: set[str]) -> None:
    if is_usable(settings):
        with closing(Ledger.open(settings.ledger, key=settings.ledger_key)) as opened:
            for name in reached:
                budget = rate_budget(settings.whoop if name == "whoop" else settings.acurable)
                for _ in range(2):
                    opened.destinations().count_call(name, budget)
