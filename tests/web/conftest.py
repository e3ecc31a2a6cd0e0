"""A console on a real socket, over a ledger with something of everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.ledger.conftest import Clock
from tests.web.interesting import fill, open_accounts, settings_of
from tests.web.person import Person
from translator.accept.listener import Listener
from translator.console_desk import ConsoleDesk
from translator.delivery import policies
from translator.engine import Translator
from translator.ledger import Arrival, Ledger
from translator.web.console import console_application


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock, of ledger and login alike."""
    return Clock()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a ledger once."""
    place = tmp_path_factory.mktemp("filled") / "lab.db"
    with Ledger.open(place, clock=Clock()) as ledger:
        fill(ledger, settings_of(place))
        open_accounts(ledger)
    return place


@pytest.fixture
def ledger(filled: Path, tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """Open a filled ledger that is the test's own."""
    place = tmp_path / "lab.db"
    shutil.copy(filled, place)
    with Ledger.open(place, clock=clock) as opened:
        yield opened


@pytest.fixture
def troubles() -> dict[str, str]:
    """Say what is wrong with the service; a test adds to it."""
    return {}


@pytest.fixture
def url(ledger: Ledger, clock: Clock, tmp_path: Path, troubles: dict[str, str]) -> Iterator[str]:
    """Serve the console."""
    settings = settings_of(tmp_path / "lab.db")
    desk = ConsoleDesk(ledger, lambda: settings)
    application = console_application(ledger, desk, troubles=lambda: troubles, clock=clock)
    with Listener(application, "127.0.0.1", 0) as listener:
        yield listener.url


@pytest.fixture
def come(url: str) -> Iterator[Callable[..., Person]]:
    """Let people come to the console; they leave with the test."""
    with ExitStack() as leaving:

        def arrive(name: str = "", **headers: str) -> Person:
            person = Person(url, **headers)
            leaving.callback(person.client.close)
            if name:
                person.log_in(name)
            return person

        yield arrive


@pytest.fixture
def stranger(come: Callable[..., Person]) -> Person:
    """Come to the console without being logged in."""
    return come()


@pytest.fixture
def operator(come: Callable[..., Person]) -> Person:
    """Log in as one who sees and decides."""
    return come("ada")


@pytest.fixture
def viewer(come: Callable[..., Person]) -> Person:
    """Log in as one who sees no patient."""
    return come("vic")


@pytest.fixture
def store(ledger: Ledger, tmp_path: Path) -> Callable[[int], None]:
    """Take many messages in."""

    def take_in(count: int) -> None:
        settings, engine = settings_of(tmp_path / "lab.db"), Translator.load()
        raws = [
            oru([Obx(HDL, "50")], request=service_request(200 + each), control_id=f"M{each}") for each in range(count)
        ]
        ledger.accept([Arrival(engine.translate(raw), raw) for raw in raws], policies(settings, engine.tables))

    return take_in


@pytest.fixture
def store_held(ledger: Ledger, tmp_path: Path) -> Callable[[], None]:
    """Take in one more message that has a code which nobody maps."""

    def take_in() -> None:
        settings, engine = settings_of(tmp_path / "lab.db"), Translator.load()
        raw = oru([Obx(LOCAL, "7")], request=service_request(300), control_id="LATE")
        ledger.accept([Arrival(engine.translate(raw), raw)], policies(settings, engine.tables))

    return take_in
