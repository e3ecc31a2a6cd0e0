"""
Send signed webhooks to the URL that the tester names, and send them again when nobody takes them.

Source: WHOOP, handle webhooks: an answer within one second, else the event is sent again with exponential backoff. How
often is not documented: we try `ATTEMPTS` times.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct, field

from translator.record.event import REQUISITION_CREATED
from translator.signature import SIGNATURE_HEADER, event_body, sign

if TYPE_CHECKING:
    import httpx

DEADLINE_SECONDS = 1.0
ATTEMPTS = 6


class Delivery(Struct):
    """One event: `answers` holds a status per attempt, None where no answer came in time."""

    event_type: str
    resource_id: str
    answers: list[int | None] = field(default_factory=list)


class WebhookSender:
    """
    Every webhook since the start.

    Units: `first_retry_seconds` is the wait before the second attempt; each wait doubles.
    Absent: without a URL nothing is sent; without a secret nothing is signed.
    """

    def __init__(self, url: str | None, secret: str | None, first_retry_seconds: float) -> None:
        self.deliveries: list[Delivery] = []
        self._url = url
        self._secret = secret
        self._first_retry_seconds = first_retry_seconds
        self._running: set[asyncio.Task[None]] = set()

    def announce(self, requisition_id: str) -> None:
        """Send `lab_requisition.created`, in the background."""
        self.send(REQUISITION_CREATED, requisition_id, event_body(REQUISITION_CREATED, requisition_id))

    def send(self, event_type: str, resource_id: str, body: bytes) -> None:
        """Send an event, in the background."""
        if self._url is None:
            return
        delivery = Delivery(event_type, resource_id)
        self.deliveries.append(delivery)
        task = asyncio.get_running_loop().create_task(self._deliver(self._url, delivery, body))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def clear(self) -> None:
        """Give up what is still being tried, and forget what was sent."""
        for task in self._running:
            task.cancel()
        self.deliveries.clear()

    async def _deliver(self, url: str, delivery: Delivery, body: bytes) -> None:
        import httpx  # noqa: PLC0415  - 0.2 s of start-up that only a webhook needs

        headers = {"Content-Type": "application/json"}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = sign(self._secret, body)
        async with httpx.AsyncClient(timeout=DEADLINE_SECONDS, trust_env=False) as client:
            for attempt in range(ATTEMPTS):
                request = client.build_request("POST", url, content=body, headers=headers)
                delivery.answers.append(await _attempt(client, request))
                if _taken(delivery.answers[-1]):
                    return
                await asyncio.sleep(self._first_retry_seconds * 2**attempt)


async def _attempt(client: httpx.AsyncClient, request: httpx.Request) -> int | None:
    from httpx import HTTPError  # noqa: PLC0415 - as above

    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return (await client.send(request)).status_code
    except (HTTPError, TimeoutError):
        return None


def _taken(answer: int | None) -> bool:
    """Count any 2xx as taken: only 204 is documented, and whether others count is not."""
    return answer is not None and answer // 100 == 2  # noqa: PLR2004 - the class of success
