"""Find the mapping tables on the disk: those in the package and those of a site."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePath

from translator.errors import ConfigError
from translator.translate.load import load_tables
from translator.translate.load_columns import SITE_SETTINGS
from translator.translate.load_layout import ORDER_LAYOUT
from translator.translate.tables import Tables

_SITES = "sites"
# A site keeps its test messages beside its tables; what is in there is no table.
_NOT_TABLES = frozenset({_SITES, "fixtures"})


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
    known = sorted(entry.name for entry in sites.iterdir() if entry.is_dir()) if sites.is_dir() else []
    close = get_close_matches(given.name, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; packaged sites: {', '.join(known) or 'none'}"
    text = f"there is no site `{given.name if bare else given}`{hint}"
    raise ConfigError(text)


def _table_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): _content(path) for path in sorted(_found(folder))}


def _found(folder: Path) -> Iterator[Path]:
    for path in (*folder.rglob("*.csv"), *folder.glob(ORDER_LAYOUT)):
        if is_table(path.relative_to(folder)):
            yield path


def is_table(path: PurePath) -> bool:
    """Tell whether a file is a table, by its path below the folder of the tables or of a site."""
    is_one = path.suffix == ".csv" or path.as_posix() == ORDER_LAYOUT
    return is_one and path.parts[0] not in _NOT_TABLES and not any(part.startswith((".", "~")) for part in path.parts)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        text = f"the table {path.name} cannot be read: {error.strerror}"
        raise ConfigError(text) from error
