"""
Build the tables from the text of their files, or refuse them whole with every fault (pure).

A site's rows override packaged rows by key; what they leave out of `whoop/observations.csv` is inherited.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from translator.errors import Fault, TableError
from translator.translate import load_build as build
from translator.translate.load_columns import CONTROLS, OBSERVATIONS, ORDER_CODES, SITE_SETTINGS, STUDIES, TABLES
from translator.translate.load_layout import ORDER_LAYOUT, order_layout
from translator.translate.load_observations import observation_rows
from translator.translate.load_overlay import overlay
from translator.translate.load_rows import Row, canonical, read_rows, suggestion
from translator.translate.load_site import Settings, site_settings
from translator.translate.order_layout import OrderLayout
from translator.translate.tables import Tables


def load_tables(files: Mapping[str, bytes], site: Mapping[str, bytes] | None = None, site_name: str = "site") -> Tables:
    """
    Build the tables of one site.

    Shape: keys of `files` are paths below `mappings/` with `/`, keys of `site` are paths below the site's folder;
    `site_name` stands in places (`sites/acme/whoop/observations.csv:3`).
    Raises: TableError with every fault.
    """
    return build_tables(read_texts(files, site, site_name))


class TableTexts(NamedTuple):
    """
    What a set of tables says, every cell checked, before it is indexed.

    Shape: `rows` by table, the packaged ones before the site's; `site_name` as in `load_tables`.
    """

    rows: Mapping[str, list[Row]]
    settings: Settings
    layout: OrderLayout
    sha256: str
    site_name: str


def read_texts(
    files: Mapping[str, bytes], site: Mapping[str, bytes] | None = None, site_name: str = "site"
) -> TableTexts:
    """
    Read the tables of one site, and check them cell by cell.

    Raises: TableError with every fault.
    """
    faults: list[Fault] = []
    texts = gather_texts(files, site or {}, site_name, faults)
    # Cells that failed their check cannot be built from, so the faults at hand come first.
    _refuse(faults)
    return texts


def gather_texts(
    files: Mapping[str, bytes], site: Mapping[str, bytes], site_name: str, faults: list[Fault]
) -> TableTexts:
    """Read the tables of one site as they are; what is wrong with a cell or a file is appended to `faults`."""
    rows = read_tables(files, site, site_name, faults)
    settings = site_settings(site, site_name, faults)
    layout = order_layout(files, site, site_name, faults)
    return TableTexts(rows, settings, layout, tables_hash(files, site), site_name)


def build_tables(texts: TableTexts) -> Tables:
    """
    Index a set of tables.

    Raises: TableError with every fault that only the whole of it shows.
    """
    faults: list[Fault] = []
    tables = index_tables(texts, faults)
    _refuse(faults)
    return tables


def index_tables(texts: TableTexts, faults: list[Fault]) -> Tables:
    """Index a set of tables as it is; what is wrong with it is appended to `faults`."""
    tables = _assemble(texts.rows, texts.settings, texts.layout, texts.sha256, faults)
    return overlay(tables, texts.settings, texts.rows[OBSERVATIONS], faults)


def read_tables(
    files: Mapping[str, bytes], site: Mapping[str, bytes], site_name: str, faults: list[Fault]
) -> dict[str, list[Row]]:
    """The rows of every table as text, the packaged ones before the site's; faults are appended to `faults`."""
    faults.extend(
        Fault(f"{name}:1:1", "table-missing", "this table is missing")
        for name in (*TABLES, ORDER_LAYOUT)
        if name not in files
    )
    packaged = (*TABLES, ORDER_LAYOUT)
    faults.extend(_unknown(name, name, packaged) for name in files if name not in packaged)
    folder = f"sites/{site_name}/"
    own = (*packaged, SITE_SETTINGS)
    faults.extend(_unknown(folder + name, name, own) for name in site if name not in own)
    rows = {name: read_rows(name, files[name], table, faults) for name, table in TABLES.items() if name in files}
    for name, table in TABLES.items():
        if name in site:
            rows.setdefault(name, []).extend(read_rows(folder + name, site[name], table, faults, site=True))
    return rows


def tables_hash(files: Mapping[str, bytes], site: Mapping[str, bytes]) -> str:
    """
    The SHA-256 of all tables, in hexadecimal.

    Shape: names in order, each with the length and the bytes of its content, so that nothing can move from one file
    to the next; a byte order mark and CRLF do not count.
    """
    digest = sha256()
    for prefix, group in (("", files), ("site/", site)):
        for name in sorted(group):
            body = canonical(group[name])
            digest.update(f"{prefix}{name}\n{len(body)}\n".encode())
            digest.update(body)
    return digest.hexdigest()


def _unknown(at: str, name: str, known: Mapping[str, object] | tuple[str, ...]) -> Fault:
    return Fault(f"{at}:1:1", "table-unknown", f"no table has this name{suggestion(name, known)}")


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise TableError(sorted(faults, key=place))


def place(fault: Fault) -> tuple[str, int, int]:
    """A key that sorts faults by file, line and column."""
    file, line, column = fault.at.rsplit(":", 2)
    return file, int(line), int(column)


def _assemble(
    rows: Mapping[str, list[Row]], settings: Settings, layout: OrderLayout, digest: str, faults: list[Fault]
) -> Tables:
    coded, answered = build.coded_values(rows["whoop/coded-values.csv"], faults)
    systems = build.pairs(rows["hl7v2/coding-systems.csv"], "spelling", "system")
    return Tables(
        sha256=digest,
        observations=observation_rows(rows[OBSERVATIONS], faults),
        observation_status={
            "hl7v2": build.statuses(rows["hl7v2/0085-observation-status.csv"]),
            "fhir": build.statuses(rows["fhir/observation-status.csv"]),
        },
        report_status={
            "hl7v2": build.statuses(rows["hl7v2/0123-report-status.csv"]),
            "fhir": build.statuses(rows["fhir/report-status.csv"]),
        },
        spellings=build.spellings(rows["units/spellings.csv"]),
        conversions=build.conversions(rows["units/conversions.csv"]),
        coded_values=coded,
        answered_codes=answered,
        systems=systems,
        message_types=build.message_types(rows["hl7v2/message-types.csv"], faults),
        specimens=build.pairs(rows["hl7v2/specimens.csv"], "code", "blood"),
        charsets=build.pairs(rows["hl7v2/0211-charset.csv"], "name", "codec"),
        placeholders=build.placeholders(rows["placeholders.csv"], faults),
        reasons=build.reasons(rows["reasons.csv"]),
        responses={
            vendor: build.pairs(rows[f"{vendor}/responses.csv"], "answer", "outcome")
            for vendor in ("whoop", "acurable")
        },
        site=settings.site,
        places=build.places(rows),
        panels=build.panels(rows["whoop/panels.csv"]),
        order_controls={name: build.controls(rows[table], faults) for name, table in CONTROLS.items()},
        studies=build.studies(rows[STUDIES]),
        order_layout=layout,
        order_codes=build.order_codes(rows[ORDER_CODES], systems),
    )
