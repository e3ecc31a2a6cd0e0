"""
Hold one connection to a vendor, and name everything that can go wrong with it.

A large httpx pool is slow, so each worker has a client of its own. A connection that has been idle for two seconds is
not used again: the vendor may be closing it at that very moment, and then nobody knows what became of the POST.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from translator.config_checks import is_loopback
from translator.transmit.line import Line
from translator.transmit.responses import Answer
from translator.transmit.retry import asked_wait

KEEP_ALIVE_S = 2.0
CONNECT_S = 10.0

# Every error that httpx knows for a request, by what it says about the vendor. What is named `connect-*` or
# `pool-timeout` surely never reached it; of all others nobody knows.
TROUBLE: Mapping[type[httpx.RequestError], str] = {
    httpx.ConnectError: "connect-error",
    httpx.ConnectTimeout: "connect-timeout",
    httpx.PoolTimeout: "pool-timeout",
    httpx.ProxyError: "connect-error",
    httpx.UnsupportedProtocol: "connect-error",
    httpx.WriteError: "write-error",
    httpx.WriteTimeout: "write-timeout",
    httpx.ReadError: "read-error",
    httpx.ReadTimeout: "read-timeout",
    httpx.CloseError: "read-error",
    httpx.RemoteProtocolError: "disconnected",
    httpx.LocalProtocolError: "disconnected",
    httpx.DecodingError: "unreadable-answer",
    httpx.TooManyRedirects: "unreadable-answer",
    # The families of the above; httpx raises none of them itself.
    httpx.RequestError: "disconnected",
    httpx.TransportError: "disconnected",
    httpx.TimeoutException: "read-timeout",
    httpx.NetworkError: "read-error",
    httpx.ProtocolError: "disconnected",
}


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes longer than many deliveries, so every client shares them.
    return httpx.create_ssl_context()


def _proxy(url: str) -> str | None:
    """Find the proxy that the environment names for a URL; what goes to this machine goes there straight."""
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _transport(proxy: str | None) -> httpx.AsyncBaseTransport:
    """Give a transport with one connection; where a proxy has to be spoken to, that of httpx."""
    if proxy is None:
        return Line(_tls(), keep_alive_s=KEEP_ALIVE_S)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S)
    return httpx.AsyncHTTPTransport(verify=_tls(), limits=limits, proxy=proxy)


class Connection:
    """
    One connection to one vendor.

    Shape: `url` stands before every path. `transport` lets a test answer in the vendor's place.
    Units: `timeout_s` bounds each wait for the vendor, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)).as_dict()
        # A transport and no httpx.AsyncClient: cookies, redirects and logins, which we never want, cost a tenth.
        self._http = transport or _transport(_proxy(url))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, bytes]:
        """Make one request, once: `path` follows the URL of the vendor, or is a URL of its own."""
        request = httpx.Request(
            method,
            path if "://" in path else self._url + path,
            content=body,
            headers={"Content-Type": "application/json", "User-Agent": "translator", **headers},
            extensions={"timeout": self._timeout},
        )
        try:
            response = await self._http.handle_async_request(request)
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            return Answer(TROUBLE.get(type(error), "disconnected")), b""
        wait_s = asked_wait(response.status_code, response.headers, self._clock())
        # Elsewhere a Location is where to go instead, and results go to the host of the settings alone.
        created = response.status_code == httpx.codes.CREATED
        return Answer(
            str(response.status_code), wait_s, response.headers.get("location", "") if created else ""
        ), content
