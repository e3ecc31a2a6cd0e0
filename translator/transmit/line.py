"""
Keep one line to a vendor open, straight from httpcore: of httpx, only its types of requests, responses and errors.

A pool looks through its connections and requests before and after each call, which for a pool of one costs as much as
the call. Whoever has one call at a time needs no more than this: is the line still good, else a new one.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, Mapping
from typing import cast

import httpcore
import httpx

ERRORS: Mapping[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    # Somebody has a call on this line: nothing was sent.
    httpcore.ConnectionNotAvailable: httpx.PoolTimeout,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.ProxyError: httpx.ProxyError,
    # The families of the above.
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.ProtocolError: httpx.ProtocolError,
    httpcore.TimeoutException: httpx.TimeoutException,
}


class Line(httpx.AsyncBaseTransport):
    """
    One connection, for one call at a time.

    Units: a line that was idle for `keep_alive_s` seconds is not used again.
    """

    def __init__(self, tls: ssl.SSLContext, *, keep_alive_s: float) -> None:
        self._tls = tls
        self._keep_alive_s = keep_alive_s
        self._line: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Make a request, and read its whole answer.

        Raises: httpx.RequestError, by its kind.
        """
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=cast("AsyncIterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        try:
            line = await self._ready(url.origin)
            answer = await line.handle_async_request(asked)
            try:
                content = await answer.aread()
            finally:
                await answer.aclose()
        except tuple(ERRORS) as error:
            raise ERRORS.get(type(error), httpx.NetworkError)("the vendor could not be asked") from None
        return httpx.Response(answer.status, headers=answer.headers, content=content)

    async def aclose(self) -> None:
        """Hang up."""
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()

    async def _ready(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """Give a line to this host: the one at hand where it is still good, else a new one."""
        line = self._line
        if line is None or not line.can_handle_request(origin) or line.is_closed() or line.has_expired():
            await self.aclose()
            line = self._line = httpcore.AsyncHTTPConnection(
                origin, ssl_context=self._tls, keepalive_expiry=self._keep_alive_s
            )
        return line
