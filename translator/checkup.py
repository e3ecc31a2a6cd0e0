"""
Check everything that decides about results: tables, the example of every row, the fixtures of every site.

A finding says where it stands in a file that can be opened, what is wrong, what to do next, and whether that can be
done by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from translator.config import Settings
from translator.errors import ConfigError, Fault, TableError
from translator.mapping_files import mappings_folder, packaged_files
from translator.site_check import (
    NOTHING_CONFIRMED,
    Confirmed,
    Site,
    SiteChecked,
    check_site,
    confirmed_faults,
    left_after_mending,
    named_site,
    sender_faults,
)
from translator.site_fixtures import FOLDER
from translator.translate.lint_proofs import UcumLibrary
from translator.translate.load import load_tables
from translator.translate.mend import Mended, mend
from translator.translate.tables import ReasonRow
from translator.whole_file import write_whole

SCHEMA = "translator.finding/1"

# What only the UCUM library finds is not looked for again where it is only asked what mending would leave.
_OF_LIBRARY = frozenset({"table-unit-proof", "table-spelling"})


class Finding(Struct, frozen=True):
    """
    One thing that is wrong.

    Shape: `at` is the place as every outcome names it (`sites/acme/whoop/observations.csv:3:2`), `file` the same file
    as it can be opened from here. `next` says what to do, `fix` whether `--fix` does it.
    Units: `line` from 1; `column` counts cells in a table, characters elsewhere.
    """

    schema: str
    at: str
    file: str
    line: int
    column: int
    code: str
    text: str
    next: str
    fix: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.text}"


class Checked(NamedTuple):
    """What was looked at, and what was found; `bare` are sites without a fixture, `unread` those that do not load."""

    findings: tuple[Finding, ...]
    files: int
    examples: int
    fixtures: int
    conversions: int
    bare: tuple[str, ...]
    unread: tuple[str, ...]
    written: tuple[Path, ...]


class MendedFile(NamedTuple):
    """One file of a site that can be mended: its bytes as they are, and as they would be."""

    path: Path
    before: bytes
    mended: Mended


def sites_of(settings: Settings) -> tuple[str, ...]:
    """Every site that the settings name, each once."""
    intakes = (*(one.site for one in settings.folders), *(one.site for one in settings.mllp), settings.api.site)
    return tuple(dict.fromkeys(filter(None, (settings.site, *settings.sites, *intakes))))


def check_sites(
    names: Sequence[str],
    library: UcumLibrary | None,
    *,
    among: Sequence[str] = (),
    write_expected: bool = False,
    confirmed: Confirmed = NOTHING_CONFIRMED,
) -> Checked:
    """
    Check the packaged tables, and with them each site.

    Shape: `among` are the sites of which the sender of a message chooses. With `write_expected` the expected files of
    fixtures are written where they are missing or differ. `confirmed` codes must be known.
    Raises: ConfigError where a site is not there, or a file cannot be read or written.
    """
    packaged = packaged_files()
    sites = [named_site(name) for name in names] or [Site("", "", mappings_folder(), {})]
    if write_expected:
        for site in sites:
            refuse_packaged(site.folder)
    checked = [check_site(packaged, site, library, write_expected=write_expected) for site in sites]
    reasons = _reasons(packaged)
    findings = [
        finding
        for each in checked
        for finding in _findings(packaged, each, [*each.faults, *sender_faults(each, checked, among)], reasons)
    ]
    findings += [_finding(fault, fault.at.rsplit(":", 2)[0], reasons) for fault in confirmed_faults(confirmed, checked)]
    loaded = [each.tables for each in checked if each.tables is not None]
    return Checked(
        tuple(dict.fromkeys(findings)),
        len(packaged) + sum(len(site.files) for site in sites),
        len({row.at for tables in loaded for row in tables.observations.values() if row.example_in}),
        sum(each.fixtures.total for each in checked),
        max((len(tables.conversions) for tables in loaded), default=0),
        tuple(each.site.name for each in checked if each.site.given and each.tables and not each.fixtures.total),
        tuple(
            f"the site {each.site.name}'s" if each.site.given else "the packaged"
            for each in checked
            if each.tables is None
        ),
        tuple(path for each in checked for path in each.fixtures.written),
    )


def mendable_files(name: str) -> list[MendedFile]:
    """
    Give each file of a site that can be mended.

    Raises: ConfigError for a packaged site, whose files belong to the package.
    """
    site = named_site(name)
    refuse_packaged(site.folder)
    mended = [MendedFile(site.folder / file, data, mend(file, data)) for file, data in site.files.items()]
    return [each for each in mended if each.mended.repairs]


def write_mended(files: Sequence[MendedFile]) -> None:
    """Write mended files, each whole."""
    for file in files:
        write_whole(file.path, file.mended.data)


def refuse_packaged(folder: Path) -> None:
    """
    Leave what was installed alone.

    Raises: ConfigError for a folder among the packaged tables.
    """
    if folder.resolve().is_relative_to(mappings_folder().resolve()):
        raise ConfigError(f"the site `{folder.name}` belongs to the package, and is not written to; copy it first")


def setting_findings(faults: Sequence[Fault]) -> tuple[Finding, ...]:
    """Say of faults of the settings what to do about them."""
    reasons = _reasons(packaged_files())
    return tuple(_finding(fault, fault.at.rsplit(":", 2)[0], reasons) for fault in faults)


def shown(path: Path) -> str:
    """A path as a person here would write it: from the current folder where it lies below that."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _findings(
    packaged: Mapping[str, bytes], checked: SiteChecked, faults: Sequence[Fault], reasons: Mapping[str, ReasonRow]
) -> Iterator[Finding]:
    site = checked.site
    left = left_after_mending(packaged, site) if faults and site.given else frozenset(faults)
    for fault in faults:
        file = fault.at.rsplit(":", 2)[0]
        is_own = bool(site.given) and file.startswith(site.prefix)
        path = site.folder / file.removeprefix(site.prefix) if is_own else mappings_folder() / file
        is_of_tables = fault.code.startswith("table-") and fault.code not in _OF_LIBRARY
        is_of_tables = is_of_tables and not file.startswith(f"{site.prefix}{FOLDER}/")
        yield _finding(fault, shown(path), reasons, fix=is_own and is_of_tables and fault not in left)


def _finding(fault: Fault, file: str, reasons: Mapping[str, ReasonRow], *, fix: bool = False) -> Finding:
    line, column = fault.at.rsplit(":", 2)[1:]
    reason = reasons.get(fault.code)
    return Finding(
        SCHEMA, fault.at, file, int(line), int(column), fault.code, fault.text, reason.remedy if reason else "", fix
    )


def _reasons(packaged: Mapping[str, bytes]) -> Mapping[str, ReasonRow]:
    try:
        return load_tables(packaged).reasons
    except TableError:
        return {}
