"""A laboratory whose tables change between one message and the next, over a real ledger and without a vendor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from translator import Translator
from translator.config import Settings, load_settings
from translator.delivery import policies
from translator.ledger import Arrival, Ledger, Settlement

TABLE = "system,code,same_as,display,wire_unit,ignore,example_in,example_out,note\n"


class SiteLab:
    """One site in a folder of its own; its messages are translated by the tables that it has when they come."""

    def __init__(self, ledger: Ledger, folder: Path, rows: str = "") -> None:
        self.ledger = ledger
        self._folder = folder / "acme"
        self.map(rows)
        values = {"site": str(self._folder), "ledger": "lab.db", "whoop.url": "http://127.0.0.1:9"}
        self.settings: Settings = load_settings(None, values)

    def map(self, rows: str) -> None:
        """Write the site's own table anew."""
        table = self._folder / "whoop" / "observations.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(TABLE + rows, encoding="utf-8")

    @property
    def engine(self) -> Translator:
        """The tables of now."""
        return Translator.load(str(self._folder))

    def take(self, *messages: bytes) -> list[int]:
        """Take messages into the ledger, each in a transaction of its own; gives their numbers."""
        engine = self.engine
        agreed = policies(self.settings, engine.tables)
        arrivals = (Arrival(engine.translate(raw, name="day.hl7"), raw, str(self._folder)) for raw in messages)
        return [number for arrival in arrivals for number in self.ledger.accept([arrival], agreed)]

    def deliver(self, answers: Sequence[tuple[str, str]] = (), *, usual: tuple[str, str] = ("accepted", "201")) -> None:
        """Let the vendor answer every call: at first as listed, then as usual."""
        waiting = list(answers)
        while claim := self.ledger.claim("whoop"):
            outcome, answer = waiting.pop(0) if waiting else usual
            self.ledger.settle(claim, Settlement(outcome, answer))
