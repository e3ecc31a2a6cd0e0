"""An installation is examined by real parts: files, ports, certificates, a sandbox; what is wrong has a remedy."""

from __future__ import annotations

import os
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec import structs
from starlette.applications import Starlette

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.sandbox_process import SandboxProcess
from tests.tracing.collector import Collector
from tests.transmit.delivering import settings as sandbox_settings
from translator.accept.listener import Listener
from translator.config import Settings, parse_settings
from translator.config_intakes import FolderIntake, MllpIntake
from translator.config_trace import TraceSettings
from translator.doctor import FAIL, OK, WARN, Diagnosis, examine
from translator.ledger import Ledger, Settlement
from translator.secrets import Secret
from translator.vendors import rate_budget
from translator.web.health import health_routes

GIB = 1 << 30
DAY_S = 86_400.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make an empty ledger."""
    Ledger.open(tmp_path / "lab.db").close()
    return tmp_path / "lab.db"


@pytest.fixture
def site(place: Path) -> Settings:
    """Make the settings of a site that lacks nothing here, on ports that are free."""
    flags = {"ledger": str(place), "listen": "127.0.0.1:0", "console.listen": "127.0.0.1:0"}
    loaded = parse_settings("", flags=flags)
    given = {name: Secret("", given="s") for name in ("client_id", "client_secret", "webhook_secret")}
    return structs.replace(loaded, whoop=structs.replace(loaded.whoop, **given))


@pytest.fixture
def taken() -> Iterator[str]:
    """Listen on a port and say nothing."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


def diagnoses(settings: Settings, check: str, **instruments: Any) -> list[Diagnosis]:
    """Examine without the network; gives what one check found."""
    return [one for one in examine(settings, **{"offline": True} | instruments) if one.check == check]


def states(settings: Settings, check: str, **instruments: Any) -> list[str]:
    """Give the states alone."""
    return [one.state for one in diagnoses(settings, check, **instruments)]


def test_sound_installation_has_no_failure(site: Settings) -> None:
    """And each thing that somebody should look at says what to do."""
    found = list(examine(site, offline=True))

    assert [one for one in found if one.state == FAIL] == []
    assert [one.check for one in found if one.state == WARN] == ["ledger_key"]
    assert all(one.remedy for one in found if one.state == WARN)


def test_tables_that_are_wrong_keep_nothing_else_from_being_examined(site: Settings) -> None:
    """One failure is no reason to be silent about the others."""
    found = list(examine(structs.replace(site, site="/no/such/site"), offline=True))

    assert [one.check for one in found if one.state == FAIL] == ["tables"]
    assert {"ledger", "disk", "listen"} <= {one.check for one in found}


@pytest.mark.parametrize(
    ("free", "state"),
    [
        pytest.param(50 * GIB, OK, id="room"),
        pytest.param(GIB // 2, WARN, id="no-room-for-a-backup"),
        pytest.param(1 << 20, FAIL, id="no-room-for-the-log"),
    ],
)
def test_disk_must_have_room(site: Settings, free: int, state: str) -> None:
    """For the log at least, and for a backup of the ledger."""
    assert states(site, "disk", disk=lambda _: (GIB, GIB, free)) == [state]


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        pytest.param("UPDATE alembic_version SET version_num = '9999'", FAIL, id="newer"),
        pytest.param("UPDATE alembic_version SET version_num = '0007'", WARN, id="older"),
        pytest.param("DROP TABLE alembic_version", WARN, id="empty"),
    ],
)
def test_ledger_of_another_version_is_left_alone(site: Settings, place: Path, statement: str, state: str) -> None:
    """A doctor upgrades nothing."""
    with sqlite3.connect(place) as connection:
        connection.execute(statement)
    connection.close()

    assert states(site, "ledger") == [state]
    assert states(site, "undelivered") == []
    assert list(place.parent.glob("*.backup")) == []


def test_ledger_that_is_not_there_is_not_created(site: Settings, tmp_path: Path) -> None:
    """It is no failure before the first start; a folder that is not there is."""
    missing, nowhere = (structs.replace(site, ledger=str(tmp_path / name)) for name in ("new.db", "no/lab.db"))

    assert (states(missing, "ledger"), states(nowhere, "ledger")) == ([WARN], [FAIL])
    assert not (tmp_path / "new.db").exists()


def test_secret_must_be_its_owners_alone(site: Settings, tmp_path: Path) -> None:
    """Whoever reads it, reads patients."""
    file = tmp_path / "secret"
    file.write_text("s", encoding="utf-8")
    secret = Secret(f"file:{file}")
    own = structs.replace(site, whoop=structs.replace(site.whoop, client_secret=secret))

    found = []
    for mode in (0o600, 0o640, 0o644):
        file.chmod(mode)
        found += states(own, "whoop.client_secret")
    file.unlink()
    found += states(own, "whoop.client_secret")

    assert found == [OK, WARN, FAIL, FAIL]


def test_port_of_another_program_is_a_failure(site: Settings, taken: str) -> None:
    """Whatever it is for."""
    busy = structs.replace(site, listen=taken, mllp=(MllpIntake(taken),))

    assert (states(busy, "listen"), states(busy, "mllp.listen")) == ([FAIL], [FAIL])


def test_port_of_a_running_translator_is_none(site: Settings, taken: str, place: Path) -> None:
    """It says so on its HTTP addresses; an MLLP port is its own where it delivers from this ledger."""
    with (
        Ledger.open(place) as ledger,
        ledger.delivery_lock(),
        Listener(Starlette(routes=health_routes(dict)), "127.0.0.1", 0) as listener,
    ):
        served = structs.replace(site, listen=listener.url.removeprefix("http://"), mllp=(MllpIntake(taken),))

        assert (states(served, "listen"), states(served, "mllp.listen")) == ([OK], [OK])


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder in which we may not write; of root's, only those of the kernel are such."""
    if os.geteuid() == 0:
        return Path("/sys")
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o500)
    return folder


def test_folder_without_rights_is_a_failure(site: Settings, closed: Path) -> None:
    """Files are renamed in it."""
    assert states(structs.replace(site, folders=(FolderIntake(str(closed)),)), "folder 1") == [FAIL]


def test_folder_is_tried_and_left_as_it_was(site: Settings, tmp_path: Path) -> None:
    """What failed in it is counted; one that is not there is a failure."""
    inbox, failed = tmp_path / "inbox", tmp_path / "other"
    inbox.mkdir()
    (failed / "failed").mkdir(parents=True)
    (failed / "failed" / "a.hl7").touch()
    own = structs.replace(site, folders=tuple(FolderIntake(str(one)) for one in (inbox, failed, tmp_path / "none")))

    found = [states(own, f"folder {number}") for number in (1, 2, 3)]

    assert (found, list(inbox.iterdir())) == ([[OK], [WARN], [FAIL]], [])


@pytest.mark.parametrize(
    ("days", "state"),
    [
        pytest.param(300, OK, id="long"),
        pytest.param(10, WARN, id="soon-over"),
        pytest.param(-1, FAIL, id="over"),
    ],
)
def test_certificate_must_hold(site: Settings, tmp_path: Path, days: int, state: str) -> None:
    """And be renewed in time."""
    ends = datetime.now(UTC) + timedelta(days=days)
    issued = trustme.CA().issue_cert("lab.example", not_before=ends - timedelta(days=400), not_after=ends)
    path = tmp_path / "cert.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    own = structs.replace(site, mllp=(MllpIntake("127.0.0.1:0", certificate=str(path)),))

    assert states(own, "mllp 127.0.0.1:0 certificate") == [state]
    assert states(own, "mllp 127.0.0.1:0 tls") == [OK]


def test_certificate_must_fit_its_key(site: Settings, tmp_path: Path) -> None:
    """The key of another one is found before the start."""
    authority, path = trustme.CA(), tmp_path / "cert.pem"
    path.write_bytes(authority.issue_cert("lab.example").cert_chain_pems[0].bytes())
    other = Secret("", given=authority.issue_cert("lab.example").private_key_pem.bytes().decode())
    own = structs.replace(site, mllp=(MllpIntake("127.0.0.1:0", certificate=str(path), private_key=other),))

    assert states(own, "mllp 127.0.0.1:0 tls") == [FAIL]


def test_certificate_that_is_none_is_a_failure(site: Settings, tmp_path: Path) -> None:
    """As is one that is not there."""
    path = tmp_path / "cert.pem"
    own = structs.replace(site, mllp=(MllpIntake("127.0.0.1:0", certificate=str(path)),))

    missing = states(own, "mllp 127.0.0.1:0 certificate")
    path.write_text("no certificate", encoding="utf-8")

    assert missing + states(own, "mllp 127.0.0.1:0 certificate") == [FAIL, FAIL]


def test_what_waits_too_long_is_named(site: Settings, place: Path) -> None:
    """By destination and state, with the command that decides about it."""
    earlier = time.time() - 2 * DAY_S
    with Ledger.open(place, clock=lambda: earlier) as ledger:
        ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
    queued = diagnoses(site, "undelivered")
    with Ledger.open(place) as ledger:
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement("unknown", "read-timeout"))
        ledger.destinations().pause("whoop", "planned work")
    unknown, paused = diagnoses(site, "undelivered"), states(site, "paused")

    assert [(one.state, "2 days" in one.text) for one in queued] == [(WARN, True)]
    assert [(one.state, "translator unknown list" in one.remedy) for one in unknown] == [(WARN, True)]
    assert paused == [WARN]


def test_rate_is_told_in_service_requests(site: Settings, place: Path) -> None:
    """What an operator wants to know is how many orders a day that is; few calls left are worth a look."""
    (before,) = diagnoses(site, "rate-budget")
    limited = structs.replace(site, whoop=structs.replace(site.whoop, calls_per_day=8))
    with Ledger.open(place) as ledger:
        for _ in range(8):
            ledger.destinations().count_call("whoop", rate_budget(limited.whoop))

    assert "2,500 service requests a day" in before.text
    assert states(limited, "rate-budget") == [WARN]


def online(site: Settings, sandbox: SandboxProcess, **more: Any) -> Settings:
    """Give the settings of a site that delivers to the sandbox."""
    vendors = sandbox_settings(sandbox, **more)
    return structs.replace(site, whoop=vendors.whoop, acurable=vendors.acurable)


def test_vendors_are_reached_without_changing_anything(site: Settings, sandbox: SandboxProcess) -> None:
    """Both answer, both give a token, and their time is ours."""
    found = {one.check: one.state for one in examine(online(site, sandbox))}

    called = {one["route"] for one in sandbox.requests()}

    assert [found[check] for check in ("whoop", "whoop token", "acurable", "acurable token", "clock")] == [OK] * 5
    assert not called & {"results", "status"}


def test_credentials_that_are_refused_are_a_failure(site: Settings, sandbox: SandboxProcess) -> None:
    """The vendor is reached all the same."""
    found = {one.check: one.state for one in examine(online(site, sandbox, secret="wrong"))}

    assert (found["whoop"], found["whoop token"], found["acurable token"]) == (OK, FAIL, FAIL)


@pytest.mark.parametrize(
    ("ahead_s", "state"), [pytest.param(100.0, WARN, id="a-little"), pytest.param(-4000.0, FAIL, id="much")]
)
def test_clock_that_is_wrong_is_seen(site: Settings, sandbox: SandboxProcess, ahead_s: float, state: str) -> None:
    """By the time that the vendor writes on its answers."""
    found = examine(online(site, sandbox), clock=lambda: time.time() + ahead_s)

    assert {one.state for one in found if one.check == "clock"} == {state}


def test_vendor_that_is_not_there_is_a_failure(site: Settings) -> None:
    """And is asked for no token."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = structs.replace(site.whoop, url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        found = {one.check: one.state for one in examine(structs.replace(site, whoop=away))}

    assert (found["whoop"], "whoop token" in found) == (FAIL, False)


@pytest.mark.parametrize(
    ("status", "state"),
    [pytest.param(200, OK, id="takes-traces"), pytest.param(403, WARN, id="refuses-us")],
)
def test_collector_is_asked_whether_it_takes_traces(site: Settings, status: int, state: str) -> None:
    """By an export with nothing in it; one that does not is worth a look, since nothing else waits for it."""
    with Collector() as taker:
        taker.status = status
        traced = structs.replace(site, trace=TraceSettings(taker.url))

        found = diagnoses(traced, "collector", offline=False)

    assert [one.state for one in found] == [state]
    assert (taker.calls, taker.spans) == (1, [])


def test_collector_that_is_away_is_worth_a_look(site: Settings) -> None:
    """All else works without it."""
    traced = structs.replace(site, trace=TraceSettings("http://127.0.0.1:9"))

    assert states(traced, "collector", offline=False) == [WARN]
    assert states(traced, "traces") == [OK]


def test_collector_is_asked_as_traces_are_sent(site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the certificate that a variable names, and without it as somebody else."""
    authority, root, context = trustme.CA(), tmp_path / "root.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(str(root))
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Collector(context) as taker:
        traced = structs.replace(site, trace=TraceSettings(taker.url))
        (stranger,) = diagnoses(traced, "collector", offline=False)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(root))
        (known,) = diagnoses(traced, "collector", offline=False)

    assert (stranger.state, known.state) == (WARN, OK)
    assert "certificate" in stranger.text
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE" in stranger.remedy


def test_traces_that_cannot_be_recorded_are_a_failure(site: Settings) -> None:
    """The service would not start."""
    headers = Secret("env:NO_SUCH_VARIABLE_OF_OURS")
    traced = structs.replace(site, trace=TraceSettings("http://127.0.0.1:9", headers=headers))

    assert [one.state for one in examine(traced, offline=True) if one.check in {"recorder", "trace.headers"}] == [
        FAIL,
        FAIL,
    ]


def test_collector_is_not_asked_for_where_nobody_traces(site: Settings) -> None:
    """Nothing is said of it."""
    assert [one for one in examine(site, offline=True) if one.check in {"traces", "collector"}] == []
