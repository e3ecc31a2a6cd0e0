"""
Watch which entries of the tables are looked at while a message is translated. (pure)

Translating is a function of the message and of what it finds in the tables. So where two sets of tables make something
else of a message, it has looked at an entry that they do not share; no rule of translation need be known here.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import structs

from translator.translate.tables import Tables

Entry: TypeAlias = tuple[str, Hashable]
"""One entry of the tables: the name of its table in `Tables` (`observation_status.fhir`), and its key there."""

_NESTED = frozenset({"observation_status", "report_status", "order_controls", "responses"})
_CODES = "answered_codes"
# Where rows stand, and a hash of it all.
_NOT_SAID = frozenset({"sha256", "places"})
# These are read as attributes, so whoever looks is not seen: all of it counts as looked at.
UNSEEN = frozenset({"site", "order_layout"})


def differing(one: Tables, other: Tables) -> frozenset[Entry]:
    """Name the entries that two sets of tables do not share."""
    mine, theirs = dict(_flat(one)), dict(_flat(other))
    return frozenset(
        (name, key)
        for name, found in mine.items()
        for key in found.keys() | theirs[name].keys()
        if found.get(key) != theirs[name].get(key)
    )


def shared(tables: Tables, other: Tables) -> Tables:
    """Give equal tables, taking from `other` what is equal there, so that it is kept once."""
    equal = {
        name: value
        for name, value in structs.asdict(other).items()
        if name not in _NOT_SAID and getattr(tables, name) == value
    }
    return structs.replace(tables, **equal)


def watched(tables: Tables, entries: Collection[Entry], seen: set[Entry]) -> Tables:
    """Give the same tables, which note in `seen` when one of these entries is looked for."""
    by_name: dict[str, set[Hashable]] = {}
    for name, key in entries:
        by_name.setdefault(name, set()).add(key)
    fields: dict[str, Any] = {}
    for name, found in _flat(tables):
        keys = by_name.get(name)
        if keys is None or name in UNSEEN:
            continue
        group, _, inner = name.partition(".")
        if name == _CODES:
            fields[name] = _WatchedCodes(tables.answered_codes).noting(keys, seen)
        elif inner:
            fields.setdefault(group, dict(getattr(tables, group)))[inner] = _Watched(name, found, keys, seen)
        else:
            fields[name] = _Watched(name, found, keys, seen)
    return structs.replace(tables, **fields)


def _flat(tables: Tables) -> Iterator[tuple[str, Mapping[Any, object]]]:
    for name, value in structs.asdict(tables).items():
        if name in _NESTED:
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        elif name == _CODES:
            yield name, dict.fromkeys(value, True)
        elif name in UNSEEN:
            yield name, {"": value}
        elif name not in _NOT_SAID:
            yield name, value


class _Watched(Mapping[Any, Any]):
    def __init__(self, name: str, found: Mapping[Any, Any], keys: Collection[Hashable], seen: set[Entry]) -> None:
        self._name = name
        self._found = found
        self._keys = keys
        self._seen = seen

    def __getitem__(self, key: Any) -> Any:
        if key in self._keys:
            self._seen.add((self._name, key))
        return self._found[key]

    def __iter__(self) -> Iterator[Any]:
        self._seen.update((self._name, key) for key in self._keys)
        return iter(self._found)

    def __len__(self) -> int:
        self._seen.update((self._name, key) for key in self._keys)
        return len(self._found)


class _WatchedCodes(frozenset[str]):
    def noting(self, keys: Collection[Hashable], seen: set[Entry]) -> _WatchedCodes:
        self._keys, self._seen = keys, seen
        return self

    def __contains__(self, code: object) -> bool:
        if code in self._keys:
            self._seen.add((_CODES, code))
        return super().__contains__(code)
