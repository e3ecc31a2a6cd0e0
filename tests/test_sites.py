"""Which tables read a message: those of its intake, else those of the site that names its sender."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab_messages import LOCAL, Obx, oru
from translator.config import Settings, parse_settings
from translator.errors import ConfigError
from translator.sites import Sites
from translator.translate.service_request import no_correlation

HEADER = "system,code,same_as,display,wire_unit,ignore,example_in,example_out,note\n"


def site(folder: Path, name: str, senders: str, same_as: str) -> str:
    """Write a site that maps one local code."""
    table = folder / name / "whoop" / "observations.csv"
    table.parent.mkdir(parents=True)
    table.write_text(f"{HEADER}L,ZZ9,{same_as},,,,100 mg/dL,100 mg/dL,\n", encoding="utf-8")
    (folder / name / "site.toml").write_text(f"[hl7v2]\nsenders = {senders}\n", encoding="utf-8")
    return str(folder / name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two sites, one local code that means LDL here and HDL there."""
    one = site(tmp_path, "one", '["LAB", "OLD|A"]', "13457-7")
    other = site(tmp_path, "other", '["CITY|X", "OLD|A"]', "2085-9")
    return parse_settings(f"sites = ['{one}', '{other}']\n[[folder]]\npath = 'in'\nsite = '{other}'")


def message(application: str, facility: str) -> bytes:
    """Write a report whose code only a site knows."""
    first, _, rest = oru([Obx(LOCAL, "100", "mg/dL")]).partition(b"\r")
    fields = first.split(b"|")
    fields[2:4] = application.encode(), facility.encode()
    return b"|".join(fields) + b"\r" + rest


@pytest.mark.parametrize(
    ("application", "facility", "code"),
    [
        pytest.param("LAB", "ANY", "LDL", id="application"),
        pytest.param("CITY", "X", "HDL", id="application-and-facility"),
    ],
)
def test_sender_decides_whose_tables_read(settings: Settings, application: str, facility: str, code: str) -> None:
    """One code, two meanings: the site that names the sender decides."""
    chosen, outcome = Sites.load(settings).translate(message(application, facility), "", lambda _: no_correlation)

    (submission,) = outcome.submissions
    assert [one["code"] for one in submission.body["observations"]] == [code]
    assert chosen in settings.sites


@pytest.mark.parametrize(
    ("application", "facility"),
    [
        pytest.param("CITY", "Y", id="named-by-none"),
        pytest.param("OLD", "A", id="named-by-two"),
        pytest.param("", "", id="not-said"),
    ],
)
def test_message_of_no_site_or_two_is_held_whole(settings: Settings, application: str, facility: str) -> None:
    """Nobody has decided what its codes mean, so nothing of it is sent."""
    chosen, outcome = Sites.load(settings).translate(message(application, facility), "", lambda _: no_correlation)

    assert (chosen, outcome.state, outcome.submissions) == ("", "held", ())
    assert {(one.reason, one.cause) for one in outcome.entries} == {("report-held", "site-undecided")}


def test_intake_with_a_site_decides_before_the_sender(settings: Settings) -> None:
    """What comes in by an intake of one site is that site's, whoever signs it."""
    chosen, outcome = Sites.load(settings).translate(
        message("LAB", "ANY"), settings.folders[0].site, lambda _: no_correlation
    )

    (submission,) = outcome.submissions
    assert (chosen, submission.body["observations"][0]["code"]) == (settings.folders[0].site, "HDL")


def test_one_site_alone_reads_everything() -> None:
    """Without `sites` the sender decides nothing."""
    sites = Sites.load(parse_settings("site = 'example'"))

    chosen, outcome = sites.translate(message("ANY", "ONE"), "", lambda _: no_correlation)

    assert (sites.is_single, chosen) == (True, "example")
    assert "site-undecided" not in {one.code for one in outcome.diagnostics}


def test_site_among_several_must_name_senders() -> None:
    """A site that can never be chosen is an error of the settings."""
    with pytest.raises(ConfigError, match="names no senders"):
        Sites.load(parse_settings("sites = ['example']"))
