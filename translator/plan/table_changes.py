"""
Find what differs between two sets of tables, row by row and setting by setting, and mix the two. (pure)

Columns for people (names, notes, sources, examples) change nothing that is sent, so they are no change here; nor is a
row that has only moved to another line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, structs

from translator.translate.load import TableTexts
from translator.translate.load_columns import (
    ORDER_CODES,
    SITE_SETTINGS,
    TABLES,
    Table,
)
from translator.translate.load_layout import ORDER_LAYOUT
from translator.translate.load_rows import Row
from translator.translate.order_layout import OrderLayout
from translator.translate.site import SETTINGS, Setting
from translator.translate.values import fold

Cell: TypeAlias = tuple[str, str, str]
_Name: TypeAlias = tuple[str, tuple[str, ...]]

_FOR_PEOPLE = frozenset(
    {"display", "meaning", "example_in", "example_out", "source", "note", "molar_mass", "wire_unit"}
)
_FILES_FOR_PEOPLE = frozenset({"reasons.csv"})
_SETTINGS_FOR_PEOPLE = frozenset({"description"})
_ON_DELIVERY = frozenset({
    "whoop/panels.csv", "whoop/responses.csv", "acurable/responses.csv", ORDER_CODES,
    "complete_on_final", "hl7v2.senders", "time_zone", "activation_names",
})  # fmt: skip
# Of a row that was added, what is left as it mostly is.
_UNSAID = frozenset({"", "no"})
_NAMING = ("display", "whoop_code", "meaning")
_BODY = "body"
_LONGEST = 60
_ELSEWHERE = 10_000_000


class TableChange(Struct, frozen=True, order=True):
    """
    One row, or one setting, that differs.

    Shape: `file` is where it stands (`sites/acme/whoop/observations.csv`), `key` names it there. `cells` are (column,
    before, after) of the columns that say something else; of a setting the column has no name. `before_at` and
    `after_at` are `file:line`. `acts_later` tells what works in the ledger, on delivery, where no archive shows it.
    Absent: `before_at` is empty for what was added, `after_at` for what was taken away.
    """

    file: str
    key: tuple[str, ...]
    cells: tuple[Cell, ...]
    display: str = ""
    before_at: str = ""
    after_at: str = ""
    acts_later: bool = False

    @property
    def id(self) -> str:
        """Its stable name: file and key, without a line."""
        return f"{self.file} {self.name}"

    @property
    def name(self) -> str:
        """Its key in one text; what stands for an empty field has none."""
        return "|".join(self.key).rstrip("|") or "(blank)"

    @property
    def text(self) -> str:
        """What was changed, in words."""
        if not self.before_at:
            said = ", ".join(f"{column} {after}" for column, _, after in self.cells if after not in _UNSAID)
            return f"added ({said})" if said else "added"
        if not self.after_at:
            return "removed"
        return ", ".join(
            f"{column}: {was} -> {now}" if column else f"{was} -> {now}" for column, was, now in self.cells
        )


def table_changes(before: TableTexts, after: TableTexts) -> tuple[TableChange, ...]:
    """List what differs, in the order of files and keys."""
    return tuple(
        sorted([*_row_changes(before, after), *_setting_changes(before, after), *_layout_changes(before, after)])
    )


def mixed(base: TableTexts, other: TableTexts, changes: Collection[TableChange]) -> TableTexts:
    """Give a set of tables that is `base`, but for some changes, which are as in `other`."""
    rows = dict(base.rows)
    for name, table in TABLES.items():
        keys = {(change.file, change.key) for change in changes if _table_of(change.file) == name}
        if keys:
            rows[name] = _mixed_rows(base.rows.get(name, []), other.rows.get(name, []), table, keys)
    site, layout = base.settings.site, base.layout
    for change in changes:
        if _is_setting(change):
            setting = _BY_NAME[change.key[0]]
            site = structs.replace(site, **{setting.field: getattr(other.settings.site, setting.field)})
        elif _is_layout(change):
            layout = _mixed_layout(layout, other.layout, change.key[0])
    return base._replace(rows=rows, settings=base.settings._replace(site=site), layout=layout)


_BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def _is_setting(change: TableChange) -> bool:
    return change.file.endswith(f"/{SITE_SETTINGS}")


def _is_layout(change: TableChange) -> bool:
    return change.file == ORDER_LAYOUT


def _table_of(file: str) -> str:
    """Name the table that a file is, or overrides: a site's file stands below `sites/NAME/`."""
    return file.split("/", 2)[2] if file.startswith("sites/") else file


def _row_changes(before: TableTexts, after: TableTexts) -> Iterator[TableChange]:
    for name, table in TABLES.items():
        if name in _FILES_FOR_PEOPLE:
            continue
        was = {_name(row, table): row for row in before.rows.get(name, [])}
        now = {_name(row, table): row for row in after.rows.get(name, [])}
        columns = list(_telling(name, table))
        for file, key in was.keys() | now.keys():
            old, new = was.get((file, key)), now.get((file, key))
            if old is not None and new is not None and _says(old, columns) == _says(new, columns):
                continue
            was_at, now_at = (row.at if row else "" for row in (old, new))
            cells = _cells(old, new, columns)
            yield TableChange(file, key, cells, _display(new or old), was_at, now_at, name in _ON_DELIVERY)


def _name(row: Row, table: Table) -> _Name:
    cells = (row.get(column) for column in table.key)
    return row.file, tuple(map(fold, cells) if table.folds else cells)


def _telling(name: str, table: Table) -> Iterator[str]:
    """Name the columns that say something to the program, besides the key."""
    for column in table.columns:
        if not column.key and (column.name not in _FOR_PEOPLE or (name, column.name) == (ORDER_CODES, "display")):
            yield column.name


def _says(row: Row, columns: Collection[str]) -> list[str]:
    return [row.get(column) for column in columns]


def _cells(old: Row | None, new: Row | None, columns: Collection[str]) -> tuple[Cell, ...]:
    pairs = ((column, old.get(column) if old else "", new.get(column) if new else "") for column in columns)
    return tuple((column, _brief(was), _brief(now)) for column, was, now in pairs if was != now)


def _display(row: Row | None) -> str:
    return next((text for name in _NAMING if row is not None and (text := row.get(name))), "")


def _setting_changes(before: TableTexts, after: TableTexts) -> Iterator[TableChange]:
    was, now = before.settings, after.settings
    for setting in SETTINGS:
        old, new = getattr(was.site, setting.field), getattr(now.site, setting.field)
        if old != new and setting.name not in _SETTINGS_FOR_PEOPLE:
            cell = ("", _brief(_value(setting, old)), _brief(_value(setting, new)))
            places = (was.at(setting.name), now.at(setting.name))
            yield TableChange(now.file, (setting.name,), (cell,), "", *places, setting.name in _ON_DELIVERY)


def _value(setting: Setting, value: object) -> str:
    """Write a value as its setting does; some flags are kept the other way round."""
    return _words(setting.read(value) if isinstance(value, bool) else value) or "(not set)"


def _layout_changes(before: TableTexts, after: TableTexts) -> Iterator[TableChange]:
    was, now = _layout(before.layout), _layout(after.layout)
    for name in was.keys() | now.keys():
        old, new = was.get(name, ""), now.get(name, "")
        if old != new:
            cell = ("", _brief(_words(old)), _brief(_words(new)))
            yield TableChange(ORDER_LAYOUT, (name,), (cell,), "", ORDER_LAYOUT, ORDER_LAYOUT, name in _ON_DELIVERY)


def _layout(layout: OrderLayout) -> dict[str, Any]:
    fields = structs.asdict(layout)
    bodies = fields.pop("bodies")
    del fields["places"]
    return fields | {f"{_BODY}.{kind}": body for kind, body in bodies.items()}


def _mixed_layout(base: OrderLayout, other: OrderLayout, name: str) -> OrderLayout:
    group, _, kind = name.partition(".")
    if group != _BODY:
        return structs.replace(base, **{name: getattr(other, name)})
    kept = {known: body for known, body in base.bodies.items() if known != kind}
    theirs = {known: body for known, body in other.bodies.items() if known == kind}
    return structs.replace(base, bodies=kept | theirs)


def _mixed_rows(base: list[Row], other: list[Row], table: Table, keys: Collection[_Name]) -> list[Row]:
    """Take some rows from `other`; one that `base` has not stands behind the one that it follows there."""
    # Translation knows a row by its place, and two rows of a mixture must not have the same.
    theirs = {_name(row, table): row._replace(line=row.line + _ELSEWHERE) for row in other}
    names = {_name(row, table) for row in base}
    rows = {}
    for row in base:
        name = _name(row, table)
        if name not in keys or name in theirs:
            rows[name] = theirs[name] if name in keys else row
    found = list(rows.values())
    place = 0
    for name, row in theirs.items():
        if name in keys and name not in names:
            found.insert(place, row)
            place += 1
        elif name in rows:
            place = found.index(rows[name]) + 1
    return found


def _words(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Mapping, Struct)):
        return msgspec.json.encode(value, order="deterministic").decode()
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return ", ".join(map(_words, value))
    return str(value)


def _brief(text: str) -> str:
    """Cut what is long, and say by a hash which of the long ones it is."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 20]}... (sha256 {sha256(text.encode()).hexdigest()[:8]})"
