"""Find the mapping tables on the disk: those in the package and those of a site."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import NoReturn

from translator.errors import ConfigError
from translator.translate.load import load_tables
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_layout import ORDER_LAYOUT
from translator.translate.tables import Tables

_SITES = "sites"
# A site keeps its test messages beside its tables; what is in there is no table.
_NOT_TABLES = frozenset({_SITES, "fixtures"})
# What somebody may take for a table or for settings that are read.
_LIKE_TABLES = frozenset({".csv", ".tsv", ".toml", ".xls", ".xlsx", ".ods", ".numbers"})


def mappings_folder() -> Path:
    """The packaged tables: inside an installed package, else beside it in a working copy."""
    package = Path(__file__).resolve().parent
    installed = package / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def packaged_files(folder: Path | None = None) -> dict[str, bytes]:
    """The packaged tables as bytes, by their path below `mappings/`; or those of another folder like it."""
    return _table_files(folder or mappings_folder())


def site_files(path_or_name: str | PurePath) -> tuple[str, dict[str, bytes]]:
    """
    A site's name and its files as bytes, by their path below the site's folder.

    Raises: ConfigError where there is no such site, or nothing in it.
    """
    folder = site_folder(path_or_name)
    files = _table_files(folder)
    if (folder / SITE_SETTINGS).is_file():
        files[SITE_SETTINGS] = _content(folder / SITE_SETTINGS)
    if not files:
        text = f"the site `{folder.name}` holds neither {SITE_SETTINGS} nor a table"
        raise ConfigError(text)
    return folder.name, files


def packaged_tables() -> Tables:
    """
    The packaged tables, without a site.

    Raises: TableError with every fault.
    """
    return load_tables(packaged_files())


def site_tables(path_or_name: str | PurePath) -> Tables:
    """
    The packaged tables with a site's rows and settings over them.

    Shape: a bare name is a packaged site, or a folder of that name; anything else is a folder.
    Raises: ConfigError where there is no such site; TableError with every fault.
    """
    name, files = site_files(path_or_name)
    return load_tables(packaged_files(), files, name)


def site_folder(path_or_name: str | PurePath) -> Path:
    """
    Give the folder of a site by its name or path.

    Raises: ConfigError where there is no such site.
    """
    given = Path(path_or_name)
    sites = mappings_folder() / _SITES
    bare = bool(given.name) and given.name == str(path_or_name)
    if bare and (sites / given).is_dir():
        return sites / given
    if given.is_dir() and str(path_or_name):
        return given.resolve()
    if given.is_file():
        raise ConfigError(f"the site `{given}` is a file; name the folder that it lies in")
    raise ConfigError(f"there is no site `{given.name if bare else given}`{_near(given, sites)}")


def _near(given: Path, sites: Path) -> str:
    """What may be meant: a folder where `translator init` puts it, else a packaged site of a name that is like it."""
    if given.name and Path(_SITES, given.name).is_dir():
        return f"; did you mean {_SITES}/{given.name}?"
    known = sorted(entry.name for entry in sites.iterdir() if entry.is_dir()) if sites.is_dir() else []
    close = get_close_matches(given.name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; name the folder that holds its {SITE_SETTINGS} or its tables; packaged sites: {', '.join(known)}"


def _table_files(folder: Path) -> dict[str, bytes]:
    names = sorted(name for name in _names(folder) if is_table(PurePath(name)))
    return {name: _content(folder / name) for name in names}


def passed_over(folder: Path) -> list[str]:
    """
    Name the files of a site that look like tables or settings, and are not read: `Site.toml`, `observations.xlsx`.

    Raises: ConfigError where a folder cannot be read.
    """
    return sorted(
        name
        for name in _names(folder)
        if PurePath(name).suffix.casefold() in _LIKE_TABLES
        and name not in {SITE_SETTINGS, ORDER_LAYOUT}
        and _may_be_one(PurePath(name))
        and not is_table(PurePath(name))
    )


def _names(folder: Path) -> Iterator[str]:
    """Every file below a folder, links followed; a folder that cannot be read is not passed over in silence."""
    been: set[str] = set()
    for place, inner, files in os.walk(folder, onerror=_refuse, followlinks=True):
        inner[:] = [name for name in inner if _is_wanted(folder, Path(place, name), been)]
        for name in files:
            yield Path(place, name).relative_to(folder).as_posix()


def _is_wanted(folder: Path, place: Path, been: set[str]) -> bool:
    """Tell whether a folder may hold tables, and is not one that a link leads to again."""
    if not _may_be_one(place.relative_to(folder)):
        return False
    if place.suffix == ".csv":
        raise ConfigError(f"the table {place} cannot be read: it is a folder")
    before = len(been)
    been.add(os.path.realpath(place))
    return len(been) > before


def _refuse(error: OSError) -> NoReturn:
    raise ConfigError(f"the folder {error.filename} cannot be read: {error.strerror}") from None


def is_table(path: PurePath) -> bool:
    """Tell whether a file is a table, by its path below the folder of the tables or of a site."""
    return (path.suffix == ".csv" or path.as_posix() == ORDER_LAYOUT) and _may_be_one(path)


def _may_be_one(path: PurePath) -> bool:
    """Test messages, sites, hidden files and the lock files of spreadsheets are no tables."""
    return path.parts[0] not in _NOT_TABLES and not any(part.startswith((".", "~")) for part in path.parts)


def _content(path: Path) -> bytes:
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
    except OSError as error:
        text = f"the table {path} cannot be read: {error.strerror}"
        raise ConfigError(text) from error
    # A pipe would be waited for without end.
    raise ConfigError(f"the table {path} cannot be read: it is no file")
