"""Webhooks over a real socket: success is answered when the event is on disk, and to nobody else."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.sandbox_process import NO_TLS
from translator.accept.callers import Callers
from translator.accept.listener import Listener
from translator.accept.webhooks import ACURABLE_PATH, MOST_BYTES, WHOOP_PATH, Webhooks
from translator.ledger import Ledger
from translator.signature import event_body, sign

SECRET = "test-signing-secret"
RESOURCE = "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"
CREATED = event_body("lab_requisition.created", RESOURCE)
STUDY = b'{"data":{"type":"order-activated","attributes":{"reference":"R1","nights":[]}}}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the ledger's file."""
    return tmp_path / "lab.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(path) as opened:
        yield opened


@pytest.fixture
def caller(ledger: Ledger) -> Iterator[httpx.Client]:
    """Call a listener of this ledger."""
    with (
        Listener(Webhooks(ledger, SECRET).application(), "127.0.0.1", 0) as listener,
        httpx.Client(base_url=listener.url, trust_env=False, verify=NO_TLS, timeout=30) as client,
    ):
        yield client


def tell(caller: httpx.Client, body: bytes, signature: str | None = None) -> int:
    """Send an event as WHOOP does; gives the answer."""
    signed = {"WHOOP-Signed": sign(SECRET, body) if signature is None else signature}
    return caller.post(WHOOP_PATH, content=body, headers=JSON | signed).status_code


def test_signed_event_is_kept_before_it_is_answered(caller: httpx.Client, ledger: Ledger) -> None:
    """204, and the bytes are on disk; all within the vendor's second."""
    began = time.monotonic()

    status = tell(caller, CREATED)

    (row,) = ledger.events().rows()
    assert (status, row.resource, row.state, ledger.raw(row.message)) == (204, RESOURCE, "waiting", CREATED)
    assert time.monotonic() - began < 1


def test_repeated_event_is_answered_and_kept_once(caller: httpx.Client, ledger: Ledger) -> None:
    """A vendor that sends it again gets the same answer; blanks make no other event of it."""
    answers = [tell(caller, body) for body in (CREATED, CREATED, CREATED.replace(b",", b", "))]

    assert (answers, [row.told for row in ledger.events().rows()]) == ([204] * 3, [3])


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="empty"),
        pytest.param(sign(SECRET, CREATED)[:-1], id="too-short"),
        pytest.param(sign(SECRET, CREATED).upper(), id="upper-case"),
        pytest.param(sign("another-secret", CREATED), id="another-secret"),
        pytest.param(sign(SECRET, CREATED + b" "), id="another-body"),
    ],
)
def test_unsigned_event_is_not_kept(caller: httpx.Client, ledger: Ledger, signature: str) -> None:
    """401, and nothing else happens."""
    assert (tell(caller, CREATED, signature), ledger.events().rows()) == (401, [])


def test_event_without_signature_is_not_kept(caller: httpx.Client, ledger: Ledger) -> None:
    """Without the header it is as unsigned as with a wrong one."""
    answer = caller.post(WHOOP_PATH, content=CREATED, headers=JSON)

    assert (answer.status_code, answer.content, ledger.events().rows()) == (401, b"", [])


def test_nobody_is_believed_without_a_secret(ledger: Ledger) -> None:
    """A site that has set none takes no event, not even one that is signed with none."""
    with Listener(Webhooks(ledger, "").application(), "127.0.0.1", 0) as listener:
        headers = JSON | {"WHOOP-Signed": sign("", CREATED)}
        answer = httpx.post(listener.url + WHOOP_PATH, content=CREATED, headers=headers, trust_env=False, verify=NO_TLS)

    assert answer.status_code == 401


@pytest.mark.parametrize("kind", ["clinical_report_review.requested", "something.new", "no word at all"])
def test_event_that_nobody_acts_on_is_kept(caller: httpx.Client, ledger: Ledger, kind: str) -> None:
    """A review has no endpoint, and what is new is tolerated: both are noted, and can be shown."""
    assert tell(caller, event_body(kind, RESOURCE)) == 204
    assert [row.state for row in ledger.events().rows()] == ["noted"]


@pytest.mark.parametrize(
    "resource", [pytest.param("y" * 500_000, id="without-an-end"), pytest.param("a\0b\x1b[2j", id="control-characters")]
)
def test_id_that_is_none_is_known_by_its_hash(caller: httpx.Client, ledger: Ledger, resource: str) -> None:
    """What a list or an index could not hold stands only in the bytes of the event, and is still told apart."""
    body = event_body("lab_requisition.created", resource)

    assert [tell(caller, body), tell(caller, body)] == [204, 204]
    (row,) = ledger.events().rows()
    assert (row.resource, row.told) == (hashlib.sha256(resource.encode()).hexdigest(), 2)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"event_type":"lab_requisition.created"}', b"\xff"])
def test_signed_nonsense_is_refused(caller: httpx.Client, ledger: Ledger, body: bytes) -> None:
    """400: to send it again would not help."""
    assert (tell(caller, body), ledger.events().rows()) == (400, [])


def test_event_of_acurable_is_kept_before_it_is_answered(caller: httpx.Client, ledger: Ledger) -> None:
    """202; the same state again is counted, another state is another event."""
    later = STUDY.replace(b"activated", b"finished")
    answers = [
        caller.post(
            ACURABLE_PATH, content=body, headers={"Content-Type": "application/json; charset=utf-8"}
        ).status_code
        for body in (STUDY, STUDY, later)
    ]

    rows = ledger.events().rows("acurable")
    assert (answers, [(row.kind, row.told) for row in rows]) == (
        [202] * 3, [("order-activated", 2), ("order-finished", 1)],
    )  # fmt: skip
    assert [ledger.raw(row.message) for row in rows] == [STUDY, later]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        pytest.param({}, STUDY, 415, id="no-content-type"),
        pytest.param({"Content-Type": "application/vnd.api+json"}, STUDY, 415, id="another-content-type"),
        pytest.param(JSON, b"{}", 400, id="no-event"),
    ],
)
def test_what_acurable_would_not_send_is_refused(
    caller: httpx.Client, ledger: Ledger, headers: dict[str, str], body: bytes, status: int
) -> None:
    """Nothing of it is kept."""
    assert caller.post(ACURABLE_PATH, content=body, headers=headers).status_code == status
    assert ledger.events().rows() == []


TOKEN = "T0kenOfTheSite"


@pytest.mark.parametrize(
    ("callers", "target", "headers", "status"),
    [
        pytest.param(Callers(), ACURABLE_PATH, {}, 202, id="nothing-set"),
        pytest.param(Callers(), f"/guess{ACURABLE_PATH}", {}, 401, id="token-that-nobody-set"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {"Authorization": f"Bearer {TOKEN}"}, 202, id="bearer"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {"Authorization": f"bearer  {TOKEN}"}, 202, id="bearer-small"),
        pytest.param(Callers(TOKEN), f"/{TOKEN}{ACURABLE_PATH}", {}, 202, id="path"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {}, 401, id="no-token"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {"Authorization": f"Basic {TOKEN}"}, 401, id="another-scheme"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {"Authorization": "Bearer"}, 401, id="empty-token"),
        pytest.param(Callers(TOKEN), ACURABLE_PATH, {"Authorization": f"Bearer {TOKEN}x"}, 401, id="longer-token"),
        pytest.param(Callers(TOKEN), f"/{TOKEN[:-1]}{ACURABLE_PATH}", {}, 401, id="shorter-path"),
        pytest.param(Callers("", ("127.0.0.0/8",)), ACURABLE_PATH, {}, 202, id="network"),
        pytest.param(Callers("", ("203.0.113.0/24", "::/0")), ACURABLE_PATH, {}, 403, id="another-network"),
        pytest.param(Callers(TOKEN, ("127.0.0.0/8",)), ACURABLE_PATH, {}, 401, id="network-without-token"),
        pytest.param(
            Callers("", ("127.0.0.0/8",)), ACURABLE_PATH, {"X-Forwarded-For": "203.0.113.9"}, 403, id="behind-a-proxy"
        ),
    ],
)
def test_acurable_is_known_by_what_the_site_sets(
    ledger: Ledger, callers: Callers, target: str, headers: dict[str, str], status: int
) -> None:
    """A token in a header or the path, a network, or nothing; who is not believed leaves nothing behind."""
    with Listener(Webhooks(ledger, SECRET, callers).application(), "127.0.0.1", 0) as listener:
        answer = httpx.post(
            listener.url + target, content=STUDY, headers=JSON | headers, trust_env=False, verify=NO_TLS, timeout=30
        )

    assert (answer.status_code, answer.content, len(ledger.events().rows())) == (status, b"", int(status == 202))


@pytest.mark.parametrize("address", [WHOOP_PATH, ACURABLE_PATH])
def test_body_without_end_is_not_read(caller: httpx.Client, ledger: Ledger, address: str) -> None:
    """A body larger than any event is refused, whatever it says."""
    assert caller.post(address, content=b"x" * (MOST_BYTES + 1), headers=JSON).status_code == 413
    assert ledger.events().rows() == []


@pytest.mark.parametrize("address", [WHOOP_PATH, ACURABLE_PATH])
def test_addresses_take_posts_only(caller: httpx.Client, address: str) -> None:
    """405 says so; the health of the listener can be asked elsewhere."""
    assert caller.get(address).status_code == 405
    assert caller.get("/healthz").json() == {"status": "ok"}


def test_event_that_cannot_be_kept_is_not_acknowledged(
    caller: httpx.Client, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """P2: where the ledger fails the vendor has to send it again; P6: and nothing of it is written anywhere."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE event")
    connection.close()

    assert tell(caller, CREATED) == 503
    assert RESOURCE not in "".join(capfd.readouterr())


def test_burst_of_events_is_kept_whole(caller: httpx.Client, ledger: Ledger) -> None:
    """Fifty at once are fifty, each answered and on disk."""
    bodies = [event_body("lab_requisition.created", f"{number:08}-0000-4000-8000-000000000000") for number in range(50)]

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda body: tell(caller, body), bodies))

    assert (answers, len(ledger.events().rows())) == ([204] * 50, 50)


def test_request_that_has_begun_is_answered_after_the_stop(ledger: Ledger) -> None:
    """The listener ends well: who is being answered gets the answer."""
    answers: list[int] = []
    begun, may_end = threading.Event(), threading.Event()
    webhooks = Webhooks(ledger, SECRET).application()

    async def seen(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await webhooks(scope, receive, send)

    with Listener(seen, "127.0.0.1", 0) as listener:
        client = httpx.Client(base_url=listener.url, trust_env=False, verify=NO_TLS, timeout=30)

        def body() -> Iterator[bytes]:
            yield CREATED[:10]
            may_end.wait()
            yield CREATED[10:]

        def call() -> None:
            signed = {"WHOOP-Signed": sign(SECRET, CREATED)}
            answers.append(client.post(WHOOP_PATH, content=body(), headers=JSON | signed).status_code)

        caller = threading.Thread(target=call)
        caller.start()
        begun.wait()
        threading.Timer(0.3, may_end.set).start()
    caller.join()
    client.close()

    assert answers == [204]
