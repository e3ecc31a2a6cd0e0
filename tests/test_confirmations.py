"""What waits for a confirmation is taken up when it is given, and costs nothing until then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab_messages import Obx, oru, service_request
from translator import Translator
from translator.config import Settings, load_settings
from translator.confirmations import release_confirmed
from translator.delivery import policies
from translator.ledger import Arrival, Decision, Ledger

TSH, ALT = Obx("3016-3^TSH^LN", "2.1", "mIU/L"), Obx("1742-6^ALT^LN", "20", "U/L")
UNMAPPED = Obx("ZZ9^Aura^L", "1", "mg/dL")
ORDER = Path(__file__).parents[1] / "translator" / "sandbox" / "demo-order.hl7"
ELSEWHERE = {"whoop.url": "http://whoop.invalid", "acurable.url": "http://acurable.invalid"}
DECISION = Decision("release", reason="codes are confirmed")


def settings(**flags: str) -> Settings:
    """Make settings of a site whose vendors are not loopback."""
    return load_settings(flags=ELSEWHERE | {name.replace("__", "."): value for name, value in flags.items()})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


def keep(ledger: Ledger, raw: bytes, site: str = "") -> None:
    """Take a message in, as `submit` does before anything is confirmed."""
    engine = Translator.load(site or None)
    ledger.accept([Arrival(engine.translate(raw), raw, site)], policies(settings(), engine.tables))


def causes(ledger: Ledger) -> list[str]:
    """Name what holds each entry."""
    return [item.cause or item.reason for item in ledger.desk().held()]


def test_results_are_freed_where_all_their_codes_are_confirmed(ledger: Ledger) -> None:
    """One report has a code that nobody has confirmed yet: it is not even translated again."""
    keep(ledger, oru([TSH]))
    keep(ledger, oru([TSH, ALT], request=service_request(2)))

    reviewed = release_confirmed(ledger, settings(whoop__confirmed_codes="TSH"), DECISION)

    assert [one.message for one in reviewed.refiled] == [1]
    assert causes(ledger) == ["code-unconfirmed"] * 2


def test_order_is_freed_where_its_own_site_confirms_the_layout(ledger: Ledger, tmp_path: Path) -> None:
    """The settings may name another site by now."""
    confirmed = tmp_path / "clinic"
    _write_site(confirmed, "layout_confirmed = false\n")
    keep(ledger, ORDER.read_bytes(), str(confirmed))
    before = release_confirmed(ledger, settings(), DECISION)

    _write_site(confirmed, "layout_confirmed = true\n")
    after = release_confirmed(ledger, settings(), DECISION)

    assert (before.refiled, [one.message for one in after.refiled]) == ([], [1])
    assert causes(ledger) == []


def test_what_waits_for_something_else_is_not_read(ledger: Ledger) -> None:
    """A thousand reports that wait for a row of a table cost a later `submit` nothing."""
    keep(ledger, oru([UNMAPPED]))
    keep(ledger, ORDER.read_bytes(), "example")

    reviewed = release_confirmed(ledger, settings(whoop__confirmed_codes="all"), DECISION)

    assert (reviewed.refiled, reviewed.troubles) == ([], [])
    assert sorted(causes(ledger)) == ["layout-unconfirmed", "unmapped-code"]


def _write_site(folder: Path, layout: str) -> None:
    (folder / "acurable").mkdir(parents=True, exist_ok=True)
    organisation = 'organisations = [{ name = "Example Sleep Clinic", reference = "ORG-EXAMPLE" }]\n'
    (folder / "acurable" / "order.toml").write_text(layout + organisation, encoding="utf-8")
    columns = "system,code,display,kind,nights,sensors,example_in,example_out,note\n"
    row = 'L,HSAT,,order,1,neck_sensor,HSAT^^L,"order: 1 night, neck_sensor",\n'
    (folder / "acurable" / "study-codes.csv").write_text(columns + row, encoding="utf-8")
    (folder / "site.toml").write_text("", encoding="utf-8")
