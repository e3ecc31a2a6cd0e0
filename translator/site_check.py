"""Check one site with the packaged tables: what does not load, what the lints find, and what its fixtures come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from translator.engine import Translator
from translator.errors import Fault, TableError
from translator.mapping_files import passed_over, site_files, site_folder
from translator.site_fixtures import FixtureRun, run_fixtures
from translator.translate.example import ExampleTranslator
from translator.translate.lint import TranslateExample, lint_tables
from translator.translate.lint_partly import lint_partly
from translator.translate.lint_proofs import UcumLibrary
from translator.translate.lint_senders import lint_senders
from translator.translate.load import load_tables
from translator.translate.load_columns import SITE_SETTINGS, TABLES
from translator.translate.load_layout import ORDER_LAYOUT
from translator.translate.load_rows import suggestion
from translator.translate.mend import mend
from translator.translate.tables import Tables


class Site(NamedTuple):
    """A site as the settings name it, with its files; the packaged tables alone have no name."""

    given: str
    name: str
    folder: Path
    files: Mapping[str, bytes]

    @property
    def prefix(self) -> str:
        """What the places of its files begin with."""
        return f"sites/{self.name}/"


class SiteChecked(NamedTuple):
    """
    What is wrong with a site, and its tables.

    Absent: `tables` is None where they do not load.
    """

    site: Site
    faults: list[Fault]
    tables: Tables | None
    fixtures: FixtureRun


class Confirmed(NamedTuple):
    """The WHOOP codes that the settings confirm, and where they do."""

    codes: tuple[str, ...]
    at: str


NOTHING_CONFIRMED = Confirmed((), "")


def named_site(given: str) -> Site:
    """
    Find a site and read its files.

    Raises: ConfigError where there is none, or a file cannot be read.
    """
    name, files = site_files(given)
    return Site(given, name, site_folder(given), files)


def check_site(
    packaged: Mapping[str, bytes], site: Site, library: UcumLibrary | None, *, write_expected: bool
) -> SiteChecked:
    """
    Check the packaged tables, with those of a site over them, and run the site's fixtures.

    Raises: ConfigError where a file of a fixture cannot be read or written.
    """
    tables, faults = tables_and_faults(packaged, site, site.files, library)
    if not site.given:
        return SiteChecked(site, faults, tables, FixtureRun(0, []))
    fixtures = FixtureRun(0, [])
    if tables is not None:
        fixtures = run_fixtures(site.folder, site.name, Translator(tables), write=write_expected)
    return SiteChecked(site, [*faults, *fixtures.faults], tables, fixtures)


def tables_and_faults(
    packaged: Mapping[str, bytes], site: Site, files: Mapping[str, bytes], library: UcumLibrary | None = None
) -> tuple[Tables | None, list[Fault]]:
    """Load a site's tables from `files`, and give what is wrong with them."""
    try:
        tables = load_tables(packaged, files, site.name)
    except TableError:
        return None, [*lint_partly(packaged, files, _runner, site.name, library), *_passed_over(site)]
    faults = lint_tables(packaged, files, tables, ExampleTranslator(tables), site.name, library)
    return tables, [*_explained(packaged, site, faults), *_passed_over(site)]


def _runner(tables: Tables) -> TranslateExample:
    return ExampleTranslator(tables)


def left_after_mending(packaged: Mapping[str, bytes], site: Site) -> frozenset[Fault]:
    """What would still be wrong if the site's files were mended."""
    files = {name: mend(name, data).data for name, data in site.files.items()}
    return frozenset(tables_and_faults(packaged, site, files)[1])


def sender_faults(each: SiteChecked, checked: Sequence[SiteChecked], among: Sequence[str]) -> Iterator[Fault]:
    """Find the senders of a site that another one claims as well; `among` are those of which the sender chooses."""
    senders = {
        other.site.given: other.tables.site.senders
        for other in checked
        if other.tables is not None and other.site.given in among
    }
    for clash in lint_senders(senders):
        if clash.site == each.site.given:
            text = each.site.files.get(SITE_SETTINGS, b"").decode("utf-8")
            line = next((at for at, line in enumerate(text.split("\n"), 1) if line.lstrip().startswith("senders")), 1)
            yield Fault(f"{each.site.prefix}{SITE_SETTINGS}:{line}:1", "site-senders", f"the site {clash.text}")


def confirmed_faults(confirmed: Confirmed, checked: Sequence[SiteChecked]) -> Iterator[Fault]:
    """Find confirmed codes that no row gives: a slip there keeps reports waiting."""
    known = {row.whoop_code for each in checked if each.tables for row in each.tables.observations.values()}
    for code in confirmed.codes if all(each.tables for each in checked) else ():
        if code not in known and code != "all":
            text = f"`whoop.confirmed_codes`: no row of any table gives {code}{suggestion(code, known)}"
            yield Fault(confirmed.at, "setting-value", text)


def _passed_over(site: Site) -> Iterator[Fault]:
    """What looks like a table or settings, and is not read."""
    for name in passed_over(site.folder) if site.given else ():
        near = suggestion(name.casefold(), (SITE_SETTINGS, ORDER_LAYOUT, *TABLES))
        text = f"this file is not read: settings and tables have fixed names, and tables end in .csv{near}"
        yield Fault(f"{site.prefix}{name}:1:1", "table-unknown", text)


def _explained(packaged: Mapping[str, bytes], site: Site, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Say of what is wrong with a packaged row only together with the site's that it is the site's doing."""
    of_packaged = [fault for fault in faults if not fault.at.startswith(site.prefix)]
    alone = frozenset[Fault]()
    if of_packaged and site.given:
        try:
            tables = load_tables(packaged)
            alone = frozenset(lint_tables(packaged, {}, tables, ExampleTranslator(tables)))
        except TableError:
            alone = frozenset(of_packaged)
    for fault in faults:
        is_consequence = site.given and not fault.at.startswith(site.prefix) and fault not in alone
        yield fault._replace(text=f"{fault.text} (by what the site {site.name} changes)") if is_consequence else fault
