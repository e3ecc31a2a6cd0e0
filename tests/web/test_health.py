"""Whether the service works, as a supervisor asks it."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from translator.accept.listener import Listener
from translator.web.health import LIVE_PATH, READY_PATH, health_routes


@pytest.mark.parametrize(
    ("troubles", "status", "body"),
    [
        pytest.param({}, 200, {"status": "ready"}, id="all-well"),
        pytest.param(
            {"folder 1": "it is away"},
            503,
            {"status": "not ready", "troubles": {"folder 1": "it is away"}},
            id="a-folder-is-away",
        ),
    ],
)
def test_service_is_ready_while_everything_is_taken_in(
    troubles: dict[str, str], status: int, body: dict[str, object]
) -> None:
    """Ready and alive are two questions: a service that is not ready must not be killed for it."""
    with Listener(Starlette(routes=health_routes(lambda: troubles)), "127.0.0.1", 0) as listener:
        ready = httpx.get(listener.url + READY_PATH, trust_env=False)
        live = httpx.get(listener.url + LIVE_PATH, trust_env=False)

    assert (ready.status_code, ready.json(), live.status_code) == (status, body, 200)
