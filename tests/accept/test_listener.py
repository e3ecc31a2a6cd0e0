"""The listener's address: what cannot be had is said at once, and answers do not wait for Nagle."""

from __future__ import annotations

import socket

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox_process import NO_TLS
from translator.accept.listener import Listener, bind
from translator.errors import ConfigError


def test_port_that_is_taken_is_an_error_of_the_settings() -> None:
    """The operator learns which setting, which port, and what to do."""
    with bind("127.0.0.1", 0, "mllp") as taken, pytest.raises(ConfigError, match=r"`mllp`.*port \d+.*choose another"):
        bind("127.0.0.1", taken.getsockname()[1], "mllp")


def test_host_that_is_none_is_an_error_of_the_settings() -> None:
    """The operator learns which setting, and which host."""
    with pytest.raises(ConfigError, match=r"`console.listen`.*no-such-host.invalid"):
        bind("no-such-host.invalid", 0, "console.listen")


def test_url_names_the_port_that_was_taken() -> None:
    """Port 0 takes a free one, in both families of addresses."""
    for host, start in (("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")):
        with Listener(Starlette(), host, 0) as listener:
            assert listener.url.startswith(start)
            assert httpx.get(listener.url, trust_env=False, verify=NO_TLS).status_code == 404


def test_answers_are_sent_at_once() -> None:
    """The protocol is named, by which asyncio knows that TCP_NODELAY can be set."""
    with bind("127.0.0.1", 0, "listen") as listener:
        assert listener.proto == socket.IPPROTO_TCP
