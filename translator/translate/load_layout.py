"""Read `acurable/order.toml`, the packaged one and a site's over it, and refuse what could not be sent (pure)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from translator.errors import Fault
from translator.translate import order_layout as layout
from translator.translate.load_rows import canonical, decoded, suggestion
from translator.translate.order_layout import ListedOrganisation, OrderLayout
from translator.translate.toml_places import lines_of, place_of, syntax_fault
from translator.translate.values import fold

ORDER_LAYOUT = "acurable/order.toml"
_BODY = "body"


class _Key(NamedTuple):
    """One setting of the file: the field of `OrderLayout`, what it must be in words, and what reads it."""

    field: str
    words: str
    read: Callable[[object], Any]


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        return None
    return tuple(value)


def _some_of(words: tuple[str, ...]) -> Callable[[object], tuple[str, ...] | None]:
    def read(value: object) -> tuple[str, ...] | None:
        found = _texts(value)
        return found if found and set(found) <= set(words) and len(set(found)) == len(found) else None

    return read


def _one_of(words: tuple[str, ...]) -> Callable[[object], str | None]:
    return lambda value: value if isinstance(value, str) and value in words else None


def _questions(value: object) -> frozenset[tuple[str, str]] | None:
    found = _texts(value)
    if found is None or not all(text.rpartition("|")[0] and text.rpartition("|")[2] for text in found):
        return None
    return frozenset((text.rpartition("|")[0], text.rpartition("|")[2]) for text in found)


def _answers(value: object) -> frozenset[str] | None:
    found = _texts(value)
    return None if found is None else frozenset(map(fold, found))


def _organisations(value: object) -> tuple[ListedOrganisation, ...] | None:
    if not isinstance(value, list):
        return None
    found = [_organisation(each) for each in value]
    return None if None in found else tuple(each for each in found if each is not None)


def _organisation(value: object) -> ListedOrganisation | None:
    if not isinstance(value, dict) or not {"name", "reference"} <= value.keys() <= {"name", "reference", "known_as"}:
        return None
    names, known_as = _texts([value["name"], value["reference"]]), _texts(value.get("known_as", []))
    return None if names is None or known_as is None else ListedOrganisation(names[0], names[1], known_as)


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


KEYS: Mapping[str, _Key] = {
    "layout_confirmed": _Key("confirmed", "true or false", _flag),
    "sensors": _Key("sensors", f"a list out of {_words(layout.SENSORS)}", _some_of(layout.SENSORS)),
    "emit_on": _Key("emit_on", f'one of {_words(layout.EMIT_ON)}, or ""', _one_of(("", *layout.EMIT_ON))),
    "telephones": _Key("telephones", f"a list out of {_words(layout.TELEPHONES)}", _some_of(layout.TELEPHONES)),
    "county": _Key("county", f"a list out of {_words(layout.COUNTIES)}", _some_of(layout.COUNTIES)),
    "organisations": _Key(
        "organisations", "a list of tables with name, reference and, if need be, known_as", _organisations
    ),
    "phone_questions": _Key("phone_questions", 'a list of texts such as "L|PHONE"', _questions),
    "phone_answers": _Key("phone_answers", "a list of texts in quotes", _answers),
    "activation_names": _Key("activation_names", "a list of texts in quotes", _texts),
}


def order_layout(
    files: Mapping[str, bytes], site: Mapping[str, bytes], site_name: str, faults: list[Fault]
) -> OrderLayout:
    """The layout, a site's settings and bodies over the packaged ones; what is wrong is appended to `faults`."""
    settings: dict[str, Any] = {}
    bodies: dict[str, Any] = {}
    places: dict[tuple[str, ...], str] = {}
    for prefix, group in (("", files), (f"sites/{site_name}/", site)):
        if ORDER_LAYOUT in group:
            file = prefix + ORDER_LAYOUT
            text = _read(file, group[ORDER_LAYOUT], settings, bodies, faults)
            places |= {key: f"{file}:{line}" for key, line in lines_of(text).items()}
    return OrderLayout(**settings, bodies=bodies, places=places)


def _read(file: str, data: bytes, settings: dict[str, Any], bodies: dict[str, Any], faults: list[Fault]) -> str:
    """Read one file over what was read before; gives its text."""
    text = decoded(file, canonical(data), faults)
    if text is None:
        return ""
    try:
        sent = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(syntax_fault(file, text, str(error)))
        return text
    for name, value in sent.items():
        if name == _BODY and isinstance(value, dict):
            found = list(_body_faults(value))
            bodies.update(value)
        else:
            key = KEYS.get(name)
            read = key.read(value) if key else None
            found = list(_faults(name, key, read))
            if key and read is not None:
                settings[key.field] = read
        for path, what in found:
            line, column = place_of(path, text)
            faults.append(Fault(f"{file}:{line}:{column}", "table-setting", what))
    return text


def _faults(name: str, key: _Key | None, read: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if key is None:
        yield (name,), f"unknown setting `{name}`{suggestion(name, (*KEYS, _BODY))}"
    elif read is None:
        yield (name,), f"`{name}` must be {key.words}"


def _body_faults(bodies: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for kind, body in bodies.items():
        if kind not in layout.KINDS:
            yield (_BODY, kind), f"unknown body `{kind}`{suggestion(kind, layout.KINDS)}"
        elif not isinstance(body, dict):
            yield (_BODY, kind), f"`{_BODY}.{kind}` must be a table: the body as it is sent"
        else:
            yield from (((_BODY, kind), f"`{_BODY}.{kind}` {what}") for what in _complaints(kind, body))


def _complaints(kind: str, body: Mapping[str, Any]) -> Iterator[str]:
    named = set(layout.placeholders(body))
    for name in sorted(named - layout.FIELDS):
        yield f"has a placeholder `{{{name}}}` that nobody fills{suggestion(name, layout.FIELDS)}"
    for name in layout.REQUIRED.get(kind, ()):
        if name not in named:
            yield f"leaves out `{{{name}}}`, which Acurable requires"
    if any(isinstance(value, bool) and value for value in _values(body, "requiresPhone")):
        yield "says requiresPhone of every patient; only an answer of the order form may say so"


def _values(tree: Any, name: str) -> Iterator[object]:
    if isinstance(tree, dict):
        for key, part in tree.items():
            if key == name:
                yield part
            yield from _values(part, name)
    elif isinstance(tree, list):
        for part in tree:
            yield from _values(part, name)
