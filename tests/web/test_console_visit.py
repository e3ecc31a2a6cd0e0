"""The gate before every page, where the ledger itself is away, or the console has a defect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox_process import NO_TLS
from tests.web.interesting import open_accounts, settings_of
from tests.web.person import Person, words
from translator.accept.listener import Listener
from translator.console_desk import ConsoleDesk
from translator.errors import LedgerUnavailableError, TranslatorError
from translator.ledger import Ledger
from translator.web.console import console_application
from translator.web.console_auth import Door
from translator.web.console_deeds import ChangedError
from translator.web.console_rendering import Rendering
from translator.web.console_visit import HEADERS, OPEN, Gate, Page, Sealed, Visit


@pytest.mark.parametrize(
    ("raised", "status", "title"),
    [
        pytest.param(LedgerUnavailableError("it is locked"), 503, "The ledger is away", id="ledger-away"),
        pytest.param(ChangedError("look again"), 409, "Something has changed", id="changed"),
        pytest.param(TranslatorError("no message 7"), 404, "Not there", id="not-there"),
        pytest.param(KeyError("Avery"), 500, "", id="defect"),
    ],
)
def test_page_that_cannot_be_shown_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raised: Exception, status: int, title: str
) -> None:
    """Our own errors are told in our words; a defect tells nothing of what it was about, here or in the log."""

    def show(_: Visit) -> Response:
        raise raised

    with Ledger.open(tmp_path / "lab.db") as ledger:
        gate = Gate(Door(ledger, 1.0), Rendering().refusal)
        application = Sealed(Starlette(routes=[Route("/", gate.guard(Page("/", show, OPEN)))]))
        with Listener(application, "127.0.0.1", 0) as listener:
            answer = httpx.get(listener.url, trust_env=False, verify=NO_TLS)

    assert (answer.status_code, title in answer.text) == (status, True)
    assert (str(raised) in answer.text) == (status != 500)
    assert "Avery" not in answer.text + capsys.readouterr().err
    assert status == 500 or {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_defect_is_told_on_a_page_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of what it was about stands there, or in the log, and the way to other pages is open."""

    def troubles() -> Mapping[str, str]:
        raise KeyError("Avery")

    with Ledger.open(tmp_path / "lab.db") as ledger:
        open_accounts(ledger)
        desk = ConsoleDesk(ledger, lambda: settings_of(tmp_path / "lab.db"))
        with Listener(console_application(ledger, desk, troubles=troubles), "127.0.0.1", 0) as listener:
            person = Person(listener.url)
            person.log_in("ada")
            answer = person.get("/")
            person.client.close()

    assert (answer.status_code, "This is a defect of the console" in words(answer)) == (500, True)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Avery" not in answer.text + capsys.readouterr().err
