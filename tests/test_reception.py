"""Everything that takes something in, opened together: where it is, and what keeps it from taking things in."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.ledger.arrivals import POLICIES
from tests.sandbox_process import NO_TLS
from translator.config import parse_settings
from translator.errors import ConfigError, LedgerUnavailableError
from translator.intake import Intake, Tables
from translator.ledger import Ledger
from translator.reception import Doors, Reception
from translator.sites import Sites
from translator.web.health import READY_PATH, health_routes


class Away(Ledger):
    """A ledger whose database is away."""

    def destinations(self):  # type: ignore[no-untyped-def] # noqa: ANN201
        """Say so."""
        raise LedgerUnavailableError("the database is away")


def reception(ledger: Ledger, more: str = "") -> Reception:
    """Open the two HTTP addresses on free ports."""
    settings = parse_settings(f"listen = '127.0.0.1:0'\n[console]\nlisten = '127.0.0.1:0'\n{more}")
    intake = Intake(ledger, Tables(Sites.load(settings), POLICIES))

    def answered(_code: str, _seconds: float) -> None:
        """Tell nobody."""

    return Reception(
        ledger,
        settings,
        intake,
        lambda troubles: Doors(Starlette(), Starlette(routes=health_routes(troubles)), {}),
        print,
        answered,
    )


def ready(opened: Reception) -> tuple[int, object]:
    """Ask whether it is ready."""
    answer = httpx.get(opened.addresses.console + READY_PATH, verify=NO_TLS, trust_env=False)
    return answer.status_code, answer.json()


def test_service_is_ready_while_it_can_keep_what_comes(tmp_path: Path) -> None:
    """All parts work, and the ledger answers."""
    with Ledger.open(tmp_path / "lab.db") as ledger, reception(ledger) as opened:
        assert ready(opened) == (200, {"status": "ready"})


def test_service_is_not_ready_while_the_ledger_is_away(tmp_path: Path) -> None:
    """Whoever balances load sends no more; the process lives, and is ready again when the database is back."""
    with Away.open(tmp_path / "lab.db") as ledger, reception(ledger) as opened:
        assert ready(opened) == (503, {"status": "not ready", "troubles": {"ledger": "the database is away"}})


def test_folder_that_is_named_twice_is_an_error_of_the_settings(tmp_path: Path) -> None:
    """Each of the two would wait for the other for ever."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    named = f"[[folder]]\npath = '{inbox}'\n[[folder]]\npath = '{tmp_path / 'inbox' / '..' / 'inbox'}'"

    with Ledger.open(tmp_path / "lab.db") as ledger, pytest.raises(ConfigError, match="same folder"):
        reception(ledger, named)
